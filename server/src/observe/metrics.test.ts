import { expect, test } from "vitest";
import { createMetrics, type MetricsSnapshot, type StreamMetrics } from "./metrics.ts";

function stream(changes: Partial<StreamMetrics> = {}): StreamMetrics {
	return {
		camera: "cam1",
		stream: "sub",
		state: "live",
		videoAgeSeconds: 0.25,
		readers: 2,
		connects: 3,
		rtpPackets: 1000,
		rtpBytes: 1_000_000,
		lostPackets: 4,
		reorderedPackets: 10,
		malformedPackets: 5,
		damagedAccessUnits: 6,
		...changes,
	};
}

const webrtc = { peers: 2, packetsSent: 7, keyframeSkips: 8, pliReceived: 9 };
const others = {
	mse: { channels: 10, chunks: 11, bytes: 12, keyFrameSkips: 13 },
	hls: { tracks: 14, bytes: 15 },
	transcode: { running: 16, started: 17, restarts: 18, refused: 19 },
	rtspOutput: {
		connections: 20,
		sessions: 21,
		sessionsOpened: 22,
		packets: 23,
		bytes: 24,
		keyFrameSkips: 25,
		droppedPictures: 26,
		stalledClients: 27,
		wrongPasswords: 28,
		refusedConnections: 29,
	},
};

const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

test("the text has every count of every stream and of the viewers", async () => {
	const { contentType, text } = await createMetrics(() => ({ streams: [stream()], webrtc, ...others }))();
	expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
	expect(linesOf(text)).toEqual(
		expect.arrayContaining([
			'vigia_stream_state{camera="cam1",stream="sub",state="live"} 1',
			'vigia_stream_state{camera="cam1",stream="sub",state="waiting"} 0',
			'vigia_stream_video_age_seconds{camera="cam1",stream="sub"} 0.25',
			'vigia_stream_readers{camera="cam1",stream="sub"} 2',
			'vigia_stream_connects_total{camera="cam1",stream="sub"} 3',
			'vigia_rtp_packets_total{camera="cam1",stream="sub"} 1000',
			'vigia_rtp_bytes_total{camera="cam1",stream="sub"} 1000000',
			'vigia_rtp_lost_packets_total{camera="cam1",stream="sub"} 4',
			'vigia_rtp_reordered_packets_total{camera="cam1",stream="sub"} 10',
			'vigia_rtp_malformed_packets_total{camera="cam1",stream="sub"} 5',
			'vigia_damaged_access_units_total{camera="cam1",stream="sub"} 6',
			"vigia_webrtc_peers 2",
			"vigia_webrtc_packets_sent_total 7",
			"vigia_webrtc_keyframe_skips_total 8",
			"vigia_webrtc_pli_total 9",
			"vigia_mse_channels 10",
			"vigia_mse_fragments_total 11",
			"vigia_mse_bytes_total 12",
			"vigia_mse_keyframe_skips_total 13",
			"vigia_hls_tracks 14",
			"vigia_hls_bytes 15",
			"vigia_transcodes 16",
			"vigia_transcodes_started_total 17",
			"vigia_transcode_restarts_total 18",
			"vigia_transcode_refused_total 19",
			"vigia_rtsp_output_connections 20",
			"vigia_rtsp_output_sessions 21",
			"vigia_rtsp_output_sessions_total 22",
			"vigia_rtsp_output_packets_sent_total 23",
			"vigia_rtsp_output_bytes_sent_total 24",
			"vigia_rtsp_output_keyframe_skips_total 25",
			"vigia_rtsp_output_dropped_pictures_total 26",
			"vigia_rtsp_output_stalled_clients_total 27",
			"vigia_rtsp_output_wrong_passwords_total 28",
			"vigia_rtsp_output_refused_connections_total 29",
		]),
	);
	expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
	expect(text).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
});

test("without an RTSP server its counts are 0", async () => {
	const { text } = await createMetrics(() => ({ streams: [], webrtc, ...others, rtspOutput: undefined }))();
	const counts = linesOf(text).filter((line) => line.startsWith("vigia_rtsp_output_"));
	expect(counts).toHaveLength(10);
	for (const line of counts) expect(line).toMatch(/ 0$/);
});

test("asking twice gives the same, and counts follow the snapshot", async () => {
	let current: MetricsSnapshot = { streams: [stream(), stream({ camera: "cam2" })], webrtc, ...others };
	const metrics = createMetrics(() => current);
	const vigia = async (): Promise<string[]> =>
		linesOf((await metrics()).text).filter((line) => line.startsWith("vigia_"));
	const first = await vigia();
	expect(await vigia()).toEqual(first);
	expect(await Promise.all([vigia(), vigia()])).toEqual([first, first]);
	const waiting = stream({ state: "waiting", rtpPackets: 1001, videoAgeSeconds: undefined });
	current = { streams: [waiting], webrtc, ...others };
	const later = await vigia();
	expect(later).toContain('vigia_rtp_packets_total{camera="cam1",stream="sub"} 1001');
	expect(later).toContain('vigia_stream_state{camera="cam1",stream="sub",state="live"} 0');
	expect(later.join("\n")).not.toMatch(/cam2|video_age/);
});

test("two registries do not know each other", async () => {
	const [a, b] = [1, 2].map((peers) => createMetrics(() => ({ streams: [], webrtc: { ...webrtc, peers }, ...others })));
	expect((await a?.())?.text).toContain("vigia_webrtc_peers 1");
	expect((await b?.())?.text).toContain("vigia_webrtc_peers 2");
});
