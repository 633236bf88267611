/** Brings in one stream of a camera over RTSP: a socket, the session machine, the RTP receive path. @module */
import { createHash, randomBytes } from "node:crypto";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import {
	H264Depacketizer,
	parseRtcp,
	parseRtpPacket,
	parseSpropParameterSets,
	RTP_DROP,
	RtpReceiver,
	writeCompound,
	writeReceiverReport,
	writeSdes,
} from "@vigia/rtp";
import { type HashFunctions, type PresentationTrack, RtspClientSession } from "@vigia/rtsp";
import type { Credentials } from "../config/credentials.ts";
import type { StreamAddress } from "../config/settings.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { failureOfRtspError, failureOfSocketError } from "./rtsp-failure.ts";
import type { OpenSource, SourceCounters, SourceFailure, SourceHandlers, SourceSession } from "./source.ts";

/**
 * A camera in the same building answers within milliseconds. The system repeats its SYN after 1 and 3 s, then ever more
 * rarely: a new try finds a camera that has come back sooner than a long wait would.
 */
export const CONNECT_TIMEOUT_MS = 3000;
/** RFC 3550 section 6.2; some cameras end a session that sends no receiver reports. */
export const RECEIVER_REPORT_INTERVAL_MS = 5000;
/** One read of the socket. */
const READ_BUFFER_BYTES = 65_536;
const USER_AGENT = "Vigia";
const CNAME_BYTES = 12;

export interface RtspSourceOptions {
	readonly address: StreamAddress;
	readonly credentials?: Credentials | undefined;
	readonly clock: Clock;
}

const hashes: HashFunctions = {
	md5: (bytes) => createHash("md5").update(bytes).digest("hex"),
	sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
};

/** A way to open sessions with one stream of one camera. TLS certificates are verified. */
export function openRtspSource(options: RtspSourceOptions): OpenSource {
	return (handlers) => new RtspSource(options, handlers);
}

/** The receive path of the one track. */
interface Receiving {
	readonly track: PresentationTrack;
	readonly receiver: RtpReceiver;
	readonly depacketizer: H264Depacketizer;
}

class RtspSource implements SourceSession {
	readonly #clock: Clock;
	readonly #handlers: SourceHandlers;
	readonly #session: RtspClientSession;
	#socket: Socket | undefined;
	#receiving: Receiving | undefined;
	/** The host's name has an address. */
	#resolved: boolean;
	#connected = false;
	#playing = false;
	#closing = false;
	#ended = false;
	#arrivalMs = 0;
	#rtpPackets = 0;
	#rtpBytes = 0;
	#malformedPackets = 0;
	#connectTimer: Timer | undefined;
	#sessionTimer: Timer | undefined;
	#sessionTimerAtMs = Number.POSITIVE_INFINITY;
	#reportTimer: Timer | undefined;
	readonly #ssrc = randomBytes(4).readUInt32BE();
	/** RFC 7022 section 4.2: a short-term persistent name. */
	readonly #cname = randomBytes(CNAME_BYTES).toString("base64");
	readonly #whenEnded = Promise.withResolvers<void>();

