/** Puts H.264 access units together from RTP packets: RFC 6184. @module */
import { H264_FORMAT } from "./h264-nal.ts";
import type { OnAccessUnit } from "./h26x-access-units.ts";
import { H26xDepacketizer } from "./h26x-depacketizer.ts";

/**
 * Collects the packets of one H.264 track, in their order, into access units. Gives complete ones only: a unit of which
 * a slice is missing is dropped whole and counted. Where whole units are lost, or NAL units before the first slice,
 * nothing tells but `lostPackets`.
 *
 * The very first access unit is given when the packet behind it arrives or at `flush`; later ones at once, as long as
 * the sender's marker bits are right. STAP-B, MTAP and FU-B count as unsupported.
 */
export class H264Depacketizer extends H26xDepacketizer {
	constructor(onAccessUnit: OnAccessUnit) {
		super(H264_FORMAT, onAccessUnit);
	}
}
