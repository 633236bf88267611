/** Waits for what a test expects, with a limit that only a fault reaches. @module */

/** Generous: a loaded machine with two processors must not fail a test. */
const LIMIT_MS = 30_000;
const EVERY_MS = 100;

/** Asks until the answer is neither false nor undefined, and returns it. A question that throws is asked again. */
export async function eventually<T>(
	what: string,
	ask: () => T | false | undefined | Promise<T | false | undefined>,
	limitMs: number = LIMIT_MS,
): Promise<T> {
	const endMs = performance.now() + limitMs;
	let problem: unknown;
	for (;;) {
		try {
			const answer = await ask();
			if (answer !== false && answer !== undefined) return answer;
			problem = undefined;
		} catch (error) {
			problem = error;
		}
		if (performance.now() > endMs) {
			throw new Error(`not within ${limitMs} ms: ${what}`, { cause: problem });
		}
		await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
	}
}
