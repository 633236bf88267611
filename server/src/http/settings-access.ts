/**
 * Who may see and change the cameras of the settings, until there are accounts: requests from the machine itself, and
 * the browser that redeemed the token of this start.
 *
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyRequest } from "fastify";
import type { Clock } from "../platform/clock.ts";
import { isAllowedOrigin } from "./origin.ts";

/** Of the token and of the cookie: 192 bits, which nobody guesses. */
const SECRET_BYTES = 24;
/** How long the browser keeps its access, in ms: a working day. */
export const SESSION_MS = 12 * 3_600_000;
/** Wrong tokens that are answered as such within {@link WRONG_WINDOW_MS}: whoever tries more is not typing. */
export const MAX_WRONG_TOKENS = 10;
export const WRONG_WINDOW_MS = 60_000;
const COOKIE = "vigia_settings";
export const SETTINGS_PATH = "/api/settings";

export type Redemption =
	/** The Set-Cookie field. */
	{ readonly cookie: string } | { readonly problem: "token-wrong" | "too-many-tries" };

export class SettingsAccess {
	readonly #clock: Clock;
	/** Digests: a comparison of them takes the same time whatever is compared, and tells nothing of lengths. */
	#token: Buffer | undefined;
	#session: { readonly digest: Buffer; readonly endsAtMs: number } | undefined;
	#wrongTokens = 0;
	#windowEndsAtMs = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** The token, new and good for one redemption; the one before is void. */
	issueToken(): string {
		const token = randomBytes(SECRET_BYTES).toString("base64url");
		this.#token = digestOf(token);
		return token;
	}

	/**
	 * Gives the cookie for the token, once. A limit on wrong ones never refuses the right one: guessing is hopeless
	 * anyway, and nobody in the network can lock the owner out by it.
	 */
	redeem(token: string, isSecure: boolean): Redemption {
		if (!this.#token || !timingSafeEqual(digestOf(token), this.#token)) return { problem: this.#countWrong() };
		this.#token = undefined;
		const session = randomBytes(SECRET_BYTES).toString("base64url");
		this.#session = { digest: digestOf(session), endsAtMs: this.#clock.nowMs() + SESSION_MS };
		// Without Path it is for where it was given: below /api/settings, also behind a proxy that puts a path before that.
		const flags = `Max-Age=${SESSION_MS / 1000}; HttpOnly; SameSite=Strict`;
		return { cookie: `${COOKIE}=${session}; ${flags}${isSecure ? "; Secure" : ""}` };
	}

	/** The request is the machine's own, or has the cookie. */
	isAllowed(request: FastifyRequest): boolean {
		return request.visitor.isLocal || this.#hasCookie(request.headers);
	}

	#hasCookie({ cookie = "" }: IncomingHttpHeaders): boolean {
		const session = this.#session;
		const value = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w-]+)`).exec(cookie)?.[1];
		if (!session || value === undefined || session.endsAtMs <= this.#clock.nowMs()) return false;
		return timingSafeEqual(digestOf(value), session.digest);
	}

	#countWrong(): "token-wrong" | "too-many-tries" {
		const nowMs = this.#clock.nowMs();
		if (nowMs >= this.#windowEndsAtMs) {
			this.#windowEndsAtMs = nowMs + WRONG_WINDOW_MS;
			this.#wrongTokens = 0;
		}
		this.#wrongTokens++;
		return this.#wrongTokens > MAX_WRONG_TOKENS ? "too-many-tries" : "token-wrong";
	}
}

function digestOf(text: string): Buffer {
	return createHash("sha256").update(text).digest();
}

/**
 * The page's own, or no page at all. Other sites that `ALLOW_ORIGINS` lets see the wall have no business here: on the
 * machine itself no cookie stands between them and the cameras' addresses.
 */
export function isOwnOrigin({ headers, visitor }: FastifyRequest): boolean {
	return isAllowedOrigin(headers.origin, { host: visitor.host, allowed: [] });
}
