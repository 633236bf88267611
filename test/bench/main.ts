/**
 * `npm run bench [-- webrtc long-gop deliveries classic cold-hls]`: the budgets of this machine, measured; with names,
 * only these parts. Cameras and viewers run in processes of their own, so that the server's cost is the server's. Exits
 * with 1 when a budget does not hold. @module
 */
import { parseArgs } from "node:util";
import { launchChromium } from "../support/browser.ts";
import { clipsWithGop } from "../support/clips.ts";
import { eventually } from "../support/eventually.ts";
import { HLS_CLASSIC_SEGMENTS, startHlsClassic } from "../support/hls-classic.ts";
import { NGINX_IS_THERE, startNginx } from "../support/nginx.ts";
import { childrenOf } from "../support/processes.ts";
import { freeUdpPort, type ServerProcess, startServer } from "../support/server-process.ts";
import { UDP_BLOCK_IS_POSSIBLE } from "../support/udp-block.ts";
import { measureEnlarge, measureFaults, measureLatency, measureStart } from "./browser-rows.ts";
import { type Delivery, type DeliveryFigures, formatDeliveries, latencyRow, measureDelivery } from "./delivery-rows.ts";
import { measureMseStart, measureUdpBlock } from "./ladder-rows.ts";
import { CamerasProcess } from "./processes.ts";
import { measureColdPlaylists, measureServer } from "./server-rows.ts";
import { formatTable, type Row } from "./table.ts";

const CAMERAS = 16;
const FRAMES_PER_SECOND = 15;
/** The repository's clips: loops of four seconds, GOPs of two. */
const LOOP_SECONDS = 4;
const GOP_SECONDS = 2;
const LONG_GOP_SECONDS = 10;
/** The same GOPs in loops that are longer than any delay of the classic design, which is some seven seconds. */
const LONG_LOOP_SECONDS = 16;

const MSE_BUDGET_MS = 200;
const LL_HLS_BUDGET_MS = 1_500;

const rows: Row[] = [];
const deliveries: DeliveryFigures[] = [];
const report = (...more: Row[]): void => {
	for (const { what, measured } of more) console.log(`${what}: ${measured}`);
	rows.push(...more);
};

async function startWall(cameras: CamerasProcess, webrtcPort?: number): Promise<ServerProcess> {
	const server = await startServer({
		CAM_IP: "127.0.0.1",
		CAM_PORT: String(cameras.port),
		CAM_USER: "bench",
		CAM_PASS: "bench",
		TOTAL_CAMERAS: String(CAMERAS),
		LOG_LEVEL: "warn",
		...(webrtcPort !== undefined && { WEBRTC_PORT: String(webrtcPort) }),
	});
	await eventually("all cameras are live", async () => (await server.cameras()).every(({ state }) => state === "live"));
	return server;
}

async function startLongLoops(): Promise<CamerasProcess> {
	return await CamerasProcess.start(
		LONG_LOOP_SECONDS * FRAMES_PER_SECOND,
		clipsWithGop(GOP_SECONDS, LONG_LOOP_SECONDS),
	);
}

/** A part that cannot be measured is told as such, and the others go on. */
async function attempt(what: string, measure: () => Promise<unknown>): Promise<void> {
	try {
		await measure();
	} catch (error) {
		report({ what, budget: "to be measured", measured: `FAILED: ${String(error)}`, holds: false });
	}
}

async function measureDeliveryRow(cameras: CamerasProcess, delivery: Delivery, budgetMs?: number): Promise<void> {
	await attempt(delivery.name, async () => {
		const figures = await measureDelivery(cameras, delivery);
		deliveries.push(figures);
		report(latencyRow(figures, budgetMs));
	});
}

async function measureHls(cameras: CamerasProcess, server: ServerProcess): Promise<void> {
	const hls = { rung: "hls", serverPid: server.pid } as const;
	const overHttp2 = "LL-HLS over HTTP/2 (nginx, TLS)";
	if (NGINX_IS_THERE) {
		await using nginx = await startNginx({ upstream: server.url, tls: true });
		const masters = childrenOf(process.pid, "nginx");
		const pids = [...masters, ...masters.flatMap((master) => childrenOf(master, "nginx"))];
		const delivery = { ...hls, name: overHttp2, url: `${nginx.url}/?protocol=hls`, others: { name: "nginx", pids } };
		await measureDeliveryRow(cameras, delivery, LL_HLS_BUDGET_MS);
	} else report({ what: overHttp2, budget: "", measured: "skipped: nginx is not installed" });
	await measureDeliveryRow(cameras, { ...hls, name: "HLS over HTTP/1.1", url: `${server.url}/?protocol=hls` });
}

