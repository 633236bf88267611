import type { Codec, Protocol, Rung } from "@vigia/api";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Carrier } from "../api/wall-socket.ts";
import type { FeedFault } from "./feed.ts";
import { type ConnectionFacts, type FeedFacts, Ladder, type LadderWants, type TileWant } from "./ladder.ts";
import {
	CHOKED_AFTER_MS,
	CONNECT_MS,
	DEAD_AFTER_MS,
	FLAP_WAIT_MS,
	GOOD_AFTER_MS,
	LONGEST_PROBE_WAIT_MS,
	LONGEST_SLOW_WAIT_MS,
	PROBE_MS,
} from "./ladder-connection.ts";
import { NO_FRAMES_MS } from "./ladder-evidence.ts";
import { FAILURE_LASTS_MS, LadderMemory } from "./ladder-memory.ts";
import { RUNGS, rungOrder } from "./ladder-order.ts";
import { FIRST_RETRY_MS, FIRST_SLOW_RETRY_MS, LONGEST_RETRY_MS } from "./ladder-rung.ts";
import { QUIET_MS } from "./ladder-tile.ts";
import type { Fault } from "./tile-machine.ts";

const TICK_MS = 500;
const ANSWER_MS = 200;
const CONNECTED_MS = 200;
const ICE_GIVES_UP_MS = 15_000;
/** From wanted to painted, where it works. */
const START_MS: Record<Rung, number> = { webrtc: 100, mse: 300, hls: 1500, still: 200 };
const WALL_MS = Date.UTC(2026, 0, 1);

class Feed {
	readonly rung: Rung;
	readonly bornMs: number;
	lastPacketMs: number | undefined;
	lastFrameMs: number | undefined;
	lastPaintMs: number | undefined;
	fault: FeedFault | undefined;
	decodedFps: number | undefined;
	constructor(rung: Rung, bornMs: number) {
		this.rung = rung;
		this.bornMs = bornMs;
	}
	get facts(): FeedFacts {
		const { rung, fault, decodedFps, lastFrameMs, lastPacketMs, lastPaintMs } = this;
		return { rung, fault, decodedFps, watch: { lastFrameMs, lastPacketMs, lastPaintMs, lateMs: 0 } };
	}
}

/** One tile, its camera, and what its transports do. */
class Tile {
	codec: string | undefined = "h264";
	bFrames: boolean | undefined = false;
	live = true;
	watched = true;
	frozen: Fault | undefined;
	fps: number | undefined = 15;
	/** Rungs that bring nothing for this tile alone. */
	readonly broken = new Set<Rung>();
	/** Rungs whose feeds give up at once. */
	readonly faults = new Map<Rung, FeedFault>();
	shown: Feed | undefined;
	preparing: Feed | undefined;
	want: TileWant | undefined;
	/** When the rung on the tile changed, to which, and whether a picture was left for it. */
	readonly moves: { readonly atMs: number; readonly to: Rung; readonly seen: boolean }[] = [];

	follow(want: TileWant, nowMs: number): void {
		if (this.shown?.rung !== want.shown) {
			this.moves.push({ atMs: nowMs, to: want.shown, seen: this.shown?.lastPaintMs !== undefined });
			this.shown = this.preparing?.rung === want.shown ? this.preparing : new Feed(want.shown, nowMs);
		}
		if (want.preparing === undefined) this.preparing = undefined;
		else if (this.preparing?.rung !== want.preparing || this.preparing === this.shown) {
			this.preparing = new Feed(want.preparing, nowMs);
		}
		this.want = want;
	}
}

/** A page with its network, driven as the wall drives it: a tick each half second, and at what is painted. */
class World {
	nowMs = 10_000;
	carrier: Carrier | undefined = "websocket";
	udp = true;
	/** Rungs that bring nothing for any tile. */
	readonly broken = new Set<Rung>();
	/** What WebRTC sends is more than the link takes: few packets come through, and nothing of the server beside them. */
	choked = false;
	/** The server makes stills. */
	stills = true;
	readonly tiles = new Map<string, Tile>();
	readonly stored = new Map<string, string>();
	ladder = this.newLadder();
	wants: LadderWants | undefined;
	attempts = 0;
	#offeredMs: number | undefined;
	#attempt = 0;
	#iceSinceMs = 0;

	constructor(count: number) {
		for (let i = 0; i < count; i++) this.tiles.set(`cam${i}`, new Tile());
		this.policy();
	}

