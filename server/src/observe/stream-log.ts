/** What the log says of streams that come and go. @module */
import type { SupervisorStatus } from "../sources/supervisor.ts";
import type { Logger } from "./log.ts";

/** A camera that is down is said once for each reason; its further tries are for whoever looks closely (`debug`). */
export class StreamLog {
	readonly #log: Logger;
	/** The reason that was said last, by camera and stream; `undefined` while the stream is well. */
	readonly #said = new Map<string, string | undefined>();

	constructor(log: Logger) {
		this.#log = log;
	}

	/** A stream's state changed. */
	note(camera: string, stream: string, { state, failure }: SupervisorStatus): void {
		const fields = { camera, stream, state, reason: failure?.code, detail: failure?.detail };
		const key = `${camera}/${stream}`;
		if (!failure) this.#log.info(fields, "stream");
		else if (state === "connecting" || state === "buffering" || this.#said.get(key) === failure.code) {
			this.#log.debug(fields, "stream");
			return;
		} else this.#log.warn(fields, "stream");
		this.#said.set(key, failure?.code);
	}
}
