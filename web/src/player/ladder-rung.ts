/** What one tile has learned of one rung: whether it may be tried, and when again. Pure. @module */
import type { ReasonCode } from "@vigia/api";
import type { RungReason } from "./ladder.ts";

/** The wait before a rung that failed is tried again, in milliseconds; it doubles with each failure. */
export const FIRST_RETRY_MS = 10_000;
/** The same where the server refused it or the link is too slow: each try costs transcoding, or what others need. */
export const FIRST_SLOW_RETRY_MS = 60_000;
/** The longest wait, in milliseconds. */
export const LONGEST_RETRY_MS = 240_000;

export class RungRecord {
	#failures = 0;
	#notBeforeMs = -Infinity;
	#reason: RungReason | undefined;
	/** The browser does not decode it: out until the camera's codec changes. */
	#undecodable = false;
	#refusal: ReasonCode | undefined;

	/** Why it is not used, as far as this tile knows. */
	get reason(): RungReason | undefined {
		if (this.#undecodable) return "codec";
		return this.#refusal === undefined ? this.#reason : "refused";
	}

	/** The server's words. */
	get refusal(): ReasonCode | undefined {
		return this.#refusal;
	}

	mayTry(nowMs: number): boolean {
		return !this.#undecodable && nowMs >= this.#notBeforeMs;
	}

	/** Whether it brings nothing for certain, and is not only left alone for a while. */
	isOut(nowMs: number): boolean {
		return this.#undecodable || (this.#refusal !== undefined && nowMs < this.#notBeforeMs);
	}

	fail(reason: RungReason, nowMs: number): void {
		// Whatever is seen of a link that was too slow, it still is.
		if (this.#reason === "slow-link" && reason === "no-frames") reason = "slow-link";
		const firstMs = reason === "slow-link" || reason === "refused" ? FIRST_SLOW_RETRY_MS : FIRST_RETRY_MS;
		this.#notBeforeMs = nowMs + Math.min(LONGEST_RETRY_MS, firstMs * 2 ** this.#failures);
		this.#failures += 1;
		this.#reason = reason;
		if (reason === "codec") this.#undecodable = true;
	}

	/** A refusal that is said again while the rung is out anyway is the same one. */
	refuse(refusal: ReasonCode, nowMs: number): void {
		if (this.#refusal === undefined || nowMs >= this.#notBeforeMs) {
			this.fail("refused", nowMs);
			// A place may become free at any time, and to ask for it costs a message.
			if (refusal === "transcode-limit") this.#notBeforeMs = nowMs + FIRST_RETRY_MS;
		}
		this.#refusal = refusal;
	}

	/** The server serves it. */
	grant(): void {
		if (this.#refusal !== undefined) this.#forget();
	}

	/** What was said of another codec does not count. */
	codecChanged(): void {
		if (this.#undecodable || this.#refusal !== undefined) this.#forget();
	}

	/** What the old network did does not count. */
	networkChanged(): void {
		this.#failures = 0;
		if (this.#refusal === undefined) this.#notBeforeMs = -Infinity;
	}

	/** It painted. How often it failed is remembered until it has held. */
	works(): void {
		this.#notBeforeMs = -Infinity;
		this.#reason = this.#refusal = undefined;
	}

	/** It has held: it is as good as new. */
	held(): void {
		this.#failures = 0;
	}

	#forget(): void {
		this.#failures = 0;
		this.#undecodable = false;
		this.works();
	}
}
