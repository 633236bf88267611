/**
 * The media of one session: pictures and sound of one stream become RTP packets of one client, with its own sequence
 * numbers and timestamps, and sender reports that tie both tracks to one clock. RFC 3550.
 *
 * It starts with the cached GOP, with the times at which its pictures were taken: what a recorder writes is true, and
 * whoever plays it at its own pace sees the present that much later. What the client does not take waits here, and
 * where too much waits, or for too long, the session goes on at the next key frame.
 *
 * @module
 */
import { ntpFromUnixMs, writeCompound, writeSdes, writeSenderReport } from "@vigia/rtp";
import type { Clock, Timer } from "../../platform/clock.ts";
import { isSameAudio } from "../../streams/audio-format.ts";
import type {
	Attachment,
	AudioUnit,
	ReadableStreamSource,
	Reader,
	StreamUnit,
	VideoFormat,
} from "../../streams/reader.ts";
import { TICKS_PER_MS } from "../../streams/timeline.ts";
import { AudioTimeline } from "../rtp/audio-timeline.ts";
import { RtpWriter } from "../rtp/rtp-writer.ts";
import type { RtspOutputCounters } from "./counters.ts";
import type { StreamDescription } from "./description.ts";
import type { MediaCarrier } from "./media-carrier.ts";
import { MediaQueue, type QueueBudget } from "./media-queue.ts";
import { soundPayloads } from "./payloads.ts";
import type { TrackKind } from "./target.ts";

/** RFC 3550 section 6.2: five seconds between reports. */
export const REPORT_INTERVAL_MS = 5000;

/** Why a session cannot go on: its client has to ask again what there is. */
export type MediaEnd = "format-changed" | "stream-gone";

export interface SessionMediaOptions {
	readonly source: ReadableStreamSource;
	readonly description: StreamDescription;
	readonly clock: Clock;
	readonly counters: RtspOutputCounters;
	readonly budget: QueueBudget;
	/** A random number of 32 bits. */
	readonly random32: () => number;
	/** The source is still what the client asked for. */
	readonly isCurrent: () => boolean;
	/** Called once at most; the session is to be closed. */
	readonly onEnd: (reason: MediaEnd) => void;
}

/** Where a track stands when it is played: RFC 2326 section 12.33. */
export interface TrackStart {
	readonly kind: TrackKind;
	readonly sequenceNumber: number;
	readonly rtpTimestamp: number;
}

interface Track {
	readonly ssrc: number;
	readonly carrier: MediaCarrier;
	readonly writer: RtpWriter;
	/** For sender reports: RFC 3550 section 6.4.1. */
	packets: number;
	octets: number;
}

export class SessionMedia {
	readonly #options: SessionMediaOptions;
	readonly #tracks = new Map<TrackKind, Track>();
	readonly #queue: MediaQueue;
	readonly #cname: string;
	/** From the hub's ticks to the timestamps of the pictures. */
	readonly #videoOffset: number;
	readonly #audioTimeline: AudioTimeline;
	/** What the client was told; `undefined` where it cannot be read. */
	readonly #format: VideoFormat | undefined;
	/** From the monotonic clock to the wall's, kept so that a step of the latter does not part sound and picture. */
	readonly #wallOffsetMs: number;
	#attachment: Attachment | undefined;
	#originTicks = 0;
	/** Of the newest picture that was taken, on the hub's clock. */
	#lastTimestamp = Number.NEGATIVE_INFINITY;
	#reportTimer: Timer | undefined;
	#ended = false;

