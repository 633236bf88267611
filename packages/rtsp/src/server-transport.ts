/** How a server picks one of the transports that a client offers: RFC 2326 section 12.39. @module */
import { parseTransport, type TransportSpec } from "./transport-header.ts";

/** A transport that was agreed on. */
export type ServerTransport =
	| {
			readonly type: "interleaved";
			/** The channels for RTP and RTCP. */
			readonly channels: readonly [number, number];
	  }
	| {
			readonly type: "udp";
			/** The client's ports for RTP and RTCP, at the address that its connection comes from. */
			readonly clientPort: readonly [number, number];
	  };

/** Interleaved channels are one byte. */
const MAX_CHANNEL = 255;

/**
 * The first offer that can be served, or `undefined`: answer 461 then.
 * @param values The Transport fields of the request.
 * @param usedChannels Interleaved channels that this connection already carries.
 */
export function chooseTransport(
	values: readonly string[],
	usedChannels: ReadonlySet<number>,
): ServerTransport | undefined {
	for (const spec of values.flatMap(parseTransport)) {
		const transport = serve(spec, usedChannels);
		if (transport) return transport;
	}
	return undefined;
}

function serve(spec: TransportSpec, usedChannels: ReadonlySet<number>): ServerTransport | undefined {
	if (spec.mode === "record") return undefined;
	if (spec.protocol === "RTP/AVP/TCP") {
		const channels = spec.interleaved ?? freePair(usedChannels);
		if (!channels || channels[0] === channels[1]) return undefined;
		if (channels.some((channel) => usedChannels.has(channel))) return undefined;
		return { type: "interleaved", channels };
	}
	if (spec.protocol !== "RTP/AVP" && spec.protocol !== "RTP/AVP/UDP") return undefined;
	// Port 0 is no port; RTP and RTCP on one port (RFC 5761) is not offered in RTSP 1.0.
	if (spec.multicast || !spec.clientPort || spec.clientPort[0] === 0 || spec.clientPort[1] === 0) return undefined;
	return { type: "udp", clientPort: spec.clientPort };
}

function freePair(usedChannels: ReadonlySet<number>): readonly [number, number] | undefined {
	for (let channel = 0; channel < MAX_CHANNEL; channel += 2) {
		if (!usedChannels.has(channel) && !usedChannels.has(channel + 1)) return [channel, channel + 1];
	}
	return undefined;
}
