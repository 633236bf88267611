/**
 * Which transport fills each tile. The ladder goes down on evidence, climbs back by itself, and says why it stands where
 * it stands. Pure: facts and time come in, the wanted feeds go out.
 *
 * A tile here is one picture: a camera's grid stream, or the main stream behind an enlarged tile. Each has a rung that
 * is shown and at most one other that is prepared out of sight, in a feed of its own, and takes its place with its first
 * painted frame. What concerns all tiles is decided for all of them at once: whether WebRTC connects
 * (`ladder-connection.ts`), and whether the link carries media.
 *
 * @module
 */
import type { Protocol, ReasonCode, Rung } from "@vigia/api";
import type { Carrier } from "../api/wall-socket.ts";
import type { Capabilities } from "./capabilities.ts";
import type { FeedFault } from "./feed.ts";
import { CHOKED_AFTER_MS, ConnectionLadder, DEAD_AFTER_MS } from "./ladder-connection.ts";
import type { LadderMemory } from "./ladder-memory.ts";
import { TileLadder } from "./ladder-tile.ts";
import type { SlotFacts } from "./slot-watch.ts";
import type { Fault } from "./tile-machine.ts";

export type { Carrier } from "../api/wall-socket.ts";
export type { Capabilities as PlayerCapabilities } from "./capabilities.ts";

/** Why a tile is on its rung and not on the one above. Stable, for translations. */
export type RungReason =
	/** Nothing better is possible. */
	| "best"
	/** The setting or the page's address asks for this rung only. */
	| "forced"
	/** WebRTC never connected: UDP does not come through. */
	| "udp-blocked"
	/** The browser gave the WebRTC connection up. */
	| "ice-failed"
	/** The server offered no WebRTC connection. */
	| "no-offer"
	/** The WebRTC connection stood, and then nothing came over it for any tile. */
	| "connection-dead"
	/** WebRTC did not connect from here the last time; it is being tried. */
	| "remembered"
	/** Only short requests come through to the server. */
	| "short-requests"
	/** The browser does not play the camera's codec on the rung above. */
	| "codec"
	/** The camera's H.264 has B-frames, which WebRTC does not play. */
	| "b-frames"
	/** The server cannot make the stream playable on the rung above: see {@link TileWant.refusal}. */
	| "refused"
	/** No picture was decoded on the rung above, although the server has video. */
	| "no-frames"
	/** The picture froze again and again on the rung above. */
	| "freezes"
	/** Too few pictures came through on the rung above, or more than this device decodes. */
	| "slow-link"
	/** The browser's decoder or buffer failed on the rung above. */
	| "decoder"
	/** What the rung above fetches did not come. */
	| "network"
	/** The server has no video of this stream now, and there was no picture yet: nothing is known of the rungs. */
	| "no-stream";

/** The page's WebRTC connection. */
export interface ConnectionFacts {
	/** `none` while there is no RTCPeerConnection. */
	readonly state: RTCPeerConnectionState | "none";
	/** When the answer to this connection's first offer was sent, in milliseconds of the clock. */
	readonly answeredMs: number | undefined;
	/** The browser refused every track of the offer, or the server had none that it takes. */
	readonly unplayable: boolean;
}

/** One feed of a tile, as it is now. */
export interface FeedFacts {
	readonly rung: Rung;
	/** What arrived, was decoded and was painted: of a still, when its image was last there. */
	readonly watch: SlotFacts;
	/** The feed gave up. */
	readonly fault: FeedFault | undefined;
	/** Pictures per second over the last seconds; `undefined` while it is not known. */
	readonly decodedFps: number | undefined;
}

export interface TileFacts {
	/** What the server says of the stream's video; `undefined` while it does not know. */
	readonly codec: string | undefined;
	readonly bFrames: boolean | undefined;
	/** Pictures per second that reach the server, while they come. */
	readonly fps: number | undefined;
	/** The server has video of this stream now: its report is recent, says `live`, and the camera is not silent. */
	readonly serverLive: boolean;
	/** Somebody may be looking: what is hidden is not painted, and nothing is judged by it. */
	readonly watched: boolean;
	/** The picture stands, by whose fault. One that moves and is late is still better than a rung further down. */
	readonly frozen: Fault | undefined;
	/** The feed of the rung that {@link TileWant.shown} said last; `undefined` before it was made. */
	readonly shown: FeedFacts | undefined;
	/** The feed of {@link TileWant.preparing}. */
	readonly preparing: FeedFacts | undefined;
}

