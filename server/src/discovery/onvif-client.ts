/** Requests to one device, with whatever proof of the password it wants. ONVIF Core Specification section 5.9. @module */
import { randomBytes } from "node:crypto";
import { Authenticator, makeChallenge, parseChallenges } from "@vigia/rtsp";
import type { Credentials } from "../config/credentials.ts";
import { CLIENT } from "../sources/client-identity.ts";
import type { OnvifAddress } from "./onvif-address.ts";
import { OnvifError } from "./onvif-error.ts";
import { type DeviceConnection, type HttpAnswer, postSoap } from "./onvif-http.ts";
import type { OnvifRequest } from "./onvif-messages.ts";
import { meaningOfFault, oneLine, readSoap, soapEnvelope, usernameToken } from "./soap.ts";
import type { XmlElement } from "./xml-reader.ts";

/** WS-Security UsernameToken Profile 1.0 section 3.1 asks for sixteen. */
const NONCE_BYTES = 16;
/** Nothing, Digest with two algorithms and a stale nonce, token: no device needs more. */
const MAX_ATTEMPTS = 6;
/** Of an answer that is no SOAP, in an error's detail. */
const MAX_DETAIL_CHARS = 60;

export interface OnvifClientOptions extends DeviceConnection {
	/** The device service. */
	readonly address: OnvifAddress;
	readonly credentials?: Credentials | undefined;
}

/** How the device wants the password to be proven. Never in plain text: a demand for Basic counts as none. */
type Proof = "none" | "digest" | "token";

/**
 * Requests one after the other. Each way of proving the password is tried once, so that a wrong one does not lock the
 * account: the first request goes without, as the specification has it, and the refusal tells what is wanted.
 */
export class OnvifClient {
	readonly #options: OnvifClientOptions;
	readonly #authenticator: Authenticator;
	#proof: Proof = "none";
	readonly #failed = new Set<Proof>();
	/** Algorithms with which the device has refused an answer. */
	readonly #refusedAlgorithms = new Set<string>();
	/** Of the last answer to a challenge. */
	#algorithm = "";
	/** The device refused a request without proof and took one with it: the password is right. */
	#proven = false;
	/** The device's clock minus ours. */
	clockOffsetMs = 0;

	constructor(options: OnvifClientOptions) {
		this.#options = options;
		this.#authenticator = new Authenticator({ ...CLIENT, credentials: options.credentials?.reveal() });
	}

	/**
	 * The answer's element, `<name>Response`.
	 * @param service default: the device service.
	 * @throws {OnvifError}
	 */
	async call(request: OnvifRequest, service: OnvifAddress = this.#options.address): Promise<XmlElement> {
		for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
			const answer = await this.#post(request, service);
			const read = this.#read(answer, request, attempt);
			if (read !== "again") return read;
		}
		throw this.#refusal(request.name);
	}

	async #post(request: OnvifRequest, address: OnvifAddress): Promise<HttpAnswer> {
		const authorization =
			this.#proof === "digest" ? this.#authenticator.authorization("POST", address.path) : undefined;
		const header = this.#proof === "token" ? this.#token() : "";
		this.#algorithm = algorithmOf(authorization);
		const envelope = soapEnvelope(request.body, header);
		return await postSoap({ address, envelope, action: request.action, authorization }, this.#options);
	}

	#token(): string {
		const { credentials, clock } = this.#options;
		if (!credentials) return "";
		return usernameToken({
			credentials: credentials.reveal(),
			nonce: randomBytes(NONCE_BYTES),
			createdMs: clock.wallMs() + this.clockOffsetMs,
		});
	}

	#read(answer: HttpAnswer, request: OnvifRequest, attempt: number): XmlElement | "again" {
		const { status, text } = answer;
		const message = readSoap(text);
		const meaning = message?.type === "fault" ? meaningOfFault(message.fault) : undefined;
		// About a time only where we gave one.
		const isClock = meaning === "clock-refused" && this.#proof === "token";
		if (!isClock && (status === 401 || meaning === "refused" || meaning === "clock-refused")) {
			return this.#handleRefusal(answer, request.name, attempt);
		}
		if (message?.type === "fault") {
			const { codes, reason } = message.fault;
			throw new OnvifError(meaning ?? "device-fault", oneLine(`${request.name}: ${codes.join("/")}: ${reason}`, 300));
		}
		if (status === 403) throw new OnvifError("not-permitted", `${request.name}: status 403`);
		if (message?.content.name !== `${request.name}Response`) {
			throw new OnvifError("not-onvif", `${request.name}: status ${status}: ${oneLine(text, MAX_DETAIL_CHARS)}`);
		}
		if (this.#proof === "digest") this.#authenticator.accepted();
		this.#proven ||= this.#proof !== "none";
		return message.content;
	}

	#handleRefusal({ status, challenges }: HttpAnswer, name: string, attempt: number): "again" {
		if (!this.#options.credentials) throw new OnvifError("credentials-needed", name);
		const isDigest = this.#proof === "digest";
		if (isDigest && !this.#proven) this.#refusedAlgorithms.add(this.#algorithm);
		const offers = status === 401 ? digestOnly(challenges, this.#refusedAlgorithms) : [];
		if (offers.length > 0 && !this.#failed.has("digest")) {
			if (this.#authenticator.handleUnauthorized(offers, isDigest ? attempt : 0, isDigest)) {
				if (this.#proof === "token") this.#failed.add("token");
				this.#proof = "digest";
				return "again";
			}
		}
		this.#failed.add(this.#proof);
		if (this.#proven || this.#failed.has("token")) throw this.#refusal(name);
		// Some devices answer 401 without a challenge, or have users of their own for the token.
		this.#proof = "token";
		return "again";
	}

	#refusal(name: string): OnvifError {
		return new OnvifError(this.#proven ? "not-permitted" : "auth-refused", name);
	}
}

/** As the answer names it: `MD5` where it does not. What stands before is the device's own, with its quotes escaped. */
function algorithmOf(authorization = ""): string {
	return /, response="[\da-f]*"(?:, algorithm=([\w-]+))?/.exec(authorization)?.[1]?.toUpperCase() ?? "MD5";
}

/**
 * Basic shows the password to everybody on the way, and ONVIF does not ask for it. Most devices make a nonce for each
 * refusal: only where they say that the last one was too old may the password be right.
 */
function digestOnly(fields: readonly string[], refused: ReadonlySet<string>): string[] {
	return parseChallenges(fields).flatMap((challenge) => {
		if (challenge.scheme !== "digest") return [];
		const { realm, nonce, opaque, algorithm, algorithmText, qopAuth, stale } = challenge;
		if (refused.has(algorithm.toUpperCase()) && !stale) return [];
		return makeChallenge({
			scheme: "digest",
			realm,
			nonce,
			qopAuth,
			stale,
			...(algorithmText !== undefined && { algorithm }),
			...(opaque !== undefined && { opaque }),
		});
	});
}
