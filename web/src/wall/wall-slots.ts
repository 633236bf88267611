/** What the page wants in each slot, what arrives there, and when the server is to be asked for help. @module */
import type { StreamName } from "@vigia/api";
import { isKnown, isSilent } from "../player/tile-machine.ts";
import { Watchdog } from "../player/watchdog.ts";
import { gridStream, type SlotRole, type SlotWish } from "./slots.ts";
import type { WallTile } from "./wall-tile.ts";

export interface WantedSlot extends SlotWish {
	/** The view in which this content was first asked for. */
	readonly revision: number;
}

/** What to ask the server for. */
export interface Help {
	/** Slots whose cached pictures are to be sent again. */
	readonly refresh: readonly number[];
	/** The whole connection is dead. */
	readonly reconnect: boolean;
}

/** The wanted state of one page through all its sockets and connections. */
export class WallSlots {
	readonly #tiles: ReadonlyMap<string, WallTile>;
	readonly #watchdog = new Watchdog();
	readonly #wanted = new Map<number, WantedSlot>();
	#revision = 0;

	/** Reads the tiles as they are at each call. */
	constructor(tiles: ReadonlyMap<string, WallTile>) {
		this.#tiles = tiles;
	}

	get wanted(): Iterable<WantedSlot> {
		return this.#wanted.values();
	}

	at(slot: number): WantedSlot | undefined {
		return this.#wanted.get(slot);
	}

	/** The slot of one camera's grid or main stream. */
	of(camera: string, role: SlotRole): WantedSlot | undefined {
		for (const wanted of this.#wanted.values()) if (wanted.camera === camera && wanted.role === role) return wanted;
		return undefined;
	}

	/** Takes the whole wanted state, forgets what is not in it, and answers the number of the view. */
	want(wishes: readonly SlotWish[], nowMs: number): number {
		this.#revision += 1;
		const before = new Map(this.#wanted);
		this.#wanted.clear();
		for (const wish of wishes) {
			const old = before.get(wish.slot);
			const same = old?.camera === wish.camera && old.stream === wish.stream;
			this.#wanted.set(wish.slot, { ...wish, revision: same ? old.revision : this.#revision });
			if (!same) this.#watchdog.asked(wish.slot, nowMs);
		}
		for (const slot of before.keys()) if (!this.#wanted.has(slot)) this.#watchdog.dropped(slot);
		for (const [id, tile] of this.#tiles) tile.wantMain(this.of(id, "main") !== undefined);
		return this.#revision;
	}

	/** A new socket knows nothing of what was asked for. */
	clear(): void {
		for (const slot of this.#wanted.keys()) this.#watchdog.dropped(slot);
		this.#wanted.clear();
	}

	/** An offer came. */
	connecting(nowMs: number): void {
		this.#watchdog.connecting(nowMs);
	}

	/** The connection failed: whether to ask for another one now. */
	mayReconnect(nowMs: number): boolean {
		return this.#watchdog.mayReconnect(nowMs);
	}

	/** Takes one report's counters, by slot. */
	takeStats(inbound: ReadonlyMap<number, RTCInboundRtpStreamStats>, nowMs: number): void {
		for (const [slot, stats] of inbound) {
			const wanted = this.#wanted.get(slot);
			const tile = wanted && this.#tiles.get(wanted.camera);
			if (!tile) continue;
			const watch = tile.watches[wanted.role];
			watch.received(stats.packetsReceived ?? 0, stats.framesDecoded ?? 0, nowMs);
			tile.meters[wanted.role].add({
				atMs: nowMs,
				received: stats.framesReceived ?? 0,
				decoded: stats.framesDecoded ?? 0,
				painted: watch.presented,
				bytes: stats.bytesReceived ?? 0,
			});
		}
	}

	/** Compares what the server has with what was decoded here; at every tick while there is a socket. */
	watch(nowMs: number): Help {
		const refresh: number[] = [];
		for (const { slot, camera, role } of this.#wanted.values()) {
			const tile = this.#tiles.get(camera);
			if (!tile) continue;
			const stream: StreamName = role === "main" ? "main" : gridStream(tile.status);
			const facts = tile.facts(stream, true);
			const serverLive = isKnown(facts) && facts.state === "live" && !isSilent(facts);
			const { lastFrameMs } = tile.watches[role];
			if (this.#watchdog.needsRefresh({ slot, serverLive, lastFrameMs }, nowMs)) refresh.push(slot);
		}
		return { refresh, reconnect: this.#watchdog.needsReconnect(nowMs) };
	}
}
