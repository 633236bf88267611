/** Challenges and credentials as header values: RFC 7235 section 2.1, RFC 2617 section 3.2, RFC 7616 section 3. @module */

export type DigestAlgorithm = "MD5" | "MD5-sess" | "SHA-256" | "SHA-256-sess";

export interface DigestChallenge {
	readonly scheme: "digest";
	/** Byte strings, exactly as received: trailing blanks count in the hash. */
	readonly realm: string;
	readonly nonce: string;
	readonly opaque: string | undefined;
	readonly algorithm: DigestAlgorithm;
	/** The challenge named the algorithm: only then the answer may, and in the same letters. */
	readonly algorithmText: string | undefined;
	/** `auth` was offered. `auth-int` alone makes a challenge unsupported. */
	readonly qopAuth: boolean;
	readonly stale: boolean;
}

export interface BasicChallenge {
	readonly scheme: "basic";
	readonly realm: string;
}

export type AuthChallenge = DigestChallenge | BasicChallenge;

/** A scheme and its parameters by lower-case name, or its token68 (Basic). */
export interface AuthFields {
	readonly scheme: string;
	readonly token: string | undefined;
	readonly parameters: ReadonlyMap<string, string>;
}

/** Challenges of one response that are read: cameras send one to three. */
const MAX_CHALLENGES = 16;
const ALGORITHMS: readonly DigestAlgorithm[] = ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess"];

/** The challenges of all WWW-Authenticate fields in order; those that cannot be answered are left out. */
export function parseChallenges(values: readonly string[]): AuthChallenge[] {
	const challenges: AuthChallenge[] = [];
	for (const value of values) {
		for (const fields of splitAuthFields(value)) {
			const challenge = toChallenge(fields);
			if (challenge && challenges.length < MAX_CHALLENGES) challenges.push(challenge);
		}
	}
	return challenges;
}

function toChallenge(fields: AuthFields): AuthChallenge | undefined {
	const get = (name: string): string | undefined => fields.parameters.get(name);
	if (fields.scheme === "basic") return { scheme: "basic", realm: get("realm") ?? "" };
	const nonce = get("nonce");
	if (fields.scheme !== "digest" || nonce === undefined) return undefined;
	const algorithmText = get("algorithm");
	const wanted = (algorithmText ?? "MD5").toLowerCase();
	const algorithm = ALGORITHMS.find((known) => known.toLowerCase() === wanted);
	if (!algorithm) return undefined;
	const qop = get("qop")
		?.toLowerCase()
		.split(/[\s,]+/)
		.filter((word) => word !== "");
	const qopAuth = qop?.includes("auth") ?? false;
	if (qop && qop.length > 0 && !qopAuth) return undefined;
	return {
		scheme: "digest",
		realm: get("realm") ?? "",
		nonce,
		opaque: get("opaque"),
		algorithm,
		algorithmText,
		qopAuth,
		// Hikvision sends stale="FALSE".
		stale: get("stale")?.toLowerCase() === "true",
	};
}

/** Splits `Digest a="b", c=d, Basic realm="e"` into schemes with their parameters. Never throws. */
export function splitAuthFields(value: string): AuthFields[] {
	const found: AuthFields[] = [];
	let scheme: string | undefined;
	let token: string | undefined;
	let parameters = new Map<string, string>();
	const finish = (): void => {
		if (scheme !== undefined) found.push({ scheme, token, parameters });
		token = undefined;
		parameters = new Map();
	};
	// A parameter (quoted, with \\ escapes, or bare), or a word. A quote that is never closed ends with the value.
	const piece = /([^\s,="]+)\s*=\s*(?:"((?:[^"\\]|\\[^])*)"?|([^\s,"]*))|([^\s,="]+)|[^]/g;
	for (const match of value.matchAll(piece)) {
		const name = match[1];
		const word = match[4];
		if (name !== undefined) {
			// A Basic token may end in `=`, which looks like a parameter with no value.
			if (token === undefined && parameters.size === 0 && scheme === "basic" && /^=*$/.test(match[3] ?? "x"))
				token = match[0];
			else if (!parameters.has(name.toLowerCase())) {
				parameters.set(name.toLowerCase(), match[2]?.replace(/\\([^])/g, "$1") ?? match[3] ?? "");
			}
		} else if (word !== undefined) {
			if (scheme === "basic" && token === undefined && parameters.size === 0) token = word;
			else {
				finish();
				scheme = word.toLowerCase();
			}
		}
	}
	finish();
	return found;
}

/** A quoted-string: RFC 7230 section 3.2.6. */
export function quote(text: string): string {
	return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
