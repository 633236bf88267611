/**
 * `npm run soak -- --minutes N [--seed text] [--cameras 64] [--viewers 3] [--tiles n]`: the real server with simulated
 * cameras that fail at random, and viewers. Exits with 1 when a limit does not hold. @module
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { parseServerMessage, WALL_PROTOCOL_VERSION } from "@vigia/api";
import { cameraPath } from "@vigia/camera-sim";
import WebSocket from "ws";
import { eventually } from "../support/eventually.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import type { FaultName } from "./faults.ts";
import { mistakesIn } from "./mistakes.ts";
import { SoakCameras, SoakViewer } from "./processes.ts";
import { RecoveryWatch } from "./recovery.ts";
import { reportOf, type SoakFacts } from "./report.ts";
import { MachineSampler, ProcessSampler } from "./samples.ts";
import { runFaults } from "./schedule.ts";
import { SecretWatch } from "./secrets.ts";

const CREDENTIALS = { username: "vigilante-7", password: "p@ss:w#rd%/ñ" };
const SAMPLE_MS = 2_000;
const PROGRESS_MS = 30_000;
/** How often the answers that anybody can get are looked through for credentials. */
const ANSWERS_MS = 10_000;
/** For those who are not back when the time is up. */
const SETTLE_MS = 90_000;
const START_MS = 60_000;
const now = (): number => performance.timeOrigin + performance.now();

const { values: flags } = parseArgs({
	options: {
		minutes: { type: "string", default: "2" },
		seed: { type: "string", default: String(Date.now()) },
		cameras: { type: "string", default: "64" },
		viewers: { type: "string", default: "3" },
		tiles: { type: "string" },
	},
});
const minutes = number("minutes", flags.minutes, 0.1, 10_000);
const count = number("cameras", flags.cameras, 2, 128);
const viewerCount = number("viewers", flags.viewers, 1, 20);
/** Whoever is not shown cannot be seen coming back. */
const share = Math.ceil(count / viewerCount);
const tiles = number("tiles", flags.tiles ?? String(count), share, count);
const behindRecorder = Math.floor(count / 2);

function number(name: string, text: string, min: number, max: number): number {
	const value = Number(text);
	if (!(value >= min && value <= max)) {
		console.error(`--${name} must be a number from ${min} to ${max}`);
		process.exit(2);
	}
	return name === "minutes" ? value : Math.floor(value);
}

/** Ends waits and the schedule; the second Ctrl-C ends the process. */
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) {
	process.on(signal, () => {
		if (stop.signal.aborted) process.exit(1);
		stop.abort();
	});
}
const sleep = async (ms: number): Promise<void> => {
	if (stop.signal.aborted) return;
	await new Promise<void>((resolve) => {
		const timer = setTimeout(done, ms);
		function done(): void {
			clearTimeout(timer);
			stop.signal.removeEventListener("abort", done);
			resolve();
		}
		stop.signal.addEventListener("abort", done);
	});
};

const hardEnd = setTimeout(
	() => {
		console.error("the soak test did not come to its end");
		process.exit(1);
	},
	minutes * 60_000 + START_MS + SETTLE_MS + 60_000,
);

const facts = await soak();
clearTimeout(hardEnd);
const { text, holds } = reportOf(facts);
console.log(`\n${text}`);
process.exit(holds ? 0 : 1);

