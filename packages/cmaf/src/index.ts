/** CMAF headers and chunks, and LL-HLS playlists, without I/O and without a clock. @module */
export {
	type AudioSample,
	type AudioSampleFormat,
	type Chunk,
	type InitSegment,
	TICKS_PER_SECOND,
	type VideoSample,
	type Written,
} from "./contract.ts";
export { AudioTrackWriter } from "./audio-track-writer.ts";
export { VideoTrackWriter } from "./video-track-writer.ts";
export { choosePartTarget, chooseTargetDuration, usualInterval } from "./hls-timing.ts";
export {
	lastPosition,
	type MediaName,
	mediaName,
	type MediaPlaylist,
	parseMediaName,
	PLAYLIST_TYPE,
	type RenditionReport,
	writeMediaPlaylist,
} from "./playlist.ts";
export { type SoundRendition, type Variant, writeMultivariantPlaylist } from "./playlist-multivariant.ts";
export { judgeReload, parsePlaylistRequest, type PlaylistRequest, type ReloadState } from "./playlist-request.ts";
export { type MediaPart, type MediaSegment, Segmenter, type SegmenterOptions } from "./segmenter.ts";