	constructor(options: SessionMediaOptions) {
		const { source, clock, counters, budget, random32 } = options;
		this.#options = options;
		this.#format = source.format;
		this.#cname = `${random32().toString(16)}@vigia.invalid`;
		this.#videoOffset = random32();
		this.#audioTimeline = new AudioTimeline(random32());
		this.#wallOffsetMs = clock.wallMs() - clock.nowMs();
		this.#queue = new MediaQueue({
			clock,
			counters,
			budget,
			isFull: (kind) => this.#tracks.get(kind)?.carrier.isFull() ?? false,
			send: (kind, payload, timestamp, marker) => this.#send(kind, payload, timestamp, marker),
		});
	}

	get source(): ReadableStreamSource {
		return this.#options.source;
	}

	has(kind: TrackKind): boolean {
		return this.#tracks.has(kind);
	}

	/** Sets a track up. @returns its SSRC. */
	add(kind: TrackKind, payloadType: number, carrier: MediaCarrier): number {
		const { random32 } = this.#options;
		const ssrc = random32();
		const send = (packet: Uint8Array): boolean => {
			carrier.sendRtp(packet);
			return true;
		};
		const writer = new RtpWriter({ ssrc, payloadType, send }, random32());
		this.#tracks.set(kind, { ssrc, carrier, writer, packets: 0, octets: 0 });
		return ssrc;
	}

	/** Takes the stream; nothing is sent before {@link begin}. While it plays already, it says where it stands. */
	play(): readonly TrackStart[] {
		if (!this.#attachment) this.#attach();
		// The next packets are of now, once it plays.
		const ticks = this.#reportTimer ? this.#options.clock.nowMs() * TICKS_PER_MS : this.#originTicks;
		return [...this.#tracks].map(([kind, { writer }]) => ({
			kind,
			sequenceNumber: writer.sequenceNumber,
			rtpTimestamp: this.#rtpTimestamp(kind, ticks),
		}));
	}

	/** The client has the answer to PLAY: sends what waits. */
	begin(): void {
		if (!this.#attachment || this.#reportTimer) return;
		this.#report();
		this.pump();
	}

	/** A carrier takes packets again. */
	pump(): void {
		if (!this.#reportTimer) return;
		this.#queue.pump();
		for (const { carrier } of this.#tracks.values()) carrier.flush();
	}

	/** Lets the stream go. */
	pause(): void {
		this.#attachment?.detach();
		this.#attachment = undefined;
		this.#reportTimer?.cancel();
		this.#reportTimer = undefined;
		this.#queue.clear();
	}

	#attach(): void {
		const { source, description, clock } = this.#options;
		const reader: Reader = {
			push: (unit) => this.#onPicture(unit),
			// Sound is asked for only where it was set up: it wakes transcoders.
			...(this.#tracks.has("audio") && { pushAudio: (unit: AudioUnit) => this.#onSound(unit) }),
		};
		this.#attachment = source.attach(reader);
		this.#lastTimestamp = Number.NEGATIVE_INFINITY;
		const { gop } = this.#attachment;
		this.#originTicks = Math.round(gop[0]?.presentation ?? clock.nowMs() * TICKS_PER_MS);
		if (description.audio) this.#audioTimeline.align(this.#originTicks, description.audio.format.clockRate);
		for (const unit of gop) this.#takePicture(unit);
	}

	#onPicture(unit: StreamUnit): void {
		if (this.#takePicture(unit)) this.pump();
	}

	#takePicture(unit: StreamUnit): boolean {
		if (!this.#tracks.has("video")) return false;
		// Who attaches while a picture is handed on has it in the cache, and gets it once more.
		if (unit.timestamp <= this.#lastTimestamp) return false;
		this.#lastTimestamp = unit.timestamp;
		if (unit.codec !== this.#options.description.codec || (unit.randomAccess && this.#isOtherFormat())) {
			this.#end("format-changed");
			return false;
		}
		return this.#queue.pushPicture(unit, unit.presentation + this.#videoOffset);
	}

	/** Recorders keep the parameter sets of the session description, and make unreadable files with others' pictures. */
	#isOtherFormat(): boolean {
		const [before, now] = [this.#format, this.#options.source.format];
		if (!before || !now) return false;
		return before.codecString !== now.codecString || before.width !== now.width || before.height !== now.height;
	}

	#onSound(unit: AudioUnit): void {
		const described = this.#options.description.audio?.format;
		if (!described || (unit.format !== described && !isSameAudio(unit.format, described))) {
			return this.#end("format-changed");
		}
		const timeline = this.#audioTimeline;
		timeline.begin(unit.timestamp);
		for (const { payload, samples, marker } of soundPayloads(unit)) {
			this.#queue.pushSound(payload, timeline.next, marker ?? timeline.isSpurt);
			timeline.advance(samples);
		}
		this.pump();
	}

	#send(kind: TrackKind, payload: Uint8Array, timestamp: number, marker: boolean): void {
		const track = this.#tracks.get(kind);
		if (!track) return;
		const { counters } = this.#options;
		counters.packets++;
		counters.bytes += track.writer.send(payload, timestamp, marker);
		track.packets++;
		track.octets += payload.length;
	}

	/** Sender reports, and a look whether the stream is still there. */
	#report(): void {
		const { clock, isCurrent } = this.#options;
		this.#reportTimer = clock.after(REPORT_INTERVAL_MS, () => this.#report());
		if (!isCurrent()) return this.#end("stream-gone");
		const nowMs = clock.nowMs();
		const nowTicks = nowMs * TICKS_PER_MS;
		for (const [kind, { ssrc, carrier, packets, octets }] of this.#tracks) {
			if (carrier.isFull()) continue;
			const report = writeSenderReport({
				ssrc,
				ntp: ntpFromUnixMs(nowMs + this.#wallOffsetMs),
				rtpTimestamp: this.#rtpTimestamp(kind, nowTicks),
				packetCount: packets >>> 0,
				octetCount: octets >>> 0,
				reports: [],
			});
			carrier.sendRtcp(writeCompound([report, writeSdes(ssrc, this.#cname)]));
			carrier.flush();
		}
	}

	/** What is shown or heard at this moment of the hub's clock. */
	#rtpTimestamp(kind: TrackKind, ticks: number): number {
		return (kind === "video" ? Math.round(ticks) + this.#videoOffset : this.#audioTimeline.at(ticks)) >>> 0;
	}

	#end(reason: MediaEnd): void {
		if (this.#ended) return;
		this.#ended = true;
		this.pause();
		this.#options.onEnd(reason);
	}
}
