import type { CameraState } from "@vigia/api";
import { describe, expect, test } from "vitest";
import {
	FAULT_HOLD_MS,
	frozenAfterMs,
	type ServerFacts,
	SLOW_START_MS,
	TileMachine,
	type TileState,
} from "./tile-machine.ts";

const TICK_MS = 500;

/** A tile with a camera, a network and a device that can each be stopped; time moves by ticks, as in the page. */
class Bench {
	readonly machine = new TileMachine();
	nowMs = 10_000;
	cameraSends = true;
	/** The network carries pictures; `socket` is its other half. */
	packetsArrive = true;
	socket = true;
	decodes = true;
	paints = true;
	/** The player shows pictures of its buffer that are so late, in milliseconds. */
	lateMs = 0;
	visibleSinceMs: number | undefined = 0;
	playable = true;
	/** The server sends its cached pictures again, which decode. */
	replays = false;
	state: CameraState = "live";
	reason: ServerFacts["reason"];
	retryInMs: number | undefined;
	#cameraMs: number | undefined;
	#reported: { atMs: number; videoAgeMs: number | undefined; state: CameraState } | undefined;
	#slot = { lastPacketMs: undefined, lastFrameMs: undefined, lastPaintMs: undefined } as {
		lastPacketMs: number | undefined;
		lastFrameMs: number | undefined;
		lastPaintMs: number | undefined;
	};

	constructor() {
		this.machine.expect(this.nowMs);
	}

	tick(): TileState {
		this.nowMs += TICK_MS;
		if (this.cameraSends) this.#cameraMs = this.nowMs - 30;
		const arrives = this.packetsArrive && (this.cameraSends || this.replays);
		if (arrives) this.#slot.lastPacketMs = this.nowMs - 20;
		if (arrives && this.decodes) this.#slot.lastFrameMs = this.nowMs - 10;
		if (arrives && this.decodes && this.paints) this.#slot.lastPaintMs = this.nowMs;
		// The server reports each second and at every change of state.
		const due = !this.#reported || this.nowMs - this.#reported.atMs >= 1000 || this.#reported.state !== this.state;
		if (this.socket && due) {
			const videoAgeMs = this.#cameraMs === undefined ? undefined : this.nowMs - this.#cameraMs;
			this.#reported = { atMs: this.nowMs, videoAgeMs, state: this.state };
		}
		const reportAgeMs = this.#reported && this.nowMs - this.#reported.atMs;
		return this.machine.update({
			nowMs: this.nowMs,
			slot: { ...this.#slot, lateMs: this.lateMs },
			playable: this.playable,
			visibleSinceMs: this.visibleSinceMs,
			server: {
				reportAgeMs: this.socket ? reportAgeMs : undefined,
				state: this.#reported?.state ?? "idle",
				fps: undefined,
				videoAgeMs:
					this.#reported?.videoAgeMs === undefined ? undefined : this.#reported.videoAgeMs + (reportAgeMs ?? 0),
				reason: this.reason,
				retryInMs: this.retryInMs,
			},
		});
	}

	/** All states during `ms`, the last one last. */
	run(ms: number): TileState[] {
		return Array.from({ length: ms / TICK_MS }, () => this.tick());
	}

	/** The state after `ms`. */
	after(ms: number): TileState {
		const states = this.run(ms);
		return states[states.length - 1] as TileState;
	}
}

function live(): Bench {
	const bench = new Bench();
	expect(bench.after(1000)).toEqual({ kind: "live" });
	return bench;
}

