import { expect, test } from "vitest";
import { type DiagnosticsInput, diagnosticsText } from "./diagnostics.ts";
import { HISTORY_LENGTH, StateHistory } from "./state-history.ts";
import { RateMeter } from "./stats.ts";

const input: DiagnosticsInput = {
	wallMs: Date.UTC(2026, 0, 2),
	release: "0.1.0",
	userAgent: "Browser/1",
	socket: "open",
	connection: "connected",
	camera: {
		id: "cam3",
		name: "Yard",
		state: "stalled",
		since: "2026-01-01T00:00:00Z",
		reason: { code: "video-stalled", text: "Its video has stopped." },
		streams: { sub: { state: "stalled", codec: "H264", codecString: "avc1.42C01E", gopSeconds: 2, lastVideoMs: 6100 } },
	},
	state: { kind: "frozen", ageMs: 6200, fault: "camera", moves: false },
	stream: "sub",
	want: { shown: "webrtc", preparing: undefined, reason: "best", refusal: undefined },
	route: "pass",
	carrier: "websocket",
	engine: undefined,
	counters: { received: 500, decoded: 300, bytes: 90_000 },
	inbound: undefined,
	peer: { inbound: new Map(), sound: undefined, codecs: new Map(), roundTripMs: 12.34, transport: "udp host/prflx" },
	rates: { decodedFps: 15, paintedFps: 14.9, bitrateBps: 401_000 },
	history: [{ wallMs: Date.UTC(2026, 0, 1), text: "live" }],
};

test("says what a support person needs, and leaves out what was not measured", () => {
	const text = diagnosticsText(input);
	for (const part of [
		"Vigía 0.1.0",
		"camera: cam3 (Yard)",
		"state: frozen (camera), picture 6.2 s old",
		"frames per second: 15.0 decoded, 14.9 painted",
		"bitrate: 401 kbit/s",
		"rung: webrtc (best); link over websocket",
		"pictures decoded: 300",
		"GOP: 2.0 s",
		"transport: WebRTC udp host/prflx (connected); socket open",
		"2026-01-01T00:00:00.000Z live",
		"Browser/1",
	]) {
		expect(text).toContain(part);
	}
	expect(text).not.toContain("undefined");
});

test("a round-trip time is never called latency", () => {
	const text = diagnosticsText(input);
	expect(text).toContain("round-trip time: 12.3 ms");
	expect(text.toLowerCase()).not.toContain("latency");
});

test("the history keeps the last changes and no more", () => {
	const history = new StateHistory();
	for (let i = 0; i < 100; i++) {
		history.add({ kind: "live" }, "webrtc", i);
		history.add({ kind: "live" }, "webrtc", i);
		history.add({ kind: "frozen", ageMs: i, fault: "network", moves: false }, "mse", i);
	}
	expect(history.changes).toHaveLength(HISTORY_LENGTH);
	expect(history.changes[HISTORY_LENGTH - 1]).toEqual({ wallMs: 99, text: "frozen (network) over mse" });
});

test("rates are over the last seconds and begin anew with a new connection", () => {
	const meter = new RateMeter();
	for (let atMs = 0; atMs <= 20_000; atMs += 500) {
		const count = atMs / 100;
		meter.add({ atMs, decoded: count, painted: count, bytes: atMs * 50 });
	}
	expect(meter.rates).toMatchObject({ decodedFps: 10, paintedFps: 10, bitrateBps: 400_000 });
	meter.add({ atMs: 20_500, decoded: 1, painted: 1, bytes: 100 });
	meter.add({ atMs: 21_000, decoded: 11, painted: 11, bytes: 1100 });
	expect(meter.rates?.decodedFps).toBe(20);
});
