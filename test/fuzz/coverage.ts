/**
 * Which code an input reaches, by V8's block coverage. Counting costs nothing that can be measured; reading the counts
 * takes half a millisecond, so that it is done for a batch of inputs and only where something is new for each of them.
 *
 * @module
 */
import { type Profiler, Session } from "node:inspector";

/** Of the code under test; tests and the fuzzer itself do not count. */
const OWN_CODE = /\/(?:packages\/[^/]+|server)\/src\//;

export class Coverage implements Disposable {
	readonly #session = new Session();
	/** A byte a character of each function: reached or not. */
	readonly #reached = new Map<string, Uint8Array>();
	/** Characters of source text that were reached. */
	size = 0;

	constructor() {
		this.#session.connect();
		this.#session.post("Profiler.enable");
		this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
		this.#functions();
	}

	/** Whether anything new was reached since the last call. With `keep` it is not new any more. */
	isNew(keep: boolean): boolean {
		let found = false;
		for (const { key, ranges } of this.#functions()) if (this.#note(key, ranges, keep)) found = true;
		return found;
	}

	[Symbol.dispose](): void {
		this.#session.disconnect();
	}

	#note(key: string, ranges: readonly Profiler.CoverageRange[], keep: boolean): boolean {
		const whole = ranges[0];
		if (!whole || whole.count === 0) return false;
		const length = whole.endOffset - whole.startOffset;
		const now = new Uint8Array(length);
		// Inner ranges follow outer ones.
		for (const { startOffset, endOffset, count } of ranges) {
			now.fill(count > 0 ? 1 : 0, startOffset - whole.startOffset, endOffset - whole.startOffset);
		}
		const before = this.#reached.get(key) ?? new Uint8Array(length);
		let found = 0;
		for (let at = 0; at < length; at++) {
			if (now[at] !== 1 || before[at] === 1) continue;
			found++;
			if (keep) before[at] = 1;
		}
		if (keep && found > 0) {
			this.#reached.set(key, before);
			this.size += found;
		}
		return found > 0;
	}

	/** What ran since the last call. */
	#functions(): { key: string; ranges: readonly Profiler.CoverageRange[] }[] {
		const found: { key: string; ranges: readonly Profiler.CoverageRange[] }[] = [];
		this.#session.post("Profiler.takePreciseCoverage", (error, answer) => {
			if (error) throw error;
			for (const { url, scriptId, functions } of answer.result) {
				if (!OWN_CODE.test(url)) continue;
				for (const { ranges } of functions) {
					const whole = ranges[0];
					if (whole) found.push({ key: `${scriptId}:${whole.startOffset}:${whole.endOffset}`, ranges });
				}
			}
		});
		return found;
	}
}
