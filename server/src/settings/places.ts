/** A bound on how much of one kind runs at the same time. @module */

export class Places {
	readonly #max: number;
	#taken = 0;

	constructor(max: number) {
		this.#max = max;
	}

	/** Does the work, or nothing where all places are taken: then `undefined`. */
	async run<T>(work: () => Promise<T>): Promise<T | undefined> {
		if (this.#taken >= this.#max) return undefined;
		this.#taken++;
		try {
			return await work();
		} finally {
			this.#taken--;
		}
	}
}