describe("starting", () => {
	test("connecting until the first picture is decoded, then live", () => {
		const bench = new Bench();
		bench.packetsArrive = false;
		expect(bench.after(1000)).toEqual({ kind: "connecting", ageMs: undefined, fault: undefined });
		bench.packetsArrive = true;
		expect(bench.tick().kind).toBe("live");
	});

	test("a slow start names the fault: nothing arrives", () => {
		const bench = new Bench();
		bench.packetsArrive = false;
		expect(bench.after(SLOW_START_MS)).toMatchObject({ kind: "connecting", fault: "network" });
	});

	test("a slow start names the fault: packets arrive and nothing is decoded", () => {
		const bench = new Bench();
		bench.decodes = false;
		expect(bench.after(SLOW_START_MS)).toMatchObject({ kind: "connecting", fault: "device" });
	});

	test("a slow start names the fault: the server is still connecting to the camera", () => {
		const bench = new Bench();
		bench.cameraSends = false;
		bench.state = "connecting";
		expect(bench.after(SLOW_START_MS)).toMatchObject({ kind: "connecting", fault: "camera" });
	});

	test("a browser that cannot play the stream is told at once", () => {
		const bench = new Bench();
		bench.playable = false;
		bench.decodes = false;
		expect(bench.tick()).toEqual({ kind: "connecting", ageMs: undefined, fault: "device" });
	});

	test("cached pictures of a camera that has stalled are never live", () => {
		const bench = new Bench();
		bench.tick();
		bench.cameraSends = false;
		bench.run(10_000);
		const late = new Bench();
		late.nowMs = bench.nowMs;
		late.cameraSends = false;
		late.replays = true;
		late.state = "stalled";
		expect(late.run(3000).map((state) => state.kind)).not.toContain("live");
	});
});

describe("frozen", () => {
	test("no state but live for as long as all is well", () => {
		expect(
			new Set(
				live()
					.run(60_000)
					.map((state) => state.kind),
			),
		).toEqual(new Set(["live"]));
	});

	test("the camera sends no video: marked within three seconds, the camera's fault from the first moment", () => {
		const bench = live();
		bench.cameraSends = false;
		const states = bench.run(3000).filter((state) => state.kind === "frozen");
		expect(states.length).toBeGreaterThan(0);
		expect(states.every((state) => state.kind === "frozen" && state.fault === "camera")).toBe(true);
	});

	test("pictures that move and show the past are marked with how late they are, until the player has caught up", () => {
		const bench = live();
		bench.lateMs = 1500;
		expect(bench.after(2000).kind).toBe("live");
		bench.lateMs = 4000;
		expect(bench.tick()).toEqual({ kind: "frozen", ageMs: 4000, fault: "device", moves: true });
		bench.packetsArrive = false;
		bench.lateMs = 6000;
		expect(bench.after(5000)).toMatchObject({ kind: "frozen", ageMs: 6000, fault: "network", moves: false });
		bench.packetsArrive = true;
		bench.lateMs = 0;
		expect(bench.tick().kind).toBe("live");
	});

	test("the age goes on growing", () => {
		const bench = live();
		bench.cameraSends = false;
		const state = bench.after(30_000);
		expect(state).toMatchObject({ kind: "frozen", fault: "camera" });
		expect(state.kind === "frozen" && Math.round(state.ageMs / 1000)).toBe(30);
	});

	test("nothing arrives although the server has pictures: the network's fault from the first moment", () => {
		const bench = live();
		bench.packetsArrive = false;
		const states = bench.run(3000).filter((state) => state.kind === "frozen");
		expect(states.length).toBeGreaterThan(0);
		expect(states.every((state) => state.kind === "frozen" && state.fault === "network")).toBe(true);
	});

	test("packets arrive and nothing is decoded: this device's fault", () => {
		const bench = live();
		bench.decodes = false;
		expect(bench.after(3000)).toMatchObject({ kind: "frozen", fault: "device" });
	});

	test("decoded and not painted: this device's fault", () => {
		const bench = live();
		bench.paints = false;
		expect(bench.after(3000)).toMatchObject({ kind: "frozen", fault: "device" });
	});

	test("what is not in sight need not be painted", () => {
		const bench = live();
		bench.paints = false;
		bench.visibleSinceMs = undefined;
		expect(bench.after(10_000).kind).toBe("live");
		bench.visibleSinceMs = bench.nowMs;
		bench.paints = true;
		expect(bench.tick().kind).toBe("live");
	});

	test("the socket is lost and pictures still arrive: live", () => {
		const bench = live();
		bench.socket = false;
		expect(new Set(bench.run(20_000).map((state) => state.kind))).toEqual(new Set(["live"]));
	});

	test("the server dies, everything stops: marked within three seconds, the network's fault", () => {
		const bench = live();
		bench.socket = false;
		bench.packetsArrive = false;
		expect(bench.after(3000)).toMatchObject({ kind: "frozen", fault: "network" });
	});

	test("the server says stalled: marked at once", () => {
		const bench = live();
		bench.cameraSends = false;
		bench.state = "stalled";
		expect(bench.tick()).toMatchObject({ kind: "frozen", fault: "camera" });
	});

	test("cached pictures that are sent again do not make a stalled camera live", () => {
		const bench = live();
		bench.cameraSends = false;
		bench.run(4000);
		bench.replays = true;
		expect(new Set(bench.run(10_000).map((state) => state.kind))).toEqual(new Set(["frozen"]));
	});

	test("a new picture ends it at once", () => {
		const bench = live();
		bench.cameraSends = false;
		bench.run(6000);
		bench.cameraSends = true;
		expect(bench.after(1000).kind).toBe("live");
	});

	test("another fault is named only when it lasts", () => {
		const bench = live();
		bench.packetsArrive = false;
		expect(bench.after(3000)).toMatchObject({ kind: "frozen", fault: "network" });
		bench.cameraSends = false;
		bench.run(1500);
		expect(bench.after(FAULT_HOLD_MS + 1000)).toMatchObject({ kind: "frozen", fault: "camera" });
	});
});

