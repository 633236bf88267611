/** Waiting for a fact instead of a time. @module */

/** Generous: a loaded machine with two processors. */
const LIMIT_MS = 15_000;
const POLL_MS = 20;

/** Resolves when the condition holds. @throws Error that names it when it does not come to hold. */
export async function waitFor(what: string, condition: () => boolean): Promise<void> {
	const endMs = performance.now() + LIMIT_MS;
	while (!condition()) {
		if (performance.now() > endMs) throw new Error(`Waited in vain for: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, POLL_MS));
	}
}
