/**
 * The server's end of one RTSP connection, without I/O: RFC 2326. Bytes and time come in; what to send and what to
 * decide goes to a {@link RtspServerHandler}. One connection carries at most one RTSP session; when the connection
 * ends, so does the session.
 * @module
 */
import { makeChallenge, verifyAuthorization, type ChallengeOffer } from "./auth-verify.ts";
import type { DigestAlgorithm } from "./challenge.ts";
import type { HashFunctions, PlainCredentials } from "./digest.ts";
import {
	type HeaderInit,
	headerOf,
	makeResponse,
	type RtspMessage,
	type RtspRequest,
	serializeResponse,
} from "./message.ts";
import { RtspParser } from "./message-parser.ts";
import { chooseTransport, type ServerTransport } from "./server-transport.ts";
import { DEFAULT_SESSION_TIMEOUT_S, parseSessionHeader, writeSessionHeader } from "./session-header.ts";
import { writeTransport } from "./transport-header.ts";

/** What a request must prove. */
export interface RtspAuthentication {
	readonly realm: string;
	/**
	 * Default MD5, then not named in the challenge. Of several each gets a challenge of its own, in this order: RFC 7616
	 * section 3.7 wants the preferred one first, and clients that know one only take the last.
	 */
	readonly algorithm?: DigestAlgorithm | readonly DigestAlgorithm[];
	/** Offer `qop="auth"`: RFC 2617. Without it the digest is that of RFC 2069. */
	readonly qopAuth?: boolean;
	/** `undefined` refuses whatever is sent. */
	readonly credentials: PlainCredentials | undefined;
}

/** A "no" with its status: 404, 453, 503, ... */
export interface RtspRefusal {
	readonly refuse: number;
	/** Reason phrase, for people: ASCII, one line. Default: the standard's. */
	readonly reason?: string;
}

/** What DESCRIBE gives: the session description, and the base URL for its relative controls. */
export interface RtspDescription {
	readonly sdp: Uint8Array;
	readonly contentBase: string;
}

export interface RtspSetup {
	/** The request target, byte for byte: the control URL of one media section. */
	readonly target: string;
	readonly transport: ServerTransport;
}

export interface RtspSetupAnswer {
	readonly ssrc: number;
	/** The server's RTP and RTCP ports; for UDP only. */
	readonly serverPort?: readonly [number, number];
}

/** One entry of RTP-Info: RFC 2326 section 12.33. */
export interface RtpInfo {
	readonly url: string;
	/** Sequence number and RTP timestamp of the first packet that follows. */
	readonly sequenceNumber: number;
	readonly rtpTimestamp: number;
}

/** Why a session, or a connection without one, came to its end. */
export type RtspServerEnd = "teardown" | "timeout" | "protocol-error" | "connection-closed";

/** The owner of a session: decides at once, sends what it is given. */
export interface RtspServerHandler {
	/** Bytes for the connection; the buffer is the handler's. */
	transmit(bytes: Uint8Array): void;
	/** The connection is to be closed once everything is sent. */
	disconnect(reason: RtspServerEnd): void;
	/** A whole request came; nothing is decided yet. */
	onRequest(method: string, target: string): void;
	/** What a request for this target must prove; `undefined`: nothing. Not asked for OPTIONS. */
	authentication(target: string): RtspAuthentication | RtspRefusal | undefined;
	/**
	 * The answer to a challenge was wrong: somebody guesses, or has an old password. `"later"`: the refusal waits for
	 * {@link RtspServerSession.refuseLate}.
	 */
	onWrongCredentials?(): "now" | "later";
	/** `undefined`: not known yet, and to be said by {@link RtspServerSession.answerDescribe}. */
	describe(target: string): RtspDescription | RtspRefusal | undefined;
	/** One media section is to be sent over this transport. */
	setup(setup: RtspSetup): RtspSetupAnswer | RtspRefusal;
	/** Media may be sent as soon as this call's caller, {@link RtspServerSession.handleInput}, has returned. */
	play(target: string): readonly RtpInfo[] | RtspRefusal;
	pause(): void;
	/** The session is over and its transports are free. Exactly once per session that was set up. */
	end(reason: RtspServerEnd): void;
	/** A frame of the client, receiver reports above all; a view that is valid until the call returns. */
	onInterleaved(channel: number, payload: Uint8Array): void;
}

