/**
 * When to ask the server for the cached pictures of one slot again. Whether the connection as a whole is dead is the
 * ladder's to say. Pure: facts and time come in, requests go out. It never acts on events or on `freezeCount`, which
 * stand still while a picture does (measured in Chromium).
 * @module
 */

/** A slot without a picture for this long, although the server has some, is asked for again, in milliseconds. */
export const REFRESH_AFTER_MS = 3000;
/** Requests for one slot grow apart up to this, in milliseconds. */
export const LONGEST_REFRESH_MS = 30_000;

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

	/** The slot was asked for, anew or for the first time. */
	asked(slot: number, nowMs: number): void {
		this.#slots.set(slot, { dueSinceMs: nowMs, due: false, refreshDelayMs: REFRESH_AFTER_MS, refreshAtMs: Infinity });
	}

	/** The slot is not wanted any more. */
	dropped(slot: number): void {
		this.#slots.delete(slot);
	}

	/** Takes one slot's facts, at every tick: whether its cached pictures are to be sent again. */
	needsRefresh({ slot, serverLive, lastFrameMs }: WatchedSlot, nowMs: number): boolean {
		const record = this.#slots.get(slot);
		if (!record) return false;
		const decoded = lastFrameMs !== undefined && lastFrameMs > record.dueSinceMs;
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
}
