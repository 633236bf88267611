/** `GET /metrics`: what the parts count in plain fields, copied when somebody asks. @module */
import { Counter, Gauge, Registry } from "@prometheus-io/client";
import { CAMERA_STATES, type CameraState, type StreamName } from "@vigia/api";

/** One stream of one camera. Counts are of all its sessions together: they never go back. */
export interface StreamMetrics {
	readonly camera: string;
	readonly stream: StreamName;
	readonly state: CameraState;
	/** Since its last video access unit arrived; `undefined` before the first one. */
	readonly videoAgeSeconds: number | undefined;
	readonly readers: number;
	/** Sessions that were opened with the camera. */
	readonly connects: number;
	readonly rtpPackets: number;
	readonly rtpBytes: number;
	readonly lostPackets: number;
	readonly reorderedPackets: number;
	readonly malformedPackets: number;
	readonly damagedAccessUnits: number;
}

/** All WebRTC viewers together, those that have left included where something is counted. */
export interface WebrtcMetrics {
	readonly peers: number;
	readonly packetsSent: number;
	/** Times that a viewer could not keep up and went on at the next key frame. */
	readonly keyframeSkips: number;
	/** Picture loss indications and full intra requests of browsers. */
	readonly pliReceived: number;
}

/** All channels of Media Source Extensions together. */
export interface MseMetrics {
	readonly channels: number;
	readonly chunks: number;
	readonly bytes: number;
	/** Times that a page could not keep up and a channel went on at the next key frame. */
	readonly keyFrameSkips: number;
}

export interface HlsMetrics {
	/** Playlists that somebody watches. */
	readonly tracks: number;
	/** Media that they keep in memory. */
	readonly bytes: number;
}

/** All clients of our RTSP server together, those that have left included where something is counted. */
export interface RtspOutputMetrics {
	readonly connections: number;
	/** Sessions that are set up now. */
	readonly sessions: number;
	readonly sessionsOpened: number;
	readonly packets: number;
	readonly bytes: number;
	/** Times that too much waited for a client, and its session went on at the next key frame. */
	readonly keyFrameSkips: number;
	readonly droppedPictures: number;
	/** Clients that were cut off because they did not read. */
	readonly stalledClients: number;
	readonly wrongPasswords: number;
	/** Connections that were one too many. */
	readonly refusedConnections: number;
}

/** FFmpeg at work. */
export interface TranscodeMetrics {
	/** Videos that are being converted. */
	readonly running: number;
	readonly started: number;
	/** Children that were replaced: they ended, or made no pictures. */
	readonly restarts: number;
	/** Viewers that got no picture. */
	readonly refused: number;
}

export interface MetricsSnapshot {
	readonly streams: readonly StreamMetrics[];
	readonly webrtc: WebrtcMetrics;
	readonly mse: MseMetrics;
	readonly hls: HlsMetrics;
	/** `undefined` without `RTSP_PORT`: everything is 0 then. */
	readonly rtspOutput: RtspOutputMetrics | undefined;
	readonly transcode: TranscodeMetrics;
}

export interface MetricsText {
	readonly contentType: string;
	readonly text: string;
}

interface Family<Subject> {
	readonly name: string;
	readonly help: string;
	/** Nothing is said of a stream for which it gives `undefined`. */
	readonly value: (subject: Subject) => number | undefined;
}

const STREAM_GAUGES: readonly Family<StreamMetrics>[] = [
	{
		name: "vigia_stream_video_age_seconds",
		help: "Time since the last video access unit arrived.",
		value: (stream) => stream.videoAgeSeconds,
	},
	{ name: "vigia_stream_readers", help: "Viewers of the stream now.", value: (stream) => stream.readers },
];

