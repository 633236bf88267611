/**
 * One RTSP session with a camera, as a machine without I/O: bytes and time come in, bytes and facts go out.
 * RFC 2326 section 10 for the methods. A session that failed is replaced, never started again.
 * @module
 */
import type { RtspClientCounters, RtspClientOptions, RtspClientSink, RtspQuirk } from "./client-contract.ts";
import { errorOfStatus, redirectTarget } from "./client-errors.ts";
import { ClientHandshake } from "./client-handshake.ts";
import { ClientRequests, REQUEST_TIMEOUT_MS, TEARDOWN_TIMEOUT_MS } from "./client-requests.ts";
import { RtspError } from "./errors.ts";
import { KeepAlive } from "./keep-alive.ts";
import { MediaTransports } from "./media-transports.ts";
import {
	headerOf,
	makeResponse,
	type RtspMessage,
	type RtspRequest,
	type RtspResponse,
	serializeResponse,
} from "./message.ts";
import { RtspParser } from "./message-parser.ts";
import type { PresentationTrack } from "./presentation.ts";
import type { MatchedResponse, PendingRequest } from "./request-tracker.ts";
import { formatRtspUrl, withoutSrtp } from "./url.ts";

/** What is left of a description without a usable Content-Length comes at once or not at all. */
const BODY_PATIENCE_MS = 2000;
/** Media that flows so long shows that PLAY was accepted, whatever its answer does. */
export const MEDIA_PROVES_PLAY_MS: number = 5000;
/** RTCP packet types lie here; RTP payload types with a marker that would collide are not in use: RFC 5761 section 4. */
const FIRST_RTCP_TYPE = 192;
const LAST_RTCP_TYPE = 223;
/** The fixed header: RFC 3550 section 5.1. */
const MIN_RTP_BYTES = 12;
const RTP_VERSION = 2;
const JITTER_HEX_DIGITS = 4;
/** The Server field is for people to read. */
const MAX_SERVER_NAME_CHARS = 80;

type State =
	| { readonly name: "idle" }
	| { readonly name: "handshake" }
	| { readonly name: "playing"; keepAliveAtMs: number }
	| { readonly name: "closing" }
	| { readonly name: "ended" };

export class RtspClientSession {
	readonly #options: RtspClientOptions;
	readonly #sink: RtspClientSink;
	readonly #parser: RtspParser;
	readonly #requests: ClientRequests;
	readonly #transports: MediaTransports;
	readonly #handshake: ClientHandshake;
	readonly #keepAlive = new KeepAlive();
	readonly #counters: RtspClientCounters = { unassignedFrames: 0, unmatchedResponses: 0, garbageBytes: 0 };
	readonly #quirks = new Set<RtspQuirk>();
	#state: State = { name: "idle" };
	#serverName = "";
	#firstMediaMs: number | undefined;
	/** The DESCRIBE for which a body was taken as it stood. */
	#patientWith: PendingRequest | undefined;
	/** The camera closed the connection: nothing can be sent. */
	#peerClosed = false;

