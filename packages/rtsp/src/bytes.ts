/**
 * Text and bytes without an engine's codecs.
 *
 * RTSP heads are handled as **byte strings**: one character per byte (U+0000 to U+00FF). So a realm, a request target
 * or a control URL in whatever encoding goes back on the wire, and into a digest, byte for byte.
 * @module
 */

/** Characters per call of `String.fromCharCode`: engines limit the number of arguments. */
const CHUNK_CHARS = 4096;
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** One character per byte of `bytes[start, end)`. */
export function toByteString(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
	let text = "";
	for (let at = start; at < end; at += CHUNK_CHARS) {
		text += String.fromCharCode(...bytes.subarray(at, Math.min(end, at + CHUNK_CHARS)));
	}
	return text;
}

/** The bytes of a byte string; of a character above U+00FF the low eight bits. */
export function fromByteString(text: string): Uint8Array {
	const bytes = new Uint8Array(text.length);
	for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
	return bytes;
}

/** Text as the byte string of its UTF-8 form (RFC 3629); a lone surrogate becomes U+FFFD. */
export function utf8ByteString(text: string): string {
	let out = "";
	for (const character of text) {
		let code = character.codePointAt(0) ?? 0;
		if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
		if (code < 0x80) out += character;
		else if (code < 0x800) out += String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
		else if (code < 0x10000) {
			out += String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
		} else {
			out += String.fromCharCode(
				0xf0 | (code >> 18),
				0x80 | ((code >> 12) & 0x3f),
				0x80 | ((code >> 6) & 0x3f),
				0x80 | (code & 0x3f),
			);
		}
	}
	return out;
}

/** The text whose UTF-8 form a byte string is: the reverse of {@link utf8ByteString}. What is no UTF-8 stays as it is. */
export function utf8Text(byteString: string): string {
	const escaped = byteString.replace(
		/[%\u0080-\u00ff]/g,
		(byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`,
	);
	try {
		return decodeURIComponent(escaped);
	} catch {
		return byteString;
	}
}

/** Base64 of a byte string, padded: RFC 4648 section 4. */
export function encodeBase64(byteString: string): string {
	let out = "";
	for (let at = 0; at < byteString.length; at += 3) {
		const left = byteString.length - at;
		const group =
			(byteString.charCodeAt(at) << 16) |
			((left > 1 ? byteString.charCodeAt(at + 1) : 0) << 8) |
			(left > 2 ? byteString.charCodeAt(at + 2) : 0);
		out += BASE64.charAt((group >> 18) & 63) + BASE64.charAt((group >> 12) & 63);
		out += left > 1 ? BASE64.charAt((group >> 6) & 63) : "=";
		out += left > 2 ? BASE64.charAt(group & 63) : "=";
	}
	return out;
}
