/** The real go2rtc beside us: its streams as our cameras, our cameras for what plays from it, and it as our engine. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startCameraSim } from "@vigia/camera-sim";
import { describe, expect, test } from "vitest";
import { isRunning } from "../../server/src/neighbours/testing/go2rtc-program.ts";
import { Child } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { childrenOf } from "../support/processes.ts";
import { accepts, freeTcpPort, startServer } from "../support/server-process.ts";

const go2rtcPath = fileURLToPath(new URL("../../.cache/bin/go2rtc", import.meta.url));
const present = existsSync(go2rtcPath);
if (!present) console.log("SKIPPED: go2rtc is not built; `npm test` builds it where Go and its module proxy are there");

const python = fileURLToPath(new URL("../../.cache/aiortc/bin/python", import.meta.url));
const client = fileURLToPath(new URL("clients/whep-client.py", import.meta.url));
const hasPlayer = existsSync(python);
if (!hasPlayer) console.log("SKIPPED: aiortc is not installed; `npm test` installs it where Python and PyPI are there");

/** What a player that is not ours makes of this stream. */
async function play(url: string): Promise<Record<string, unknown>> {
	const { stdout } = await promisify(execFile)(python, [client, url, "10"]);
	return JSON.parse(stdout) as Record<string, unknown>;
}

/** A go2rtc as somebody runs it, which can be killed and started again. */
class Neighbour implements AsyncDisposable {
	readonly apiPort: number;
	readonly #directory: string;
	#child: Child | undefined;

	private constructor(apiPort: number, directory: string) {
		this.apiPort = apiPort;
		this.#directory = directory;
	}

	static async start(streams: Readonly<Record<string, string>>): Promise<Neighbour> {
		const [apiPort, rtspPort] = [await freeTcpPort(), await freeTcpPort()];
		const directory = mkdtempSync(join(tmpdir(), "vigia-neighbour-"));
		const config = {
			app: { modules: ["api", "rtsp", "webrtc"] },
			api: { listen: `127.0.0.1:${apiPort}` },
			rtsp: { listen: `127.0.0.1:${rtspPort}` },
			webrtc: { listen: `:${await freeTcpPort()}`, ice_servers: [] },
			streams,
		};
		// JSON is YAML.
		writeFileSync(join(directory, "go2rtc.yaml"), JSON.stringify(config));
		const neighbour = new Neighbour(apiPort, directory);
		await neighbour.run();
		return neighbour;
	}

	get url(): string {
		return `http://127.0.0.1:${this.apiPort}`;
	}

	async run(): Promise<void> {
		const child = new Child(go2rtcPath, ["-config", join(this.#directory, "go2rtc.yaml")], { endBy: "SIGKILL" });
		this.#child = child;
		await child.until("go2rtc listens", () => accepts(this.apiPort));
	}

	async kill(): Promise<void> {
		await this.#child?.[Symbol.asyncDispose]();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.kill();
		rmSync(this.#directory, { recursive: true, force: true });
	}
}

describe.skipIf(!present)("GO2RTC_URL", () => {
	test("its streams are cameras, changes are followed, and they come back with it", async () => {
		await using sim = await startCameraSim({ count: 2 });
		await using neighbour = await Neighbour.start({ front: sim.url(1, "main"), front_sub: sim.url(1, "sub") });
		await using server = await startServer({
			GO2RTC_URL: neighbour.url.replace("//", "//viewer:s3cret-word@"),
			CAMERA_1_URL: sim.url(2, "sub"),
		});
		const cameraOf = async (id: string) => (await server.cameras()).find((camera) => camera.id === id);
		await eventually("front is live", async () => (await cameraOf("front"))?.state === "live");
		expect((await server.cameras()).map(({ id }) => id)).toEqual(["cam1", "front"]);
		const front = await cameraOf("front");
		expect(front).toMatchObject({ name: "Front", streams: { sub: { width: 640 }, main: { state: "idle" } } });
		const added = `${neighbour.url}/api/streams?name=yard&src=${encodeURIComponent(sim.url(2, "main"))}`;
		expect((await fetch(added, { method: "PUT" })).status).toBe(200);
		await eventually("yard is live", async () => (await cameraOf("yard"))?.state === "live");
		expect((await cameraOf("front"))?.since).toBe(front?.since);

		await neighbour.kill();
		await eventually("front is gone", async () => (await cameraOf("front"))?.state === "waiting");
		await eventually("the log says so", () => server.output().includes("go2rtc does not answer"));
		expect((await server.cameras()).map(({ id }) => id)).toEqual(["cam1", "front", "yard"]);
		expect((await cameraOf("cam1"))?.state).toBe("live");
		await neighbour.run();
		await eventually("front is live again", async () => (await cameraOf("front"))?.state === "live");
		expect(server.output()).not.toContain("s3cret");
	});
});

/** Processes of go2rtc that were started, however indirectly, by this one's shell. */
function go2rtcOf(serverPid: number): number[] {
	const shells = childrenOf(serverPid, "sh");
	return shells.flatMap((shell) => childrenOf(shell, "go2rtc"));
}

describe.skipIf(!present || !hasPlayer)("WEBRTC_ENGINE=go2rtc", () => {
	test("a go2rtc of our own plays to WHEP players, the built-in engine while it is away, and it ends with us", async () => {
		await using sim = await startCameraSim({ count: 1 });
		await using server = await startServer({
			CAMERA_1_URL: sim.url(1, "sub"),
			CAMERA_1_MAIN_URL: sim.url(1, "main"),
			WEBRTC_ENGINE: "go2rtc",
			GO2RTC_BIN: go2rtcPath,
			LOG_LEVEL: "debug",
		});
		await eventually("cam1 is live", async () => (await server.cameras())[0]?.state === "live");
		await eventually("go2rtc runs", () => server.output().includes("go2rtc runs"));
		const whep = `${server.url}/api/cameras/cam1/whep`;
		const peers = async (): Promise<string> => await (await fetch(`${server.url}/metrics`)).text();
		const [first] = go2rtcOf(server.pid);
		expect(await play(`${whep}?stream=main`)).toMatchObject({ frames: 10, width: 1280, status: 201, deleted: 200 });
		console.log(
			(await peers())
				.split("\n")
				.filter((line) => /webrtc/.test(line) && !line.startsWith("#"))
				.join(" "),
		);
		// One connection for each stream of the camera, whoever plays it.
		expect(sim.sessions).toBeLessThanOrEqual(2);

		process.kill(first as number, "SIGKILL");
		expect(await play(`${whep}?stream=sub`)).toMatchObject({ frames: 10, width: 640, status: 201, deleted: 200 });
		const [second] = await eventually("go2rtc is back", () => {
			const found = go2rtcOf(server.pid);
			return found.length > 0 && found[0] !== first && found;
		});
		await server.kill("SIGKILL");
		await eventually("nothing is left", () => !isRunning(second as number));
		expect(server.output()).not.toMatch(/rtsp:\/\/vigia:[^*]/);
	});
});
