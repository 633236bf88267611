/** From one timescale to another. @module */

/** Rounded; exact also where the product would not fit 53 bits. @param time whole units of `from` per second. */
export function rescale(time: number, from: number, to: number): number {
	return Math.floor(time / from) * to + Math.round(((time % from) * to) / from);
}
