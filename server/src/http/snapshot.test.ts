import { parseJpegSize } from "@vigia/rtp";
import fastify, { type FastifyInstance } from "fastify";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import { FIRST_PICTURE_MS, MAX_WAITING_RENDERS, RENDER_EVERY_MS, Snapshots } from "../outputs/snapshot/snapshots.ts";
import { systemClock } from "../platform/clock.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { Ffmpeg } from "../platform/ffmpeg.ts";
import type { ReadableStreamSource } from "../streams/reader.ts";
import { type ClipName, hasFfmpeg, makeClip } from "../transcode/testing/clips.ts";
import { eventually } from "../transcode/testing/eventually.ts";
import { LiveCamera } from "../transcode/testing/live-camera.ts";
import { installErrorHandlers } from "./errors.ts";
import { registerSnapshot } from "./snapshot.ts";

const skip = !hasFfmpeg();
const apps: FastifyInstance[] = [];
afterEach(async () => {
	for (const app of apps.splice(0)) await app.close();
});

/** A server of one camera. `ask` makes a real request. */
async function serve(
	streams: Partial<Record<"main" | "sub", ReadableStreamSource>>,
	path = "ffmpeg",
	clock = systemClock,
) {
	const ffmpeg = new Ffmpeg({ path, clock: systemClock });
	await ffmpeg.look();
	const directory = {
		hasCamera: (id: string) => id === "cam1",
		stream: (id: string, name: "main" | "sub") =>
			id === "cam1" ? (streams[name] ?? streams.main ?? streams.sub) : undefined,
	};
	const app = fastify({ logger: false });
	installErrorHandlers(app, pino({ level: "silent" }));
	const snapshots = new Snapshots({ directory, ffmpeg, clock });
	registerSnapshot(app, { snapshots });
	apps.push(app);
	const address = await app.listen({ host: "127.0.0.1", port: 0 });
	const ask = async (query = "", id = "cam1") => {
		const response = await fetch(`${address}/api/cameras/${id}/snapshot.jpg${query}`);
		const body = new Uint8Array(await response.arrayBuffer());
		const { status, headers } = response;
		const code = status === 200 ? undefined : JSON.parse(Buffer.from(body).toString()).error.code;
		return { status, headers, body, code };
	};
	return { ask, renders: () => snapshots.renders };
}

/** A camera that has sent its first pictures, or none. */
function camera(name: ClipName, pictures: number): LiveCamera {
	const made = new LiveCamera(makeClip(name, { pictures: 3 }));
	for (let i = 0; i < pictures; i++) made.pushNext();
	return made;
}

test("a request that is wrong, and a camera that is not there, are answered with what to do", async () => {
	const { ask } = await serve({}, "/nonexistent/ffmpeg");
	for (const query of [
		"?width=15",
		"?width=3841",
		"?width=1e3",
		"?width=-20",
		"?width=",
		"?stream=third",
		"?width=20&width=30",
	]) {
		expect(await ask(query)).toMatchObject({ status: 400, code: "bad-request" });
	}
	expect(await ask("", "cam2")).toMatchObject({ status: 404, code: "unknown-camera" });
});

