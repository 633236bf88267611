/** Sends one track of one session, unit by unit, by the camera's clock. @module */
import type { Clock, Timer } from "../../../server/src/platform/clock.ts";
import type { TrackScript } from "./camera-script.ts";
import { encodeRtp, type RtpOut } from "./rtp-out.ts";

export class TrackSender {
	readonly #track: TrackScript;
	readonly #clock: Clock;
	readonly #nextTag: () => number;
	readonly #send: (kind: "rtp" | "rtcp", packet: Uint8Array) => void;
	#index = 0;
	#sequenceNumber: number;
	#startMs: number | undefined;
	#timer: Timer | undefined;
	#stopped = false;

	constructor(options: {
		readonly track: TrackScript;
		readonly clock: Clock;
		readonly nextTag: () => number;
		readonly send: (kind: "rtp" | "rtcp", packet: Uint8Array) => void;
	}) {
		this.#track = options.track;
		this.#clock = options.clock;
		this.#nextTag = options.nextTag;
		this.#send = options.send;
		this.#sequenceNumber = options.track.firstSequenceNumber;
	}

	start(): void {
		this.#startMs ??= this.#clock.nowMs() - this.#atMs(this.#index);
		this.#run();
	}

	stop(): void {
		this.#stopped = true;
		this.#timer?.cancel();
	}

	/** Sends the next unit now. */
	sendUnit(): void {
		const track = this.#track;
		const index = this.#index++;
		const timestamp = (track.firstTimestamp + track.ticks(index)) >>> 0;
		const report = track.rtcp?.(index, timestamp);
		if (report) this.#send("rtcp", report);
		const payloads = track.payloads(this.#nextTag(), index);
		const packets = payloads.map(
			(payload, at): RtpOut => ({
				payloadType: track.payloadType,
				marker: at === payloads.length - 1,
				sequenceNumber: this.#sequenceNumber++ & 0xffff,
				timestamp,
				ssrc: track.ssrc,
				payload,
			}),
		);
		for (const packet of track.packets?.(packets, index) ?? packets) {
			this.#send(packet.onRtcpChannel === true ? "rtcp" : "rtp", encodeRtp(packet));
		}
	}

	#atMs(index: number): number {
		return this.#track.atMs?.(index) ?? index * this.#track.intervalMs;
	}

	#run(): void {
		while (!this.#stopped && this.#index < this.#track.units) {
			const inMs = (this.#startMs ?? 0) + this.#atMs(this.#index) - this.#clock.nowMs();
			if (inMs > 0) {
				this.#timer = this.#clock.after(inMs, () => this.#run());
				return;
			}
			this.sendUnit();
		}
	}
}
