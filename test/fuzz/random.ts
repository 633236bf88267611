/** Chance that repeats: the same seed gives the same numbers. @module */

export class Random {
	#state: number;

	/** @param seed any text: targets and rounds have chances of their own. */
	constructor(seed: string) {
		// FNV-1a, 32 bits.
		let hash = 0x811c9dc5;
		for (let at = 0; at < seed.length; at++) hash = Math.imul(hash ^ seed.charCodeAt(at), 0x01000193);
		this.#state = hash >>> 0;
	}

	/** 32 bits: mulberry32. */
	next(): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let mixed = this.#state;
		mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return (mixed ^ (mixed >>> 14)) >>> 0;
	}

	/** A whole number from 0 to below `limit`. */
	below(limit: number): number {
		return limit <= 1 ? 0 : this.next() % limit;
	}

	/** From `min` to below `max`, with fractions. */
	between(min: number, max: number): number {
		return min + (this.next() / 2 ** 32) * (max - min);
	}

	pick<T>(items: readonly T[]): T {
		return items[this.below(items.length)] as T;
	}

	/** `count` of the items, each at most once. */
	sample<T>(items: readonly T[], count: number): T[] {
		const left = [...items];
		const taken: T[] = [];
		while (taken.length < count && left.length > 0) taken.push(...left.splice(this.below(left.length), 1));
		return taken;
	}
}
