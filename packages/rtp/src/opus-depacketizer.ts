/** Opus: RFC 7587. @module */
import type { AudioFrame } from "./access-unit.ts";
import type { Depacketizer, OnMediaUnit } from "./depacketizer.ts";
import { opusSamples } from "./opus-toc.ts";
import type { RtpPacket } from "./rtp-packet.ts";

/**
 * Gives each packet's payload, which is an Opus packet: RFC 7587 section 4.2. The description's channels do not matter:
 * every Opus stream is described as stereo, and some cameras say mono (quirk 129).
 */
export class OpusDepacketizer implements Depacketizer {
	readonly damagedUnits = 0;
	/** Payloads that are no Opus packets: RFC 6716 section 3.4. */
	malformedPayloads = 0;
	readonly #onFrame: OnMediaUnit<AudioFrame>;

	constructor(onFrame: OnMediaUnit<AudioFrame>) {
		this.#onFrame = onFrame;
	}

	/** Takes the next packet. Its payload is copied, so the caller may overwrite it afterwards. */
	push(packet: RtpPacket): void {
		if (packet.payload.length === 0) return;
		if (opusSamples(packet.payload) === undefined) {
			this.malformedPayloads++;
			return;
		}
		this.#onFrame({ codec: "opus", data: new Uint8Array(packet.payload), rtpTimestamp: packet.timestamp });
	}

	/** Nothing ever waits. */
	flush(): void {}
}