async function soak(): Promise<SoakFacts> {
	await using stack = new AsyncDisposableStack();
	const cameras = stack.use(await SoakCameras.start(count, behindRecorder, CREDENTIALS));
	const server = stack.use(await startServer(settingsFor(cameras)));
	// Whatever happens here, it must not outlive this process.
	process.once("exit", () => endNow(server.pid));
	const watch = new RecoveryWatch(count);
	/** Everything that came out of the server, looked through at the end of each interval. */
	const secrets = new SecretWatch(server, CREDENTIALS);
	stack.defer(listenForStates(server, watch, secrets));
	const viewers = Array.from({ length: viewerCount }, (_, index) =>
		stack.use(
			new SoakViewer(server.url, [count, tiles, (index * share) % count], ({ packets }) => {
				for (const [camera, firstAtMs, lastAtMs] of packets) watch.notePackets(camera, firstAtMs, lastAtMs);
			}),
		),
	);
	await eventually("all cameras are live", () => stop.signal.aborted || watch.live === count, START_MS);
	await eventually(
		"all viewers receive",
		() => stop.signal.aborted || viewers.every(({ status }) => status.receiving >= tiles - 1),
		START_MS,
	);
	console.log(
		`${count} cameras are live (${behindRecorder} behind one recorder), ${viewerCount} viewers receive ${tiles} tiles each`,
	);

	const machine = new MachineSampler();
	const serverSampler = new ProcessSampler(server.pid);
	const camerasSampler = new ProcessSampler(cameras.pid);
	const viewerSamplers = viewers.map(({ pid }) => new ProcessSampler(pid));
	const startedMs = performance.now();
	const faults = new Map<FaultName, number>();
	const resourcesAtStart = await activeResources(server);
	const progress = (): void => {
		const sample = serverSampler.samples.at(-1);
		console.log(
			[
				`${((performance.now() - startedMs) / 60_000).toFixed(1)} min`,
				`${watch.live} live, ${watch.faulty} faulty, ${watch.pending.length} coming back, ${watch.done.length} came back`,
				`server ${sample?.megabytes.toFixed(0)} MB ${serverSampler.processorPercent.toFixed(0)} %`,
				`machine ${machine.busyPercent.toFixed(0)} %`,
			].join("; "),
		);
	};
	const timers = [
		setInterval(() => serverSampler.take(), SAMPLE_MS),
		setInterval(progress, PROGRESS_MS),
		setInterval(() => void secrets.readAnswers().catch(() => undefined), ANSWERS_MS),
	];
	serverSampler.take();
	await runFaults({
		cameras,
		watch,
		faults,
		endMs: startedMs + minutes * 60_000,
		seed: flags.seed,
		behindRecorder,
		rightPassword: CREDENTIALS.password,
		signal: stop.signal,
		sleep,
	});
	await settle(watch);
	for (const timer of timers) clearInterval(timer);
	serverSampler.take();
	// Ctrl-C reaches the server too, which then stops by itself.
	const interrupted = stop.signal.aborted;
	const serverEnded = !serverSampler.running || (interrupted && (await isGone(server)));

	const lastPackets = new Set<number>();
	const statuses = serverEnded ? [] : await server.cameras();
	const notLive = statuses.filter(({ state }) => state !== "live");
	for (const camera of await receivedCameras(viewers, watch)) lastPackets.add(camera);
	if (!serverEnded) await secrets.readAnswers();
	const measured: SoakFacts = {
		seed: flags.seed,
		interrupted,
		minutes: (performance.now() - startedMs) / 60_000,
		cameras: count,
		viewers: viewerCount,
		tiles,
		faults,
		recoveries: watch.done,
		samples: serverSampler.samples,
		processorPercent: {
			server: serverSampler.processorPercent,
			cameras: camerasSampler.processorPercent,
			viewers: viewerSamplers.reduce((sum, sampler) => sum + sampler.processorPercent, 0),
		},
		machinePercent: machine.busyPercent,
		load: loadavg(),
		resources: [resourcesAtStart, serverEnded ? Number.NaN : await activeResources(server)],
		packets: viewers.reduce((sum, { status }) => sum + status.total, 0),
		viewerReconnects: viewers.reduce((sum, { status }) => sum + status.reconnects, 0),
		viewersEnded: viewers.filter(({ ended }) => ended).length,
		notLive: notLive.map(({ id, state, reason }) => `${id} ${state} ${reason?.code ?? ""}`),
		notReceived: statuses
			.filter(({ state }) => state === "live")
			.map(({ id }) => Number(id.slice(3)))
			.filter((camera) => !lastPackets.has(camera)),
		secretsSeen: [],
		mistakes: [],
	};
	await server.kill("SIGTERM");
	const mistakes = [...(serverEnded && !interrupted ? ["the server ended"] : []), ...mistakesIn(server.output())];
	return { ...measured, secretsSeen: secrets.seen(), mistakes };
}

