/** Writes a session description as RTSP servers give it: RFC 8866, RFC 2326 appendix C. @module */
import { fromByteString, utf8ByteString } from "./bytes.ts";

export interface SdpMediaInit {
	/** `video`, `audio`, `application`. */
	readonly type: string;
	readonly payloadType: number;
	/** `H264`, with the rate in Hz; left out for a static payload type. */
	readonly encoding?: string;
	readonly clockRate?: number;
	readonly channels?: number;
	/** The text after `a=fmtp:96 `. */
	readonly formatParameters?: string;
	/** Further attributes without their `a=`: `x-dimensions:2560,1440`. */
	readonly attributes?: readonly string[];
	readonly control: string;
}

export interface SdpInit {
	readonly sessionName: string;
	/** For the origin line: digits. */
	readonly sessionId: string;
	/** IPv4 address of the server for the origin line. */
	readonly address: string;
	/** Default `*`. */
	readonly control?: string;
	readonly media: readonly SdpMediaInit[];
}

/** A description with CRLF line ends. Line breaks within a value become blanks. */
export function writeSdp(init: SdpInit): Uint8Array {
	const lines = [
		"v=0",
		`o=- ${init.sessionId} 1 IN IP4 ${init.address}`,
		`s=${init.sessionName}`,
		"c=IN IP4 0.0.0.0",
		"t=0 0",
		`a=control:${init.control ?? "*"}`,
		"a=range:npt=now-",
	];
	for (const media of init.media) {
		lines.push(`m=${media.type} 0 RTP/AVP ${media.payloadType}`);
		if (media.encoding !== undefined) {
			const channels = media.channels === undefined ? "" : `/${media.channels}`;
			lines.push(`a=rtpmap:${media.payloadType} ${media.encoding}/${media.clockRate ?? 90_000}${channels}`);
		}
		if (media.formatParameters !== undefined) lines.push(`a=fmtp:${media.payloadType} ${media.formatParameters}`);
		for (const attribute of media.attributes ?? []) lines.push(`a=${attribute}`);
		lines.push("a=recvonly", `a=control:${media.control}`);
	}
	return fromByteString(lines.map((line) => `${utf8ByteString(line).replace(/[\r\n]/g, " ")}\r\n`).join(""));
}
