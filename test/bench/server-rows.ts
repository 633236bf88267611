/** What viewers cost the server, and how long they wait for it, without a browser. Viewers are real WebRTC clients. @module */
import { eventually } from "../support/eventually.ts";
import type { ServerProcess } from "../support/server-process.ts";
import {
	type CamerasProcess,
	measureProcessorPercent,
	REPORT_MS,
	residentMegabytes,
	sleep,
	ViewerProcess,
} from "./processes.ts";
import { percentile, type Row } from "./table.ts";

const MEASURE_MS = 20_000;
/** Until caches are full, code is compiled and bursts are over. */
const WARM_UP_MS = 5_000;
const MORE_VIEWERS = 3;

export async function measureServer(cameras: CamerasProcess, server: ServerProcess): Promise<Row[]> {
	using first = await ViewerProcess.start(server.url);
	await sleep(WARM_UP_MS);
	const onePercent = await measureProcessorPercent(server.pid, MEASURE_MS);
	const megabytes = residentMegabytes(server.pid);
	if (first.packets === 0) throw new Error("the viewer received nothing: the figures would be of an idle server");

	const more: ViewerProcess[] = [];
	for (let index = 0; index < MORE_VIEWERS; index++) more.push(await ViewerProcess.start(server.url));
	await sleep(WARM_UP_MS);
	const allPercent = await measureProcessorPercent(server.pid, MEASURE_MS);
	for (const viewer of more) viewer[Symbol.dispose]();
	const furtherPercent = (allPercent - onePercent) / MORE_VIEWERS;
	const delays = await measureForwardDelays(cameras, server);
	const [p50, p99] = [percentile(delays, 0.5), percentile(delays, 0.99)];

	return [
		{
			what: "16 cameras 640x360 400 kb/s, one 16-tile viewer: server process",
			budget: "<= 8 % of one core, <= 200 MB RSS",
			measured: `${onePercent.toFixed(1)} %, ${megabytes.toFixed(0)} MB`,
			holds: onePercent <= 8 && megabytes <= 200,
		},
		{
			what: "each further 16-tile viewer",
			budget: "<= 2 % of one core",
			measured: `${furtherPercent.toFixed(1)} %`,
			holds: furtherPercent <= 2,
		},
		{
			what: `server-added delay, RTP in to SRTP out and received (${delays.length} pictures)`,
			budget: "p50 <= 0.5 ms, p99 <= 5 ms",
			measured: `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
			holds: p50 <= 0.5 && p99 <= 5,
		},
	];
}

/** How much later a viewer has a picture than a client that reads the camera directly, in the same process. */
async function measureForwardDelays(cameras: CamerasProcess, server: ServerProcess): Promise<number[]> {
	using viewer = await ViewerProcess.start(server.url, cameras.port);
	await sleep(WARM_UP_MS);
	const from = viewer.received.length;
	await sleep(MEASURE_MS);
	const received = viewer.received.slice(from);
	await sleep(REPORT_MS);
	return received.flatMap(([channel, atMs]) => {
		// Pictures of one camera are 66 ms apart, delays a fraction of that.
		const direct = viewer.direct.findLast(([camera, directMs]) => camera === channel && directMs <= atMs);
		return direct ? [atMs - direct[1]] : [];
	});
}

/** From asking for a camera's multivariant playlist until its media playlist lists pictures, one camera after the other. */
export async function measureColdPlaylists(server: ServerProcess): Promise<Row> {
	const values: number[] = [];
	for (const { id } of await server.cameras()) {
		const fromMs = performance.now();
		const multivariant = new URL(`/hls/${id}/stream.m3u8`, server.url);
		const media = new URL((await firstUri(multivariant)) ?? "", multivariant);
		await eventually(`${media.pathname} lists a part`, async () => (await firstUri(media)) !== undefined);
		values.push(performance.now() - fromMs);
	}
	return {
		what: `first playlist of an HLS stream that nobody watched, camera live (median and worst of ${values.length})`,
		budget: "",
		measured: `${percentile(values, 0.5).toFixed(0)} ms (worst ${Math.max(...values).toFixed(0)})`,
	};
}

/** Of a playlist: the first variant, or the first Media Segment or Partial Segment. */
async function firstUri(playlist: URL): Promise<string | undefined> {
	const answer = await fetch(playlist);
	const text = await answer.text();
	if (!answer.ok) throw new Error(`${playlist.pathname}: HTTP ${answer.status} ${text}`);
	return /^[^#\s].*$|(?<=^#EXT-X-PART:.*URI=")[^"]+/m.exec(text)?.[0];
}