const STREAM_COUNTERS: readonly Family<StreamMetrics>[] = [
	{
		name: "vigia_stream_connects_total",
		help: "Sessions opened with the camera: all but the first are reconnects.",
		value: (stream) => stream.connects,
	},
	{ name: "vigia_rtp_packets_total", help: "RTP packets received.", value: (stream) => stream.rtpPackets },
	{ name: "vigia_rtp_bytes_total", help: "Bytes of RTP packets received.", value: (stream) => stream.rtpBytes },
	{
		name: "vigia_rtp_lost_packets_total",
		help: "RTP packets that never came, by their sequence numbers.",
		value: (stream) => stream.lostPackets,
	},
	{
		name: "vigia_rtp_reordered_packets_total",
		help: "RTP packets that came out of order over UDP and were put back.",
		value: (stream) => stream.reorderedPackets,
	},
	{
		name: "vigia_rtp_malformed_packets_total",
		help: "RTP packets that could not be read, or came from elsewhere than the camera.",
		value: (stream) => stream.malformedPackets,
	},
	{
		name: "vigia_damaged_access_units_total",
		help: "Pictures dropped because a part of them was missing.",
		value: (stream) => stream.damagedAccessUnits,
	},
];

const PLAIN_GAUGES: readonly Family<MetricsSnapshot>[] = [
	{ name: "vigia_webrtc_peers", help: "WebRTC connections open now.", value: ({ webrtc }) => webrtc.peers },
	{ name: "vigia_mse_channels", help: "Media channels of pages open now.", value: ({ mse }) => mse.channels },
	{ name: "vigia_hls_tracks", help: "HLS playlists that somebody watches.", value: ({ hls }) => hls.tracks },
	{ name: "vigia_hls_bytes", help: "Media kept in memory for HLS.", value: ({ hls }) => hls.bytes },
	{
		name: "vigia_rtsp_output_connections",
		help: "RTSP connections of recorders and players open now.",
		value: ({ rtspOutput }) => rtspOutput?.connections,
	},
	{
		name: "vigia_rtsp_output_sessions",
		help: "RTSP sessions of recorders and players set up now.",
		value: ({ rtspOutput }) => rtspOutput?.sessions,
	},
	{ name: "vigia_transcodes", help: "Videos that FFmpeg converts now.", value: ({ transcode }) => transcode.running },
	{
		name: "process_resident_memory_bytes",
		help: "Resident memory size in bytes.",
		value: () => process.memoryUsage.rss(),
	},
	{
		name: "process_active_resources",
		help: "Sockets, timers and requests that keep the event loop alive.",
		value: () => process.getActiveResourcesInfo().length,
	},
	{
		name: "process_start_time_seconds",
		help: "Start time of the process in seconds since 1970.",
		value: () => Math.round(Date.now() / 1000 - process.uptime()),
	},
];