describe.skipIf(skip)("a still", () => {
	for (const name of ["h264", "h264-b-frames", "h265", "mpeg4", "jpeg"] as const) {
		test(`of ${name} is the latest key frame, with the time at which it was captured`, async () => {
			const { stream } = camera(name, 2);
			const [key] = stream.currentGop();
			const { ask } = await serve({ main: stream });
			const { status, headers, body } = await ask("?width=64");
			expect(status).toBe(200);
			expect(parseJpegSize(body)).toEqual({ width: 64, height: 48 });
			expect(headers.get("content-type")).toBe("image/jpeg");
			expect(headers.get("cache-control")).toBe("no-store");
			const captured = headers.get("x-vigia-captured-at") ?? "";
			expect(captured).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
			const expected = Date.now() - (performance.now() - (key?.arrivalMs ?? 0));
			expect(Math.abs(Date.parse(captured) - expected)).toBeLessThan(100);
			expect(headers.get("last-modified")).toBe(new Date(captured).toUTCString());
		});
	}

	test("has the camera's own size without a width, and is never made larger", async () => {
		const { ask } = await serve({ main: camera("h264", 1).stream });
		expect(parseJpegSize((await ask()).body)).toEqual({ width: 160, height: 120 });
		expect(parseJpegSize((await ask("?width=3840")).body)).toEqual({ width: 160, height: 120 });
	});

	test("is made once for all who ask, and anew for a newer key frame, once a second", async () => {
		const clock = new FakeClock();
		const source = camera("jpeg", 1);
		const { ask, renders } = await serve({ main: source.stream }, "ffmpeg", clock);
		const bodies = await Promise.all(Array.from({ length: 8 }, () => ask("?width=32")));
		expect(new Set(bodies.map(({ body }) => Buffer.from(body).toString("hex"))).size).toBe(1);
		expect(renders()).toBe(1);
		source.pushNext();
		await ask("?width=32");
		expect(renders()).toBe(1);
		clock.advance(RENDER_EVERY_MS);
		await ask("?width=32");
		expect(renders()).toBe(2);
		clock.advance(RENDER_EVERY_MS);
		await ask("?width=32");
		expect(renders()).toBe(2);
	});

	test("many sizes at once wait for each other, and too many are turned away", async () => {
		const { ask } = await serve({ main: camera("h264", 1).stream });
		const answers = await Promise.all(
			Array.from({ length: MAX_WAITING_RENDERS + 12 }, (_, i) => ask(`?width=${16 + 2 * i}`)),
		);
		const refused = answers.filter(({ status }) => status === 503);
		expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(["too-many-snapshots"]));
		expect(refused.length).toBeLessThanOrEqual(10);
		expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(MAX_WAITING_RENDERS);
		expect((await ask("?width=16")).status).toBe(200);
	});
});

test.skipIf(skip)("a JPEG camera's newest picture needs no FFmpeg", async () => {
	const source = camera("jpeg", 2);
	const { ask } = await serve({ main: source.stream }, "/nonexistent/ffmpeg");
	const [newest] = source.stream.currentGop();
	const own = newest && "data" in newest ? new Uint8Array(newest.data) : undefined;
	expect((await ask()).body).toEqual(own);
	// Too wide is better than nothing.
	expect((await ask("?width=64")).body).toEqual(own);
});

test.skipIf(skip)("without FFmpeg the answer for any other camera says what to install", async () => {
	const { ask } = await serve({ main: camera("h264", 1).stream }, "/nonexistent/ffmpeg");
	const missing = await ask("?width=64");
	expect(missing).toMatchObject({ status: 503, code: "ffmpeg-missing" });
	expect(Buffer.from(missing.body).toString()).toContain("apt install ffmpeg");
	expect(missing.headers.get("cache-control")).toBe("no-store");
});

test.skipIf(skip)("a stream that is pulled on demand is woken for its first picture, and let go of", async () => {
	const main = camera("jpeg", 0);
	const { ask } = await serve({ main: main.stream, sub: camera("jpeg", 1).stream });
	const answers = [ask(), ask()];
	await eventually("it is woken once", () => main.readers === 1);
	main.pushNext();
	expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
	expect(main.readers).toBe(0);
	expect(main.readerCounts).toEqual([2, 1]);
});

test("a camera that gives no picture in time is said to give none", async () => {
	const clock = new FakeClock();
	let readers = 0;
	const silent: ReadableStreamSource = {
		format: undefined,
		audioFormat: undefined,
		attach: () => ({ gop: [], detach: () => readers--, ...(readers++ && {}) }),
		currentGop: () => [],
	};
	const { ask } = await serve({ main: silent }, "/nonexistent/ffmpeg", clock);
	const answer = ask();
	await eventually("it waits", () => readers === 1);
	clock.advance(FIRST_PICTURE_MS);
	const { status, code, headers } = await answer;
	expect([status, code, headers.get("retry-after")]).toEqual([503, "no-picture", "5"]);
	expect([readers, clock.pending]).toEqual([0, 0]);
});