export interface RtspServerOptions {
	readonly hashes: HashFunctions;
	/** The Server field. */
	readonly serverName: string;
	/** Unguessable, for this connection. */
	readonly nonce: string;
	/** Unguessable; used for the one session at a time that this connection may have. */
	readonly makeSessionId: () => string;
	/** A session, or a connection without one, that shows no sign of life for so long is closed. Default 60 s. */
	readonly timeoutS?: number;
}

type DigestOffer = Extract<ChallengeOffer, { scheme: "digest" }>;

/** Why a request is not served. */
interface Verdict {
	readonly status: number;
	readonly headers: HeaderInit;
	readonly reason?: string | undefined;
	readonly isLate?: boolean;
}

type State =
	| { readonly type: "init" }
	| { readonly type: "ready" | "playing"; readonly sessionId: string; readonly channels: ReadonlySet<number> };

/** Requests without a body that wait behind one that is not answered yet; clients wait for answers, so there are one or two. */
const MAX_HELD_REQUESTS = 16;

const METHODS = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "GET_PARAMETER", "SET_PARAMETER", "TEARDOWN"];
/** Methods of RFC 2326 that a sending server has no use for. */
const FOREIGN_METHODS: ReadonlySet<string> = new Set(["ANNOUNCE", "RECORD", "REDIRECT"]);

export class RtspServerSession {
	readonly #options: RtspServerOptions;
	readonly #handler: RtspServerHandler;
	readonly #parser: RtspParser;
	readonly #timeoutS: number;
	#state: State = { type: "init" };
	#closed = false;
	#lastSignMs: number;
	/** The DESCRIBE whose answer is not known yet, or the request whose refusal comes late; and what came after it. */
	#describing: RtspRequest | undefined;
	#refusing: { readonly request: RtspRequest; readonly verdict: Verdict } | undefined;
	readonly #held: RtspRequest[] = [];

