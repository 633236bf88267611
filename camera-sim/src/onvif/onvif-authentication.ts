/** How a simulated ONVIF device checks a password: WS-UsernameToken and HTTP Digest. @module */
import { createHash, randomBytes } from "node:crypto";
import {
	type ChallengeOffer,
	type HashFunctions,
	makeChallenge,
	type PlainCredentials,
	verifyAuthorization,
} from "@vigia/rtsp";
import type { OnvifDeviceOptions } from "./onvif-options.ts";

/** How old a token may be, on the device's clock. */
const TOKEN_WINDOW_MS = 10_000;
/** A replayed token is refused while this many others are remembered. */
const MAX_NONCES = 1000;

const hashes: HashFunctions = {
	md5: (bytes) => createHash("md5").update(bytes).digest("hex"),
	sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
};

export interface AuthenticationRequest {
	readonly envelope: string;
	readonly path: string;
	readonly authorization: string | undefined;
	/** The device's clock. */
	readonly nowMs: number;
}

/** `wrong`: an answer was given, and it is not right. */
export type AuthenticationVerdict = "accepted" | "missing" | "wrong" | "wrong-time";

export class OnvifAuthentication {
	readonly #credentials: PlainCredentials;
	readonly #takes: "token" | "digest" | "both";
	#offer: ChallengeOffer & { readonly scheme: "digest" };
	readonly #freshNonces: boolean;
	readonly #nonces = new Set<string>();

	constructor(credentials: PlainCredentials, options: OnvifDeviceOptions) {
		this.#credentials = credentials;
		this.#takes = options.authentication ?? "both";
		const { freshNonces = false, ...digest } = options.digest ?? {};
		this.#freshNonces = freshNonces;
		this.#offer = { scheme: "digest", realm: "Vigia ONVIF simulator", nonce: makeNonce(), qopAuth: true, ...digest };
	}

	/** The WWW-Authenticate field of a refusal; none where only tokens are taken: then its status is 400. */
	challenge(): string | undefined {
		if (this.#takes === "token") return undefined;
		if (this.#freshNonces) this.#offer = { ...this.#offer, nonce: makeNonce() };
		return makeChallenge(this.#offer);
	}

	check(request: AuthenticationRequest): AuthenticationVerdict {
		if (request.authorization !== undefined) {
			if (this.#takes === "token") return "missing";
			const { authorization, path: target } = request;
			const check = { authorization, target, method: "POST", credentials: this.#credentials, offers: [this.#offer] };
			return verifyAuthorization(check, hashes) === "accepted" ? "accepted" : "wrong";
		}
		return this.#takes === "digest" ? "missing" : this.#checkToken(request);
	}

	#checkToken({ envelope, nowMs }: AuthenticationRequest): AuthenticationVerdict {
		const [username, password, nonce, created] = ["Username", "Password", "Nonce", "Created"].map((name) =>
			textOf(envelope, name),
		);
		if (username === undefined || password === undefined || nonce === undefined || created === undefined) {
			return "missing";
		}
		if (!(Math.abs(Date.parse(created) - nowMs) <= TOKEN_WINDOW_MS)) return "wrong-time";
		const isReplay = this.#nonces.has(nonce);
		this.#nonces.add(nonce);
		for (const oldest of this.#nonces) if (this.#nonces.size > MAX_NONCES) this.#nonces.delete(oldest);
		const digest = createHash("sha1").update(Buffer.from(nonce, "base64")).update(created);
		const right = digest.update(this.#credentials.password).digest("base64");
		return !isReplay && username === this.#credentials.username && password === right ? "accepted" : "wrong";
	}
}

function makeNonce(): string {
	return randomBytes(16).toString("hex");
}

/** The text of the first element of this name. The simulator reads its own client only, so a pattern will do. */
export function textOf(xml: string, name: string): string | undefined {
	const text = new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)<`).exec(xml)?.[1];
	return text?.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))).trim();
}