const PLAIN_COUNTERS: readonly Family<MetricsSnapshot>[] = [
	{
		name: "vigia_webrtc_packets_sent_total",
		help: "RTP packets sent to viewers.",
		value: ({ webrtc }) => webrtc.packetsSent,
	},
	{
		name: "vigia_webrtc_keyframe_skips_total",
		help: "Times that a viewer could not keep up and went on at the next key frame.",
		value: ({ webrtc }) => webrtc.keyframeSkips,
	},
	{
		name: "vigia_webrtc_pli_total",
		help: "Requests for a key frame (PLI, FIR) from viewers.",
		value: ({ webrtc }) => webrtc.pliReceived,
	},
	{ name: "vigia_mse_fragments_total", help: "Fragments sent to pages.", value: ({ mse }) => mse.chunks },
	{ name: "vigia_mse_bytes_total", help: "Bytes of fragments sent to pages.", value: ({ mse }) => mse.bytes },
	{
		name: "vigia_mse_keyframe_skips_total",
		help: "Times that a page could not keep up and a channel went on at the next key frame.",
		value: ({ mse }) => mse.keyFrameSkips,
	},
	{
		name: "vigia_rtsp_output_sessions_total",
		help: "RTSP sessions of recorders and players that were set up.",
		value: ({ rtspOutput }) => rtspOutput?.sessionsOpened,
	},
	{
		name: "vigia_rtsp_output_packets_sent_total",
		help: "RTP packets sent over RTSP.",
		value: ({ rtspOutput }) => rtspOutput?.packets,
	},
	{
		name: "vigia_rtsp_output_bytes_sent_total",
		help: "Bytes of RTP packets sent over RTSP.",
		value: ({ rtspOutput }) => rtspOutput?.bytes,
	},
	{
		name: "vigia_rtsp_output_keyframe_skips_total",
		help: "Times that a recorder could not keep up and went on at the next key frame.",
		value: ({ rtspOutput }) => rtspOutput?.keyFrameSkips,
	},
	{
		name: "vigia_rtsp_output_dropped_pictures_total",
		help: "Pictures that recorders did not get: they could not keep up, or had no key frame yet.",
		value: ({ rtspOutput }) => rtspOutput?.droppedPictures,
	},
	{
		name: "vigia_rtsp_output_stalled_clients_total",
		help: "RTSP clients that were cut off because they did not read.",
		value: ({ rtspOutput }) => rtspOutput?.stalledClients,
	},
	{
		name: "vigia_rtsp_output_wrong_passwords_total",
		help: "RTSP requests with a wrong password.",
		value: ({ rtspOutput }) => rtspOutput?.wrongPasswords,
	},
	{
		name: "vigia_rtsp_output_refused_connections_total",
		help: "RTSP connections that were one too many.",
		value: ({ rtspOutput }) => rtspOutput?.refusedConnections,
	},
	{
		name: "vigia_transcodes_started_total",
		help: "Conversions that were begun.",
		value: ({ transcode }) => transcode.started,
	},
	{
		name: "vigia_transcode_restarts_total",
		help: "FFmpeg processes that ended or made no pictures, and were replaced.",
		value: ({ transcode }) => transcode.restarts,
	},
	{
		name: "vigia_transcode_refused_total",
		help: "Viewers that got no picture because it could not be converted.",
		value: ({ transcode }) => transcode.refused,
	},
	{ name: "process_cpu_seconds_total", help: "Processor time used.", value: cpuSeconds },
];

const STREAM_LABELS = ["camera", "stream"] as const;

/** Gives the text of `/metrics`, with one snapshot for each. Holds no timer and no global state. */
export function createMetrics(snapshot: () => MetricsSnapshot): () => Promise<MetricsText> {
	const registry = new Registry<typeof Registry.PROMETHEUS_CONTENT_TYPE>();
	const registers = [registry];
	let current: MetricsSnapshot = snapshot();
	const streams = (): readonly StreamMetrics[] => current.streams;

	new Gauge({
		name: "vigia_stream_state",
		help: "1 for the state that the stream is in, 0 for the others.",
		labelNames: [...STREAM_LABELS, "state"],
		registers,
		collect() {
			this.reset();
			for (const { camera, stream, state } of streams()) {
				for (const each of CAMERA_STATES) this.set({ camera, stream, state: each }, each === state ? 1 : 0);
			}
		},
	});
	for (const { name, help, value } of STREAM_GAUGES) {
		new Gauge({
			name,
			help,
			labelNames: STREAM_LABELS,
			registers,
			collect() {
				this.reset();
				for (const each of streams()) {
					const measured = value(each);
					if (measured !== undefined) this.set({ camera: each.camera, stream: each.stream }, measured);
				}
			},
		});
	}
	for (const { name, help, value } of STREAM_COUNTERS) {
		new Counter({
			name,
			help,
			labelNames: STREAM_LABELS,
			registers,
			collect() {
				this.reset();
				for (const each of streams()) this.inc({ camera: each.camera, stream: each.stream }, value(each));
			},
		});
	}
	for (const { name, help, value } of PLAIN_GAUGES) {
		new Gauge({
			name,
			help,
			registers,
			collect() {
				this.set(value(current) ?? 0);
			},
		});
	}
	for (const { name, help, value } of PLAIN_COUNTERS) {
		new Counter({
			name,
			help,
			registers,
			collect() {
				this.reset();
				this.inc(value(current) ?? 0);
			},
		});
	}
	return async () => {
		current = snapshot();
		return { contentType: registry.contentType, text: await registry.metrics() };
	};
}

function cpuSeconds(): number {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1e6;
}