	constructor(options: RtspClientOptions, sink: RtspClientSink) {
		this.#options = options;
		this.#sink = sink;
		const address = withoutSrtp(options.address);
		const onQuirk = (quirk: RtspQuirk): void => {
			this.#quirks.add(quirk);
		};
		this.#requests = new ClientRequests(options, { transmit: (bytes) => this.#transmit(bytes), onQuirk });
		this.#transports = new MediaTransports(options, { sink, onQuirk });
		this.#handshake = new ClientHandshake({
			options,
			address,
			requestUrl: formatRtspUrl(address),
			requests: this.#requests,
			transports: this.#transports,
			keepAlive: this.#keepAlive,
			sink,
			onQuirk,
			isActive: () => this.#state.name === "handshake" && !this.#peerClosed,
			onPlaying: () => this.#enterPlaying(),
		});
		this.#parser = new RtspParser({
			onMessage: (message) => this.#onMessage(message),
			onInterleaved: (channel, payload) => this.#onInterleaved(channel, payload),
			isKnownChannel: (channel) => this.#transports.interleaved.trackOf(channel) !== undefined,
			bodyRunsToEnd: (head) => this.#bodyRunsToEnd(head),
		});
	}

	get counters(): Readonly<RtspClientCounters> {
		this.#counters.garbageBytes = this.#parser.garbageBytes;
		return this.#counters;
	}

	/** What the camera did otherwise than the standard says, so far. */
	get quirks(): ReadonlySet<RtspQuirk> {
		if (this.#parser.garbageBytes > 0) this.#quirks.add("garbage-between-frames");
		return this.#quirks;
	}

	/** The Server field of the camera's answers in printable ASCII, of at most 80 characters; empty if it sent none. */
	get serverName(): string {
		return this.#serverName;
	}

	/** Begins the handshake; the connection is open. Times are monotonic milliseconds throughout. */
	start(nowMs: number): void {
		if (this.#state.name !== "idle") return;
		this.#requests.nowMs = nowMs;
		this.#state = { name: "handshake" };
		this.#handshake.start();
	}

	/** Takes what arrived, split anyhow. The bytes stay the caller's. Never throws; what is wrong comes by `failed`. */
	handleInput(bytes: Uint8Array, nowMs: number): void {
		if (this.#state.name === "ended") return;
		this.#requests.nowMs = nowMs;
		this.#guard(() => this.#parser.push(bytes));
	}

	/**
	 * Takes a datagram of the camera that came to a pair of ports; RTP is told from RTCP by its type, not by its port.
	 * The bytes stay the caller's. Hot path.
	 */
	handleDatagram(pair: number, bytes: Uint8Array, nowMs: number): void {
		const udp = this.#transports.udp;
		const track = udp?.trackOf(pair);
		if (!track || this.#state.name === "ended") return;
		this.#requests.nowMs = nowMs;
		if (this.#onPacket(track, bytes) && isMedia(bytes)) udp?.heard(pair);
	}

	/**
	 * The camera closed the connection, orderly or by a reset: `failed` or `closed` follows at once. Kind
	 * `unauthorized-closed` if it did so after a 401, else `session-ended` as a rule.
	 */
	handleEnd(nowMs: number): void {
		if (this.#state.name === "ended") return;
		this.#requests.nowMs = nowMs;
		this.#peerClosed = true;
		// A description without Content-Length ends here, and says at least what the camera has.
		this.#guard(() => {
			const describing = this.#requests.pending?.step === "describe";
			if (describing && this.#parser.finishBody()) this.#quirks.add("content-length-wrong");
		});
		this.#fail(this.#requests.endError());
	}

	/** When {@link handleTimeout} is due; `undefined` if nothing is waited for. Ask again after every call. */
	nextTimeout(): number | undefined {
		if (this.#state.name === "ended") return undefined;
		const keepAliveAtMs = this.#state.name === "playing" ? this.#state.keepAliveAtMs : Number.POSITIVE_INFINITY;
		const transportsMs = this.#isOver() ? Number.POSITIVE_INFINITY : this.#transports.nextTimeout();
		const dueMs = Math.min(keepAliveAtMs, this.#requests.nextTimeout(), transportsMs);
		return dueMs === Number.POSITIVE_INFINITY ? undefined : dueMs;
	}

	/** Does what is due at `nowMs`; safe to call early. */
	handleTimeout(nowMs: number): void {
		if (this.#state.name === "ended") return;
		this.#requests.nowMs = nowMs;
		this.#guard(() => {
			const doubtful = this.#requests.takeDoubtful();
			if (doubtful) {
				this.#counters.unmatchedResponses--;
				this.#onMatched(doubtful);
			}
			const pending = this.#requests.pending;
			if (pending && nowMs >= pending.deadlineMs) this.#unanswered(pending);
			if (this.#isOver()) return;
			this.#transports.handleTimeout(nowMs);
			if (this.#state.name !== "playing" || nowMs < this.#state.keepAliveAtMs) return;
			// One outstanding at most, and a short session does not outlive a wait for a whole request's patience.
			const outstanding = this.#requests.pending;
			if (outstanding) this.#unanswered(outstanding);
			this.#sendKeepAlive();
			this.#scheduleKeepAlive(this.#state);
		});
	}

	/** Sends an RTCP packet for a track; nothing happens if the track is not set up. The bytes stay the caller's. */
	sendRtcp(track: PresentationTrack, packet: Uint8Array): void {
		if (this.#state.name !== "ended" && !this.#peerClosed) this.#transports.sendRtcp(track, packet);
	}

	/** Says TEARDOWN if there is a session; `closed` follows, at once or within {@link TEARDOWN_TIMEOUT_MS}. */
	teardown(nowMs: number): void {
		if (this.#state.name === "closing" || this.#state.name === "ended") return;
		this.#requests.nowMs = nowMs;
		if (this.#requests.hasSession) {
			this.#sendTeardown();
			return;
		}
		const pending = this.#requests.pending;
		if (pending?.step !== "setup") {
			this.#finish();
			return;
		}
		// The camera may have made its session already, and only its answer names it.
		this.#state = { name: "closing" };
		pending.deadlineMs = nowMs + TEARDOWN_TIMEOUT_MS;
	}

	#transmit(bytes: Uint8Array): void {
		if (!this.#peerClosed) this.#sink.transmit(bytes);
	}

	#sendTeardown(): void {
		this.#requests.abandon();
		this.#state = { name: "closing" };
		this.#requests.begin("teardown", "TEARDOWN", this.#handshake.aggregateUrl);
	}

	#sendKeepAlive(): void {
		this.#requests.begin("keep-alive", this.#keepAlive.method, this.#handshake.baseUrl);
	}

	#isOver(): boolean {
		return this.#state.name === "ended" || this.#state.name === "closing";
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
		if (this.#requests.hasSession) this.#requests.send("TEARDOWN", this.#handshake.aggregateUrl);
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

	#unanswered(pending: PendingRequest): void {
		switch (pending.step) {
			case "keep-alive":
				// Media is the sign of life, not the answer to a keep-alive.
				this.#quirks.add("keep-alive-unanswered");
				this.#keepAlive.handleUnanswered();
				this.#requests.abandon();
				return;
			case "teardown":
				this.#finish();
				return;
			case "play":
				if (this.#firstMediaMs === undefined) break;
				this.#playsUnanswered();
				return;
			case "describe":
				// A Content-Length that is absent or too long: what has come may do, once.
				if (this.#patientWith === pending) break;
				this.#patientWith = pending;
				pending.deadlineMs = this.#requests.nowMs + REQUEST_TIMEOUT_MS;
				if (!this.#parser.finishBody()) break;
				this.#quirks.add("content-length-wrong");
				return;
			case "setup":
				if (this.#state.name === "handshake" && this.#handshake.skipAudio()) return;
				break;
			case "options":
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
		pending.deadlineMs = Math.min(pending.deadlineMs, this.#requests.nowMs + BODY_PATIENCE_MS);
		return true;
	}

	#onInterleaved(channel: number, payload: Uint8Array): void {
		const { interleaved } = this.#transports;
		const track = interleaved.trackOf(channel);
		if (!track) {
			this.#counters.unassignedFrames++;
			this.#quirks.add("unassigned-channel");
			return;
		}
		if (!this.#onPacket(track, payload) && payload.length > 0 && !interleaved.isRtcpChannel(track, channel)) {
			this.#quirks.add("rtcp-on-rtp-channel");
		}
	}

	/** Some servers mix the channels up: the packet type tells RTP (`true`) from RTCP, not the channel or port. Hot path. */
	#onPacket(track: PresentationTrack, packet: Uint8Array): boolean {
		// An empty frame is legal and says nothing.
		if (packet.length === 0) return false;
		const { nowMs } = this.#requests;
		const type = packet[1] ?? 0;
		if (type >= FIRST_RTCP_TYPE && type <= LAST_RTCP_TYPE) {
			this.#sink.rtcp(track, packet, nowMs);
			return false;
		}
		if (this.#state.name === "handshake" && isMedia(packet)) this.#onEarlyMedia();
		this.#sink.rtp(track, packet, nowMs);
		return true;
	}

	/** Media before PLAY was answered. */
	#onEarlyMedia(): void {
		this.#quirks.add("media-before-play");
		this.#firstMediaMs ??= this.#requests.nowMs;
		const flowsMs = this.#requests.nowMs - this.#firstMediaMs;
		if (this.#requests.pending?.step === "play" && flowsMs >= MEDIA_PROVES_PLAY_MS) this.#playsUnanswered();
	}

	#playsUnanswered(): void {
		this.#quirks.add("play-unanswered");
		this.#requests.abandon();
		this.#enterPlaying();
	}

	#onMessage(message: RtspMessage): void {
		if (message.type === "request") {
			this.#answer(message);
			return;
		}
		// RFC 2326 section 7.1.1: 1xx, the final answer follows.
		if (message.status < 200) return;
		const matched = this.#requests.take(message);
		if (matched) this.#onMatched(matched);
		else this.#counters.unmatchedResponses++;
	}

	/** @throws {RtspError} if the answer ends the session. */
	#onMatched(matched: MatchedResponse): void {
		const { pending, response } = matched;
		this.#noteAnswer(pending, response);
		if (this.#state.name === "closing") {
			// Cameras have few sessions, so a TEARDOWN that a new nonce spoiled is said again.
			if (pending.step === "teardown" && this.#requests.mend(matched)) return;
			if (pending.step === "teardown" || !this.#requests.hasSession) this.#finish();
			else this.#sendTeardown();
			return;
		}
		if (this.#mend(matched)) return;
		if (pending.step === "keep-alive") this.#onKeepAliveAnswered(matched);
		else this.#handshake.handleResponse(matched);
	}

	/** @throws {RtspError} kind `auth`. */
	#mend(matched: MatchedResponse): boolean {
		try {
			return this.#requests.mend(matched);
		} catch (error) {
			// A user who may see may not be one who may listen.
			if (matched.pending.step === "setup" && this.#handshake.skipAudio()) return true;
			throw error;
		}
	}

	#noteAnswer(pending: PendingRequest, response: RtspResponse): void {
		if (this.#serverName === "") {
			const server = headerOf(response, "server") ?? "";
			this.#serverName = server.replace(/[^\x20-\x7e]/g, "").slice(0, MAX_SERVER_NAME_CHARS);
		}
		// Before SETUP there is no session; a Session field then means nothing (Dahua sends one to OPTIONS).
		if (response.status >= 300 || pending.step === "options" || pending.step === "describe") return;
		this.#keepAlive.setTimeout(this.#requests.noteSession(response));
	}

	#onKeepAliveAnswered({ pending, response }: MatchedResponse): void {
		const verdict = this.#keepAlive.handleStatus(response.status);
		if (verdict === "lost") throw errorOfStatus(pending.method, response);
		if (verdict !== "kept") this.#quirks.add("keep-alive-refused");
		if (verdict === "again") this.#sendKeepAlive();
	}

	/** Requests of the server: RFC 2326 section 10. */
	#answer(request: RtspRequest): void {
		this.#quirks.add("server-request");
		const known = ["OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "REDIRECT"].includes(request.method);
		const fields = { CSeq: headerOf(request, "cseq"), Session: headerOf(request, "session") };
		this.#transmit(serializeResponse(makeResponse(known ? 200 : 501, fields)));
		if (request.method !== "REDIRECT") return;
		const location = redirectTarget(request.headers.get("location"));
		this.#fail(new RtspError("redirect", "RTSP_REDIRECT", "the camera sends its clients elsewhere", { location }));
	}

	#enterPlaying(): void {
		if (this.#state.name !== "handshake") return;
		const state = { name: "playing" as const, keepAliveAtMs: 0 };
		this.#scheduleKeepAlive(state);
		this.#state = state;
		// Media that came before PLAY is proof enough, so silence counts only where nothing has come.
		this.#transports.udp?.playing(this.#requests.nowMs);
		this.#sink.playing();
	}

	#scheduleKeepAlive(state: { keepAliveAtMs: number }): void {
		const random = Number.parseInt(this.#options.randomHex(JITTER_HEX_DIGITS), 16) / 16 ** JITTER_HEX_DIGITS;
		state.keepAliveAtMs = this.#requests.nowMs + this.#keepAlive.nextDelayMs(random);
	}
}

/** Not just any bytes: what is to prove that media come must look like RTP. */
function isMedia(packet: Uint8Array): boolean {
	return packet.length >= MIN_RTP_BYTES && (packet[0] ?? 0) >> 6 === RTP_VERSION;
}
