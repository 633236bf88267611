/** The client's half of authentication: one per connection. RFC 2326 section 14, RFC 2617, RFC 7616. @module */
import { encodeBase64, utf8ByteString } from "./bytes.ts";
import { type AuthChallenge, type DigestChallenge, parseChallenges, quote } from "./challenge.ts";
import { digestResponse, type HashFunctions, type PlainCredentials } from "./digest.ts";

/** A wrong password must not be tried again and again: cameras lock out. */
export const MAX_REAUTHENTICATIONS = 2;
const CNONCE_HEX_DIGITS = 16;

export interface AuthenticatorOptions {
	readonly credentials: PlainCredentials | undefined;
	readonly hashes: HashFunctions;
	/** `digits` random lower-case hexadecimal digits. */
	readonly randomHex: (digits: number) => string;
}

/**
 * Answers challenges. Strongest algorithm first, each weaker one once after a refusal; a nonce that grew stale is
 * replaced and the request sent again. Nonces belong to the connection: never carry one over.
 *
 * RFC 7616 section 3.3: a refusal without `stale` says that the password is wrong. That it bears a new nonce says
 * nothing, since live555 makes one per 401: only a password that was right before is sent again for it. FFmpeg and
 * go2rtc send none again, and cameras count each towards their lock.
 */
export class Authenticator {
	readonly #options: AuthenticatorOptions;
	#challenge: AuthChallenge | undefined;
	/** The challenge in use has been answered to the camera's content. */
	#proven = false;
	/** The challenge in use is of an earlier connection, where its nonce may belong. */
	#seeded = false;
	#everAccepted = false;
	#renewed = false;
	#downgraded = false;
	readonly #refused = new Set<string>();
	#withheldBasic = false;
	/** Answers refused since one was accepted, other than for the age of their nonce. */
	#refusals = 0;
	#count = 0;
	/** One for the life of a nonce: the -sess algorithms hash it into the session key. */
	#sessionCnonce = "";

	constructor(options: AuthenticatorOptions) {
		this.#options = options;
	}

	/** A password goes over the wire readable. */
	get usesBasic(): boolean {
		return this.#challenge?.scheme === "basic";
	}

	/** The camera has taken an answer at least once. */
	get everAccepted(): boolean {
		return this.#everAccepted;
	}

	/** A nonce that had been accepted grew old. */
	get renewed(): boolean {
		return this.#renewed;
	}

	/** The camera refused the strongest scheme that it offers, so that a weaker one is used. */
	get downgraded(): boolean {
		return this.#downgraded;
	}

	/** The camera asks for nothing but Basic, which the credentials do not allow. */
	get withheldBasic(): boolean {
		return this.#withheldBasic;
	}

	/**
	 * Takes the WWW-Authenticate fields of an earlier connection, which closed after its 401: the first request then
	 * bears an answer already.
	 */
	seed(fields: readonly string[]): void {
		const [best] = this.#options.credentials ? this.#allowed(fields) : [];
		if (best) this.#seeded = this.#use(best);
	}

	/** A request that bore an answer was not answered with 401. */
	accepted(): void {
		if (!this.#challenge) return;
		this.#proven = true;
		this.#everAccepted = true;
		this.#refusals = 0;
	}

	/**
	 * Takes the WWW-Authenticate fields of a 401. `attempt` is how often this request was sent again already, `sent`
	 * whether it bore an answer. `true`: send it again; `false`: the camera refuses.
	 */
	handleUnauthorized(fields: readonly string[], attempt: number, sent: boolean): boolean {
		if (sent && !this.#proven) this.#refusals++;
		if (!this.#options.credentials || Math.max(attempt, this.#refusals) >= MAX_REAUTHENTICATIONS) return false;
		const offered = this.#allowed(fields);
		const current = sent ? this.#challenge : undefined;
		const renewed = current && offered.find((one) => keyOf(one) === keyOf(current) && isRenewed(current, one));
		if (current) {
			// A proven answer is refused because its nonce is old: RFC 2617 section 3.3.
			const isOld = this.#proven || this.#seeded || (renewed?.scheme === "digest" && renewed.stale);
			if (renewed && isOld) {
				this.#renewed = true;
				return this.#use(renewed);
			}
			this.#refused.add(keyOf(current));
		}
		const next = offered.find((one) => !this.#refused.has(keyOf(one)));
		if (next) {
			if (next !== offered[0]) this.#downgraded = true;
			return this.#use(next);
		}
		// An answer to the nonce before crossed with the renewal.
		return renewed !== undefined && this.#everAccepted && this.#use(renewed);
	}

	/** The Authorization field for a request, or `undefined` before the first challenge. `uri` is the target on the wire. */
	authorization(method: string, uri: string): string | undefined {
		const { credentials } = this.#options;
		const challenge = this.#challenge;
		if (!challenge || !credentials) return undefined;
		if (challenge.scheme === "digest") return this.#digest(challenge, credentials, method, uri);
		return `Basic ${encodeBase64(utf8ByteString(`${credentials.username}:${credentials.password}`))}`;
	}

	#allowed(fields: readonly string[]): AuthChallenge[] {
		const offered = strongestFirst(fields);
		if (this.#options.credentials?.digestOnly !== true) return offered;
		const allowed = offered.filter(({ scheme }) => scheme !== "basic");
		this.#withheldBasic = offered.length > 0 && allowed.length === 0;
		return allowed;
	}

	#use(challenge: AuthChallenge): true {
		this.#challenge = challenge;
		this.#proven = false;
		this.#seeded = false;
		this.#count = 0;
		this.#sessionCnonce = this.#options.randomHex(CNONCE_HEX_DIGITS);
		return true;
	}

	#digest(challenge: DigestChallenge, credentials: PlainCredentials, method: string, uri: string): string {
		const { algorithm, realm, nonce } = challenge;
		const session = algorithm.endsWith("-sess");
		const cnonce = session ? this.#sessionCnonce : this.#options.randomHex(CNONCE_HEX_DIGITS);
		const nc = (++this.#count).toString(16).padStart(8, "0");
		const response = digestResponse(
			{
				algorithm,
				credentials,
				realm,
				nonce,
				method,
				uri,
				cnonce,
				...(challenge.qopAuth ? { qop: { nc, cnonce } } : {}),
			},
			this.#options.hashes,
		);
		let value = `Digest username=${quote(utf8ByteString(credentials.username))}, realm=${quote(realm)}`;
		value += `, nonce=${quote(nonce)}, uri=${quote(uri)}, response="${response}"`;
		// Some servers refuse an algorithm that they did not name.
		if (challenge.algorithmText !== undefined) value += `, algorithm=${challenge.algorithmText}`;
		if (challenge.opaque !== undefined) value += `, opaque=${quote(challenge.opaque)}`;
		if (challenge.qopAuth) value += `, qop=auth, nc=${nc}, cnonce="${cnonce}"`;
		else if (session) value += `, cnonce="${cnonce}"`;
		return value;
	}
}

function strongestFirst(fields: readonly string[]): AuthChallenge[] {
	return parseChallenges(fields).sort((a, b) => strength(b) - strength(a));
}

function keyOf(challenge: AuthChallenge): string {
	return challenge.scheme === "digest" ? challenge.algorithm : "basic";
}

function strength(challenge: AuthChallenge): number {
	if (challenge.scheme === "basic") return 0;
	return challenge.algorithm.startsWith("SHA-256") ? 2 : 1;
}

function isRenewed(current: AuthChallenge, offered: AuthChallenge): boolean {
	return (
		current.scheme === "digest" && offered.scheme === "digest" && (offered.stale || offered.nonce !== current.nonce)
	);
}
