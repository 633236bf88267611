/** A camera through go2rtc's RTSP server, which we did not write, on the wall. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startCameraSim } from "@vigia/camera-sim";
import { expect, test } from "vitest";
import { launchChromium, movingTiles, openContext } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { accepts, freeTcpPort, startServer } from "../support/server-process.ts";

const go2rtcPath = fileURLToPath(new URL("../../.cache/bin/go2rtc", import.meta.url));
const present = existsSync(go2rtcPath);
if (!present) console.log("SKIPPED: go2rtc is not built; `npm test` builds it where Go and its module proxy are there");

test.skipIf(!present)("a camera that comes through go2rtc is live", async () => {
	await using sim = await startCameraSim({ count: 1 });
	const port = await freeTcpPort();
	const directory = mkdtempSync(join(tmpdir(), "vigia-go2rtc-"));
	const config = join(directory, "go2rtc.yaml");
	writeFileSync(
		config,
		`rtsp:\n  listen: "127.0.0.1:${port}"\napi:\n  listen: ""\nwebrtc:\n  listen: ""\nstreams:\n  door: ${sim.url(1, "sub")}\n`,
	);
	const go2rtc: ChildProcess = spawn(go2rtcPath, ["-config", config], { stdio: "ignore" });
	const browser = await launchChromium();
	try {
		await eventually("go2rtc listens", () => accepts(port));
		await using server = await startServer({ CAMERA_1_URL: `rtsp://127.0.0.1:${port}/door` });
		const page = await (await openContext(browser)).newPage();
		await page.goto(server.url);
		await eventually("its picture moves", async () => (await movingTiles(page)).get("cam1") === 1);
		expect((await server.cameras())[0]).toMatchObject({
			state: "live",
			streams: { main: { codec: "h264", width: 640 } },
		});
	} finally {
		await browser.close();
		go2rtc.kill("SIGKILL");
		rmSync(directory, { recursive: true, force: true });
	}
});