describe("offline", () => {
	function lost(): Bench {
		const bench = live();
		bench.cameraSends = false;
		bench.state = "waiting";
		bench.reason = "no-route";
		bench.retryInMs = 4000;
		return bench;
	}

	test("at once when the server gives the camera up, with reason and countdown", () => {
		const bench = lost();
		const state = bench.tick();
		expect(state).toMatchObject({ kind: "offline", reason: "no-route", retryInMs: 4000, trying: false });
		expect(state.kind === "offline" && state.ageMs).toBeGreaterThan(0);
	});

	test.each(["refused", "unsupported", "busy"] as const)("%s is offline too", (stateName) => {
		const bench = lost();
		bench.state = stateName;
		expect(bench.tick().kind).toBe("offline");
	});

	test("a camera that was stalled before the page opened is offline with the server's reason", () => {
		const bench = new Bench();
		bench.cameraSends = false;
		bench.state = "stalled";
		expect(bench.tick()).toMatchObject({ kind: "offline", reason: "video-stalled", ageMs: undefined });
	});

	test("stays offline while the server tries again, and says that it tries", () => {
		const bench = lost();
		bench.run(5000);
		bench.state = "connecting";
		expect(bench.tick()).toMatchObject({ kind: "offline", reason: "no-route", trying: true, retryInMs: undefined });
		bench.state = "buffering";
		expect(bench.tick()).toMatchObject({ kind: "offline", trying: true });
	});

	test("connecting over the marked old picture when the server has it again, live with the first new picture", () => {
		const bench = lost();
		bench.run(5000);
		bench.state = "live";
		bench.cameraSends = true;
		bench.packetsArrive = false;
		const waiting = bench.after(1000);
		expect(waiting.kind).toBe("connecting");
		expect(waiting.kind === "connecting" && waiting.ageMs).toBeGreaterThan(5000);
		bench.packetsArrive = true;
		expect(bench.tick().kind).toBe("live");
	});

	test("the server's own loss keeps it offline without a countdown that nobody keeps", () => {
		const bench = lost();
		bench.run(2000);
		bench.socket = false;
		expect(bench.after(5000)).toMatchObject({ kind: "offline", reason: "no-route", retryInMs: undefined });
	});

	test("pictures that arrive although the socket is lost end it", () => {
		const bench = lost();
		bench.run(5000);
		bench.socket = false;
		bench.cameraSends = true;
		expect(bench.after(1000).kind).toBe("live");
	});
});

test("asking anew shows connecting over the marked old picture until a new one is decoded and painted", () => {
	const bench = live();
	bench.packetsArrive = false;
	bench.machine.expect(bench.nowMs);
	const state = bench.tick();
	expect(state.kind).toBe("connecting");
	expect(state.kind === "connecting" && state.ageMs).toBeGreaterThan(0);
	bench.packetsArrive = true;
	bench.paints = false;
	expect(bench.tick().kind).toBe("connecting");
	bench.paints = true;
	expect(bench.tick().kind).toBe("live");
});

test("the blank picture of a refused track is no picture", () => {
	const bench = new Bench();
	bench.decodes = false;
	expect(bench.after(1000).kind).toBe("connecting");
});

test("a picture of a slow camera is marked after three of its intervals, within bounds", () => {
	expect([undefined, 25, 1.5, 1, 0.5, 0.1, 0].map(frozenAfterMs)).toEqual([2000, 2000, 2000, 3000, 6000, 8000, 8000]);
});
