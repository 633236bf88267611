import { STATUS_INTERVAL_MS } from "@vigia/api";
import { expect, test } from "vitest";
import { Cameras } from "../cameras/cameras.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { emptyCounters } from "../sources/counters.ts";
import { HostGate } from "../sources/host-gate.ts";
import type { SourceHandlers } from "../sources/source.ts";
import { StatusBroadcast } from "./status-broadcast.ts";

function open() {
	const clock = new FakeClock();
	const sources: SourceHandlers[] = [];
	const cameras = new Cameras({
		cameras: [{ id: "cam1", name: "One", streams: { sub: { scheme: "rtsp", host: "a", port: 554, path: "/" } } }],
		clock,
		random: () => 0.5,
		hostGate: new HostGate(clock),
		openSource: () => (handlers) => {
			sources.push(handlers);
			return { close: async () => {}, counters: emptyCounters(), quirks: [] };
		},
		onChange: () => {},
		onReaderFailed: () => {},
	});
	const texts: string[] = [];
	const broadcast = new StatusBroadcast(
		cameras,
		clock,
		() => false,
		() => ({ name: "go2rtc", run: 3 }),
	);
	return { clock, cameras, sources, texts, broadcast, listen: (text: string) => void texts.push(text) };
}

test("the status comes each second while somebody listens, and no timer runs when nobody does", () => {
	const { clock, texts, broadcast, listen } = open();
	expect(clock.pending).toBe(0);
	const stop = broadcast.subscribe(listen);
	clock.advance(STATUS_INTERVAL_MS * 3);
	expect(texts).toHaveLength(3);
	expect(JSON.parse(texts[0] ?? "")).toMatchObject({ demo: false, webrtcEngine: { name: "go2rtc", run: 3 } });
	stop();
	stop();
	expect(clock.pending).toBe(0);
});

test("a change is told soon, a storm of changes four times a second", async () => {
	const { clock, cameras, sources, texts, broadcast, listen } = open();
	broadcast.subscribe(listen);
	cameras.start();
	clock.advance(100);
	expect(texts.at(-1)).toContain('"connecting"');
	const before = texts.length;
	for (let passed = 0; passed < 10_000; passed += 100) {
		await new Promise((resolve) => setImmediate(resolve));
		sources.pop()?.onEnd({ code: "connection-refused", detail: "" });
		clock.advance(100);
	}
	expect(texts.length - before).toBeLessThanOrEqual(41);
	expect(texts.length - before).toBeGreaterThan(10);
});
