/** Cameras of all codecs in Chromium, which has no H.265, with FFmpeg and without: judged by decoded pixels. */
import { existsSync } from "node:fs";
import { REASON_TEXTS } from "@vigia/api";
import { type CameraSim, startCameraSim } from "@vigia/camera-sim";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { QuirkCamera } from "../cameras/support/quirk-camera.ts";
import { openCodedCamera, type QuirkClip } from "../interop/coded-camera.ts";
import { CODED_CLIPS, type CodedClip } from "../interop/coded-clips.ts";
import { GSTREAMER_IS_THERE, GstreamerServer, LOGIN } from "../interop/gstreamer-server.ts";
import { launchChromium, movingTiles, readTiles } from "../support/browser.ts";
import { type CameraAddresses, cameraSettings } from "../support/camera-settings.ts";
import { eventually } from "../support/eventually.ts";
import { PortSwitch } from "../support/port-switch.ts";
import { childrenOf } from "../support/processes.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { withPage } from "../support/wall.ts";

/** A transcode goes on for 10 s without viewers. */
const LINGER_LIMIT_MS = 20_000;
/** Old pictures are marked after two seconds, at the next of two ticks a second; a loaded machine takes longer. */
const UNMARKED_LIMIT_MS = 3500;
/** A page that was refused asks again after ten seconds; a loaded machine takes longer. */
const RETRY_LIMIT_MS = 60_000;
/** A still shows the latest key frame; the cameras have one in two seconds. */
const STILL_AGE_LIMIT_MS = 10_000;
/** The camera of the simulator, for H.264 that nothing is wrong with. */
const PLAIN = 7;
/** A picture of this age is marked whatever its camera. */
const OLD_MS = 10_000;

interface TestCamera {
	readonly url: string;
	/** In its pictures' code. */
	readonly number: number;
	readonly codec: CodedClip | "h264";
}

let gstreamer: GstreamerServer | undefined;
let sim: CameraSim;
let browser: Browser;
const scripted: QuirkCamera[] = [];
/** All kinds: the tiles cam1, cam2, ... in this order. */
const cameras: TestCamera[] = [];

beforeAll(async () => {
	sim = await startCameraSim({ count: 8 });
	if (GSTREAMER_IS_THERE) {
		gstreamer = await GstreamerServer.startWithClips();
		for (const codec of ["h265", "mjpeg", "mpeg4", "bframes"] as const) {
			const url = `rtsp://127.0.0.1:${gstreamer.port}${gstreamer.clipPath(codec)}`;
			cameras.push({ url, number: CODED_CLIPS[codec], codec });
		}
	}
	for (const codec of ["h265", "mjpeg", "bframes"] as const) {
		cameras.push({ url: `${(await openScripted(codec)).url}/stream`, number: CODED_CLIPS[codec], codec });
	}
	cameras.push({ url: sim.url(PLAIN, "sub"), number: PLAIN, codec: "h264" });
	browser = await launchChromium();
});

afterAll(async () => {
	await browser?.close();
	gstreamer?.[Symbol.dispose]();
	for (const camera of scripted) await camera.close();
	await sim?.[Symbol.asyncDispose]();
});

async function openScripted(codec: QuirkClip): Promise<QuirkCamera> {
	const camera = await openCodedCamera(codec, LOGIN);
	scripted.push(camera);
	return camera;
}

async function startWith(addresses: readonly CameraAddresses[], env: Record<string, string>): Promise<ServerProcess> {
	return await startServer({ ...cameraSettings(addresses, LOGIN), ...env });
}

async function withWall(server: ServerProcess, use: (page: Page) => Promise<unknown>): Promise<void> {
	await withPage(browser, server.url, use);
}

/** On what a tile stands: `webrtc best`, `mse b-frames`. */
async function rungOf(page: Page, tile: string): Promise<string> {
	return await page
		.locator(`[data-camera="${tile}"]`)
		.evaluate(({ dataset: { rung, rungReason } }) => `${rung} ${rungReason}`);
}

/** The words on a tile. */
async function wordsOf(page: Page, tile: string): Promise<string> {
	return await page.locator(`[data-camera="${tile}"]`).innerText();
}

/** The first line of a tile's menu. */
async function menuLineOf(page: Page, tile: string): Promise<string> {
	await page.locator(`[data-camera="${tile}"]`).hover();
	await page.locator(`[data-camera="${tile}"] .menu-button`).click();
	const line = await page.locator(".menu-rung").innerText();
	await page.keyboard.press("Escape");
	return line;
}

