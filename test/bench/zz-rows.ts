import { startServer } from "/work/main/test/support/server-process.ts";
import { eventually } from "/work/main/test/support/eventually.ts";
import { measureServer } from "/work/main/test/bench/server-rows.ts";
import { CamerasProcess } from "/work/main/test/bench/processes.ts";
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
for (const r of await measureServer(cameras, server)) console.log(r.what, r.measured);
process.exit(0);
