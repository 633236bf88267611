/** Where the recorder's password is after quick-start.sh and after cameras were saved in the browser: in two files of its owner. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { settingsCamerasSchema } from "@vigia/api";
import { startCameraSim } from "@vigia/camera-sim";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { secretForms } from "../support/secret-forms.ts";
import { startServer } from "../support/server-process.ts";
import { HEALTHY, ScriptBench } from "./support/script-bench.ts";

const USER = "vigilante-7";
const PASSWORD = "p@ss:w#rd%/ñ $HOME";
const FORMS = secretForms(USER, PASSWORD);

function expectNoSecret(text: string): void {
	expect(text).not.toBe("");
	expect(FORMS.filter((form) => text.includes(form))).toEqual([]);
}

test("the password stands in .env and vigia.yaml, which only their owner reads, and nowhere else", async () => {
	await using sim = await startCameraSim({ count: 2, credentials: { username: USER, password: PASSWORD } });
	using bench = await ScriptBench.open(["quick-start.sh"]);
	bench.stub("hostname");
	// What Docker is told is what its inspect tells.
	bench.stub("docker", `env >>'${bench.path("environment")}'`, HEALTHY);
	const { stdout, stderr } = await bench.run("quick-start.sh", {
		answers: [USER, PASSWORD, "127.0.0.1", String(sim.port), "dahua", "1"],
		env: { LC_ALL: "C.UTF-8" },
	});
	expect(stderr).toBe("");
	expectNoSecret([stdout, ...bench.calls, readFileSync(bench.path("environment"), "utf8")].join("\n"));
	expect(bench.mode(".env")).toBe(0o600);

	await using server = await startServer({}, bench.read(".env"));
	const areLive = async (count: number): Promise<boolean> => {
		const states = (await server.cameras()).map(({ state }) => state);
		return states.length === count && states.every((state) => state === "live");
	};
	await eventually("the camera of .env is live", () => areLive(1));
	const cameras = `${server.url}/api/settings/cameras`;
	const { revision } = settingsCamerasSchema.parse(await (await fetch(cameras)).json());
	const camera = { host: "127.0.0.1", port: String(sim.port), template: "dahua", channel: "2", user: USER };
	const saved = await fetch(cameras, {
		method: "PUT",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ revision, cameras: [{ ...camera, password: PASSWORD }] }),
	});
	expect(saved.status).toBe(200);
	expectNoSecret(await saved.text());
	await eventually("the camera of the browser is live, too", () => areLive(2));

	const folder = `/proc/${server.pid}/cwd`;
	const files = readdirSync(folder);
	expect(files).toEqual(expect.arrayContaining([".env", "vigia.yaml"]));
	expect(readFileSync(`${folder}/vigia.yaml`, "utf8")).toContain(PASSWORD);
	// startServer wrote .env here; that of quick-start.sh was looked at above.
	for (const file of files.filter((name) => name !== ".env")) {
		expect(statSync(`${folder}/${file}`).mode & 0o777, file).toBe(0o600);
	}
	expectNoSecret(readFileSync(`/proc/${server.pid}/cmdline`, "utf8"));
	expectNoSecret(readFileSync(`/proc/${server.pid}/environ`, "utf8"));
	for (const path of ["/", "/health", "/metrics", "/api/cameras", "/api/cameras/cam1", "/api/settings/cameras"]) {
		const answer = await fetch(server.url + path);
		expectNoSecret(`${JSON.stringify([...answer.headers])}\n${await answer.text()}`);
	}
	expectNoSecret(server.output());
});
