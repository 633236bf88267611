import { expect, test } from "vitest";
import { Signals } from "./signals.ts";

test("a SIGHUP before anybody can read the settings again is not lost, and ends nothing", () => {
	const signals = new Signals();
	process.emit("SIGHUP");
	process.emit("SIGHUP");
	let reloads = 0;
	signals.onReload(() => reloads++);
	expect(reloads).toBe(1);
	process.emit("SIGHUP");
	expect(reloads).toBe(2);
});

test("the first signal to stop is the one that counts, also before anybody waits for it", async () => {
	const signals = new Signals();
	process.emit("SIGTERM");
	process.emit("SIGINT");
	expect(await signals.stop).toBe("SIGTERM");
});
