import { spawnSync } from "node:child_process";
import { getPriority } from "node:os";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "./clock.ts";
import { FakeClock } from "./fake-clock.ts";
import { Ffmpeg, KILL_AFTER_MS, LOOK_AGAIN_AFTER_MS } from "./ffmpeg.ts";

const here = spawnSync("ffmpeg", ["-version"]).status === 0;
if (!here) process.stderr.write("skipped: needs ffmpeg on PATH\n");
const LIMITS = { timeoutMs: 10_000, maxOutputBytes: 1024 * 1024 };

afterEach(() => {
	delete process.env.CAMERA_1_PASSWORD;
});

test.skipIf(!here)("says its version and its encoders", async () => {
	const ffmpeg = new Ffmpeg({ clock: systemClock });
	expect(ffmpeg.facts).toBeUndefined();
	const facts = await ffmpeg.look();
	expect(facts?.version).toMatch(/^\w*\d/);
	expect(facts?.encoders.has("mjpeg")).toBe(true);
	expect(ffmpeg.facts).toBe(facts);
});

test("an FFmpeg that is not there is looked for again after a minute, not sooner", async () => {
	const clock = new FakeClock();
	const ffmpeg = new Ffmpeg({ path: "/nonexistent/ffmpeg", clock });
	const first = ffmpeg.look();
	expect(await first).toBeUndefined();
	expect(ffmpeg.look()).toBe(ffmpeg.look());
	clock.advance(LOOK_AGAIN_AFTER_MS - 1);
	const again = ffmpeg.look();
	clock.advance(1);
	expect(ffmpeg.look()).not.toBe(again);
	expect(await ffmpeg.look()).toBeUndefined();
	const child = ffmpeg.spawn(["-version"], () => {});
	child.write(new Uint8Array(10));
	child.end();
	child.stop();
	expect(await child.closed).toEqual({
		code: null,
		signal: null,
		lastLines: ["/nonexistent/ffmpeg cannot be started: ENOENT"],
	});
});

test("another program of that name is not taken for FFmpeg", async () => {
	expect(await new Ffmpeg({ path: "true", clock: systemClock }).look()).toBeUndefined();
});

test("camera passwords in our environment do not reach a child", async () => {
	process.env.CAMERA_1_PASSWORD = "hunter2";
	const { output } = await new Ffmpeg({ path: "env", clock: systemClock }).run([], [], LIMITS);
	const names = Buffer.from(output)
		.toString()
		.trim()
		.split("\n")
		.map((line) => line.split("=", 1)[0]);
	expect(names).toContain("PATH");
	expect(names).not.toContain("CAMERA_1_PASSWORD");
});

test("what goes in comes out, and input after the end of a child does no harm", async () => {
	const echo = new Ffmpeg({ path: "cat", clock: systemClock });
	const { output, code, cut } = await echo.run([], [Buffer.from("a"), Buffer.from("b")], LIMITS);
	expect([Buffer.from(output).toString(), code, cut]).toEqual(["ab", 0, false]);
	const deaf = new Ffmpeg({ path: "true", clock: systemClock }).spawn([], () => {});
	for (let i = 0; i < 100; i++) deaf.write(new Uint8Array(100_000));
	expect((await deaf.closed).code).toBe(0);
	deaf.write(new Uint8Array(1));
	deaf.kill();
});

test("a run that gives too much or takes too long is killed", async () => {
	const flood = await new Ffmpeg({ path: "yes", clock: systemClock }).run([], [], LIMITS);
	expect([flood.cut, flood.signal]).toEqual([true, "SIGKILL"]);
	const slow = new Ffmpeg({ path: "sleep", clock: systemClock });
	expect((await slow.run(["60"], [], { ...LIMITS, timeoutMs: 10 })).cut).toBe(true);
});

test("a child runs with low priority; one that is stopped by a signal is killed after the deadline", async () => {
	const clock = new FakeClock();
	const child = new Ffmpeg({ path: "sleep", clock }).spawn(["60"], () => {});
	expect(getPriority(child.pid)).toBeGreaterThan(0);
	process.kill(child.pid as number, "SIGSTOP");
	child.stop();
	clock.advance(KILL_AFTER_MS);
	expect(await child.closed).toMatchObject({ signal: "SIGKILL" });
	expect(clock.pending).toBe(0);
});

test("closing ends all children", async () => {
	const sleep = new Ffmpeg({ path: "sleep", clock: systemClock });
	const children = [sleep.spawn(["60"], () => {}), sleep.spawn(["60"], () => {})];
	await sleep.close();
	expect(await Promise.all(children.map(({ closed }) => closed))).toMatchObject([
		{ signal: "SIGTERM" },
		{ signal: "SIGTERM" },
	]);
});

test("of what a child says the last lines are kept", async () => {
	const shell = new Ffmpeg({ path: "sh", clock: systemClock });
	const { lastLines } = await shell.run(["-c", "seq 1 1000 >&2; printf 'no line end' >&2"], [], LIMITS);
	expect(lastLines).toHaveLength(12);
	expect(lastLines.slice(-2)).toEqual(["1000", "no line end"]);
});