	constructor(options: RtspServerOptions, handler: RtspServerHandler, nowMs: number) {
		this.#options = options;
		this.#handler = handler;
		this.#timeoutS = options.timeoutS ?? DEFAULT_SESSION_TIMEOUT_S;
		this.#lastSignMs = nowMs;
		this.#parser = new RtspParser({
			onMessage: (message) => this.#onMessage(message),
			onInterleaved: (channel, payload) => this.#handler.onInterleaved(channel, payload),
		});
	}

	/** When {@link handleTimeout} has something to do, on the clock of the `nowMs` arguments. */
	get deadlineMs(): number {
		return this.#lastSignMs + this.#timeoutS * 1000;
	}

	/** Takes what arrived, split anyhow. Never throws for what the peer sent: it is answered, or the connection ends. */
	handleInput(bytes: Uint8Array, nowMs: number): void {
		if (this.#closed) return;
		this.#lastSignMs = nowMs;
		try {
			this.#parser.push(bytes);
		} catch (error) {
			if (!(error instanceof Error) || error.name !== "RtspError") throw error;
			this.#transmit(400, {});
			this.#close("protocol-error");
		}
	}

	/** A sign of life that came another way: RTCP over UDP. */
	noteActivity(nowMs: number): void {
		this.#lastSignMs = nowMs;
	}

	/** Answers the DESCRIBE that the handler left open, then what came after it. Nothing happens if there is none. */
	answerDescribe(answer: RtspDescription | RtspRefusal): void {
		const request = this.#describing;
		if (!request || this.#closed) return;
		this.#describing = undefined;
		this.#answerDescribe(request, answer);
		this.#takeHeld();
	}

	/** Says the refusal that was to come late, then answers what came after it. Nothing happens if there is none. */
	refuseLate(): void {
		if (!this.#refusing || this.#closed) return;
		const { request, verdict } = this.#refusing;
		this.#refusing = undefined;
		this.#answerVerdict(request, verdict);
		this.#takeHeld();
	}

	/** Ends the session if its deadline has passed. */
	handleTimeout(nowMs: number): void {
		if (!this.#closed && nowMs >= this.deadlineMs) this.#close("timeout");
	}

	/** The connection is gone. Nothing is sent. */
	handleConnectionClosed(): void {
		if (this.#closed) return;
		this.#closed = true;
		// The handler may find out in the middle of a read, by what it is to send.
		this.#parser.stop();
		this.#endSession("connection-closed");
	}

	#close(reason: RtspServerEnd): void {
		this.#closed = true;
		this.#parser.stop();
		this.#endSession(reason);
		this.#handler.disconnect(reason);
	}

	#endSession(reason: RtspServerEnd): void {
		if (this.#state.type === "init") return;
		this.#state = { type: "init" };
		this.#handler.end(reason);
	}

	#onMessage(message: RtspMessage): void {
		// A response answers nothing: this end asks nothing.
		if (message.type !== "request") return;
		if (!this.#isHolding) this.#take(message);
		else if (this.#held.length < MAX_HELD_REQUESTS && message.body.length === 0) this.#held.push(message);
		else this.#close("protocol-error");
	}

	get #isHolding(): boolean {
		return this.#describing !== undefined || this.#refusing !== undefined;
	}

	#takeHeld(): void {
		while (!this.#isHolding && !this.#closed) {
			const next = this.#held.shift();
			if (!next) return;
			this.#take(next);
		}
	}

	#take(request: RtspRequest): void {
		this.#handler.onRequest(request.method, request.target);
		const verdict = this.#check(request);
		if (!verdict) this.#dispatch(request);
		else if (verdict.isLate === true) this.#refusing = { request, verdict };
		else this.#answerVerdict(request, verdict);
	}

	#answerVerdict(request: RtspRequest, { status, headers, reason }: Verdict): void {
		this.#answer(request, status, headers, undefined, reason);
	}

	/** What every request must satisfy, whatever it wants. */
	#check(request: RtspRequest): Verdict | undefined {
		if (headerOf(request, "cseq") === undefined) return { status: 400, headers: {} };
		const required = headerOf(request, "require");
		// RFC 2326 section 12.32: an option that is not known is named in the answer.
		if (required !== undefined) return { status: 551, headers: { Unsupported: required } };
		const denial = this.#authenticate(request);
		if (denial) return denial;
		const given = headerOf(request, "session");
		if (given !== undefined && parseSessionHeader(given)?.id !== this.#sessionId()) return { status: 454, headers: {} };
		return undefined;
	}

	#authenticate(request: RtspRequest): Verdict | undefined {
		if (request.method === "OPTIONS") return undefined;
		const wanted = this.#handler.authentication(request.target);
		if (!wanted) return undefined;
		if ("refuse" in wanted) return { status: wanted.refuse, headers: {}, reason: wanted.reason };
		const { realm, algorithm, qopAuth, credentials } = wanted;
		const algorithms = typeof algorithm === "object" ? algorithm : [algorithm];
		const offers = algorithms.map(
			(one): DigestOffer => ({
				scheme: "digest",
				realm,
				nonce: this.#options.nonce,
				...(one === undefined ? {} : { algorithm: one }),
				...(qopAuth === undefined ? {} : { qopAuth }),
			}),
		);
		const verdict = credentials
			? verifyAuthorization(
					{
						authorization: headerOf(request, "authorization"),
						method: request.method,
						target: request.target,
						credentials,
						offers,
					},
					this.#options.hashes,
				)
			: "missing";
		if (verdict === "accepted") return undefined;
		const isLate = verdict === "refused" && this.#handler.onWrongCredentials?.() === "later";
		const challenges = offers.map((offer) => makeChallenge({ ...offer, stale: verdict === "stale" }));
		return { status: 401, headers: { "WWW-Authenticate": challenges }, isLate };
	}

	#dispatch(request: RtspRequest): void {
		switch (request.method) {
			case "OPTIONS":
				return this.#answer(request, 200, { Public: METHODS.join(", ") });
			case "DESCRIBE":
				return this.#describe(request);
			case "SETUP":
				return this.#setup(request);
			case "PLAY":
				return this.#play(request);
			case "PAUSE":
				return this.#pause(request);
			case "GET_PARAMETER":
				return this.#answer(request, 200, {});
			case "SET_PARAMETER":
				// An empty one is a keep-alive: RFC 2326 section 10.9. There are no parameters to set.
				return this.#answer(request, request.body.length === 0 ? 200 : 451, {});
			case "TEARDOWN":
				return this.#teardown(request);
			default:
				if (FOREIGN_METHODS.has(request.method)) return this.#answer(request, 405, { Allow: METHODS.join(", ") });
				return this.#answer(request, 501, {});
		}
	}

	#describe(request: RtspRequest): void {
		const answer = this.#handler.describe(request.target);
		if (answer) this.#answerDescribe(request, answer);
		else this.#describing = request;
	}

	#answerDescribe(request: RtspRequest, answer: RtspDescription | RtspRefusal): void {
		if ("refuse" in answer) return this.#refuse(request, answer);
		this.#answer(request, 200, { "Content-Base": answer.contentBase, "Content-Type": "application/sdp" }, answer.sdp);
	}

	#setup(request: RtspRequest): void {
		const state = this.#state;
		// RFC 2326 appendix A.2: transports do not change while playing. A second session has its own connection.
		if (state.type === "playing") return this.#answer(request, 455, {});
		if (state.type === "ready" && !request.headers.has("session")) return this.#answer(request, 455, {});
		const used = state.type === "ready" ? state.channels : new Set<number>();
		const transport = chooseTransport(request.headers.get("transport") ?? [], used);
		if (!transport) return this.#answer(request, 461, {});
		const answer = this.#handler.setup({ target: request.target, transport });
		if ("refuse" in answer) return this.#refuse(request, answer);
		const sessionId = state.type === "ready" ? state.sessionId : this.#options.makeSessionId();
		const channels = transport.type === "interleaved" ? transport.channels : [];
		this.#state = { type: "ready", sessionId, channels: new Set([...used, ...channels]) };
		this.#answer(request, 200, {
			Transport: writeTransport({
				...(transport.type === "interleaved"
					? { protocol: "RTP/AVP/TCP", interleaved: transport.channels }
					: { protocol: "RTP/AVP", clientPort: transport.clientPort }),
				...(answer.serverPort ? { serverPort: answer.serverPort } : {}),
				ssrc: answer.ssrc,
			}),
		});
	}

	#play(request: RtspRequest): void {
		const state = this.#sessionOf(request);
		if (!state) return this.#answer(request, 454, {});
		const answer = this.#handler.play(request.target);
		if ("refuse" in answer) return this.#refuse(request, answer);
		this.#state = { ...state, type: "playing" };
		this.#answer(request, 200, {
			Range: "npt=now-",
			"RTP-Info": answer
				.map((info) => `url=${info.url};seq=${info.sequenceNumber};rtptime=${info.rtpTimestamp}`)
				.join(","),
		});
	}

	#pause(request: RtspRequest): void {
		const state = this.#sessionOf(request);
		if (!state) return this.#answer(request, 454, {});
		if (state.type === "playing") this.#handler.pause();
		this.#state = { ...state, type: "ready" };
		this.#answer(request, 200, {});
	}

	#teardown(request: RtspRequest): void {
		if (!this.#sessionOf(request)) return this.#answer(request, 454, {});
		this.#answer(request, 200, {});
		this.#endSession("teardown");
	}

	/** The session, if there is one and the request names it. */
	#sessionOf(request: RtspRequest): Exclude<State, { type: "init" }> | undefined {
		return this.#state.type === "init" || !request.headers.has("session") ? undefined : this.#state;
	}

	#sessionId(): string | undefined {
		return this.#state.type === "init" ? undefined : this.#state.sessionId;
	}

	#refuse(request: RtspRequest, { refuse, reason }: RtspRefusal): void {
		this.#answer(request, refuse, {}, undefined, reason);
	}

	#answer(request: RtspRequest, status: number, headers: HeaderInit, body?: Uint8Array, reason?: string): void {
		if (this.#closed) return;
		const sessionId = this.#sessionId();
		this.#transmit(
			status,
			{
				CSeq: headerOf(request, "cseq"),
				...(sessionId === undefined ? {} : { Session: writeSessionHeader(sessionId, this.#timeoutS) }),
				...headers,
			},
			body,
			reason,
		);
	}

	#transmit(status: number, headers: HeaderInit, body?: Uint8Array, reason?: string): void {
		this.#handler.transmit(
			serializeResponse(makeResponse(status, { Server: this.#options.serverName, ...headers }, body, reason)),
		);
	}
}
