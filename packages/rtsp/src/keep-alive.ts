/** When and how a session is kept alive: RFC 2326 section 12.37, and what cameras take. @module */
import { isRedirect } from "./client-errors.ts";
import type { RtspResponse } from "./message.ts";
import { DEFAULT_SESSION_TIMEOUT_S } from "./session-header.ts";

/** The camera's clock and ours may differ, and the request takes its time. */
const MARGIN_MS = 5000;
/** Only a session of less than two seconds needs more. */
const MIN_INTERVAL_MS = 1000;
/** Up to this share is taken off the interval, so that many sessions do not speak at once. Never added: it must be in time. */
const JITTER = 0.1;

export type KeepAliveMethod = "GET_PARAMETER" | "OPTIONS";

/** What an answer to a keep-alive means: `again` asks for one more at once, `lost` that there is no session. */
export type KeepAliveVerdict = "kept" | "refused" | "again" | "lost";

/** Milliseconds between two keep-alives for a session timeout, before jitter. */
export function keepAliveIntervalMs(timeoutS: number | undefined): number {
	const timeoutMs = (timeoutS ?? DEFAULT_SESSION_TIMEOUT_S) * 1000;
	return Math.min(timeoutMs / 2, Math.max(MIN_INTERVAL_MS, timeoutMs - MARGIN_MS));
}

/** Never SET_PARAMETER, never `*`: cameras drop the connection on them. */
export class KeepAlive {
	#method: KeepAliveMethod = "OPTIONS";
	#switched = false;
	#accepted = false;
	#timeoutS: number | undefined;

	get method(): KeepAliveMethod {
		return this.#method;
	}

	/** Takes the answer to OPTIONS: GET_PARAMETER if it is listed. */
	learn(options: RtspResponse): void {
		if (this.#switched) return;
		const methods = (options.headers.get("public") ?? [])
			.join(",")
			.toUpperCase()
			.split(/[\s,]+/);
		if (methods.includes("GET_PARAMETER")) this.#method = "GET_PARAMETER";
	}

	/** The latest timeout counts: a GW camera says 60 at SETUP and 120 at PLAY. */
	setTimeout(timeoutS: number | undefined): void {
		if (timeoutS !== undefined) this.#timeoutS = timeoutS;
	}

	/** `random` in [0, 1). */
	nextDelayMs(random: number): number {
		return keepAliveIntervalMs(this.#timeoutS) * (1 - JITTER * random);
	}

	/**
	 * Takes the status of an answer, which is not 401. The first one that is not 2xx makes the other method count from
	 * now on. 454 may be a camera's way of not knowing the method (Thingino answers GET_PARAMETER so): then the other is
	 * worth a try at once.
	 */
	handleStatus(status: number): KeepAliveVerdict {
		if (status < 300) {
			this.#accepted = true;
			return "kept";
		}
		const unknownMethod = status === 454 && !this.#accepted && !this.#switched;
		if (isRedirect(status) || (status === 454 && !unknownMethod)) return "lost";
		this.#switch();
		return unknownMethod ? "again" : "refused";
	}

	/** A camera that never answers may not know the method (GW ignores GET_PARAMETER) and end the session. */
	handleUnanswered(): void {
		if (!this.#accepted) this.#switch();
	}

	#switch(): void {
		if (!this.#switched) this.#method = this.#method === "OPTIONS" ? "GET_PARAMETER" : "OPTIONS";
		this.#switched = true;
	}
}
