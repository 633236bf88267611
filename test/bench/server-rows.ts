/** What viewers cost the server, and how long it holds a picture. Viewers are real WebRTC clients. @module */
import type { ServerProcess } from "../support/server-process.ts";
import { type CamerasProcess, measureProcessorPercent, residentMegabytes, sleep, ViewerProcess } from "./processes.ts";
import { percentile, type Row } from "./table.ts";

const MEASURE_MS = 20_000;
/** Until caches are full, code is compiled and bursts are over. */
const WARM_UP_MS = 5_000;
const MORE_VIEWERS = 3;
/** Messages of the cameras' and viewers' processes come each second. */
const REPORT_MS = 1_500;

export async function measureServer(cameras: CamerasProcess, server: ServerProcess): Promise<Row[]> {
	using first = await ViewerProcess.start(server.url);
	await sleep(WARM_UP_MS);
	const from = first.received.length;
	const onePercent = await measureProcessorPercent(server.pid, MEASURE_MS);
	const megabytes = residentMegabytes(server.pid);
	const to = first.received.length;
	await sleep(REPORT_MS);
	const delays = forwardDelays(cameras, first.received.slice(from, to));

	const more: ViewerProcess[] = [];
	for (let index = 0; index < MORE_VIEWERS; index++) more.push(await ViewerProcess.start(server.url));
	await sleep(WARM_UP_MS);
	const allPercent = await measureProcessorPercent(server.pid, MEASURE_MS);
	for (const viewer of more) viewer[Symbol.dispose]();
	const furtherPercent = (allPercent - onePercent) / MORE_VIEWERS;
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
			what: `server-added delay, camera's socket to viewer's SRTP out (${delays.length} pictures)`,
			budget: "p50 <= 0.5 ms, p99 <= 5 ms",
			measured: `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
			holds: p50 <= 0.5 && p99 <= 5,
		},
	];
}

/** From the last picture that this camera sent before: pictures are 66 ms apart, delays a fraction of that. */
function forwardDelays(cameras: CamerasProcess, received: ViewerProcess["received"]): number[] {
	const sentTimes = cameras.sentAt.map((pictures) => [...pictures.values()]);
	return received.flatMap(([channel, atMs]) => {
		const sentMs = sentTimes[channel]?.findLast((time) => time <= atMs);
		return sentMs === undefined ? [] : [atMs - sentMs];
	});
}
