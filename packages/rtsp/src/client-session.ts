/**
 * One RTSP session with a camera, as a machine without I/O: bytes and time come in, bytes and facts go out.
 * RFC 2326 section 10 for the methods. A session that failed is replaced, never started again.
 * @module
 */
import { Authenticator } from "./auth.ts";
import type { RtspClientCounters, RtspClientOptions, RtspClientSink } from "./client-contract.ts";
import { errorOfStatus, redirectTarget } from "./client-errors.ts";
import { RtspError } from "./errors.ts";
import { InterleavedTransport } from "./interleaved-transport.ts";
import { KeepAlive } from "./keep-alive.ts";
import {
	headerOf,
	type HeaderInit,
	makeRequest,
	makeResponse,
	type RtspMessage,
	type RtspRequest,
	type RtspResponse,
	serializeRequest,
	serializeResponse,
} from "./message.ts";
import { RtspParser, writeInterleavedHeader } from "./message-parser.ts";
import { chooseVideoTrack, type Presentation, type PresentationTrack, readPresentation } from "./presentation.ts";
import { type PendingRequest, RequestTracker, type Step } from "./request-tracker.ts";
import { parseSessionHeader } from "./session-header.ts";
import { formatRtspUrl } from "./url.ts";

/** A camera that boots may take seconds; one that takes longer is not there. */
export const REQUEST_TIMEOUT_MS: number = 10_000;
/** What is left of a description without Content-Length comes at once or not at all. */
const BODY_PATIENCE_MS = 2000;
/** Media that flows so long shows that PLAY was accepted, whatever its answer does. */
export const MEDIA_PROVES_PLAY_MS: number = 5000;
/** A camera that does not answer TEARDOWN has been told all the same. */
export const TEARDOWN_TIMEOUT_MS: number = 500;
/** RTCP packet types lie here; RTP payload types with a marker that would collide are not in use: RFC 5761 section 4. */
const FIRST_RTCP_TYPE = 192;
const LAST_RTCP_TYPE = 223;
const JITTER_HEX_DIGITS = 4;

type State =
	| { readonly name: "idle" }
	| { readonly name: "handshake" }
	| { readonly name: "playing"; keepAliveAtMs: number }
	| { readonly name: "closing" }
	| { readonly name: "ended" };

export class RtspClientSession {
	readonly #options: RtspClientOptions;
	readonly #sink: RtspClientSink;
	readonly #requestUrl: string;
	readonly #parser: RtspParser;
	readonly #transport = new InterleavedTransport();
	readonly #keepAlive = new KeepAlive();
	readonly #authenticator: Authenticator;
	readonly #counters: RtspClientCounters = { unassignedFrames: 0, unmatchedResponses: 0, garbageBytes: 0 };
	#state: State = { name: "idle" };
	#nowMs = 0;
	readonly #requests = new RequestTracker();
	#sessionId: string | undefined;
	#presentation: Presentation | undefined;
	#track: PresentationTrack | undefined;
	#firstMediaMs: number | undefined;