async function measureLadder(cameras: CamerasProcess, server: ServerProcess, udpPort: number): Promise<void> {
	report(await measureMseStart(browser, cameras, `${server.url}/?protocol=mse`));
	if (UDP_BLOCK_IS_POSSIBLE) {
		report(...(await measureUdpBlock(browser, cameras, server.url, udpPort)));
	} else report({ what: "UDP blocked", budget: "", measured: "skipped: it takes root and nftables" });
}

const parts: Readonly<Record<string, () => Promise<void>>> = {
	async webrtc() {
		using cameras = await CamerasProcess.start(LOOP_SECONDS * FRAMES_PER_SECOND);
		await using server = await startWall(cameras);
		report(...(await measureServer(cameras, server)));
		report(await measureLatency(browser, cameras, server));
		report(await measureStart(browser, cameras, server, GOP_SECONDS));
		report(await measureEnlarge(browser, server, GOP_SECONDS));
		report(...(await measureFaults(browser, cameras, server)));
	},
	async "long-gop"() {
		using cameras = await CamerasProcess.start(LONG_GOP_SECONDS * FRAMES_PER_SECOND, clipsWithGop(LONG_GOP_SECONDS));
		await using server = await startWall(cameras);
		report(await measureStart(browser, cameras, server, LONG_GOP_SECONDS));
	},
	async deliveries() {
		using cameras = await startLongLoops();
		const udpPort = await freeUdpPort();
		await using server = await startWall(cameras, udpPort);
		const ours = (rung: "webrtc" | "mse"): Omit<Delivery, "name"> => {
			return { rung, serverPid: server.pid, url: `${server.url}/?protocol=${rung}` };
		};
		await measureDeliveryRow(cameras, { ...ours("webrtc"), name: "WebRTC" });
		await measureDeliveryRow(cameras, { ...ours("mse"), name: "MSE over a WebSocket" }, MSE_BUDGET_MS);
		await attempt("the ladder", () => measureLadder(cameras, server, udpPort));
		await measureHls(cameras, server);
	},
	async "cold-hls"() {
		using cameras = await startLongLoops();
		await using server = await startWall(cameras);
		await attempt("first playlist of an HLS stream", async () => report(await measureColdPlaylists(server)));
	},
	async classic() {
		using cameras = await startLongLoops();
		const name = `classic: 16 ffmpeg -c copy -hls_time 1, GOP ${GOP_SECONDS} s`;
		await attempt(name, async () => {
			const urls = Array.from({ length: CAMERAS }, (_, index) => cameras.subUrl(index + 1));
			await using classic = await startHlsClassic(urls);
			// As a wall is met that runs for long: with one segment in the list hls.js would begin nearer to the edge.
			await eventually("the classic playlists are full", async () => {
				const lists = await Promise.all(urls.map((_, index) => fetch(`${classic.url}${index + 1}/stream.m3u8`)));
				const texts = await Promise.all(lists.map((list) => list.text()));
				return texts.every((text) => text.split("#EXTINF").length - 1 === HLS_CLASSIC_SEGMENTS);
			});
			const others = { name: "16 ffmpeg", pids: classic.ffmpegPids };
			await measureDeliveryRow(cameras, { name, url: classic.url, others });
		});
	},
};

const { positionals } = parseArgs({ allowPositionals: true });
const unknown = positionals.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) throw new Error(`no part ${unknown.join(", ")}: there are ${Object.keys(parts).join(", ")}`);
const browser = await launchChromium();
for (const [name, measure] of Object.entries(parts)) {
	if (positionals.length === 0 || positionals.includes(name)) await attempt(`part ${name}`, measure);
}
await browser.close();
console.log(`\n${formatTable(rows)}`);
if (deliveries.length > 0) console.log(`\n${formatDeliveries(deliveries)}`);
process.exit(rows.every(({ holds }) => holds !== false) ? 0 : 1);
