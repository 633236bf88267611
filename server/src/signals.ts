/** What the process is told by signals. @module */
import { isatty } from "node:tty";

/**
 * Listens from its making on: a signal that comes while the server starts is kept until somebody asks for it, as Node's own
 * answer to each of them is to end at once, without TEARDOWN.
 */
export class Signals {
	/** Resolves with the name of the first signal to stop. */
	readonly stop: Promise<string>;
	#onReload: (() => void) | undefined;
	#wantsReload = false;

	constructor() {
		const { promise, resolve } = Promise.withResolvers<string>();
		this.stop = promise;
		const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
		// Ctrl-C reaches us twice, from the terminal and from npm: the second one must not cut the first one's work short.
		for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => resolve(name));
		process.on("SIGHUP", () => {
			// A terminal that is closed sends it as well, and is none any more by then.
			if (terminals.some((descriptor) => !isatty(descriptor))) resolve("SIGHUP");
			else this.#reload();
		});
	}

	/** Calls `handler` for each SIGHUP that asks to read the settings again, once for those that came before. */
	onReload(handler: () => void): void {
		this.#onReload = handler;
		if (this.#wantsReload) handler();
	}

	#reload(): void {
		this.#wantsReload = true;
		this.#onReload?.();
	}
}
