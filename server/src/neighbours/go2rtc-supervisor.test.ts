import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeClock } from "../platform/fake-clock.ts";
import { REQUEST_TIMEOUT_MS } from "./go2rtc-client.ts";
import { CHECK_EVERY_MS, FIRST_RETRY_MS, Go2rtcSupervisor, START_LIMIT_MS } from "./go2rtc-supervisor.ts";
import { Go2rtcProgram, isRunning } from "./testing/go2rtc-program.ts";

/** Only a fault reaches it. */
const WAIT = { timeout: 15_000, interval: 10 };

let clock: FakeClock;
let program: Go2rtcProgram;
let supervisor: Go2rtcSupervisor;
let warnings: string[];
let lines: string[];
let mark: number;

beforeEach(() => {
	clock = new FakeClock();
	program = new Go2rtcProgram();
	[warnings, lines, mark] = [[], [], 1];
	supervisor = new Go2rtcSupervisor({
		program: program.path,
		config: (socketPath) => JSON.stringify({ api: { unix_listen: socketPath }, mark }),
		clock,
		log: {
			debug: (fields) => void lines.push(JSON.stringify(fields)),
			info: () => {},
			warn: (_fields, message) => void warnings.push(message),
		},
	});
});

afterEach(async () => {
	await supervisor.close();
	await supervisor.close();
	expect(clock.pending).toBe(0);
	for (const { pid } of program.runs) expect(isRunning(pid)).toBe(false);
	program[Symbol.dispose]();
	// An ended run's bad news is no news: after the end nothing is told.
	expect(lines.join()).not.toContain("s3cret");
});

/** It comes up while it is asked every so often. */
async function untilReady(): Promise<void> {
	await vi.waitUntil(() => {
		clock.advance(100);
		return supervisor.isReady;
	}, WAIT);
}

const lastPid = (): number => program.runs.at(-1)?.pid ?? 0;

test("it runs with settings that nobody else can read, and without our environment", async () => {
	process.env.CAM_PASS = "s3cret-word";
	supervisor.start();
	await untilReady();
	delete process.env.CAM_PASS;
	const [run] = program.runs;
	expect(run).toMatchObject({ mode: "600", config: { mark: 1 } });
	expect(run?.environment).toContain("PATH");
	expect(run?.environment).not.toContain("CAM_PASS");
	await vi.waitUntil(() => lines.length > 0, WAIT);
	expect(lines[0]).toContain("rtsp://***@127.0.0.1/x");
	expect(await supervisor.client.info()).toEqual({ rtspPort: undefined });
	await supervisor.close();
	expect([supervisor.isReady, warnings, existsSync(dirname(run?.config.api.unix_listen ?? ""))]).toEqual([
		false,
		[],
		false,
	]);
});

test("killed, it is started again, and the log hears of it once", async () => {
	supervisor.start();
	await untilReady();
	const killed = lastPid();
	process.kill(killed, "SIGKILL");
	await vi.waitUntil(() => !supervisor.isReady, WAIT);
	expect(warnings).toEqual([expect.stringContaining("go2rtc has ended")]);
	clock.advance(FIRST_RETRY_MS - 1);
	expect(program.runs).toHaveLength(1);
	await untilReady();
	expect(lastPid()).not.toBe(killed);
	expect(warnings).toHaveLength(1);
});

test("one that ends at once is tried again later each time", async () => {
	program.set("broken", true);
	supervisor.start();
	for (const [index, waitMs] of [FIRST_RETRY_MS, 2 * FIRST_RETRY_MS, 4 * FIRST_RETRY_MS].entries()) {
		await vi.waitUntil(() => program.runs.length === index + 1 && !isRunning(lastPid()) && clock.pending === 1, WAIT);
		// The question whether it answers is put to the next run.
		await vi.waitUntil(() => {
			clock.advance(waitMs);
			return program.runs.length === index + 2;
		}, WAIT);
	}
	expect(warnings).toHaveLength(1);
	program.set("broken", false);
	await untilReady();
});

test("a program that is not there is told with the remedy, and found when it has come", async () => {
	program.uninstall();
	supervisor.start();
	await vi.waitUntil(() => warnings.length === 1, WAIT);
	expect(warnings[0]).toContain("GO2RTC_BIN");
	program.install();
	await untilReady();
	expect(warnings).toHaveLength(1);
});

test("one that hangs is replaced", async () => {
	supervisor.start();
	await untilReady();
	const hanging = lastPid();
	program.set("silent", true);
	await vi.waitUntil(() => {
		clock.advance(CHECK_EVERY_MS + REQUEST_TIMEOUT_MS);
		return !supervisor.isReady;
	}, WAIT);
	await vi.waitUntil(() => !isRunning(hanging), WAIT);
	program.set("silent", false);
	await untilReady();
	expect(lastPid()).not.toBe(hanging);
});

test("one that never comes up is replaced", async () => {
	program.set("silent", true);
	supervisor.start();
	await vi.waitUntil(() => program.runs.length === 1, WAIT);
	await vi.waitUntil(() => {
		// Its end sets the timer of the next run, which is not to fire here.
		if (warnings.length > 0) return true;
		clock.advance(START_LIMIT_MS);
		return false;
	}, WAIT);
	clock.advance(FIRST_RETRY_MS);
	await vi.waitUntil(() => program.runs.length === 2, WAIT);
	expect(supervisor.isReady).toBe(false);
});

test("with other settings it is started anew at once, without a complaint", async () => {
	supervisor.start();
	await untilReady();
	mark = 2;
	supervisor.restart();
	await vi.waitUntil(() => program.runs.length === 2, WAIT);
	await untilReady();
	expect(program.runs.map(({ config }) => config.mark)).toEqual([1, 2]);
	expect(warnings).toEqual([]);
});