/** The first half by the recorder's settings, each other camera by settings of its own and with an address of its own. */
function settingsFor(cameras: SoakCameras): Record<string, string> {
	const settings: Record<string, string> = {
		LOG_LEVEL: "info",
		CAM_IP: "127.0.0.2",
		CAM_PORT: String(cameras.recorderPort),
		CAM_USER: CREDENTIALS.username,
		CAM_PASS: CREDENTIALS.password,
		TOTAL_CAMERAS: String(behindRecorder),
	};
	for (const [index, port] of cameras.singlePorts.entries()) {
		const prefix = `CAMERA_${behindRecorder + index + 1}`;
		const address = `127.0.1.${index + 1}:${port}`;
		settings[`${prefix}_URL`] = `rtsp://${address}${cameraPath(index + 1, "sub")}`;
		settings[`${prefix}_USER`] = CREDENTIALS.username;
		settings[`${prefix}_PASS`] = CREDENTIALS.password;
	}
	return settings;
}

/** Hears of every change of a state at once, as a page does. @returns what ends it. */
function listenForStates(server: ServerProcess, watch: RecoveryWatch, secrets: SecretWatch): () => void {
	let over = false;
	let socket: WebSocket;
	const connect = (): void => {
		socket = new WebSocket(`${server.url.replace("http", "ws")}/api/wall`);
		socket.on("open", () =>
			socket.send(JSON.stringify({ type: "hello", version: WALL_PROTOCOL_VERSION, webrtc: [], mse: [] })),
		);
		socket.on("message", (data: Buffer) => {
			const text = data.toString("utf8");
			secrets.look(text);
			const parsed = parseServerMessage(text);
			if (!parsed.ok || !("cameras" in parsed.message)) return;
			const atMs = now();
			for (const { id, state } of parsed.message.cameras) watch.noteState(Number(id.slice(3)), state === "live", atMs);
		});
		socket.on("error", () => undefined);
		socket.on("close", () => over || setTimeout(connect, 500));
	};
	connect();
	return () => {
		over = true;
		socket.terminate();
	};
}

/** Until everybody is back, but not longer than {@link SETTLE_MS}. */
async function settle(watch: RecoveryWatch): Promise<void> {
	const endMs = performance.now() + SETTLE_MS;
	while (performance.now() < endMs && !stop.signal.aborted && (watch.pending.length > 0 || watch.live < count)) {
		await sleep(200);
	}
}

/** Cameras that some viewer receives: each is begun anew, so that only packets from now on count. */
async function receivedCameras(viewers: readonly SoakViewer[], watch: RecoveryWatch): Promise<number[]> {
	const all = Array.from({ length: count }, (_, index) => index + 1);
	const before = watch.done.length;
	watch.begin(all, "power");
	watch.well(all, now());
	const enough = (): boolean => watch.pending.length === 0 || viewers.every(({ ended }) => ended);
	await eventually("all are received", enough, 5_000).catch(() => undefined);
	return watch.done.splice(before).map(({ camera }) => camera);
}

async function activeResources(server: ServerProcess): Promise<number> {
	const metrics = await (await fetch(`${server.url}/metrics`, { headers: { connection: "close" } })).text();
	return Number(/^process_active_resources (\S+)$/m.exec(metrics)?.[1]);
}

async function isGone(server: ServerProcess): Promise<boolean> {
	return await server.cameras().then(
		() => false,
		() => true,
	);
}

function endNow(pid: number): void {
	try {
		process.kill(pid, "SIGKILL");
	} catch {
		// It has ended.
	}
}
