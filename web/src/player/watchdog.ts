/**
 * When to ask the server for help: the cached pictures of one slot again, or a new PeerConnection.
 * Pure: facts and time come in, requests go out. It never acts on events or on `freezeCount`, which stand still
 * while a picture does (measured in Chromium).
 * @module
 */

/** A slot without a picture for this long, although the server has some, is asked for again, in milliseconds. */
export const REFRESH_AFTER_MS = 3000;
/** Requests for one slot grow apart up to this, in milliseconds. */
export const LONGEST_REFRESH_MS = 30_000;
/** No picture on any slot for this long means that the connection is dead, in milliseconds. */
export const RECONNECT_AFTER_MS = 6000;
/** New connections grow apart up to this, in milliseconds. */
export const LONGEST_RECONNECT_MS = 30_000;

/** What the watchdog needs to know of one slot that was asked for. */
export interface WatchedSlot {
	readonly slot: number;
	/** The server has this stream's pictures now. */
	readonly serverLive: boolean;
	/** When a picture was last decoded, in milliseconds of the clock. */
	readonly lastFrameMs: number | undefined;
}

interface SlotRecord {
	/** Since when a picture is due: the slot was asked for, the server has pictures, and the last one was decoded. */
	dueSinceMs: number;
	/** A picture is due now. */
	due: boolean;
	refreshDelayMs: number;
	refreshAtMs: number;
}

/** Watches all slots of the page. */
export class Watchdog {
	readonly #slots = new Map<number, SlotRecord>();
	#newestFrameMs = 0;
	#connectingMs = 0;
	#reconnectDelayMs = RECONNECT_AFTER_MS;

	/** The slot was asked for, anew or for the first time. */
	asked(slot: number, nowMs: number): void {
		this.#slots.set(slot, { dueSinceMs: nowMs, due: false, refreshDelayMs: REFRESH_AFTER_MS, refreshAtMs: Infinity });
	}

	/** The slot is not wanted any more. */
	dropped(slot: number): void {
		this.#slots.delete(slot);
	}

	/** An offer came: pictures cannot be expected before. */
	connecting(nowMs: number): void {
		this.#connectingMs = nowMs;
	}

	/** Takes one slot's facts, at every tick: whether its cached pictures are to be sent again. */
	needsRefresh({ slot, serverLive, lastFrameMs }: WatchedSlot, nowMs: number): boolean {
		const record = this.#slots.get(slot);
		if (!record) return false;
		const decoded = lastFrameMs !== undefined && lastFrameMs > record.dueSinceMs;
		if (decoded && lastFrameMs > this.#newestFrameMs) {
			this.#newestFrameMs = lastFrameMs;
			this.#reconnectDelayMs = RECONNECT_AFTER_MS;
		}
		if (decoded || !serverLive || !record.due) {
			record.dueSinceMs = decoded ? lastFrameMs : record.due || !serverLive ? nowMs : record.dueSinceMs;
			record.due = serverLive;
			record.refreshDelayMs = REFRESH_AFTER_MS;
			record.refreshAtMs = record.dueSinceMs + REFRESH_AFTER_MS;
			return false;
		}
		if (nowMs < record.refreshAtMs) return false;
		record.refreshDelayMs = Math.min(LONGEST_REFRESH_MS, record.refreshDelayMs * 2);
		record.refreshAtMs = nowMs + record.refreshDelayMs;
		return true;
	}

	/** Whether to ask for a new connection: pictures are due, and none came on any slot. Call after the slots. */
	needsReconnect(nowMs: number): boolean {
		if (nowMs - this.#newestFrameMs < RECONNECT_AFTER_MS) return false;
		let overdue = false;
		for (const record of this.#slots.values()) {
			if (record.due && nowMs - record.dueSinceMs >= RECONNECT_AFTER_MS) overdue = true;
		}
		return overdue && this.#reconnect(nowMs, this.#reconnectDelayMs);
	}

	/** The connection reported its own failure: whether to ask for a new one now. The first time is at once. */
	mayReconnect(nowMs: number): boolean {
		return this.#reconnect(nowMs, this.#reconnectDelayMs > RECONNECT_AFTER_MS ? this.#reconnectDelayMs : 0);
	}

	#reconnect(nowMs: number, notWithinMs: number): boolean {
		if (nowMs - this.#connectingMs < notWithinMs) return false;
		this.#connectingMs = nowMs;
		this.#reconnectDelayMs = Math.min(LONGEST_RECONNECT_MS, this.#reconnectDelayMs * 2);
		return true;
	}
}
