/**
 * A visitor of a wall that runs elsewhere, for the trials in test/deploy: waits for live cameras, saves one more as the page
 * does, looks at the wall in Chromium, and looks for secrets. The password comes in the environment (`SECRET`), as it would
 * from a person. An authority of one's own: `NODE_EXTRA_CA_CERTS`, which Chromium does not ask (it takes any certificate).
 *
 *   node visit.ts live URL COUNT SECONDS
 *   node visit.ts watch URL RUNG
 *   node visit.ts save URL LOG HOST PORT USER
 *   node visit.ts answers URL
 *   node visit.ts secrets USER FILE...
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type CameraStatus, settingsCamerasSchema } from "@vigia/api";
import { parseJpegSize } from "@vigia/rtp";
import { launchChromium } from "../../support/browser.ts";
import { secretForms } from "../../support/secret-forms.ts";
import { allLiveOn, withPage } from "../../support/wall.ts";

const POLL_MS = 100;
/** What a visitor without any right can ask for. */
const PATHS = ["/", "/health", "/metrics", "/api/cameras", "/api/cameras/cam1", "/api/settings/cameras", "/nothing"];

const { SECRET: secret = "" } = process.env;

async function camerasOf(url: string): Promise<readonly CameraStatus[]> {
	try {
		return (await (await fetch(`${url}/api/cameras`)).json()) as CameraStatus[];
	} catch {
		// It does not answer yet.
		return [];
	}
}

async function awaitLive(url: string, count: number, seconds: number): Promise<void> {
	const end = performance.now() + seconds * 1000;
	let cameras: readonly CameraStatus[] = [];
	while (performance.now() < end) {
		cameras = await camerasOf(url);
		if (cameras.length === count && cameras.every(({ state }) => state === "live")) break;
		await sleep(POLL_MS);
	}
	const states = cameras.map(({ id, state, reason }) => `${id} ${state} ${JSON.stringify(reason ?? "")}`);
	if (cameras.length !== count || cameras.some(({ state }) => state !== "live")) {
		throw new Error(`not ${count} live cameras but: ${states.join(", ")}`);
	}
	const health = await fetch(`${url}/health`);
	const still = await fetch(`${url}/api/cameras/cam1/snapshot.jpg`);
	const picture = Buffer.from(await still.arrayBuffer());
	const size = still.status === 200 ? parseJpegSize(picture) : undefined;
	const shown = size === undefined ? `none, ${still.status}: ${picture.toString()}` : `${size.width}x${size.height}`;
	console.log(`live: ${cameras.length} cameras, health ${health.status}, still of cam1: ${shown}`);
}

/** The sixteen simulated cameras, each in its own tile and moving. */
async function watchWall(url: string, rung: string): Promise<void> {
	const browser = await launchChromium();
	try {
		await withPage(browser, url, async (page) => {
			console.log(`Chromium: 16 tiles live over ${rung} after ${Math.round(await allLiveOn(page, rung))} ms`);
		});
	} finally {
		await browser.close();
	}
}

/** As the page does that was opened with the address that the server printed at its start. */
async function saveCamera(url: string, log: string, host: string, port: string, user: string): Promise<void> {
	const [, token] = /#settings=([\w-]+)/.exec(readFileSync(log, "utf8")) ?? [];
	if (token === undefined) throw new Error("the log has no token");
	const ask = async (path: string, method: string, body?: unknown, cookie = ""): Promise<Response> => {
		const headers = { "content-type": "application/json", cookie };
		const answer = await fetch(`${url}/api/settings${path}`, {
			method,
			headers,
			...(body !== undefined && { body: JSON.stringify(body) }),
		});
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
		return answer;
	};
	const cookie = (await ask("/access", "POST", { token })).headers.get("set-cookie")?.split(";")[0];
	const before = settingsCamerasSchema.parse(await (await ask("/cameras", "GET", undefined, cookie)).json());
	const camera = { name: "Saved", host, port, template: "dahua", channel: "1", user, password: secret };
	const cameras = [...before.cameras.map((_, was) => ({ was })), camera];
	console.log(await (await ask("/cameras", "PUT", { revision: before.revision, cameras }, cookie)).text());
}

async function printAnswers(url: string): Promise<void> {
	for (const path of PATHS) {
		const answer = await fetch(url + path);
		console.log(path, answer.status, JSON.stringify([...answer.headers]), await answer.text());
	}
}

function findSecrets(user: string, files: readonly string[]): void {
	if (secret === "") throw new Error("SECRET is not set");
	const forms = secretForms(user, secret);
	for (const file of files) {
		const bytes = readFileSync(file);
		if (bytes.length === 0) throw new Error(`${file} is empty: nothing was looked at`);
		const found = forms.filter((form) => bytes.includes(form)).length;
		if (found > 0) throw new Error(`${file} holds the password in ${found} forms`);
	}
	console.log(`no password in: ${files.map((file) => file.replace(/.*\//, "")).join(", ")}`);
}

const [command, ...args] = process.argv.slice(2);
const [first = "", second = "", third = "", fourth = "", fifth = ""] = args;
try {
	if (command === "live") await awaitLive(first, Number(second), Number(third));
	else if (command === "watch") await watchWall(first, second);
	else if (command === "save") await saveCamera(first, second, third, fourth, fifth);
	else if (command === "answers") await printAnswers(first);
	else if (command === "secrets") findSecrets(first, args.slice(1));
	else throw new Error("no such command");
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
}
