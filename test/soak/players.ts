/**
 * `npm run soak:players -- --minutes N [--cameras 4]`: the real server with simulated cameras, watched by two pages of
 * Chromium, one over MSE and one over LL-HLS. Measures memory, buffers, pauses and the delay from sending to screen
 * every ten seconds. Exits with 1 when a limit does not hold. The cameras' clocks are this machine's: those that run off
 * are in `hour-on-the-server.test.ts` and `hour-in-the-page.test.ts`, in virtual time. @module
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { CamerasProcess, REPORT_MS } from "../bench/processes.ts";
import { clipsWithGop } from "../support/clips.ts";
import { eventually } from "../support/eventually.ts";
import { NGINX_IS_THERE, startNginx } from "../support/nginx.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { mistakesIn } from "./mistakes.ts";
import { PlayerPage } from "./player-page.ts";
import { type PlayersFacts, type PlayersSample, reportOfPlayers } from "./player-report.ts";
import { MachineSampler, ProcessSampler } from "./samples.ts";

const SAMPLE_MS = 10_000;
/** Samples from one collection of garbage to the next. */
const COLLECT_EVERY = 6;
/** Samples from one line on the screen to the next. */
const PROGRESS_EVERY = 6;
/** Loops that are longer than any delay: the counter tells the picture, not the loop. */
const LOOP_SECONDS = 16;
const GOP_SECONDS = 2;
const LOOP_PICTURES = LOOP_SECONDS * 15;
/** The cameras' word on what they sent is kept for longer than any delay. */
const SENT_KEPT_MS = 60_000;
/** Players come to their distance from the live edge by then. */
const SETTLE_MS = 15_000;
const START_MS = 60_000;

const { values: flags } = parseArgs({
	options: { minutes: { type: "string", default: "10" }, cameras: { type: "string", default: "4" } },
});
const minutes = number("minutes", flags.minutes, 1, 10_000);
// Without nginx, HLS over HTTP/1.1 has low latency for four tiles and no more.
const tiles = Math.floor(number("cameras", flags.cameras, 1, 16));

function number(name: string, text: string, min: number, max: number): number {
	const value = Number(text);
	if (value >= min && value <= max) return value;
	console.error(`--${name} must be a number from ${min} to ${max}`);
	process.exit(2);
}

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) {
	process.on(signal, () => {
		if (stop.signal.aborted) process.exit(1);
		stop.abort();
	});
}

const { text, holds } = reportOfPlayers(await soak());
console.log(`\n${text}`);
process.exit(holds ? 0 : 1);

async function soak(): Promise<PlayersFacts> {
	await using stack = new AsyncDisposableStack();
	const cameras = stack.use(await CamerasProcess.start(LOOP_PICTURES, clipsWithGop(GOP_SECONDS, LOOP_SECONDS)));
	const server = stack.use(
		await startServer({
			CAM_IP: "127.0.0.1",
			CAM_PORT: String(cameras.port),
			CAM_USER: "soak",
			CAM_PASS: "soak",
			TOTAL_CAMERAS: String(tiles),
		}),
	);
	// Whatever happens here, it must not outlive this process.
	process.once("exit", () => endNow(server.pid));
	const nginx = NGINX_IS_THERE
		? stack.use(await startNginx({ upstream: server.url, tls: true, upgrade: true }))
		: undefined;
	const pages = [
		stack.use(await PlayerPage.open("mse", server.url)),
		stack.use(await PlayerPage.open("hls", nginx?.url ?? server.url)),
	];
	for (const page of pages) {
		const allLive = async (): Promise<boolean> => stop.signal.aborted || (await page.liveTiles()) === tiles;
		await eventually(`all tiles are live over ${page.rung}`, allLive, START_MS);
	}
	console.log(`${tiles} tiles are live over MSE and over HLS (${nginx ? "HTTP/2" : "HTTP/1.1"})`);
	await sleep(SETTLE_MS);
	// What happened until now was the start.
	for (const page of pages) await page.sample(false);

	const machine = new MachineSampler();
	const sampler = new ProcessSampler(server.pid);
	const resourcesAtStart = (await metricsOf(server)).resources;
	const samples: PlayersSample[] = [];
	const startedMs = performance.now();
	while (!stop.signal.aborted && performance.now() - startedMs < minutes * 60_000) {
		await sleep(SAMPLE_MS - REPORT_MS);
		samples.push(await sample(server, cameras, pages, startedMs, samples.length % COLLECT_EVERY === 0));
		if (samples.length % PROGRESS_EVERY === 0) console.log(progressOf(samples, machine));
	}
	const facts = {
		interrupted: stop.signal.aborted,
		tiles,
		rungs: pages.map(({ rung }) => rung),
		hlsOver: nginx ? "HTTP/2" : "HTTP/1.1",
		samples,
		serverPercent: sampler.processorPercent,
		machinePercent: machine.busyPercent,
		load: loadavg(),
		resources: [resourcesAtStart, (await metricsOf(server)).resources] as const,
	};
	for (const page of pages) await page[Symbol.asyncDispose]();
	await server.kill("SIGTERM");
	return { ...facts, mistakes: mistakesIn(server.output()) };
}