	constructor(options: RtspClientOptions, sink: RtspClientSink) {
		this.#options = options;
		this.#sink = sink;
		this.#requestUrl = formatRtspUrl(options.address);
		this.#authenticator = new Authenticator(options);
		this.#parser = new RtspParser({
			onMessage: (message) => this.#onMessage(message),
			onInterleaved: (channel, payload) => this.#onInterleaved(channel, payload),
			isKnownChannel: (channel) => this.#transport.trackOf(channel) !== undefined,
			bodyRunsToEnd: (head) => this.#bodyRunsToEnd(head),
		});
	}

	get counters(): Readonly<RtspClientCounters> {
		this.#counters.garbageBytes = this.#parser.garbageBytes;
		return this.#counters;
	}

	/** Begins the handshake; the connection is open. Times are monotonic milliseconds throughout. */
	start(nowMs: number): void {
		if (this.#state.name !== "idle") return;
		this.#nowMs = nowMs;
		this.#state = { name: "handshake" };
		this.#request("options", "OPTIONS", this.#requestUrl, {});
	}

	/** Takes what arrived, split anyhow. The bytes stay the caller's. Never throws; what is wrong comes by `failed`. */
	handleInput(bytes: Uint8Array, nowMs: number): void {
		if (this.#state.name === "ended") return;
		this.#nowMs = nowMs;
		this.#guard(() => this.#parser.push(bytes));
	}

	/** When {@link handleTimeout} is due; `undefined` if nothing is waited for. Ask again after every call. */
	nextTimeout(): number | undefined {
		if (this.#state.name === "ended") return undefined;
		const keepAliveAtMs = this.#state.name === "playing" ? this.#state.keepAliveAtMs : undefined;
		const deadlineMs = this.#requests.pending?.deadlineMs;
		if (keepAliveAtMs === undefined || deadlineMs === undefined) return keepAliveAtMs ?? deadlineMs;
		return Math.min(keepAliveAtMs, deadlineMs);
	}

	/** Does what is due at `nowMs`; safe to call early. */
	handleTimeout(nowMs: number): void {
		if (this.#state.name === "ended") return;
		this.#nowMs = nowMs;
		this.#guard(() => {
			const pending = this.#requests.pending;
			if (pending && nowMs >= pending.deadlineMs) this.#unanswered(pending);
			if (this.#state.name !== "playing" || nowMs < this.#state.keepAliveAtMs) return;
			// One outstanding at most: an unanswered one is dropped at its deadline.
			if (!this.#requests.pending) this.#request("keep-alive", this.#keepAlive.method, this.#baseUrl(), {});
			this.#scheduleKeepAlive(this.#state);
		});
	}

	/** Sends an RTCP packet on a track's channel; nothing happens if the track is not set up. */
	sendRtcp(track: PresentationTrack, packet: Uint8Array): void {
		const channel = this.#transport.rtcpChannel(track);
		if (channel === undefined || this.#state.name === "ended") return;
		const frame = new Uint8Array(4 + packet.length);
		frame.set(writeInterleavedHeader(channel, packet.length));
		frame.set(packet, 4);
		this.#sink.transmit(frame);
	}

	/** Says TEARDOWN if there is a session; `closed` follows, at once or within {@link TEARDOWN_TIMEOUT_MS}. */
	teardown(nowMs: number): void {
		if (this.#state.name === "closing" || this.#state.name === "ended") return;
		this.#nowMs = nowMs;
		if (this.#sessionId === undefined) {
			const pending = this.#requests.pending;
			if (pending?.step !== "setup") {
				this.#finish();
				return;
			}
			// The camera may have made its session already, and only its answer names it.
			this.#state = { name: "closing" };
			pending.deadlineMs = nowMs + TEARDOWN_TIMEOUT_MS;
			return;
		}
		this.#sendTeardown();
	}

	#sendTeardown(): void {
		this.#requests.abandon();
		this.#state = { name: "closing" };
		this.#request("teardown", "TEARDOWN", this.#aggregateUrl(), {});
	}

	#finish(): void {
		this.#end();
		this.#sink.closed();
	}

	#end(): void {
		this.#state = { name: "ended" };
		this.#requests.abandon();
		this.#parser.stop();
	}

	#fail(error: RtspError): void {
		if (this.#state.name === "ended") return;
		if (this.#state.name === "closing") {
			this.#finish();
			return;
		}
		// The camera's session must not linger: cameras have few.
		if (this.#sessionId !== undefined) this.#send("TEARDOWN", this.#aggregateUrl(), {});
		this.#end();
		this.#sink.failed(error);
	}

	#guard(action: () => void): void {
		try {
			action();
		} catch (error) {
			if (!(error instanceof RtspError)) throw error;
			this.#fail(error);
		}
	}

	#baseUrl(): string {
		return this.#presentation?.baseUrl ?? this.#requestUrl;
	}

	#aggregateUrl(): string {
		return this.#presentation?.aggregateUrl ?? this.#requestUrl;
	}

	#request(step: Step, method: string, target: string, headers: HeaderInit, attempt = 0): void {
		const sent = this.#send(method, target, headers);
		const patienceMs = step === "teardown" ? TEARDOWN_TIMEOUT_MS : REQUEST_TIMEOUT_MS;
		this.#requests.begin({ step, method, target, headers, attempt, ...sent, deadlineMs: this.#nowMs + patienceMs });
	}

	#send(method: string, target: string, headers: HeaderInit): { readonly cseq: number; readonly authorized: boolean } {
		const cseq = this.#requests.nextCseq();
		const authorization = this.#authenticator.authorization(method, target);
		const fields = {
			"User-Agent": this.#options.userAgent,
			CSeq: cseq,
			Authorization: authorization,
			Session: this.#sessionId,
			...headers,
		};
		this.#sink.transmit(serializeRequest(makeRequest(method, target, fields)));
		return { cseq, authorized: authorization !== undefined };
	}

	#unanswered(pending: PendingRequest): void {
		switch (pending.step) {
			case "keep-alive":
				// Media is the sign of life, not the answer to a keep-alive.
				this.#requests.abandon();
				return;
			case "teardown":
				this.#finish();
				return;
			case "play":
				if (this.#firstMediaMs === undefined) break;
				this.#requests.abandon();
				this.#enterPlaying();
				return;
			case "describe":
				// A Content-Length that is too long: what has come may do.
				pending.deadlineMs = this.#nowMs + REQUEST_TIMEOUT_MS;
				if (this.#parser.finishBody()) return;
				break;
			case "options":
			case "setup":
				break;
		}
		const message = `the camera did not answer ${pending.method} within ${REQUEST_TIMEOUT_MS / 1000} s`;
		this.#fail(new RtspError("no-answer", "RTSP_NO_ANSWER", message));
	}

	#bodyRunsToEnd(head: RtspResponse): boolean {
		const pending = this.#requests.pending;
		if (pending?.step !== "describe" || head.status !== 200) return false;
		const type = headerOf(head, "content-type");
		if (type !== undefined && !type.toLowerCase().includes("sdp")) return false;
		pending.deadlineMs = this.#nowMs + BODY_PATIENCE_MS;
		return true;
	}

	#onInterleaved(channel: number, payload: Uint8Array): void {
		const track = this.#transport.trackOf(channel);
		if (!track) {
			this.#counters.unassignedFrames++;
			return;
		}
		// Some servers mix the channels up: the packet type tells, not the channel.
		const type = payload[1] ?? 0;
		if (type >= FIRST_RTCP_TYPE && type <= LAST_RTCP_TYPE) {
			this.#sink.rtcp(track, payload, this.#nowMs);
			return;
		}
		if (this.#firstMediaMs === undefined) this.#firstMediaMs = this.#nowMs;
		else if (this.#requests.pending?.step === "play" && this.#nowMs - this.#firstMediaMs >= MEDIA_PROVES_PLAY_MS) {
			this.#requests.abandon();
			this.#enterPlaying();
		}
		this.#sink.rtp(track, payload, this.#nowMs);
	}

	#onMessage(message: RtspMessage): void {
		if (message.type === "request") {
			this.#answer(message);
			return;
		}
		// RFC 2326 section 7.1.1: 1xx, the final answer follows.
		if (message.status < 200) return;
		const pending = this.#requests.take(message);
		if (!pending) {
			this.#counters.unmatchedResponses++;
			return;
		}
		if (this.#state.name === "closing" && pending.step === "setup") {
			if (message.status < 300) this.#noteSession(message);
			if (this.#sessionId === undefined) this.#finish();
			else this.#sendTeardown();
		} else if (message.status === 401) this.#reauthenticate(pending, message);
		else this.#handleResponse(pending, message);
	}

	/** Requests of the server: RFC 2326 section 10. */
	#answer(request: RtspRequest): void {
		const known = ["OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "REDIRECT"].includes(request.method);
		const fields = { CSeq: headerOf(request, "cseq"), Session: headerOf(request, "session") };
		this.#sink.transmit(serializeResponse(makeResponse(known ? 200 : 501, fields)));
		if (request.method !== "REDIRECT") return;
		const location = redirectTarget(headerOf(request, "location"));
		this.#fail(new RtspError("redirect", "RTSP_REDIRECT", "the camera sends its clients elsewhere", location));
	}

	#reauthenticate(pending: PendingRequest, response: RtspResponse): void {
		const challenges = response.headers.get("www-authenticate") ?? [];
		if (this.#authenticator.handleUnauthorized(challenges, pending.attempt, pending.authorized)) {
			this.#request(pending.step, pending.method, pending.target, pending.headers, pending.attempt + 1);
			return;
		}
		this.#fail(
			this.#options.credentials
				? new RtspError("auth", "RTSP_AUTH_REFUSED", "the camera refused the user name or password")
				: new RtspError("auth", "RTSP_AUTH_MISSING", "the camera asks for a user name and password and none is set"),
		);
	}

	#handleResponse(pending: PendingRequest, response: RtspResponse): void {
		if (pending.authorized) this.#authenticator.accepted();
		const ok = response.status < 300;
		if (ok) this.#noteSession(response);
		switch (pending.step) {
			case "options":
				this.#onOptions(response);
				return;
			case "describe":
				if (!ok) throw errorOfStatus(pending.method, response);
				this.#onDescribed(response);
				return;
			case "setup":
				this.#onSetup(pending, response);
				return;
			case "play":
				this.#onPlay(pending, response);
				return;
			case "keep-alive":
				if (response.status === 454) throw errorOfStatus(pending.method, response);
				if (!ok) this.#keepAlive.refused();
				return;
			case "teardown":
				this.#finish();
				return;
		}
	}

	/** The first id is kept for good, the latest timeout counts: some cameras give an id per SETUP. */
	#noteSession(response: RtspResponse): void {
		const value = headerOf(response, "session");
		const session = value === undefined ? undefined : parseSessionHeader(value);
		if (!session) return;
		this.#keepAlive.setTimeout(session.timeoutS);
		// Before SETUP there is no session; a Session field then means nothing (Dahua sends one to OPTIONS).
		if (this.#track) this.#sessionId ??= session.id;
	}

	/** OPTIONS is a courtesy: a server that does not know it is used all the same. */
	#onOptions(response: RtspResponse): void {
		if (response.status >= 300 && response.status < 400) throw errorOfStatus("OPTIONS", response);
		if (response.status < 300) this.#keepAlive.learn(response);
		this.#request("describe", "DESCRIBE", this.#requestUrl, { Accept: "application/sdp" });
	}

	#onDescribed(response: RtspResponse): void {
		const presentation = readPresentation(response, { ...this.#options, requestUrl: this.#requestUrl });
		const track = chooseVideoTrack(presentation, this.#options.encodings);
		this.#presentation = presentation;
		this.#track = track;
		this.#sink.described(presentation, track);
		if (this.#state.name === "handshake") this.#setup(track.setupUrl);
	}

	#setup(url: string): void {
		this.#request("setup", "SETUP", url, { Transport: this.#transport.offer() });
	}

	#onSetup(pending: PendingRequest, response: RtspResponse): void {
		const track = this.#track;
		if (!track) return;
		if (response.status >= 300) {
			// A wrong Content-Base shows here: once more with the URL that DESCRIBE was asked with.
			const baseMayBeWrong = [400, 404, 454].includes(response.status) && pending.target !== track.fallbackSetupUrl;
			if (!baseMayBeWrong) throw errorOfStatus(pending.method, response);
			this.#setup(track.fallbackSetupUrl);
			return;
		}
		this.#transport.accept(track, headerOf(response, "transport"));
		this.#request("play", "PLAY", this.#aggregateUrl(), { Range: "npt=0.000-" });
	}

	#onPlay(pending: PendingRequest, response: RtspResponse): void {
		if (response.status < 300) {
			this.#enterPlaying();
			return;
		}
		if (response.status === 457 && pending.headers["Range"] !== undefined) {
			this.#request("play", "PLAY", pending.target, {});
			return;
		}
		const trackUrl = this.#track?.setupUrl ?? pending.target;
		// RFC 2326 section 11.3.9: aggregate operation not allowed.
		if (response.status === 459 && pending.target !== trackUrl) {
			this.#request("play", "PLAY", trackUrl, pending.headers);
			return;
		}
		throw errorOfStatus(pending.method, response);
	}

	#enterPlaying(): void {
		const track = this.#track;
		if (!track || this.#state.name !== "handshake") return;
		const state = { name: "playing" as const, keepAliveAtMs: 0 };
		this.#scheduleKeepAlive(state);
		this.#state = state;
		this.#sink.playing(track);
	}

	#scheduleKeepAlive(state: { keepAliveAtMs: number }): void {
		const random = Number.parseInt(this.#options.randomHex(JITTER_HEX_DIGITS), 16) / 16 ** JITTER_HEX_DIGITS;
		state.keepAliveAtMs = this.#nowMs + this.#keepAlive.nextDelayMs(random);
	}
}