async function plays(page: Page, tile: string, number: number): Promise<boolean> {
	const live = (await readTiles(page)).some(({ camera, state }) => camera === tile && state === "live");
	return live && (await movingTiles(page)).get(tile) === number;
}

async function metric(server: ServerProcess, name: string): Promise<number> {
	const text = await (await fetch(`${server.url}/metrics`)).text();
	return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

const tileAt = (index: number): string => `cam${index + 1}`;
const needsTranscode = ({ codec }: TestCamera): boolean => ["h265", "mjpeg", "mpeg4"].includes(codec);
const expectedRung = ({ codec }: TestCamera): string => (codec === "bframes" ? "mse b-frames" : "webrtc best");

/** All cameras move on their own tiles, on the rungs on which they should. */
async function allPlay(page: Page, shown: readonly TestCamera[] = cameras): Promise<void> {
	await eventually(
		"every tile shows its own camera, moving and live",
		async () => {
			const moving = await movingTiles(page);
			const live = (await readTiles(page)).filter(({ state }) => state === "live").length;
			return live === shown.length && shown.every(({ number }, index) => moving.get(tileAt(index)) === number);
		},
		RETRY_LIMIT_MS,
	);
	await eventually(
		"every tile is on its rung",
		async () => {
			const rungs = await Promise.all(shown.map((_, index) => rungOf(page, tileAt(index))));
			expect(rungs).toEqual(shown.map(expectedRung));
			return true;
		},
		RETRY_LIMIT_MS,
	);
}

describe("with FFmpeg", () => {
	let server: ServerProcess;
	const children = (): number[] => childrenOf(server.pid, "ffmpeg");

	beforeAll(async () => {
		const urls = cameras.map(({ url }) => url);
		server = await startWith(urls, { TRANSCODE_MAX: String(cameras.length) });
	});

	afterAll(async () => await server?.[Symbol.asyncDispose]());

	test("H.265, MJPEG, MPEG-4 and B-frames end in moving pictures, with one FFmpeg for all viewers of a stream", async () => {
		const transcodes = cameras.filter(needsTranscode).length;
		await withWall(server, async (page) => {
			await allPlay(page);
			// The B-frames' one, of before anybody knew of them, lingers.
			await eventually("one transcode for each camera that needs one", async () => {
				return (await metric(server, "vigia_transcodes")) === transcodes && children().length === transcodes;
			});
			const before = children();
			expect(await menuLineOf(page, "cam1")).toBe("WebRTC, converted by the server");
			await withWall(server, async (second) => {
				await allPlay(second);
				expect(new Set(children())).toEqual(new Set(before));
				expect(await metric(server, "vigia_transcodes")).toBe(transcodes);
			});
			expect(await metric(server, "vigia_transcode_restarts_total")).toBe(0);
		});
		await eventually("FFmpeg ends when nobody watches", () => children().length === 0, LINGER_LIMIT_MS);
		expect(await metric(server, "vigia_transcodes")).toBe(0);
	});

	test.each(["SIGKILL", "SIGSTOP"] as const)(
		"FFmpeg hit by %s is replaced, and nothing else blinks",
		async (signal) => {
			await withWall(server, async (page) => {
				await allPlay(page);
				await watchStates(page);
				const restarts = await metric(server, "vigia_transcode_restarts_total");
				const [victim] = children();
				process.kill(victim as number, signal);
				await eventually("it is replaced", async () => {
					return (
						(await metric(server, "vigia_transcode_restarts_total")) > restarts &&
						!children().includes(victim as number)
					);
				});
				await allPlay(page);
				const { hit, unmarkedMs, unmarked } = await seenStates(page);
				console.log(`${signal}: not live ${hit.join()}; longest standing and live ${unmarkedMs} ms: ${unmarked}`);
				expect(hit.length).toBeLessThanOrEqual(1);
				if (signal === "SIGSTOP") expect(hit).toHaveLength(1);
				expect(unmarkedMs).toBeLessThan(UNMARKED_LIMIT_MS);
			});
		},
	);

	test("snapshots are there of every codec, as wide as asked for, with the time of their capture", async () => {
		await withWall(server, async (page) => {
			for (const [index, { number }] of cameras.entries()) {
				const { ageMs, ...snapshot } = await snapshotOf(page, tileAt(index), 160);
				expect(snapshot).toEqual({ status: 200, width: 160, camera: number });
				expect(ageMs).toBeLessThan(STILL_AGE_LIMIT_MS);
				expect(ageMs).toBeGreaterThanOrEqual(0);
			}
		});
	});

	test("a server that is stopped leaves no FFmpeg behind", async () => {
		await withWall(server, async (page) => {
			await allPlay(page);
			const running = children();
			expect(running.length).toBeGreaterThan(0);
			await server.kill("SIGTERM");
			await eventually("no FFmpeg is left", () => running.every((pid) => !existsSync(`/proc/${pid}`)));
		});
	});
});

describe("without FFmpeg", () => {
	let server: ServerProcess;

	beforeAll(async () => {
		const urls = cameras.map(({ url }) => url);
		server = await startWith(urls, { FFMPEG: "/nonexistent/ffmpeg" });
	});

	afterAll(async () => await server?.[Symbol.asyncDispose]());

	test("what Chromium does not play is a still with the reason, and everything else plays", async () => {
		await withWall(server, async (page) => {
			for (const [index, camera] of cameras.entries()) {
				const tile = tileAt(index);
				if (needsTranscode(camera)) await eventually(`${tile} is a still`, () => isStill(page, tile, camera));
				else await eventually(`${tile} plays`, () => plays(page, tile, camera.number));
			}
			const rungs = await Promise.all(cameras.map((_, index) => rungOf(page, tileAt(index))));
			expect(rungs).toEqual(cameras.map((camera) => (needsTranscode(camera) ? "still refused" : expectedRung(camera))));
		});
		expect(server.output().match(/FFmpeg is not installed.*apt install ffmpeg/g)).toHaveLength(1);
	});

	async function isStill(page: Page, tile: string, camera: TestCamera): Promise<true> {
		const words = await wordsOf(page, tile);
		expect(words).toContain(REASON_TEXTS["ffmpeg-missing"]);
		// A JPEG camera's pictures are stills as they are.
		expect(words).toMatch(camera.codec === "mjpeg" ? /Picture taken \d+ s ago/ : /No picture yet/);
		const { state, code } = (await readTiles(page)).find((shown) => shown.camera === tile) ?? {};
		expect({ state, number: code?.camera }).toEqual({
			state: "still",
			number: camera.codec === "mjpeg" ? camera.number : undefined,
		});
		expect(await menuLineOf(page, tile)).toBe(`Still pictures: ${REASON_TEXTS["ffmpeg-missing"]}`);
		return true;
	}

	test("a snapshot is a JPEG camera's own picture, and of the others the answer says what to install", async () => {
		await withWall(server, async (page) => {
			for (const [index, { codec, number }] of cameras.entries()) {
				if (codec === "mjpeg") {
					expect(await snapshotOf(page, tileAt(index), 160)).toMatchObject({ status: 200, camera: number });
				} else {
					const response = await fetch(`${server.url}/api/cameras/${tileAt(index)}/snapshot.jpg`);
					expect(response.status).toBe(503);
					expect(await response.json()).toMatchObject({ error: { code: "ffmpeg-missing" } });
				}
			}
		});
	});
});

/** Cameras behind a switch: what answers at their address changes while they are watched. */
async function openSwitch(camera: { readonly port: number }): Promise<PortSwitch & { readonly url: string }> {
	const door = await PortSwitch.open(camera.port);
	// The simulator's path; scripted cameras take any.
	const { pathname, search } = new URL(sim.url(PLAIN, "sub"));
	return Object.assign(door, { url: `rtsp://127.0.0.1:${door.port}${pathname}${search}` });
}

const BY_TCP = { RTSP_TRANSPORT: "tcp" };

test("where one transcode is allowed, the second camera says so, and plays once the first needs none", async () => {
	const [first, second] = [await openScripted("h265"), await openScripted("h265")];
	await using door1 = await openSwitch(first);
	await using door2 = await openSwitch(second);
	await using server = await startWith([door1.url, door2.url], { ...BY_TCP, TRANSCODE_MAX: "1" });
	await withWall(server, async (page) => {
		const refused = await eventually("one tile says why it does not play", async () => {
			const words = [await wordsOf(page, "cam1"), await wordsOf(page, "cam2")];
			const at = words.findIndex((text) => text.includes(REASON_TEXTS["transcode-limit"]));
			return at < 0 ? undefined : at;
		});
		const playing = 1 - refused;
		await eventually("the other one plays", () => plays(page, tileAt(playing), CODED_CLIPS.h265));
		// Somebody does as the tile says: another codec in the camera's settings.
		[door1, door2][playing]?.lead(sim.port);
		await eventually("it plays without FFmpeg", () => plays(page, tileAt(playing), PLAIN));
		await eventually("the second one plays", () => plays(page, tileAt(refused), CODED_CLIPS.h265), RETRY_LIMIT_MS);
		expect(childrenOf(server.pid, "ffmpeg")).toHaveLength(1);
	});
});

test("a camera that comes back with H.265 instead of H.264 goes on on its tile", async () => {
	const camera = await openScripted("h265");
	await using door = await openSwitch(sim);
	await using server = await startWith([door.url], BY_TCP);
	await withWall(server, async (page) => {
		await eventually("H.264 plays", () => plays(page, "cam1", PLAIN));
		door.lead(camera.port);
		await eventually("H.265 plays", () => plays(page, "cam1", CODED_CLIPS.h265));
		expect(await menuLineOf(page, "cam1")).toBe("WebRTC, converted by the server");
	});
});

test("enlarging a camera whose main stream is H.265 keeps its H.264 sub stream, and says why", async () => {
	const main = await openScripted("h265");
	await using server = await startWith([{ sub: sim.url(PLAIN, "sub"), main: `${main.url}/main` }], {});
	await withWall(server, async (page) => {
		await eventually("the sub stream plays", () => plays(page, "cam1", PLAIN));
		await page.locator('[data-camera="cam1"]').dblclick();
		await eventually("it says why the main stream is not shown", async () => {
			const line = await page.locator('[data-camera="cam1"] .stream-line').innerText();
			expect(line).toBe("Showing the sub stream: this browser cannot play the main stream's codec.");
			return true;
		});
		await eventually("the server has let go of the main stream, whose last picture is old", async () => {
			const [camera] = await server.cameras();
			const { state, lastVideoMs = 0 } = camera?.streams.main ?? {};
			return state === "idle" && lastVideoMs > OLD_MS;
		});
		await eventually("the sub stream plays on", () => plays(page, "cam1", PLAIN));
		expect((await readTiles(page)).map(({ state }) => state)).toEqual(["live"]);
	});
});

interface SeenStates {
	/** Tiles that were not live at some time. */
	readonly hit: readonly string[];
	/** The longest time that a picture stood on a tile that said live, in milliseconds. */
	readonly unmarkedMs: number;
	/** Which tile that was. */
	readonly unmarked: string;
}

declare global {
	interface Window {
		seenStates: () => SeenStates;
	}
}

/** Begins to look at what the tiles say, and whether it is true. */
async function watchStates(page: Page): Promise<void> {
	await page.evaluate(() => {
		const hit = new Set<string>();
		let unmarkedMs = 0;
		let unmarked = "";
		/** Since when a tile has said live of the picture that it shows. */
		const standing = new Map<string, { readonly counter: number | undefined; readonly sinceMs: number }>();
		const look = (): void => {
			for (const { camera, state, code, rung } of window.readTiles()) {
				const nowMs = performance.now();
				const before = standing.get(camera);
				if (state !== "live") hit.add(camera);
				if (state !== "live" || !before || before.counter !== code?.counter) {
					standing.set(camera, { counter: code?.counter, sinceMs: nowMs });
				} else if (nowMs - before.sinceMs > unmarkedMs) {
					unmarkedMs = nowMs - before.sinceMs;
					unmarked = `${camera} over ${rung}, picture ${code?.counter}`;
				}
			}
		};
		setInterval(look, 100);
		window.seenStates = () => ({ hit: [...hit], unmarkedMs: Math.round(unmarkedMs), unmarked });
	});
}

async function seenStates(page: Page): Promise<SeenStates> {
	return await page.evaluate(() => window.seenStates());
}

interface Snapshot {
	readonly status: number;
	readonly width: number;
	/** From the code in the picture. */
	readonly camera: number | undefined;
	readonly ageMs: number;
}

/** Reads a snapshot as Chromium decodes it. */
async function snapshotOf(page: Page, tile: string, width: number): Promise<Snapshot> {
	return await page.evaluate(
		async ([id, pixels]) => {
			const response = await fetch(`api/cameras/${id}/snapshot.jpg?width=${pixels}`);
			const bitmap = await createImageBitmap(await response.blob());
			const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
			const context2d = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
			context2d.drawImage(bitmap, 0, 0);
			const { data } = context2d.getImageData(0, 0, bitmap.width, bitmap.height);
			return {
				status: response.status,
				width: bitmap.width,
				camera: window.readFrameCode(data, bitmap.width, bitmap.height, 4)?.camera,
				ageMs: Date.now() - Date.parse(response.headers.get("x-vigia-captured-at") ?? ""),
			};
		},
		[tile, width] as const,
	);
}
