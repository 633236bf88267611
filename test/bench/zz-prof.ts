import { spawn } from "node:child_process";
import { CamerasProcess, ViewerProcess, sleep, measureProcessorPercent } from "./processes.ts";
using cameras = await CamerasProcess.start(60);
const child = spawn(process.execPath, ["server/src/main.ts"], {
	env: {
		...process.env,
		PORT: "8020",
		WEBRTC_PORT: "8620",
		CAM_IP: "127.0.0.1",
		CAM_PORT: String(cameras.port),
		CAM_USER: "b",
		CAM_PASS: "b",
		TOTAL_CAMERAS: "16",
		LOG_LEVEL: "warn",
	},
	stdio: "inherit",
});
await sleep(4000);
using v = await ViewerProcess.start("http://127.0.0.1:8020");
await sleep(4000);
const th = async () => {
	const { execSync } = await import("node:child_process");
	return execSync(`cat /proc/${child.pid}/task/*/stat`)
		.toString()
		.trim()
		.split("\n")
		.map((l) => {
			const f = l.split(") ")[1]!.split(" ");
			return [l.split(" ")[1], l.split(" ")[0], +f[11]!, +f[12]!] as const;
		});
};
const a = await th();
const b0 = performance.now();
console.log("percent", await measureProcessorPercent(child.pid!, 20000), "packets/s", v.packets);
const bb = await th();
for (const x of bb) {
	const y = a.find((z) => z[1] === x[1]);
	const u = x[2] - (y?.[2] ?? 0),
		s = x[3] - (y?.[3] ?? 0);
	if (u + s > 0)
		console.log(
			x[0],
			x[1],
			"user",
			((u * 1000) / (performance.now() - b0)).toFixed(2),
			"sys",
			((s * 1000) / (performance.now() - b0)).toFixed(2),
		);
}
child.kill("SIGINT");
await new Promise((r) => child.on("exit", r));
process.exit(0);
