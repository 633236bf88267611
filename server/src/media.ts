/** Everything that carries pictures and sound from the cameras to whoever watches. @module */
import type { Cameras } from "./cameras/cameras.ts";
import type { CameraSettings, Settings } from "./config/settings.ts";
import type { Go2rtc } from "./neighbours/go2rtc.ts";
import type { Logger } from "./observe/log.ts";
import type { Redactor } from "./observe/redactor.ts";
import { CmafFeeds } from "./outputs/cmaf/cmaf-feed.ts";
import { HlsOutput } from "./outputs/hls/hls-output.ts";
import { Mse } from "./outputs/mse/mse.ts";
import { openRtspOutput, type RtspOutput } from "./outputs/rtsp/rtsp-output.ts";
import { Snapshots } from "./outputs/snapshot/snapshots.ts";
import type { PlayerEngine } from "./outputs/webrtc/player-engine.ts";
import { openWebrtc, type Webrtc } from "./outputs/webrtc/webrtc.ts";
import type { Clock } from "./platform/clock.ts";
import { Ffmpeg } from "./platform/ffmpeg.ts";
import { WEBRTC_DECODERS } from "./streams/playable.ts";
import type { StreamDirectory } from "./streams/reader.ts";
import { openPlayableStreams } from "./transcode/playable-streams.ts";
import { Transcoder } from "./transcode/transcoder.ts";

const NO_FFMPEG =
	"FFmpeg is not installed: everything works but stills, and video that a browser cannot play is not converted. To have both, install it (Debian, Ubuntu: apt install ffmpeg) or set FFMPEG to its path";

export interface MediaOptions {
	readonly settings: Settings;
	readonly cameras: Cameras;
	/** The cameras at the start. */
	readonly list: readonly CameraSettings[];
	readonly go2rtc: Go2rtc;
	readonly clock: Clock;
	readonly log: Logger;
	readonly redactor: Redactor;
}

export interface Media {
	readonly ffmpeg: Ffmpeg;
	readonly transcoder: Transcoder;
	/** What WebRTC players can be sent. */
	readonly directory: StreamDirectory;
	readonly webrtc: Webrtc;
	/** What answers WHEP players: {@link webrtc}, or go2rtc. */
	readonly engine: PlayerEngine;
	readonly feeds: CmafFeeds;
	readonly mse: Mse;
	readonly hls: HlsOutput;
	readonly snapshots: Snapshots;
	readonly rtsp: RtspOutput | undefined;
	/** The list of cameras has changed: ends what plays streams that are not in it any more. RTSP looks by itself. */
	readonly endGone: () => void;
	/** For WebRTC's mistakes of ours. */
	readonly onError: (error: unknown) => void;
}

/**
 * @param stack closes what was opened.
 * @throws Error with the remedy, for example for a port that is taken.
 */
export async function openMedia(options: MediaOptions, stack: AsyncDisposableStack): Promise<Media> {
	const { settings, cameras, list, go2rtc, clock, log, redactor } = options;
	const ffmpeg = new Ffmpeg({ path: settings.ffmpeg, clock });
	stack.defer(() => ffmpeg.close());
	await ffmpeg.look();
	if (!ffmpeg.facts) log.warn({}, NO_FFMPEG);
	const transcoder = new Transcoder({ ffmpeg, clock, log, maxTranscodes: settings.transcodeMax });
	stack.defer(() => transcoder.close());
	const streams = openPlayableStreams({ directory: cameras, transcoder });
	const onError = (error: unknown): void => log.error({ error }, "a WebRTC connection failed by our mistake");
	const directory = streams.for(WEBRTC_DECODERS);
	const webrtc = await openWebrtc({ settings, directory, clock, onError });
	stack.defer(() => webrtc.close());
	const engine = await go2rtc.openEngine({
		builtIn: webrtc,
		webrtcPort: webrtc.port,
		directory: cameras,
		cameras: list,
		onSecret: (secret) => redactor.add(secret),
	});
	const onFeedError = (error: unknown): void => log.error({ error }, "a media reader failed and was detached");
	const feeds = new CmafFeeds({ streams, clock, onError: onFeedError });
	const mse = new Mse({ feeds, clock });
	const hls = new HlsOutput({ feeds, clock, status: (id, name) => cameras.get(id)?.streamStatus(name) });
	stack.defer(() => hls.close());
	const snapshots = new Snapshots({ directory: cameras, ffmpeg, clock });
	const onRtspError = (error: unknown): void => log.error({ error }, "an RTSP session failed by our mistake");
	const rtsp =
		settings.rtspOutput &&
		(await openRtspOutput({
			host: settings.host,
			...settings.rtspOutput,
			directory: cameras,
			clock,
			onError: onRtspError,
		}));
	if (rtsp) stack.defer(() => rtsp.close());
	const endGone = (): void => {
		engine.endGone();
		feeds.endGone();
	};
	return { endGone, ffmpeg, transcoder, directory, webrtc, engine, feeds, mse, hls, snapshots, rtsp, onError };
}
