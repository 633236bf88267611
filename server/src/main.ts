/** The composition root: makes every part, wires them, and takes them down again. @module */
import { randomUUID } from "node:crypto";
import type { Server as TlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { type CameraStatus, WALL_PROTOCOL_VERSION } from "@vigia/api";
import type { FastifyInstance } from "fastify";
import packageJson from "../../package.json" with { type: "json" };
import { Cameras } from "./cameras/cameras.ts";
import { exposedFiles } from "./config/exposed-files.ts";
import { loadSettingsOrExit } from "./config/load.ts";
import { secretsOf } from "./config/secrets.ts";
import type { CameraSettings, Settings, StreamAddress } from "./config/settings.ts";
import { SettingsReload } from "./config/settings-reload.ts";
import { Demo } from "./demo.ts";
import { localAddresses } from "./discovery/discover.ts";
import { buildApp } from "./http/app.ts";
import { registerGo2rtcApi } from "./http/go2rtc-api.ts";
import { StatusBroadcast } from "./http/status-broadcast.ts";
import { TlsFiles } from "./http/tls-files.ts";
import { SettingsAccess } from "./http/settings-access.ts";
import { registerSettings } from "./http/settings-routes.ts";
import { isBehindProxy } from "./http/visitor.ts";
import { registerWhep } from "./http/whep.ts";
import { type Media, openMedia } from "./media.ts";
import { metricsSnapshot } from "./metrics-snapshot.ts";
import { Go2rtc } from "./neighbours/go2rtc.ts";
import { createLogger } from "./observe/log.ts";
import { createMetrics } from "./observe/metrics.ts";
import { Redactor } from "./observe/redactor.ts";
import { StreamLog } from "./observe/stream-log.ts";
import { systemClock } from "./platform/clock.ts";
import { isInContainer } from "./platform/container.ts";
import { ProbeService } from "./probe/probe-service.ts";
import { CameraListEditor } from "./settings/camera-list-editor.ts";
import { CameraTest } from "./settings/camera-test.ts";
import { DeviceSearch } from "./settings/device-search.ts";
import { MovedCameras } from "./settings/moved-cameras.ts";
import { Signals } from "./signals.ts";
import { settingsNotice } from "./settings-notice.ts";
import { HostGate } from "./sources/host-gate.ts";
import { NameLookup } from "./sources/name-lookup.ts";
import { openRtspSource, WALL_MEDIA } from "./sources/rtsp-source.ts";
import type { OpenSource } from "./sources/source.ts";

/** Longest that a stop waits for cameras and sockets: TEARDOWN takes half a second at most. */
const STOP_LIMIT_MS = 3_000;

const signals = new Signals();
const release = packageJson.version;
const clock = systemClock;
const { lookup } = new NameLookup(clock);
const webDirectory = fileURLToPath(new URL("../../web/dist/", import.meta.url));

const load = { argv: process.argv.slice(2), env: process.env, cwd: process.cwd() };
const { settings, warnings } = loadSettingsOrExit({ ...load, release });
const redactor = new Redactor();
for (const secret of secretsOf(settings)) redactor.add(secret);
const log = createLogger({ level: settings.logLevel, redactor });
for (const warning of [...warnings, ...exposedFiles(load)]) log.warn({}, warning);

try {
	await run();
} catch (error) {
	log.error({}, `Vigía does not start: ${error instanceof Error ? error.message : String(error)}`);
	log.debug({ error }, "where it happened");
	process.exit(1);
}

async function run(): Promise<void> {
	await using stack = new AsyncDisposableStack();
	const demo = stack.use(new Demo());
	let own = settings.cameras;
	const go2rtc = stack.use(new Go2rtc({ settings, clock, log, onChange: () => void applyList() }));
	const wanted = async (): Promise<readonly CameraSettings[]> =>
		go2rtc.isSource ? go2rtc.camerasWith(own) : await demo.camerasOr(own);
	let list = await wanted();
	const cameras = makeCameras(list);
	const probes = new ProbeService({ cameras: () => list, clock, transport: settings.rtspTransport });
	const media = await openMedia({ settings, cameras, list, go2rtc, clock, log, redactor }, stack);
	async function applyList(): Promise<void> {
		list = await wanted();
		cameras.apply(list);
		media.endGone();
		go2rtc.setCameras(list);
		await demo.endUnless(own.length === 0 && !go2rtc.isSource);
	}
	const takeUp = async (changed: Settings): Promise<void> => {
		for (const secret of secretsOf(changed)) redactor.add(secret);
		own = changed.cameras;
		await applyList();
	};
	const reload = stack.use(new SettingsReload({ load, settings, clock, log, onCameras: takeUp }));
	const editor = new CameraListEditor({ load, reload: () => reload.reload() });
	const stopping = new AbortController();
	const { signal } = stopping;
	const statuses = (): CameraStatus[] => cameras.statuses();
	const moved = stack.use(
		new MovedCameras({
			clock,
			cameras: () => list,
			statuses,
			openSource,
			move: (one) => editor.move(one),
			onUnconfirmed: (ids) => cameras.noteUnconfirmed(ids),
			log,
			signal,
		}),
	);
	const access = new SettingsAccess(clock);
	const tls = settings.tls && stack.use(new TlsFiles({ ...settings.tls, clock, log }));
	const app = await openApp({ cameras, demo, go2rtc, media, probes, access, editor, signal, tls });
	stack.defer(() => app.close());
	stack.defer(() => probes.stop());
	stack.defer(() => stopping.abort());
	stack.defer(() => cameras.stop());
	endOnMistake(cameras);
	cameras.start();
	go2rtc.start();
	reload.watch();
	moved.start();
	signals.onReload(() => void reload.reload());
	const address = await listen(app);
	tls?.watch((material) => (app.server as unknown as TlsServer).setSecureContext(material));
	const ports = { webrtcPort: media.webrtc.port, ...(settings.rtspOutput && { rtspPort: settings.rtspOutput.port }) };
	log.info({ ...ports, demo: demo.isRunning, release }, `the wall is ready: ${address}`);
	printSettingsAddress(address, access.issueToken());

	log.info({ signal: await signals.stop }, "stopping");
	// libdatachannel's threads keep the process alive, so the end is said, not waited for.
	setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
	await stack.disposeAsync();
	process.exit(0);
}

function openSource(camera: CameraSettings, address: StreamAddress): OpenSource {
	const { credentials, transport = settings.rtspTransport, tls = { mode: "verify" } } = camera;
	return openRtspSource({ address, credentials, transport, tls, media: WALL_MEDIA, clock, lookup });
}

/** Connects to nothing yet. */
function makeCameras(list: readonly CameraSettings[]): Cameras {
	const streamLog = new StreamLog(log);
	return new Cameras({
		cameras: list,
		clock,
		random: Math.random,
		hostGate: new HostGate(clock),
		openSource,
		onChange: (camera, name, status) => streamLog.note(camera.id, name, status),
		onReaderFailed: (camera, error) => log.error({ camera: camera.id, error }, "a reader failed and was detached"),
	});
}

/** What HTTP serves. */
interface Served {
	readonly cameras: Cameras;
	readonly demo: Demo;
	readonly go2rtc: Go2rtc;
	readonly media: Media;
	readonly probes: ProbeService;
	readonly access: SettingsAccess;
	readonly editor: CameraListEditor;
	/** The server stops. */
	readonly signal: AbortSignal;
	readonly tls: TlsFiles | undefined;
}

/** All of HTTP, not listening yet. */
async function openApp({
	cameras,
	demo,
	go2rtc,
	media,
	probes,
	access,
	editor,
	signal,
	tls,
}: Served): Promise<FastifyInstance> {
	const { ffmpeg, webrtc, engine, directory, feeds, mse, hls, snapshots, onError } = media;
	const { rtspTransport: transport, iceServers, protocol } = settings;
	const serverId = randomUUID();
	const statuses = (): CameraStatus[] => cameras.statuses();
	const cameraTest = new CameraTest({ probes, ffmpeg, clock, transport });
	const devices = new DeviceSearch({ clock, signal });
	return await buildApp({
		cameras,
		statuses: new StatusBroadcast(
			cameras,
			clock,
			() => demo.isRunning,
			() => go2rtc.engine,
		),
		clock,
		log,
		tls: tls?.material,
		webDirectory,
		release,
		trustProxy: settings.trustProxy,
		basePath: settings.basePath,
		allowOrigins: settings.allowOrigins,
		welcome: () => ({
			type: "welcome",
			version: WALL_PROTOCOL_VERSION,
			serverId,
			release,
			demo: demo.isRunning,
			iceServers: [...iceServers],
			protocol,
			ffmpeg: ffmpeg.facts !== undefined,
			webrtcEngine: go2rtc.engine,
			cameras: statuses(),
		}),
		openViewer: (send, pageHost) => webrtc.openViewer(send, pageHost),
		openMse: (codecs, pipe) => mse.openViewer(codecs, pipe),
		feeds,
		hls,
		snapshots,
		metrics: createMetrics(() => metricsSnapshot({ clock, cameras, ...media })),
		probes,
		registerPlayers: async (scope) => {
			await registerWhep(scope, { engine, directory, iceServers });
			await registerGo2rtcApi(scope, { engine, directory, feeds, statuses, snapshots, clock, onError });
		},
		registerSettings: (scope) => registerSettings(scope, { access, editor, cameraTest, devices }),
	});
}

/** A mistake of ours still says TEARDOWN to the cameras, and leaves a clean line in the log instead of a raw one. */
function endOnMistake(cameras: Cameras): void {
	for (const event of ["uncaughtException", "unhandledRejection"]) {
		process.on(event, (error: unknown) => {
			log.error({ error, event }, "internal error: Vigía ends");
			setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
			void cameras.stop().finally(() => process.exit(1));
		});
	}
}

/**
 * Tells how the cameras are set from another device. Not by the logger, whose lines are free of secrets at any level: this
 * one is there for its secret, which is good once. Between lines of JSON it is one, too.
 */
function printSettingsAddress(listening: string, token: string): void {
	// On all addresses: one that others reach.
	const [outer] = isAnyAddress(settings.host) ? localAddresses() : [];
	const place = { isInContainer: isInContainer(process.env), isBehindProxy: isBehindProxy(settings) };
	const message = settingsNotice({ listening, token, outer, ...place });
	const line = { level: "info", time: new Date(clock.wallMs()).toISOString(), message };
	process.stdout.write(`${process.stdout.isTTY ? message : JSON.stringify(line)}\n`);
}

function isAnyAddress(host: string): boolean {
	return host === "0.0.0.0" || host === "::";
}

/** @throws Error with the remedy when the port is taken. */
async function listen(app: FastifyInstance): Promise<string> {
	try {
		return await app.listen({ host: settings.host, port: settings.port });
	} catch (error) {
		if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
		const remedy = "stop the other program or choose another port, e.g. PORT=8001";
		throw new Error(`TCP port ${settings.port} is already in use: ${remedy}`, { cause: error });
	}
}
