/** The pictures since the last random access point, for readers that come in the middle. @module */
import type { StreamUnit } from "./reader.ts";

/**
 * 10 s of a 6 Mbit/s main stream, counted in NAL bytes. Pictures that a viewer has read keep their RTP payloads beside
 * them, so that a full cache takes up to twice this.
 */
export const MAX_GOP_BYTES = 8 * 1024 * 1024;
/** A "smart codec" GOP can last minutes; decoding more than this at once takes a browser longer than it saves. */
export const MAX_GOP_MS = 30_000;

export class GopCache {
	#units: StreamUnit[] = [];
	#bytes = 0;
	/** GOPs that were given up because they passed a cap: their newcomers wait for the next random access point. */
	overflows = 0;

	/** Adds the newest access unit; a random access point starts anew. */
	push(unit: StreamUnit): void {
		if (unit.randomAccess) this.clear();
		else if (this.#units.length === 0) return;
		this.#units.push(unit);
		this.#bytes += unit.sizeBytes;
		const first = this.#units[0] as StreamUnit;
		if (this.#bytes > MAX_GOP_BYTES || unit.arrivalMs - first.arrivalMs > MAX_GOP_MS) {
			this.overflows++;
			this.clear();
		}
	}

	/** Oldest first, beginning with a random access point; empty before the first one and after an overflow. */
	snapshot(): readonly StreamUnit[] {
		return this.#units.slice();
	}

	get sizeBytes(): number {
		return this.#bytes;
	}

	clear(): void {
		this.#units = [];
		this.#bytes = 0;
	}
}