/** Everything at one moment. The clock is the page's. */
export interface LadderFacts {
	readonly nowMs: number;
	/** `undefined` while the link is not open. */
	readonly carrier: Carrier | undefined;
	readonly connection: ConnectionFacts;
	/** By a key of the owner's choice. A tile that is missing is forgotten. */
	readonly tiles: ReadonlyMap<string, TileFacts>;
}

export interface TileWant {
	/**
	 * The rung on the tile. When it becomes what was prepared, the prepared feed takes the place of the shown one. A still
	 * that has no image yet may leave the last picture, marked with its age, where it is.
	 */
	readonly shown: Rung;
	/** A rung to be prepared out of sight, in a feed of its own; never the one that is shown. */
	readonly preparing: Rung | undefined;
	readonly reason: RungReason;
	/** The server's words for `refused`. */
	readonly refusal: ReasonCode | undefined;
}

export interface LadderWants {
	readonly tiles: ReadonlyMap<string, TileWant>;
	/** Whether the WebRTC connection is to be there: a tile shows or prepares WebRTC, or is about to. */
	readonly connection: boolean;
	/** Grows when another WebRTC connection is to be asked for, in place of the one that may be there. */
	readonly attempt: number;
	/** The WebRTC connection fills the link for nothing: it is to be ended here and now, whatever the server hears. */
	readonly hangUp: boolean;
}

export interface LadderOptions {
	readonly memory: LadderMemory;
	/** In milliseconds since 1970, for the memory. */
	readonly wallMs: () => number;
}

/** What the server and the browser can do: known with `welcome`, and the same for all tiles. */
export interface LadderPolicy {
	readonly protocol: Protocol;
	readonly capabilities: Capabilities;
	/** The server makes stills of any codec; without FFmpeg, of MJPEG only. */
	readonly stills: boolean;
}

/** So many tiles may climb at the same time, or a quarter of them: each decodes its stream twice meanwhile. */
export const MIN_CLIMBING = 4;
const CLIMBING_SHARE = 4;

/** Nothing for this long on one tile, while media comes for others, in milliseconds: these are served before it. */
const LINK_SILENT_MS = 2000;
/** After the link was seen to be too slow, what fails on it fails for that reason, for so many milliseconds. */
const OVERLOAD_LASTS_MS = 60_000;

/** All tiles of a page. */
export class Ladder {
	readonly #connection: ConnectionLadder;
	readonly #tiles = new Map<string, TileLadder>();
	#policy: LadderPolicy = { protocol: "auto", capabilities: { webrtc: [], mse: [], nativeHls: false }, stills: true };
	/** The carrier while there was one: a link on its way back changes nothing. */
	#carrier: Carrier = "websocket";
	/** When the link last had less for the tiles than they take. */
	#overloadedMs = -Infinity;
	/** The tile that tries WebRTC for all. */
	#scout: string | undefined;

	constructor(options: LadderOptions) {
		this.#connection = new ConnectionLadder(options);
	}

	/** Takes what is known with `welcome`. */
	setPolicy(policy: LadderPolicy): void {
		this.#policy = policy;
	}

	/** The server cannot serve this rung to this tile. It is out until {@link granted}, another codec, or a long wait. */
	refused(key: string, rung: Rung, refusal: ReasonCode, nowMs: number): void {
		for (const each of alike(rung)) this.#tiles.get(key)?.refused(each, refusal, nowMs);
	}

	/** The server serves this rung to this tile: a `slot` or `channel` message. */
	granted(key: string, rung: Rung): void {
		for (const each of alike(rung)) this.#tiles.get(key)?.granted(each);
	}

