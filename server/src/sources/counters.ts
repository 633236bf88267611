/** Arithmetic with what sources count. @module */
import type { SourceCounters } from "./source.ts";

/** Nothing counted yet. */
export function emptyCounters(): SourceCounters {
	return {
		rtpPackets: 0,
		rtpBytes: 0,
		lostPackets: 0,
		reorderedPackets: 0,
		malformedPackets: 0,
		damagedAccessUnits: 0,
	};
}

/** Adds `more` to `total`. */
export function addCounters(total: SourceCounters, more: SourceCounters): void {
	total.rtpPackets += more.rtpPackets;
	total.rtpBytes += more.rtpBytes;
	total.lostPackets += more.lostPackets;
	total.reorderedPackets += more.reorderedPackets;
	total.malformedPackets += more.malformedPackets;
	total.damagedAccessUnits += more.damagedAccessUnits;
}
