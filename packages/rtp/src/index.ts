/** RTP, RTCP and the H.264 payload format, without I/O and without a clock. @module */
export type { AccessUnit } from "./access-unit.ts";
export {
	H264Depacketizer,
	MAX_ACCESS_UNIT_BYTES,
	MAX_ACCESS_UNIT_NAL_UNITS,
	type OnAccessUnit,
} from "./h264-depacketizer.ts";
export {
	isFirstSliceOfPicture,
	isVclNalType,
	NAL_TYPE,
	nalTypeOf,
	parseSliceType,
	parseSpropParameterSets,
	type SliceType,
	splitAnnexB,
} from "./h264-nal.ts";
export { MAX_PAYLOAD_BYTES, MIN_PAYLOAD_BYTES, packetizeH264 } from "./h264-packetizer.ts";
export { parseSps, type SpsInfo } from "./h264-sps.ts";
export {
	compactNtp,
	type NtpTimestamp,
	ntpFromUnixMs,
	type ParsedRtcp,
	parseRtcp,
	type ReportBlock,
	type RtcpFir,
	type RtcpNack,
	type RtcpPacket,
	type RtcpPli,
	type RtcpReceiverReport,
	type RtcpRemb,
	type RtcpSdes,
	type RtcpSenderReport,
	type RtcpBye,
	unixMsFromNtp,
} from "./rtcp.ts";
export {
	writeBye,
	writeCompound,
	writePli,
	writeReceiverReport,
	writeSdes,
	writeSenderReport,
} from "./rtcp-writer.ts";
export {
	isRtcp,
	parseRtpPacket,
	RTP_HEADER_BYTES,
	type RtpHeader,
	type RtpPacket,
	type RtpParseError,
	type RtpParseResult,
	writeRtpHeader,
} from "./rtp-packet.ts";
export { RTP_DROP, RTP_RESYNC, RtpReceiver, type RtpReceiverOptions } from "./rtp-receiver.ts";
