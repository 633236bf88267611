/** PCMU, PCMA, G.726 and L16: RFC 3551 section 4.5. @module */
import type { AudioFrame } from "./access-unit.ts";
import type { Depacketizer, OnMediaUnit } from "./depacketizer.ts";
import type { PcmFormat } from "./pcm-format.ts";
import type { RtpPacket } from "./rtp-packet.ts";

/** Gives each packet's samples as one frame: packets may have any size. */
export class PcmDepacketizer implements Depacketizer {
	readonly damagedUnits = 0;
	/** Payloads with bytes behind the last whole sample, which are dropped. */
	malformedPayloads = 0;
	readonly #format: PcmFormat;
	readonly #onFrame: OnMediaUnit<AudioFrame>;

	constructor(format: PcmFormat, onFrame: OnMediaUnit<AudioFrame>) {
		this.#format = format;
		this.#onFrame = onFrame;
	}

	/** Takes the next packet. Its payload is copied, so the caller may overwrite it afterwards. */
	push(packet: RtpPacket): void {
		const { codec, groupBytes } = this.#format;
		const left = packet.payload.length % groupBytes;
		if (left > 0) this.malformedPayloads++;
		const whole = packet.payload.subarray(0, packet.payload.length - left);
		if (whole.length === 0) return;
		this.#onFrame({ codec, data: this.#format.fromPayload(whole), rtpTimestamp: packet.timestamp });
	}

	/** Nothing ever waits. */
	flush(): void {}
}