async function sample(
	server: ServerProcess,
	cameras: CamerasProcess,
	pages: readonly PlayerPage[],
	startedMs: number,
	collect: boolean,
): Promise<PlayersSample> {
	const atHours = (performance.now() - startedMs) / 3_600_000;
	const metrics = await metricsOf(server);
	const notes = await Promise.all(pages.map((page) => page.sample(collect)));
	// The cameras tell what they sent each second.
	await sleep(REPORT_MS);
	const sampled = notes.map((note) => note(cameras));
	const oldestMs = performance.timeOrigin + performance.now() - SENT_KEPT_MS;
	for (const sent of cameras.sentAt) {
		for (const [index, atMs] of sent ?? []) {
			if (atMs >= oldestMs) break;
			sent.delete(index);
		}
	}
	const { serverMegabytes, hlsMegabytes, hlsTracks } = metrics;
	return { atHours, serverMegabytes, hlsMegabytes, hlsTracks, pages: sampled };
}

interface Metrics {
	readonly serverMegabytes: number;
	readonly hlsMegabytes: number;
	readonly hlsTracks: number;
	readonly resources: number;
}

async function metricsOf(server: ServerProcess): Promise<Metrics> {
	const metrics = await (await fetch(`${server.url}/metrics`, { headers: { connection: "close" } })).text();
	const valueOf = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics)?.[1]);
	return {
		serverMegabytes: valueOf("process_resident_memory_bytes") / 2 ** 20,
		hlsMegabytes: valueOf("vigia_hls_bytes") / 2 ** 20,
		hlsTracks: valueOf("vigia_hls_tracks"),
		resources: valueOf("process_active_resources"),
	};
}

function progressOf(samples: readonly PlayersSample[], machine: MachineSampler): string {
	const last = samples.at(-1) as PlayersSample;
	return [
		`${(last.atHours * 60).toFixed(1)} min`,
		`server ${last.serverMegabytes.toFixed(0)} MB, ${last.hlsMegabytes.toFixed(1)} MB for HLS`,
		...last.pages.map(({ tiles: own, heapMegabytes, browserMegabytes }) => {
			const latencies = own.map(({ latencyMs }) => latencyMs?.toFixed(0) ?? "-").join(" ");
			const buffered = Math.max(...own.map(({ bufferedSeconds }) => bufferedSeconds)).toFixed(1);
			const pauses = own.reduce((sum, tile) => sum + tile.pauses, 0);
			return `${own[0]?.rung}: heap ${heapMegabytes.toFixed(1)} MB of ${browserMegabytes.toFixed(0)}, buffered ${buffered} s, latency ${latencies} ms, ${pauses} pauses`;
		}),
		`machine ${machine.busyPercent.toFixed(0)} %`,
	].join("; ");
}

async function sleep(ms: number): Promise<void> {
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
}

function endNow(pid: number): void {
	try {
		process.kill(pid, "SIGKILL");
	} catch {
		// It has ended.
	}
}
