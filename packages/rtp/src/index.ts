/** RTP, RTCP, the payload formats, and STUN as it comes on the same ports, without I/O and without a clock. @module */
export { AacDepacketizer, MAX_AAC_BYTES } from "./aac-depacketizer.ts";
export { type AacPayload, MAX_AAC_HBR_BYTES, MIN_AAC_PAYLOAD_BYTES, packetizeAac } from "./aac-packetizer.ts";
export type {
	AccessUnit,
	AudioCodec,
	AudioFrame,
	CodedPicture,
	MediaUnit,
	VideoCodec,
	VideoUnit,
} from "./access-unit.ts";
export { audioDurationTicks } from "./audio-duration.ts";
export {
	type AudioSpecificConfig,
	makeAacLcConfig,
	makeAudioSpecificConfig,
	parseAudioSpecificConfig,
	parseConfigParameter,
} from "./audio-specific-config.ts";
export type { Depacketizer, OnMediaUnit, RtpFormat } from "./depacketizer.ts";
export { DecodeTimeline, type DecodeTimelineOptions, MAX_REORDER_DEPTH } from "./decode-timeline.ts";
export { H264Depacketizer } from "./h264-depacketizer.ts";
export {
	isFirstSliceOfPicture,
	isVclNalType,
	NAL_TYPE,
	nalTypeOf,
	parseSliceType,
	parseSpropParameterSets,
	type SliceType,
} from "./h264-nal.ts";
export { hasBSlices, isRecoveryPoint } from "./h264-picture.ts";
export { packetizeH264 } from "./h264-packetizer.ts";
export { parseSps, type SpsInfo } from "./h264-sps.ts";
export { H265Depacketizer } from "./h265-depacketizer.ts";
export {
	H265_NAL_TYPE,
	h265NalTypeOf,
	isFirstH265Slice,
	isH265VclNalType,
	isIrapNalType,
	parseH265SpropParameterSets,
} from "./h265-nal.ts";
export { packetizeH265 } from "./h265-packetizer.ts";
export { type H265SpsInfo, parseH265Sps } from "./h265-sps.ts";
export { MAX_ACCESS_UNIT_BYTES, MAX_ACCESS_UNIT_NAL_UNITS, type OnAccessUnit } from "./h26x-access-units.ts";
export { MAX_PAYLOAD_BYTES } from "./h26x-packetizer.ts";
export { JpegDepacketizer, MAX_JPEG_BYTES } from "./jpeg-depacketizer.ts";
export { parseJpegSize, type PictureSize } from "./jpeg-file.ts";
export { MIN_JPEG_PAYLOAD_BYTES, packetizeJpeg } from "./jpeg-packetizer.ts";
export { splitAnnexB } from "./nal-annex-b.ts";
export { OpusDepacketizer } from "./opus-depacketizer.ts";
export { MAX_MPEG4_BYTES, MAX_MPEG4_CONFIG_BYTES, mpeg4ConfigOf } from "./mpeg4-depacketizer.ts";
export { packetizeMpeg4 } from "./mpeg4-packetizer.ts";
export { MAX_OPUS_SAMPLES, opusSamples } from "./opus-toc.ts";
export {
	AUDIO_ENCODINGS,
	codecOf,
	createDepacketizer,
	VIDEO_ENCODINGS,
} from "./payload-formats.ts";
export { PcmDepacketizer } from "./pcm-depacketizer.ts";
export { type PcmFormat, pcmFormatOf } from "./pcm-format.ts";
export { packetizePcm, type PcmPayload } from "./pcm-packetizer.ts";
export { AvClock } from "./av-clock.ts";
export { MediaClock, type MediaClockOptions } from "./media-clock.ts";
export { ReorderBuffer, type ReorderBufferOptions } from "./reorder-buffer.ts";
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
export { mendTieBreaker, replaceMappedAddress, type SignStun, type StunAddress } from "./stun.ts";