	constructor(options: RtspSourceOptions, handlers: SourceHandlers) {
		this.#clock = options.clock;
		this.#handlers = handlers;
		this.#session = this.#createSession(options);
		this.#resolved = isIP(options.address.host) !== 0;
		this.#connectTimer = this.#clock.after(CONNECT_TIMEOUT_MS, () => {
			const code = this.#resolved ? "no-route" : "address-unknown";
			this.#end({ code, detail: `no connection within ${CONNECT_TIMEOUT_MS / 1000} s` });
		});
		try {
			this.#socket = this.#openSocket(options.address);
		} catch (error) {
			// Nothing is called back before the caller has its session.
			queueMicrotask(() => this.#end(internalError(error)));
		}
	}

	get counters(): SourceCounters {
		const { receiver, depacketizer } = this.#receiving ?? {};
		return {
			rtpPackets: this.#rtpPackets,
			rtpBytes: this.#rtpBytes,
			lostPackets: receiver?.lostPackets ?? 0,
			malformedPackets: this.#malformedPackets + (depacketizer?.malformedPayloads ?? 0),
			damagedAccessUnits: depacketizer?.damagedAccessUnits ?? 0,
		};
	}

	async close(): Promise<void> {
		if (!this.#closing && !this.#ended) {
			this.#closing = true;
			if (this.#connected) {
				this.#session.teardown(this.#clock.nowMs());
				this.#armSessionTimer();
			} else this.#end(undefined);
		}
		await this.#whenEnded.promise;
	}

	#createSession(options: RtspSourceOptions): RtspClientSession {
		return new RtspClientSession(
			{
				address: options.address,
				credentials: options.credentials?.reveal(),
				hashes,
				randomHex: (digits) =>
					randomBytes(Math.ceil(digits / 2))
						.toString("hex")
						.slice(0, digits),
				userAgent: USER_AGENT,
				encodings: ["H264"],
			},
			{
				transmit: (bytes) => this.#socket?.write(bytes),
				described: (_presentation, track) => this.#onDescribed(track),
				playing: () => this.#onPlaying(),
				rtp: (_track, packet, nowMs) => this.#onRtp(packet, nowMs),
				rtcp: (_track, packet, nowMs) => this.#onRtcp(packet, nowMs),
				failed: (error) => this.#end(failureOfRtspError(error)),
				closed: () => this.#end(undefined),
			},
		);
	}

	#openSocket(address: StreamAddress): Socket {
		const { host, port } = address;
		const onConnect = (): void => this.#onConnect();
		let socket: Socket;
		if (address.scheme === "rtsps") {
			socket = connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}) }, onConnect);
			socket.setNoDelay(true);
			socket.on("data", (chunk: Buffer) => this.#onInput(chunk));
		} else {
			// The socket is drained at once, always, into one buffer: a camera that cannot send drops packets.
			const callback = (length: number, buffer: Uint8Array): boolean => {
				this.#onInput(buffer.subarray(0, length));
				return true;
			};
			const onread = { buffer: new Uint8Array(READ_BUFFER_BYTES), callback };
			socket = connect({ host, port, noDelay: true, onread }, onConnect);
		}
		socket.on("lookup", (error) => {
			this.#resolved = error === null;
		});
		socket.on("error", (error) => this.#end(failureOfSocketError(error, this.#connected)));
		socket.on("end", () => this.#end({ code: "session-ended", detail: "the camera closed the connection" }));
		socket.on("close", () => this.#end({ code: "connection-lost", detail: "the connection closed" }));
		return socket;
	}

	#onConnect(): void {
		if (this.#ended) return;
		this.#connected = true;
		this.#connectTimer?.cancel();
		this.#session.start(this.#clock.nowMs());
		this.#armSessionTimer();
	}

	#onInput(bytes: Uint8Array): void {
		if (this.#ended) return;
		try {
			this.#session.handleInput(bytes, this.#clock.nowMs());
			this.#armSessionTimer();
		} catch (error) {
			this.#end(internalError(error));
		}
	}

	/** A timer that rings too early does no harm, so it is only ever brought forward. */
	#armSessionTimer(): void {
		if (this.#ended) return;
		const dueMs = this.#session.nextTimeout();
		if (dueMs === undefined || dueMs >= this.#sessionTimerAtMs) return;
		this.#sessionTimer?.cancel();
		this.#sessionTimerAtMs = dueMs;
		this.#sessionTimer = this.#clock.after(Math.max(0, dueMs - this.#clock.nowMs()), () => {
			this.#sessionTimerAtMs = Number.POSITIVE_INFINITY;
			try {
				this.#session.handleTimeout(this.#clock.nowMs());
				this.#armSessionTimer();
			} catch (error) {
				this.#end(internalError(error));
			}
		});
	}

	#onDescribed(track: PresentationTrack): void {
		const depacketizer = new H264Depacketizer((unit) => {
			if (this.#ended || this.#closing) return;
			// Packets may come before the answer to PLAY.
			this.#onPlaying();
			this.#handlers.onAccessUnit(unit, this.#arrivalMs);
		});
		const receiver = new RtpReceiver({ payloadTypes: [track.payloadType], clockRateHz: track.clockRate });
		this.#receiving = { track, receiver, depacketizer };
		const parameterSets = parseSpropParameterSets(track.formatParameters.get("sprop-parameter-sets") ?? "");
		if (parameterSets.length > 0 && !this.#closing) this.#handlers.onParameterSets(parameterSets);
	}

	#onPlaying(): void {
		if (this.#playing || this.#closing) return;
		this.#playing = true;
		this.#scheduleReport();
		this.#handlers.onPlaying();
	}

	#onRtp(packet: Uint8Array, nowMs: number): void {
		const receiving = this.#receiving;
		if (!receiving || this.#ended) return;
		const parsed = parseRtpPacket(packet);
		if (!parsed.ok) {
			this.#malformedPackets++;
			return;
		}
		const missing = receiving.receiver.push(parsed.packet, nowMs);
		if (missing === RTP_DROP) return;
		this.#rtpPackets++;
		this.#rtpBytes += packet.length;
		this.#arrivalMs = nowMs;
		receiving.depacketizer.push(parsed.packet, missing);
	}

	#onRtcp(packet: Uint8Array, nowMs: number): void {
		for (const part of parseRtcp(packet).packets) {
			if (part.type === "senderReport") this.#receiving?.receiver.noteSenderReport(part, nowMs);
		}
	}

	#scheduleReport(): void {
		this.#reportTimer = this.#clock.after(RECEIVER_REPORT_INTERVAL_MS, () => {
			this.#sendReceiverReport();
			this.#scheduleReport();
		});
	}

	#sendReceiverReport(): void {
		if (!this.#receiving || this.#closing) return;
		const block = this.#receiving.receiver.takeReportBlock(this.#clock.nowMs());
		const report = writeReceiverReport({ ssrc: this.#ssrc, reports: block ? [block] : [] });
		const compound = writeCompound([report, writeSdes(this.#ssrc, this.#cname)]);
		this.#session.sendRtcp(this.#receiving.track, compound);
	}

	#end(failure: SourceFailure | undefined): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#connectTimer?.cancel();
		this.#sessionTimer?.cancel();
		this.#reportTimer?.cancel();
		// What was written last, a TEARDOWN, still goes out.
		if (this.#connected) this.#socket?.destroySoon();
		else this.#socket?.destroy();
		this.#handlers.onEnd(this.#closing ? undefined : failure);
		this.#whenEnded.resolve();
	}
}

function internalError(error: unknown): SourceFailure {
	// The message of a foreign error may hold what it was given; its name and place say enough for the log.
	const [, place = ""] = error instanceof Error ? (error.stack?.split("\n    at ") ?? []) : [];
	return { code: "internal-error", detail: `${error instanceof Error ? error.name : "unknown"} ${place}`.trim() };
}
