/** The composition root: makes every part, wires them, and takes them down again. @module */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { type StreamName, WALL_PROTOCOL_VERSION } from "@vigia/api";
import packageJson from "../../package.json" with { type: "json" };
import type { Camera } from "./cameras/camera.ts";
import { Cameras } from "./cameras/cameras.ts";
import { loadSettingsOrExit } from "./config/load.ts";
import { secretsOf } from "./config/secrets.ts";
import { startDemo } from "./demo.ts";
import { buildApp } from "./http/app.ts";
import { StatusBroadcast } from "./http/status-broadcast.ts";
import { registerWhep } from "./http/whep.ts";
import { createLogger, type Logger } from "./observe/log.ts";
import { createMetrics, type MetricsSnapshot } from "./observe/metrics.ts";
import { Redactor } from "./observe/redactor.ts";
import { openWebrtc, type Webrtc } from "./outputs/webrtc/webrtc.ts";
import { systemClock } from "./platform/clock.ts";
import { HostGate } from "./sources/host-gate.ts";
import { openRtspSource } from "./sources/rtsp-source.ts";

/** Longest that a stop waits for cameras and sockets: TEARDOWN takes half a second at most. */
const STOP_LIMIT_MS = 3_000;

/** The reason that was logged last, by camera and stream. */
const saidReasons = new Map<string, string | undefined>();
const release = packageJson.version;
const clock = systemClock;
const webDirectory = fileURLToPath(new URL("../../web/dist/", import.meta.url));

const { settings, warnings } = loadSettingsOrExit({
	argv: process.argv.slice(2),
	env: process.env,
	cwd: process.cwd(),
	release,
});
const redactor = new Redactor();
for (const secret of secretsOf(settings)) redactor.add(secret);
const log = createLogger({ level: settings.logLevel, redactor });
for (const warning of warnings) log.warn({}, warning);

try {
	await run();
} catch (error) {
	log.error({ error }, "Vigía does not start");
	process.exit(1);
}

async function run(): Promise<void> {
	await using stack = new AsyncDisposableStack();
	const demo = settings.cameras.length === 0 ? stack.use(await startDemo()) : undefined;
	const cameras = new Cameras({
		cameras: demo?.cameras ?? settings.cameras,
		clock,
		random: Math.random,
		hostGate: new HostGate(clock),
		openSource: ({ credentials }, address) => openRtspSource({ address, credentials, clock }),
		onChange: (camera, name) => logState(log, camera, name),
		onReaderFailed: (camera, error) => log.error({ camera: camera.id, error }, "a reader failed and was detached"),
	});
	const onError = (error: unknown): void => log.error({ error }, "a WebRTC connection failed by our mistake");
	const webrtc = await openWebrtc({ settings, directory: cameras, clock, onError });
	stack.defer(() => webrtc.close());
	const serverId = randomUUID();
	const app = await buildApp({
		cameras,
		statuses: new StatusBroadcast(cameras, clock),
		clock,
		log,
		webDirectory,
		release,
		allowOrigins: settings.allowOrigins,
		welcome: () => ({
			type: "welcome",
			version: WALL_PROTOCOL_VERSION,
			serverId,
			release,
			demo: demo !== undefined,
			iceServers: [...settings.iceServers],
			cameras: cameras.statuses(),
		}),
		openViewer: (send, pageHost) => webrtc.openViewer(send, pageHost),
		metrics: createMetrics(() => snapshot(cameras, webrtc)),
		registerWhep: (scope) => registerWhep(scope, { webrtc, directory: cameras, iceServers: settings.iceServers }),
	});
	stack.defer(() => app.close());
	stack.defer(() => cameras.stop());
	// A mistake of ours still says TEARDOWN to the cameras, and leaves a clean line in the log instead of a raw one.
	for (const event of ["uncaughtException", "unhandledRejection"]) {
		process.on(event, (error: unknown) => {
			log.error({ error, event }, "internal error: Vigía ends");
			setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
			void cameras.stop().finally(() => process.exit(1));
		});
	}
	cameras.start();
	const address = await app.listen({ host: settings.host, port: settings.port });
	log.info({ address, webrtcPort: webrtc.port, demo: demo !== undefined, release }, "the wall is ready");

	const signal = await new Promise<string>((resolve) => {
		// Ctrl-C reaches us twice, from the terminal and from npm: the second one must not cut the first one's work short.
		for (const name of ["SIGINT", "SIGTERM"]) process.on(name, resolve);
	});
	log.info({ signal }, "stopping");
	// libdatachannel's threads keep the process alive, so the end is said, not waited for.
	setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
	await stack.disposeAsync();
	process.exit(0);
}

function logState(logger: Logger, camera: Camera, name: StreamName): void {
	const status = camera.streams.get(name)?.supervisor.status;
	if (!status) return;
	const { state, failure } = status;
	const fields = { camera: camera.id, stream: name, state, reason: failure?.code, detail: failure?.detail };
	// A camera that is down is said once for each reason; its further tries are for whoever looks closely.
	const key = `${camera.id}/${name}`;
	const isTry = state === "connecting" || state === "buffering";
	const isNews = isTry ? failure === undefined : saidReasons.get(key) !== failure?.code || failure === undefined;
	if (!isTry) saidReasons.set(key, failure?.code);
	if (!isNews) logger.debug(fields, "stream");
	else if (failure) logger.warn(fields, "stream");
	else logger.info(fields, "stream");
}

function snapshot(cameras: Cameras, webrtc: Webrtc): MetricsSnapshot {
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
	return { streams, webrtc: { peers: webrtc.peers, ...delivery } };
}
