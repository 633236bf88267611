/** The digest computation, common to both ends: RFC 2069, RFC 2617 section 3.2.2, RFC 7616 section 3.4. @module */
import { fromByteString, utf8ByteString } from "./bytes.ts";
import type { DigestAlgorithm } from "./challenge.ts";

/** Hash functions of the host, each giving lower-case hexadecimal. This package has no cryptography of its own. */
export interface HashFunctions {
	md5(bytes: Uint8Array): string;
	sha256(bytes: Uint8Array): string;
}

/** Plain values, for the one moment in which a header is computed. Any Unicode text. */
export interface PlainCredentials {
	readonly username: string;
	readonly password: string;
	/** Proven by Digest or not at all: Basic, which sends the password readable, is not answered. */
	readonly digestOnly?: boolean;
}

export interface DigestInput {
	readonly algorithm: DigestAlgorithm;
	readonly credentials: PlainCredentials;
	/** Byte strings, exactly as on the wire. */
	readonly realm: string;
	readonly nonce: string;
	readonly method: string;
	readonly uri: string;
	/** With qop=auth; without it the computation is that of RFC 2069. */
	readonly qop?: { readonly nc: string; readonly cnonce: string };
	/** For the -sess algorithms without qop. */
	readonly cnonce?: string;
}

/** The `response` value of a digest. User name and password are hashed as UTF-8, all else byte for byte. */
export function digestResponse(input: DigestInput, hashes: HashFunctions): string {
	const strong = input.algorithm.startsWith("SHA-256");
	const hash = (text: string): string => {
		const bytes = fromByteString(text);
		return strong ? hashes.sha256(bytes) : hashes.md5(bytes);
	};
	const { credentials, nonce, qop } = input;
	let secret = hash(`${utf8ByteString(credentials.username)}:${input.realm}:${utf8ByteString(credentials.password)}`);
	if (input.algorithm.endsWith("-sess")) secret = hash(`${secret}:${nonce}:${qop?.cnonce ?? input.cnonce ?? ""}`);
	const request = hash(`${input.method}:${input.uri}`);
	return qop
		? hash(`${secret}:${nonce}:${qop.nc}:${qop.cnonce}:auth:${request}`)
		: hash(`${secret}:${nonce}:${request}`);
}