	/** Another network, or the same one again: what failed before may be tried at once. */
	networkChanged(): void {
		this.#overloadedMs = -Infinity;
		this.#connection.networkChanged();
		for (const tile of this.#tiles.values()) tile.networkChanged();
	}

	/** Judges everything: at each tick, and whenever something that is waited for was painted. */
	update(facts: LadderFacts): LadderWants {
		const { nowMs, tiles } = facts;
		for (const key of this.#tiles.keys()) if (!tiles.has(key)) this.#tiles.delete(key);
		if (facts.carrier !== undefined) this.#carrier = facts.carrier;
		for (const [key, tile] of tiles) {
			let ladder = this.#tiles.get(key);
			if (!ladder) this.#tiles.set(key, (ladder = new TileLadder()));
			ladder.take(tile, this.#policy, nowMs);
		}
		this.#judgeConnection(facts);
		this.#judgeTiles(facts);
		let connection = this.#connection.probing;
		const wants = new Map<string, TileWant>();
		for (const [key, ladder] of this.#tiles) {
			const want = ladder.want(this.#blocked);
			connection ||= want.shown === "webrtc" || want.preparing === "webrtc";
			wants.set(key, want);
		}
		return { tiles: wants, connection, attempt: this.#connection.attempt, hangUp: this.#connection.hangsUp };
	}

	/** Why all tiles have to do without a rung. */
	readonly #blocked = (rung: Rung): RungReason | undefined => {
		if (rung === "webrtc") return this.#carrier === "poll" ? "short-requests" : this.#connection.fault;
		if (rung === "mse") return this.#carrier === "poll" ? "short-requests" : undefined;
		return undefined;
	};

	#judgeConnection({ nowMs, carrier, connection, tiles }: LadderFacts): void {
		let judged = 0;
		let silent = 0;
		let coming = 0;
		let choked = 0;
		let wanted = false;
		let arrived = false;
		for (const [key, ladder] of this.#tiles) {
			const facts = tiles.get(key);
			if (!facts || !ladder.uses("webrtc")) continue;
			wanted = true;
			const packets = ladder.packets("webrtc", facts, { nowMs, deadAfterMs: DEAD_AFTER_MS });
			arrived ||= packets.arrived;
			if (packets.silent !== undefined) judged += 1;
			if (packets.silent) silent += 1;
			const comesToNothing = ladder.comesToNothing("webrtc", facts, { nowMs, afterMs: CHOKED_AFTER_MS });
			if (comesToNothing !== undefined) coming += 1;
			if (comesToNothing) choked += 1;
		}
		const scout = this.#findScout(tiles, nowMs);
		const scoutFacts = scout === undefined ? undefined : tiles.get(scout);
		this.#connection.update({
			nowMs,
			signalling: carrier === "websocket" || carrier === "stream",
			connection,
			wanted,
			arrived,
			silent: judged > 0 && silent === judged,
			choked: choked > 0 && choked * 2 >= coming,
			steady: !!scoutFacts && !!this.#tiles.get(scout ?? "")?.isSteady("webrtc", scoutFacts, nowMs),
			canProbe: scout !== undefined,
		});
	}

	/** The first tile that would be better off with WebRTC tries it for all; the same one as long as it can. */
	#findScout(tiles: LadderFacts["tiles"], nowMs: number): string | undefined {
		const can = (key: string): boolean => {
			const facts = tiles.get(key);
			// While one tries, a report of the server that is late says nothing.
			const due = facts?.serverLive || key === this.#scout;
			return !!facts?.watched && !!due && !!this.#tiles.get(key)?.wouldClimbTo("webrtc", nowMs);
		};
		if (this.#scout !== undefined && can(this.#scout)) return this.#scout;
		for (const key of this.#tiles.keys()) if (can(key)) return key;
		return undefined;
	}

	/** The link carries media, and yet nothing comes for half of the tiles that go over it: it is too slow for all. */
	#isOverloaded(tiles: LadderFacts["tiles"], nowMs: number): boolean {
		let coming = 0;
		let silent = 0;
		for (const [key, ladder] of this.#tiles) {
			const facts = tiles.get(key);
			if (!facts || !ladder.uses("mse")) continue;
			const packets = ladder.packets("mse", facts, { nowMs, deadAfterMs: LINK_SILENT_MS });
			if (packets.silent === true) silent += 1;
			else if (packets.silent === false && packets.arrived) coming += 1;
		}
		return coming > 0 && silent >= coming;
	}

	#judgeTiles({ nowMs, tiles }: LadderFacts): void {
		this.#scout = this.#connection.probing ? this.#findScout(tiles, nowMs) : undefined;
		if (this.#isOverloaded(tiles, nowMs)) this.#overloadedMs = nowMs;
		const overloaded = nowMs - this.#overloadedMs < OVERLOAD_LASTS_MS;
		let climbing = 0;
		for (const ladder of this.#tiles.values()) if (ladder.climbing) climbing += 1;
		const most = Math.max(MIN_CLIMBING, Math.ceil(this.#tiles.size / CLIMBING_SHARE));
		for (const [key, ladder] of this.#tiles) {
			const facts = tiles.get(key);
			if (!facts) continue;
			const before = ladder.climbing;
			ladder.update(facts, {
				nowMs,
				blocked: this.#blocked,
				scout: key === this.#scout,
				mayClimb: climbing < most,
				connecting: this.#connection.connecting,
				overloaded,
			});
			if (ladder.climbing !== before) climbing += before ? -1 : 1;
		}
	}
}

/** LL-HLS carries the same pictures as MSE: what the server refuses or grants to one it does to the other. */
function alike(rung: Rung): readonly Rung[] {
	return rung === "mse" ? ["mse", "hls"] : [rung];
}
