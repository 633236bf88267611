/** Puts H.265 access units together from RTP packets: RFC 7798. @module */
import { H265_FORMAT } from "./h265-nal.ts";
import type { OnAccessUnit } from "./h26x-access-units.ts";
import { H26xDepacketizer } from "./h26x-depacketizer.ts";
import type { RtpPacket } from "./rtp-packet.ts";

/**
 * Collects the packets of one H.265 track, in their order, into access units, by the rules of `H264Depacketizer`.
 * Any IRAP picture is a random access point. RASL pictures whose references were not given are dropped and counted as
 * undecodable. PACI counts as unsupported.
 */
export class H265Depacketizer extends H26xDepacketizer {
	readonly #hasDecodingOrderNumbers: boolean;

	/**
	 * @param maxDonDiff the format parameter `sprop-max-don-diff`. Above 0 all payloads have decoding order numbers
	 * (RFC 7798 section 7.1), and all count as unsupported.
	 */
	constructor(onAccessUnit: OnAccessUnit, maxDonDiff = 0) {
		super(H265_FORMAT, onAccessUnit);
		this.#hasDecodingOrderNumbers = maxDonDiff > 0;
	}

	override push(packet: RtpPacket, lostBefore: number): void {
		if (this.#hasDecodingOrderNumbers) this.unsupportedPayloads++;
		else super.push(packet, lostBefore);
	}
}
