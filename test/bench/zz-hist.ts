import { startServer } from "../support/server-process.ts";
import { eventually } from "../support/eventually.ts";
import { CamerasProcess, ViewerProcess, sleep } from "./processes.ts";
using cameras = await CamerasProcess.start(60);
await using server = await startServer({
	CAM_IP: "127.0.0.1",
	CAM_PORT: String(cameras.port),
	CAM_USER: "b",
	CAM_PASS: "b",
	TOTAL_CAMERAS: "16",
	LOG_LEVEL: "warn",
});
await eventually("live", async () => (await server.cameras()).every(({ state }) => state === "live"));
using v = await ViewerProcess.start(server.url);
await sleep(5000);
const from = v.received.length;
await sleep(15000);
const to = v.received.length;
await sleep(1500);
const by: Record<string, number[]> = { key: [], p: [] };
const slow: string[] = [];
for (const [c, t] of v.received.slice(from, to)) {
	const e = [...(cameras.sentAt[c] ?? [])].findLast(([, s]) => s <= t);
	if (!e) continue;
	const d = t - e[1];
	by[e[0] % 30 === 0 ? "key" : "p"]?.push(d);
	if (d > 5) slow.push(`${c}#${e[0] % 60}:${d.toFixed(0)}`);
}
for (const [k, d] of Object.entries(by)) {
	d.sort((a, b) => a - b);
	const q = (x: number) => d[Math.floor(d.length * x)]?.toFixed(2);
	console.log(k, d.length, q(0.1), q(0.5), q(0.9), q(0.95), q(0.99), d.at(-1)?.toFixed(1));
}
console.log(slow.length, slow.slice(0, 60).join(" "));
process.exit(0);
