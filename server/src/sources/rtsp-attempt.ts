/** One connection and one RTSP session on it, over one transport: the I/O around {@link RtspClientSession}. @module */
import { randomBytes } from "node:crypto";
import type { LookupFunction } from "node:net";
import { AvClock, type MediaUnit, parseH265SpropParameterSets, parseSpropParameterSets } from "@vigia/rtp";
import {
	type AgreedTransport,
	type Presentation,
	type PresentationTrack,
	RtspClientSession,
	RtspError,
} from "@vigia/rtsp";
import type { Credentials } from "../config/credentials.ts";
import type { StreamAddress, TlsPolicy } from "../config/settings.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { CLIENT } from "./client-identity.ts";
import { type Connection, type ConnectionHandlers, openConnection } from "./connection.ts";
import { failureOfRtspError, internalFailure } from "./rtsp-failure.ts";
import type { SourceCounters, SourceDescription, SourceFailure, SourceHandlers, SourceTransport } from "./source.ts";
import { TrackReceiver } from "./track-receiver.ts";
import { openTunnel } from "./tunnel.ts";
import { UdpReceiver } from "./udp-receiver.ts";

/** RFC 3550 section 6.2; some cameras end a session that sends no receiver reports. */
export const RECEIVER_REPORT_INTERVAL_MS = 5000;
/** A source that said BYE and goes on sends its next packet sooner than this. */
export const BYE_GRACE_MS = 1000;
const CNAME_BYTES = 12;

/** Encoding names in capitals that are set up. */
export interface WantedMedia {
	readonly video: readonly string[];
	readonly audio: readonly string[];
}

export interface AttemptOptions {
	readonly address: StreamAddress;
	readonly credentials: Credentials | undefined;
	/** Counts with an `rtsps` address. */
	readonly tls: TlsPolicy;
	readonly transport: SourceTransport;
	readonly media: WantedMedia;
	readonly clock: Clock;
	readonly lookup: LookupFunction | undefined;
	/** Of an earlier connection that the camera closed after its 401. */
	readonly challenges: readonly string[] | undefined;
}

export interface AttemptEnd {
	/** `undefined` after {@link RtspAttempt.close}. */
	readonly failure: SourceFailure | undefined;
	/** Where the RTSP session itself failed: it may name the next step. */
	readonly error: RtspError | undefined;
}

export type AttemptHandlers = Omit<SourceHandlers, "onEnd"> & {
	/** Exactly once, and never before the constructor returned. Nothing is called after it. */
	onEnd(end: AttemptEnd): void;
};

export class RtspAttempt {
	readonly #options: AttemptOptions;
	readonly #handlers: AttemptHandlers;
	readonly #connection: Connection;
	#session: RtspClientSession | undefined;
	#udp: UdpReceiver | undefined;
	readonly #receivers = new Map<PresentationTrack, TrackReceiver>();
	#video: TrackReceiver | undefined;
	#avClock: AvClock | undefined;
	#offersSound = false;
	#playingSinceMs: number | undefined;
	#closing = false;
	#ended = false;
	/** Why it is over, until the session has had its say. */
	#overBecause: SourceFailure | undefined;
	#timer: Timer | undefined;
	#timerAtMs = Number.POSITIVE_INFINITY;
	#reportTimer: Timer | undefined;
	#byeTimer: Timer | undefined;
	readonly #ssrc = randomBytes(4).readUInt32BE();
	/** RFC 7022 section 4.2: a short-term persistent name. */
	readonly #cname = randomBytes(CNAME_BYTES).toString("base64");

