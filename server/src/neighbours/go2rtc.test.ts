import { afterEach, expect, test, vi } from "vitest";
import { createLogger } from "../observe/log.ts";
import { Redactor } from "../observe/redactor.ts";
import type { PlayerEngine } from "../outputs/webrtc/player-engine.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { Go2rtc } from "./go2rtc.ts";

const BUILT_IN: PlayerEngine = {
	openPlayer: () => Promise.reject(new Error("nobody asks it here")),
	endGone: () => {},
};

afterEach(() => void vi.unstubAllEnvs());

test("where no folder can be made for go2rtc, the log says so in one plain line, and the built-in engine serves", async () => {
	vi.stubEnv("TMPDIR", "/proc/no-such-folder");
	const lines: string[] = [];
	const log = createLogger({
		level: "info",
		redactor: new Redactor(),
		readable: true,
		write: (line) => lines.push(line),
	});
	await using go2rtc = new Go2rtc({
		settings: { go2rtcBin: "go2rtc", webrtcEngine: "go2rtc", webrtcHosts: [], iceServers: [] },
		clock: new FakeClock(),
		log,
		onChange: () => {},
	});
	const engine = await go2rtc.openEngine({
		builtIn: BUILT_IN,
		webrtcPort: 8555,
		directory: { hasCamera: () => false, stream: () => undefined },
		cameras: [],
		onSecret: () => {},
	});
	expect([engine, go2rtc.engine]).toEqual([BUILT_IN, undefined]);
	expect(lines).toHaveLength(1);
	expect(lines[0]).toMatch(/WARN +go2rtc cannot be started here: the built-in engine answers reason=/);
	expect(lines[0]).toContain("/proc/no-such-folder cannot be written (ENOENT)");
	expect(lines[0]).not.toMatch(/\bat \S+:\d+|\\x0a|\\n/);
});
