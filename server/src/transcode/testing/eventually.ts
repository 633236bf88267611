/** For tests: waits for what real children do in real time. @module */

/** Only a fault reaches it: several children start on a loaded machine with two processors. */
const LIMIT_MS = 15_000;
const EVERY_MS = 10;

/** Asks until the answer is true. */
export async function eventually(what: string, ask: () => boolean): Promise<void> {
	const endMs = performance.now() + LIMIT_MS;
	while (!ask()) {
		if (performance.now() > endMs) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
	}
}