	constructor(options: AttemptOptions, handlers: AttemptHandlers) {
		this.#options = options;
		this.#handlers = handlers;
		const { address, tls, clock, lookup, credentials, transport } = options;
		const target = { tls: address.scheme === "rtsps" ? tls : undefined, clock, lookup };
		const own: ConnectionHandlers = {
			onOpen: () => this.#onOpen(),
			onInput: (bytes) => this.#onInput(bytes),
			onEnd: () => this.#onConnectionOver({ code: "session-ended", detail: "the camera closed the connection" }),
			onFailure: (failure, error) => (error ? this.#onRtspError(error) : this.#onConnectionOver(failure)),
		};
		this.#connection =
			transport === "http"
				? openTunnel({ ...target, address, credentials }, own)
				: openConnection({ ...target, host: address.host, port: address.port }, own);
	}

	/** Since when the camera has been playing, by the clock; `undefined` if it is not. */
	get playingSinceMs(): number | undefined {
		return this.#playingSinceMs;
	}

	/** The camera was asked for the sound beside its pictures: what fails then may fail for that. */
	get askedForSound(): boolean {
		return this.#offersSound && this.#receivers.size > 0;
	}

	addTo(counters: SourceCounters): void {
		for (const receiver of this.#receivers.values()) receiver.addTo(counters);
		counters.malformedPackets += this.#udp?.ignoredDatagrams ?? 0;
	}

	get quirks(): readonly string[] {
		const quirks: string[] = [...(this.#session?.quirks ?? [])];
		for (const receiver of this.#receivers.values()) quirks.push(...receiver.quirks);
		if ((this.#udp?.ignoredDatagrams ?? 0) > 0) quirks.push("datagrams-from-elsewhere");
		return quirks;
	}

	/** Says TEARDOWN if there is a session; `onEnd` follows, at once or within half a second. */
	close(): void {
		if (this.#closing || this.#ended) return;
		this.#closing = true;
		if (!this.#session) {
			this.#end(undefined);
			return;
		}
		this.#guard((session, nowMs) => session.teardown(nowMs));
	}

	#onOpen(): void {
		if (this.#options.transport === "udp") void this.#startWithUdp();
		else this.#start(undefined);
	}

	async #startWithUdp(): Promise<void> {
		const { peer } = this.#connection;
		if (!peer) {
			this.#end({ code: "connection-lost", detail: "the connection closed as soon as it was open" });
			return;
		}
		const pairs = this.#options.media.audio.length > 0 ? 2 : 1;
		let udp: UdpReceiver;
		try {
			udp = await UdpReceiver.open(peer, pairs, (pair, bytes) => this.#onDatagram(pair, bytes));
		} catch {
			const message = "no UDP ports are free on this machine";
			this.#onRtspError(new RtspError("unsupported-transport", "RTSP_NO_PORTS", message));
			return;
		}
		if (this.#ended) {
			udp.close();
			return;
		}
		this.#udp = udp;
		this.#start(udp.ports);
	}

	#start(udpPorts: readonly (readonly [number, number])[] | undefined): void {
		const { address, credentials, media, challenges } = this.#options;
		this.#session = new RtspClientSession(
			{
				...CLIENT,
				address,
				credentials: credentials?.reveal(),
				videoEncodings: media.video,
				audioEncodings: media.audio,
				...(udpPorts && { udpPorts }),
				...(challenges && { challenges }),
			},
			{
				transmit: (bytes) => this.#connection.write(bytes),
				transmitDatagram: (pair, kind, bytes) => this.#udp?.send(pair, kind, bytes),
				described: (presentation, tracks) => this.#onDescribed(presentation, tracks),
				agreed: (track, agreed) => this.#onAgreed(track, agreed),
				playing: () => this.#onPlaying(),
				rtp: (track, packet, nowMs) => {
					if (!this.#ended) this.#receivers.get(track)?.push(packet, nowMs);
				},
				rtcp: (track, packet, nowMs) => this.#onRtcp(track, packet, nowMs),
				failed: (error) => this.#onRtspError(error),
				closed: () => this.#end(this.#overBecause),
			},
		);
		this.#guard((session, nowMs) => session.start(nowMs));
	}

	/** Hot path: without a closure for {@link #guard}. */
	#onInput(bytes: Uint8Array): void {
		if (this.#ended) return;
		try {
			this.#session?.handleInput(bytes, this.#options.clock.nowMs());
			this.#armTimer();
		} catch (error) {
			this.#end(internalFailure(error));
		}
	}

	/** Hot path, like {@link #onInput}. */
	#onDatagram(pair: number, bytes: Uint8Array): void {
		if (this.#ended) return;
		try {
			this.#session?.handleDatagram(pair, bytes, this.#options.clock.nowMs());
			this.#armTimer();
		} catch (error) {
			this.#end(internalFailure(error));
		}
	}

	/** Runs what may call back, contains mistakes of ours, and sees to what falls due next. */
	#guard(action: (session: RtspClientSession, nowMs: number) => void): void {
		if (this.#ended || !this.#session) return;
		try {
			action(this.#session, this.#options.clock.nowMs());
			this.#armTimer();
		} catch (error) {
			this.#end(internalFailure(error));
		}
	}

	/** A timer that rings too early does no harm, so it is only ever brought forward. */
	#armTimer(): void {
		if (this.#ended) return;
		let dueMs = this.#session?.nextTimeout() ?? Number.POSITIVE_INFINITY;
		// Only datagrams wait for each other.
		if (this.#udp) {
			for (const receiver of this.#receivers.values()) dueMs = Math.min(dueMs, receiver.nextTimeout() ?? dueMs);
		}
		if (dueMs >= this.#timerAtMs) return;
		this.#timer?.cancel();
		this.#timerAtMs = dueMs;
		const { clock } = this.#options;
		this.#timer = clock.after(Math.max(0, dueMs - clock.nowMs()), () => {
			this.#timerAtMs = Number.POSITIVE_INFINITY;
			this.#guard((session, nowMs) => {
				for (const receiver of this.#receivers.values()) receiver.handleTimeout(nowMs);
				session.handleTimeout(nowMs);
			});
		});
	}

	#onDescribed(presentation: Presentation, tracks: readonly PresentationTrack[]): void {
		if (this.#closing) return;
		this.#offersSound = tracks.length > 1;
		this.#handlers.onDescribed?.(this.#describe(presentation, tracks));
		const sets = parameterSetsOf(tracks[0]);
		const codec = tracks[0]?.encoding === "H265" ? "h265" : "h264";
		if (sets.length > 0) this.#handlers.onParameterSets(codec, sets);
	}

	#onAgreed(track: PresentationTrack, agreed: AgreedTransport): void {
		const isVideo = track.type === "video";
		const receiver = new TrackReceiver({
			track,
			// A camera may answer a request for UDP with TCP, whose bytes are only lent.
			unordered: agreed.type === "udp",
			onUnit: (unit, arrivalMs, mediaMs) => this.#onUnit(unit, arrivalMs, mediaMs),
			onSenderReport: (report) => this.#avClock?.noteSenderReport(isVideo ? "video" : "audio", report),
		});
		this.#receivers.set(track, receiver);
		if (isVideo) this.#video = receiver;
		else if (this.#video) this.#avClock = new AvClock(this.#video.clock, receiver.clock);
		if (agreed.type === "udp") this.#udp?.expect(agreed.pair, agreed.serverPort);
	}

	#describe(presentation: Presentation, used: readonly PresentationTrack[]): SourceDescription {
		return {
			tracks: presentation.tracks.map((track) => ({
				type: track.type,
				payloadType: track.payloadType,
				encoding: track.encoding,
				clockRate: track.clockRate,
				channels: track.channels,
				formatParameters: track.formatParameters,
				dimensions: track.dimensions,
				backchannel: track.backchannel,
				used: used.includes(track),
			})),
			transport: this.#options.transport,
			server: this.#session?.serverName ?? "",
		};
	}

	#onPlaying(): void {
		if (this.#playingSinceMs !== undefined || this.#closing) return;
		this.#playingSinceMs = this.#options.clock.nowMs();
		this.#scheduleReports();
		this.#handlers.onPlaying();
	}

	#onUnit(unit: MediaUnit, arrivalMs: number, mediaMs: number): void {
		if (this.#ended || this.#closing) return;
		// Packets may come before the answer to PLAY.
		this.#onPlaying();
		switch (unit.codec) {
			case "h264":
			case "h265":
			case "jpeg":
			case "mpeg4":
				this.#handlers.onVideo(unit, arrivalMs, mediaMs);
				return;
			default:
				this.#handlers.onAudio?.(unit, arrivalMs, mediaMs);
		}
	}

	#onRtcp(track: PresentationTrack, packet: Uint8Array, nowMs: number): void {
		const receiver = this.#receivers.get(track);
		if (this.#ended || !receiver?.pushRtcp(packet, nowMs) || receiver !== this.#video || this.#byeTimer) return;
		// Some cameras say BYE and go on (quirk 91).
		const { packets } = receiver;
		this.#byeTimer = this.#options.clock.after(BYE_GRACE_MS, () => {
			this.#byeTimer = undefined;
			if (receiver.packets > packets) return;
			const failure: SourceFailure = { code: "session-ended", detail: "the camera said BYE (RTCP)" };
			this.#overBecause = failure;
			this.#guard((session, atMs) => session.teardown(atMs));
			this.#end(failure);
		});
	}

	#scheduleReports(): void {
		const { clock } = this.#options;
		this.#reportTimer = clock.after(RECEIVER_REPORT_INTERVAL_MS, () => {
			this.#guard((session, nowMs) => {
				if (this.#closing) return;
				for (const receiver of this.#receivers.values()) {
					session.sendRtcp(receiver.track, receiver.makeReport(this.#ssrc, this.#cname, nowMs));
				}
			});
			if (!this.#ended) this.#scheduleReports();
		});
	}

	#onConnectionOver(failure: SourceFailure): void {
		if (this.#ended) return;
		this.#overBecause = failure;
		this.#guard((session, nowMs) => session.handleEnd(nowMs));
		this.#end(failure);
	}

	#onRtspError(error: RtspError): void {
		// How the connection ended is all that there is to say, unless the session knows why.
		if (this.#overBecause && error.kind === "session-ended") this.#end(this.#overBecause);
		else this.#end(failureOfRtspError(error), error);
	}

	#end(failure: SourceFailure | undefined, error?: RtspError): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#timer?.cancel();
		this.#reportTimer?.cancel();
		this.#byeTimer?.cancel();
		this.#udp?.close();
		this.#connection.end();
		this.#handlers.onEnd(this.#closing ? { failure: undefined, error: undefined } : { failure, error });
	}
}

function parameterSetsOf(track: PresentationTrack | undefined): readonly Uint8Array[] {
	switch (track?.encoding) {
		case "H264":
			return parseSpropParameterSets(track.formatParameters.get("sprop-parameter-sets") ?? "");
		case "H265":
			return parseH265SpropParameterSets(track.formatParameters);
		default:
			return [];
	}
}
