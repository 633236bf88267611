/** Pictures and bits per second over the last whole seconds. @module */

/** Long enough to hold several GOPs' worth of unevenness, short enough to follow a change of settings. */
const WINDOW_SECONDS = 5;

export interface Rate {
	readonly unitsPerSecond: number;
	readonly bitsPerSecond: number;
}

/** One bucket a second, reused in a ring: nothing is allocated per picture. */
export class RateMeter {
	readonly #units = new Float64Array(WINDOW_SECONDS + 1);
	readonly #bytes = new Float64Array(WINDOW_SECONDS + 1);
	#firstSecond: number | undefined;
	#lastSecond = 0;

	add(bytes: number, nowMs: number): void {
		this.#moveTo(Math.floor(nowMs / 1000));
		const index = this.#lastSecond % this.#units.length;
		this.#units[index] = (this.#units[index] as number) + 1;
		this.#bytes[index] = (this.#bytes[index] as number) + bytes;
	}

	/** The mean over the whole seconds in the window; `undefined` until one has passed. */
	read(nowMs: number): Rate | undefined {
		if (this.#firstSecond === undefined) return undefined;
		this.#moveTo(Math.floor(nowMs / 1000));
		// The first second is cut off at its start, the current one at its end.
		const seconds = Math.min(WINDOW_SECONDS, this.#lastSecond - this.#firstSecond - 1);
		if (seconds < 1) return undefined;
		let units = 0;
		let bytes = 0;
		for (let second = this.#lastSecond - seconds; second < this.#lastSecond; second++) {
			units += this.#units[second % this.#units.length] as number;
			bytes += this.#bytes[second % this.#units.length] as number;
		}
		return { unitsPerSecond: units / seconds, bitsPerSecond: (bytes * 8) / seconds };
	}

	reset(): void {
		this.#firstSecond = undefined;
		this.#units.fill(0);
		this.#bytes.fill(0);
	}

	#moveTo(second: number): void {
		if (this.#firstSecond === undefined) {
			this.#firstSecond = second;
			this.#lastSecond = second;
			return;
		}
		const from = Math.max(this.#lastSecond + 1, second - this.#units.length + 1);
		for (let passed = from; passed <= second; passed++) {
			this.#units[passed % this.#units.length] = 0;
			this.#bytes[passed % this.#units.length] = 0;
		}
		this.#lastSecond = Math.max(this.#lastSecond, second);
	}
}