	newLadder(): Ladder {
		return new Ladder({ memory: this.memory(), wallMs: () => WALL_MS + this.nowMs });
	}

	memory(): LadderMemory {
		return new LadderMemory({
			storage: () => ({
				getItem: (key) => this.stored.get(key) ?? null,
				setItem: (key, value) => void this.stored.set(key, value),
			}),
			origin: "http://server",
			network: () => undefined,
		});
	}

	policy(protocol: Protocol = "auto", webrtc: Codec[] = ["h264"], mse: Codec[] = ["h264"]): void {
		this.ladder.setPolicy({ protocol, capabilities: { webrtc, mse, nativeHls: false }, stills: this.stills });
	}

	tile(index: number): Tile {
		return this.tiles.get(`cam${index}`) as Tile;
	}

	get shown(): Rung[] {
		return [...this.tiles.values()].map(({ want }) => want?.shown ?? "still");
	}

	get reasons(): string[] {
		return [...new Set([...this.tiles.values()].map(({ want }) => want?.reason ?? "none"))];
	}

	/** Pictures come on the rung for this tile. */
	delivers(rung: Rung, tile: Tile): boolean {
		if (this.broken.has(rung) || tile.broken.has(rung)) return false;
		if (rung === "webrtc") return this.udp && this.connection.state === "connected" && tile.live;
		if (rung === "mse") return (this.carrier === "websocket" || this.carrier === "stream") && tile.live;
		return rung === "still" || tile.live;
	}

