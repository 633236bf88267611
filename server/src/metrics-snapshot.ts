/** All numbers of `/metrics`, from the parts that count. @module */
import type { Cameras } from "./cameras/cameras.ts";
import type { MetricsSnapshot, RtspOutputMetrics } from "./observe/metrics.ts";
import type { HlsOutput } from "./outputs/hls/hls-output.ts";
import type { Mse } from "./outputs/mse/mse.ts";
import type { RtspOutput } from "./outputs/rtsp/rtsp-output.ts";
import type { Webrtc } from "./outputs/webrtc/webrtc.ts";
import type { Clock } from "./platform/clock.ts";
import type { Transcoder } from "./transcode/transcoder.ts";

/** What is counted, read when somebody asks. */
export interface Counted {
	readonly clock: Clock;
	readonly cameras: Cameras;
	readonly webrtc: Webrtc;
	readonly mse: Mse;
	readonly hls: HlsOutput;
	readonly rtsp: RtspOutput | undefined;
	readonly transcoder: Transcoder;
}

export function metricsSnapshot({ clock, cameras, webrtc, mse, hls, rtsp, transcoder }: Counted): MetricsSnapshot {
	const nowMs = clock.nowMs();
	const streams = [...cameras.all()].flatMap((camera) =>
		[...camera.streams.values()].map(({ name, stream, supervisor }) => {
			const { lastVideoAtMs, readers } = stream.facts(nowMs);
			return {
				...supervisor.counters,
				camera: camera.id,
				stream: name,
				state: supervisor.status.state,
				videoAgeSeconds: lastVideoAtMs === undefined ? undefined : (nowMs - lastVideoAtMs) / 1000,
				readers,
				connects: supervisor.connects,
			};
		}),
	);
	const { packets, keyFrameSkips, keyFrameRequests } = webrtc.counters;
	const delivery = { packetsSent: packets, keyframeSkips: keyFrameSkips, pliReceived: keyFrameRequests };
	return {
		streams,
		webrtc: { peers: webrtc.peers, ...delivery },
		mse: { channels: mse.channels, ...mse.counters },
		hls: { tracks: hls.tracks, bytes: hls.sizeBytes },
		rtspOutput: rtsp && rtspOutputMetrics(rtsp),
		transcode: { running: transcoder.running, ...transcoder.counters },
	};
}

function rtspOutputMetrics({ connections, sessions, counters }: RtspOutput): RtspOutputMetrics {
	const { sessions: sessionsOpened, ...counted } = counters;
	return { ...counted, connections, sessions, sessionsOpened };
}