	get connection(): ConnectionFacts {
		const offeredMs = this.#offeredMs;
		if (offeredMs === undefined) return { state: "none", answeredMs: undefined, unplayable: false };
		const answeredMs = this.nowMs - offeredMs >= ANSWER_MS ? offeredMs + ANSWER_MS : undefined;
		const checkedMs = answeredMs === undefined ? 0 : this.nowMs - Math.max(answeredMs, this.#iceSinceMs);
		if (answeredMs === undefined) return { state: "new", answeredMs, unplayable: false };
		if (this.#connected) return { state: "connected", answeredMs, unplayable: false };
		if (this.udp && checkedMs >= CONNECTED_MS) this.#connected = true;
		const gaveUp = this.nowMs - answeredMs >= ICE_GIVES_UP_MS;
		return { state: this.#connected ? "connected" : gaveUp ? "failed" : "connecting", answeredMs, unplayable: false };
	}
	#connected = false;

	block(): void {
		this.udp = false;
	}

	unblock(): void {
		this.udp = true;
		this.#iceSinceMs = this.nowMs;
	}

	update(): void {
		const tiles = new Map(
			[...this.tiles].map(([key, tile]) => [
				key,
				{
					codec: tile.codec,
					bFrames: tile.bFrames,
					fps: tile.fps,
					serverLive: tile.live && this.carrier !== undefined && !(this.choked && this.#usesWebrtc),
					watched: tile.watched,
					frozen: tile.frozen,
					shown: tile.shown?.facts,
					preparing: tile.preparing?.facts,
				},
			]),
		);
		this.wants = this.ladder.update({ nowMs: this.nowMs, carrier: this.carrier, connection: this.connection, tiles });
		for (const [key, want] of this.wants.tiles) this.tiles.get(key)?.follow(want, this.nowMs);
		if (!this.wants.connection) this.#offeredMs = undefined;
		else if (this.carrier === "websocket" || this.carrier === "stream") {
			if (this.#offeredMs === undefined || this.wants.attempt !== this.#attempt) {
				this.#offeredMs = this.nowMs;
				this.#connected = false;
				this.attempts += 1;
			}
			this.#attempt = this.wants.attempt;
		}
	}

	get #usesWebrtc(): boolean {
		return [...this.tiles.values()].some(({ want }) => want?.shown === "webrtc" || want?.preparing === "webrtc");
	}

	run(forMs: number, each: () => void = () => {}): void {
		for (const endMs = this.nowMs + forMs; this.nowMs < endMs; ) {
			this.update();
			each();
			this.nowMs += TICK_MS;
			for (const tile of this.tiles.values()) {
				for (const feed of [tile.shown, tile.preparing]) if (feed) this.#feed(feed, tile);
			}
		}
		this.update();
		each();
	}

	#feed(feed: Feed, tile: Tile): void {
		feed.fault ??= tile.faults.get(feed.rung);
		if (feed.fault || !this.delivers(feed.rung, tile) || this.nowMs - feed.bornMs < START_MS[feed.rung]) return;
		feed.lastPacketMs = this.nowMs;
		if (feed.rung === "webrtc" && this.choked) return;
		feed.lastFrameMs = feed.lastPaintMs = this.nowMs;
		feed.decodedFps ??= tile.fps;
	}
}

let world: World;
beforeEach(() => {
	world = new World(16);
});
const all = (rung: Rung) => Array.from({ length: world.tiles.size }, () => rung);

describe("which rungs a tile may stand on", () => {
	const order = (codec: string | undefined, bFrames: boolean, webrtc: Codec[], mse: Codec[], nativeHls = false) =>
		rungOrder({ codec, bFrames }, { protocol: "auto", capabilities: { webrtc, mse, nativeHls }, stills: true }).order;

	test("plain H.264, and a codec that is not known yet, begin at the top", () => {
		expect(order("h264", false, ["h264"], ["h264"])).toEqual(["webrtc", "mse", "hls", "still"]);
		expect(order(undefined, false, ["h264"], ["h264"])).toEqual(["webrtc", "mse", "hls", "still"]);
	});

	test("H.264 with B-frames passes through MSE and HLS, which is better than transcoding it for WebRTC", () => {
		expect(order("h264", true, ["h264"], ["h264"])).toEqual(["mse", "hls", "webrtc", "still"]);
	});

	test("H.265 goes where the browser plays it, and else by transcoding to the top", () => {
		expect(order("h265", false, ["h264"], ["h264", "h265"])).toEqual(["mse", "hls", "webrtc", "still"]);
		expect(order("h265", false, ["h264", "h265"], ["h264", "h265"])).toEqual(["webrtc", "mse", "hls", "still"]);
		expect(order("h265", false, ["h264"], ["h264"])).toEqual(["webrtc", "mse", "hls", "still"]);
	});

	test("without H.264 in WebRTC there is no WebRTC, and without anything a still", () => {
		expect(order("h264", false, [], ["h264"])).toEqual(["mse", "hls", "still"]);
		expect(order("jpeg", false, [], [])).toEqual(["still"]);
		expect(order("h265", false, ["h264"], [], true)).toEqual(["hls", "webrtc", "still"]);
	});

	test("a forced protocol leaves itself and the still", () => {
		const policy = {
			protocol: "mse",
			capabilities: { webrtc: ["h264"], mse: ["h264"], nativeHls: false },
			stills: true,
		} as const;
		expect(rungOrder({ codec: "h264", bFrames: false }, policy)).toEqual({
			order: ["mse", "still"],
			reasons: { webrtc: "forced", hls: "forced" },
		});
	});
});

describe("what concerns all tiles", () => {
	test("with nothing in the way all of them stay on WebRTC for good", () => {
		world.run(600_000);
		expect(world.shown).toEqual(all("webrtc"));
		expect(world.reasons).toEqual(["best"]);
		expect(world.tile(0).moves).toHaveLength(1);
		expect(world.attempts).toBe(1);
	});

	test("without UDP all tiles are on MSE in one tick, two seconds after the answer", () => {
		world.block();
		world.run(ANSWER_MS + CONNECT_MS - TICK_MS);
		expect(world.shown).toEqual(all("webrtc"));
		world.run(2 * TICK_MS);
		expect(world.shown).toEqual(all("mse"));
		expect(world.reasons).toEqual(["udp-blocked"]);
		expect(new Set([...world.tiles.values()].map(({ moves }) => moves[1]?.atMs)).size).toBe(1);
	});

	test("a connection that is only late is used all the same", () => {
		world.block();
		world.run(CONNECT_MS + 1500);
		expect(world.shown).toEqual(all("mse"));
		world.unblock();
		world.run(QUIET_MS + 6000);
		expect(world.shown).toEqual(all("webrtc"));
		expect(world.attempts).toBe(1);
	});

	test.each([1, 7, 33, 61, 200, 601])("UDP that comes back after %i s is used by all tiles within 30 s", (seconds) => {
		world.block();
		world.run(4000 + seconds * 1000);
		expect(world.shown).toEqual(all("mse"));
		world.unblock();
		world.run(30_000);
		expect(world.shown).toEqual(all("webrtc"));
		expect(world.reasons).toEqual(["best"]);
	});

	test("one tile probes for all, and the others climb a few at a time", () => {
		world.block();
		world.run(6000);
		let most = 0;
		world.run(60_000, () => {
			most = Math.max(most, [...(world.wants?.tiles.values() ?? [])].filter(({ preparing }) => preparing).length);
		});
		expect(most).toBe(1);
		world.unblock();
		most = 0;
		world.run(30_000, () => {
			most = Math.max(most, [...(world.wants?.tiles.values() ?? [])].filter(({ preparing }) => preparing).length);
		});
		expect(most).toBe(4);
	});

	test("a connection that dies for all sends all of them down in one tick, each behind its last picture", () => {
		world.run(20_000);
		world.block();
		world.run(DEAD_AFTER_MS);
		const wants = [...(world.wants?.tiles.values() ?? [])];
		expect(wants.map(({ shown, preparing }) => [shown, preparing])).toEqual(all("webrtc").map(() => ["webrtc", "mse"]));
		world.run(1000);
		expect(world.shown).toEqual(all("mse"));
		expect(world.reasons).toEqual(["connection-dead"]);
		world.unblock();
		world.run(30_000);
		expect(world.shown).toEqual(all("webrtc"));
	});

	test("a connection that falls again and again after a climb is tried later and later", () => {
		world.run(5000);
		const climbs: number[] = [];
		for (let i = 0; i < 6; i++) {
			world.block();
			world.run(10_000);
			world.unblock();
			const beginMs = world.nowMs;
			while (world.shown.includes("mse")) world.run(TICK_MS);
			climbs.push(world.nowMs - beginMs);
		}
		expect(climbs[0]).toBeLessThan(15_000);
		expect(climbs[1]).toBeLessThan(30_000);
		for (const [i, climbMs] of climbs.entries()) {
			expect(climbMs).toBeGreaterThan(Math.min(300_000, FLAP_WAIT_MS * 2 ** i) - 10_000);
		}
		world.run(GOOD_AFTER_MS);
		world.block();
		world.run(20_000);
		world.unblock();
		world.run(30_000);
		expect(world.shown).toEqual(all("webrtc"));
	});

	test("a link that WebRTC fills is freed in one tick, though nothing of the server comes through it", () => {
		world.run(20_000);
		world.choked = true;
		world.run(CHOKED_AFTER_MS + TICK_MS);
		const wants = [...(world.wants?.tiles.values() ?? [])];
		expect(wants.map(({ shown, preparing }) => [shown, preparing])).toEqual(all("mse").map(() => ["mse", undefined]));
		expect(world.reasons).toEqual(["slow-link"]);
		expect(world.wants?.hangUp).toBe(true);
	});

	test("while the link is too slow one tile tries it now and then, and shows WebRTC only when all its pictures come", () => {
		world.run(20_000);
		world.choked = true;
		world.run(10_000);
		let most = 0;
		let webrtcMs = 0;
		world.run(600_000, () => {
			const preparing = [...(world.wants?.tiles.values() ?? [])].filter((want) => want.preparing === "webrtc").length;
			most = Math.max(most, preparing);
			if (preparing > 0) webrtcMs += TICK_MS;
		});
		expect(most).toBe(1);
		expect(webrtcMs).toBeLessThan(60_000);
		expect(Math.max(...[...world.tiles.values()].map(({ moves }) => moves.length))).toBe(2);
		world.choked = false;
		world.run(LONGEST_SLOW_WAIT_MS + 30_000);
		expect(world.shown).toEqual(all("webrtc"));
		expect(world.reasons).toEqual(["best"]);
	});

	test("where MSE has more to send than the link takes, the tiles that get nothing show stills, and HLS is not tried", () => {
		world.block();
		world.run(6000);
		for (const tile of [...world.tiles.values()].slice(4)) tile.broken.add("mse").add("hls");
		const tried = new Set<Rung | undefined>();
		world.run(NO_FRAMES_MS + 2 * TICK_MS, () => {
			for (const { want } of world.tiles.values()) tried.add(want?.preparing);
		});
		expect(world.shown).toEqual([...all("mse").slice(0, 4), ...all("still").slice(4)]);
		expect(world.tile(5).want?.reason).toBe("slow-link");
		expect(tried.has("hls")).toBe(false);
	});

	test("where the server makes no stills they stay on MSE, which is poor and not nothing, and climb when UDP is back", () => {
		world.stills = false;
		world.policy();
		world.block();
		world.run(6000);
		for (const tile of [...world.tiles.values()].slice(4)) tile.broken.add("mse").add("hls");
		world.run(60_000);
		expect(world.shown).toEqual(all("mse"));
		world.unblock();
		world.run(30_000);
		expect(world.shown).toEqual(all("webrtc"));
	});

	test("a link that carries no media leaves HLS, and the tiles climb when it carries some", () => {
		world.carrier = "poll";
		world.run(4000);
		expect(world.shown).toEqual(all("hls"));
		expect(world.reasons).toEqual(["short-requests"]);
		world.carrier = "stream";
		world.run(30_000);
		expect(world.shown).toEqual(all("webrtc"));
	});

	test("with short requests and no HLS all tiles show stills", () => {
		world.carrier = "poll";
		world.broken.add("hls");
		world.run(10_000);
		expect(world.shown).toEqual(all("still"));
		expect(world.reasons).toEqual(["no-frames"]);
	});

	test("a link that is lost moves nothing", () => {
		world.run(20_000);
		world.carrier = undefined;
		world.block();
		world.run(60_000);
		expect(world.shown).toEqual(all("webrtc"));
		expect(world.wants?.attempt).toBe(0);
	});

	test("tiles that nobody sees go down with the others", () => {
		world.run(20_000);
		for (const tile of [...world.tiles.values()].slice(1)) tile.watched = false;
		world.block();
		world.run(5000);
		expect(world.shown).toEqual(all("mse"));
		world.unblock();
		for (const tile of world.tiles.values()) tile.watched = true;
		world.run(30_000);
		expect(world.shown).toEqual(all("webrtc"));
	});

	test("a slow camera's silence between two pictures is no dead connection", () => {
		world = new World(1);
		const tile = world.tile(0);
		tile.fps = 0.4;
		world.run(20_000);
		for (let i = 0; i < 10; i++) {
			tile.broken.add("webrtc");
			world.run(5000);
			tile.broken.clear();
			world.run(TICK_MS);
		}
		expect(tile.moves).toHaveLength(1);
		expect(world.attempts).toBe(1);
	});

	test("cameras that stop in the middle of a climb do not hold up the others", () => {
		world.carrier = "poll";
		world.run(10_000);
		world.carrier = "websocket";
		const started = [0, 1, 2, 3].map((i) => world.tile(i));
		for (const tile of started) tile.broken.add("webrtc").add("mse");
		world.run(TICK_MS);
		expect(started.every(({ want }) => want?.preparing !== undefined)).toBe(true);
		for (const tile of started) tile.live = false;
		world.run(10_000);
		expect(world.shown.slice(4)).toEqual(all("webrtc").slice(4));
	});

	test("a server that offers nothing is not waited for", () => {
		const silent = new Ladder({ memory: world.memory(), wallMs: () => WALL_MS });
		silent.setPolicy({
			protocol: "auto",
			capabilities: { webrtc: ["h264"], mse: ["h264"], nativeHls: false },
			stills: true,
		});
		const facts = { codec: "h264", bFrames: false, fps: 15, serverLive: true, watched: true } as const;
		let want: TileWant | undefined;
		for (let nowMs = 0; nowMs <= 4500; nowMs += TICK_MS) {
			const tiles = new Map([["a", { ...facts, frozen: undefined, shown: undefined, preparing: undefined }]]);
			const connection = { state: "none", answeredMs: undefined, unplayable: false } as const;
			want = silent.update({ nowMs, carrier: "websocket", connection, tiles }).tiles.get("a");
		}
		expect(want).toMatchObject({ shown: "mse", reason: "no-offer" });
	});
});

describe("what is remembered", () => {
	test("where UDP was blocked within a day, the tiles begin on MSE, and one probes at once", () => {
		world.block();
		world.run(10_000);
		world.ladder = world.newLadder();
		world.policy();
		for (const tile of world.tiles.values()) tile.shown = tile.preparing = undefined;
		world.run(TICK_MS);
		expect(world.shown).toEqual(all("mse"));
		expect(world.reasons).toEqual(["remembered"]);
		expect(world.tile(0).want?.preparing).toBe("webrtc");
		world.unblock();
		world.run(15_000);
		expect(world.shown).toEqual(all("webrtc"));
		expect(world.memory().webrtcFailed(WALL_MS + world.nowMs)).toBe(false);
	});

	test("a day later, elsewhere, and after a success there is nothing to remember", () => {
		let network = "wifi";
		let text: string | null = null;
		const storage = { getItem: () => text, setItem: (_key: string, value: string) => void (text = value) };
		const memory = new LadderMemory({ storage: () => storage, origin: "http://a", network: () => network });
		memory.remember(false, 1000);
		expect(memory.webrtcFailed(1000)).toBe(true);
		expect(memory.webrtcFailed(1000 + FAILURE_LASTS_MS)).toBe(false);
		network = "cellular";
		expect(memory.webrtcFailed(1000)).toBe(false);
		network = "wifi";
		memory.remember(true, 2000);
		expect(memory.webrtcFailed(2000)).toBe(false);
	});

	test("only a few networks are kept", () => {
		let text: string | null = null;
		let network = "";
		const storage = { getItem: () => text, setItem: (_key: string, value: string) => void (text = value) };
		const memory = new LadderMemory({ storage: () => storage, origin: "http://a", network: () => network });
		for (let i = 0; i < 100; i++) {
			network = `net${i}`;
			memory.remember(false, i);
		}
		expect((text ?? "").length).toBeLessThan(400);
		expect(memory.webrtcFailed(99)).toBe(true);
	});

	test("a storage that throws, is missing, or holds anything at all is no memory", () => {
		const origin = "http://a";
		const network = () => undefined;
		const throwing = () => {
			throw new Error("denied");
		};
		for (const storage of [throwing, () => undefined]) {
			const memory = new LadderMemory({ storage, origin, network });
			memory.remember(false, 1);
			expect(memory.webrtcFailed(1)).toBe(false);
		}
		const texts = fc.oneof(
			fc.string(),
			fc.json(),
			fc.json().map((json) => `{"version":1,"webrtcFailed":${json}}`),
		);
		fc.assert(
			fc.property(texts, (text) => {
				const storage = { getItem: () => text, setItem: () => {} };
				const memory = new LadderMemory({ storage: () => storage, origin, network });
				memory.remember(true, 1);
				expect(typeof memory.webrtcFailed(1)).toBe("boolean");
			}),
		);
	});
});

describe("what concerns one tile", () => {
	beforeEach(() => {
		world = new World(4);
	});

	test("no picture for three seconds, though others have some, sends it down alone", () => {
		world.run(20_000);
		world.tile(1).broken.add("webrtc");
		world.run(NO_FRAMES_MS + 1000);
		expect(world.shown).toEqual(["webrtc", "mse", "webrtc", "webrtc"]);
		expect(world.tile(1).want?.reason).toBe("no-frames");
	});

	test("it climbs back when the fault is over", () => {
		world.tile(1).broken.add("webrtc");
		world.run(20_000);
		expect(world.tile(1).want?.shown).toBe("mse");
		world.tile(1).broken.clear();
		world.run(2 * FIRST_RETRY_MS + QUIET_MS);
		expect(world.shown).toEqual(all("webrtc"));
	});

	test("a picture that was only late keeps its rung", () => {
		world.run(20_000);
		world.tile(1).broken.add("webrtc").add("mse");
		world.run(NO_FRAMES_MS + 500);
		expect(world.tile(1).want).toMatchObject({ shown: "webrtc", preparing: "mse" });
		world.tile(1).broken.delete("webrtc");
		world.run(1000);
		expect(world.tile(1).want).toMatchObject({ shown: "webrtc", preparing: undefined, reason: "best" });
	});

	test("a camera's faults never move a tile", () => {
		world.run(20_000);
		world.tile(1).live = false;
		world.tile(1).frozen = "camera";
		world.run(120_000);
		expect(world.shown).toEqual(all("webrtc"));
		expect(world.tile(1).moves).toHaveLength(1);
	});

	test("of a camera that never was there nothing is known", () => {
		world.tile(1).live = false;
		world.run(20_000);
		expect(world.tile(1).want).toMatchObject({ shown: "webrtc", preparing: undefined, reason: "no-stream" });
	});

	test("three freezes in half a minute send it down, those of the camera do not", () => {
		world.run(20_000);
		for (const fault of ["camera", "camera", "camera", "network", "device", "network"] as const) {
			world.tile(1).frozen = fault;
			expect(world.tile(1).want?.shown).toBe("webrtc");
			world.run(1000);
			world.tile(1).frozen = undefined;
			world.run(1000);
		}
		expect(world.tile(1).want).toMatchObject({ shown: "mse", reason: "freezes" });
	});

	test("a codec that the browser does not decode puts the rung out until the camera's codec changes", () => {
		world.tile(1).faults.set("webrtc", "codec");
		world.run(LONGEST_RETRY_MS * 3);
		expect(world.tile(1).want).toMatchObject({ shown: "mse", reason: "codec" });
		expect(world.tile(1).moves).toHaveLength(2);
		world.tile(1).faults.clear();
		world.tile(1).codec = "h265";
		world.run(20_000);
		expect(world.tile(1).want?.shown).toBe("webrtc");
	});

	test("a feed that gives up is replaced, and tried again later and later", () => {
		world.run(20_000);
		world.tile(1).faults.set("webrtc", "decoder");
		world.run(1000);
		expect(world.tile(1).want).toMatchObject({ shown: "mse", reason: "decoder" });
		const tries: number[] = [];
		let before = false;
		world.run(900_000, () => {
			const trying = world.tile(1).want?.preparing === "webrtc";
			if (trying && !before) tries.push(world.nowMs);
			before = trying;
		});
		const gaps = tries.slice(1).map((atMs, i) => atMs - (tries[i] ?? 0));
		expect(gaps.slice(0, 4).every((gapMs, i) => gapMs >= FIRST_RETRY_MS * 2 ** (i + 1))).toBe(true);
		expect(Math.max(...gaps)).toBeLessThan(LONGEST_RETRY_MS + 2000);
		expect(tries.length).toBeGreaterThan(4);
	});

	test("a refusal puts the rung out until the server takes it back, or for a long wait", () => {
		world.run(TICK_MS);
		// LL-HLS is not even tried: it has what MSE has.
		for (const rung of ["webrtc", "mse"] as const) {
			world.ladder.refused("cam1", rung, "ffmpeg-missing", world.nowMs);
			world.ladder.refused("cam1", rung, "ffmpeg-missing", world.nowMs);
		}
		world.run(TICK_MS);
		expect(world.tile(1).want).toMatchObject({ shown: "still", reason: "refused", refusal: "ffmpeg-missing" });
		world.run(FIRST_SLOW_RETRY_MS - 5000);
		expect(world.tile(1).want?.shown).toBe("still");
		world.ladder.granted("cam1", "mse");
		world.run(2000);
		expect(world.tile(1).want).toMatchObject({ shown: "mse", reason: "refused", refusal: "ffmpeg-missing" });
		world.run(20_000);
		expect(world.tile(1).want).toMatchObject({ shown: "webrtc", reason: "best", refusal: undefined });
	});

	test("a place for a transcode is asked for again and again", () => {
		world.run(TICK_MS);
		const tries: number[] = [];
		for (let s = 0; s < 90; s++) {
			for (const rung of ["webrtc", "mse"] as const) {
				const { shown, preparing } = world.tile(1).want ?? {};
				if (shown !== rung && preparing !== rung) continue;
				tries.push(world.nowMs);
				world.ladder.refused("cam1", rung, "transcode-limit", world.nowMs);
			}
			world.run(1000);
		}
		expect(tries.length).toBeGreaterThan(8);
		expect(world.tile(1).want).toMatchObject({ shown: "still", reason: "refused", refusal: "transcode-limit" });
	});

	test("too few pictures for ten seconds send it down, and the way back is slow", () => {
		world.run(20_000);
		const tile = world.tile(1);
		let fellMs = 0;
		for (let i = 0; i < 40 && tile.want?.shown === "webrtc"; i++) {
			if (tile.shown) tile.shown.decodedFps = 5;
			world.run(TICK_MS);
			fellMs = world.nowMs;
		}
		expect(tile.want).toMatchObject({ shown: "mse", reason: "slow-link" });
		while (tile.want?.shown === "mse") world.run(TICK_MS);
		expect(world.nowMs - fellMs).toBeGreaterThan(FIRST_SLOW_RETRY_MS - 2000);
	});

	test("without stills either it stays on the last rung and goes on trying", () => {
		const tile = world.tile(1);
		for (const rung of RUNGS) tile.broken.add(rung);
		world.run(60_000);
		expect(tile.want?.shown).toBe("still");
		tile.broken.clear();
		world.run(LONGEST_RETRY_MS);
		expect(tile.want?.shown).toBe("webrtc");
	});

	test("what is hidden is not judged, and prepares nothing", () => {
		world.run(20_000);
		const tile = world.tile(1);
		tile.watched = false;
		tile.broken.add("webrtc");
		world.run(60_000);
		expect(tile.want).toMatchObject({ shown: "webrtc", preparing: undefined });
		tile.watched = true;
		world.run(NO_FRAMES_MS + 1500);
		expect(tile.want?.shown).toBe("mse");
	});

	test("B-frames that are noticed later move it to where they pass through", () => {
		world.run(20_000);
		world.tile(1).bFrames = true;
		world.run(2000);
		expect(world.tile(1).want).toMatchObject({ shown: "mse", reason: "b-frames" });
		world.run(120_000);
		expect(world.tile(1).moves).toHaveLength(2);
	});

	test("a forced rung is kept, or a still with the reason where it fails", () => {
		world.policy("mse");
		world.run(20_000);
		expect(world.shown).toEqual(all("mse"));
		expect(world.reasons).toEqual(["forced"]);
		expect(world.attempts).toBe(0);
		world = new World(4);
		world.policy("webrtc");
		world.block();
		world.run(20_000);
		expect(world.shown).toEqual(all("still"));
		expect(world.reasons).toEqual(["udp-blocked"]);
		world.unblock();
		world.run(30_000);
		expect(world.shown).toEqual(all("webrtc"));
	});

	test("another network is tried at once", () => {
		world.block();
		world.run(100_000);
		world.unblock();
		world.ladder.networkChanged();
		world.run(5000);
		expect(world.shown).toEqual(all("webrtc"));
	});

	test("what the browser refuses as a whole is not WebRTC's to play", () => {
		world.policy("auto", [], ["h264"]);
		world.run(60_000);
		expect(world.shown).toEqual(all("mse"));
		expect(world.reasons).toEqual(["codec"]);
		expect(world.attempts).toBe(0);
	});
});

describe("whatever happens", () => {
	const fault = fc.record({
		forMs: fc.integer({ min: 500, max: 40_000 }),
		udp: fc.boolean(),
		carrier: fc.constantFrom<Carrier | undefined>("websocket", "websocket", "stream", "poll", undefined),
		broken: fc.subarray<Rung>(["webrtc", "mse", "hls", "still"]),
		tile: fc.integer({ min: 0, max: 4 }),
		tileBroken: fc.subarray<Rung>(["webrtc", "mse", "hls"]),
		tileFault: fc.option(fc.constantFrom<FeedFault>("decoder", "network"), { nil: undefined }),
		live: fc.boolean(),
		frozen: fc.option(fc.constantFrom<Fault>("camera", "network", "device"), { nil: undefined }),
	});

	test("there is never more than one candidate, never flapping, and always a way back", () => {
		fc.assert(
			fc.property(fc.array(fault, { maxLength: 12 }), (faults) => {
				world = new World(5);
				const check = () => {
					for (const { want } of world.tiles.values()) {
						if (!want || want.preparing === want.shown) throw new Error(`no rung, or twice: ${JSON.stringify(want)}`);
					}
				};
				for (const { forMs, udp, carrier, broken, tile, tileBroken, tileFault, live, frozen } of faults) {
					if (udp && !world.udp) world.unblock();
					if (!udp) world.block();
					world.carrier = carrier;
					world.broken.clear();
					for (const rung of broken) world.broken.add(rung);
					const one = world.tile(tile);
					one.broken.clear();
					for (const rung of tileBroken) one.broken.add(rung);
					one.faults.clear();
					if (tileFault) for (const rung of tileBroken) one.faults.set(rung, tileFault);
					one.live = live;
					one.frozen = frozen;
					world.run(forMs, check);
				}
				world.carrier = "websocket";
				world.unblock();
				world.broken.clear();
				for (const tile of world.tiles.values()) {
					tile.broken.clear();
					tile.faults.clear();
					tile.live = true;
					tile.frozen = undefined;
				}
				world.run(300_000 + LONGEST_RETRY_MS + LONGEST_PROBE_WAIT_MS + PROBE_MS + 30_000, check);
				expect(world.shown).toEqual(all("webrtc"));
				for (const { moves } of world.tiles.values()) {
					// To leave a picture for the same better rung twice within this time would be flapping.
					const climbs = moves.filter(({ to, seen }, i) => {
						return seen && RUNGS.indexOf(to) < RUNGS.indexOf(moves[i - 1]?.to ?? to);
					});
					for (const [i, { atMs, to }] of climbs.entries()) {
						const lately = climbs.slice(0, i).filter((climb) => climb.to === to && atMs - climb.atMs < QUIET_MS);
						expect(lately).toEqual([]);
					}
				}
			}),
			{ numRuns: 20 },
		);
	});
});
