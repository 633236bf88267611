/** Which answer belongs to which request: RFC 2326 section 12.17 (CSeq), and cameras that echo it wrongly. @module */
import { headerOf, type HeaderInit, type RtspResponse } from "./message.ts";

/** What a client session is at. */
export type Step = "options" | "describe" | "setup" | "play" | "keep-alive" | "teardown";

export interface PendingRequest {
	readonly step: Step;
	readonly method: string;
	readonly target: string;
	/** The fields that this step adds to the usual ones. */
	readonly headers: HeaderInit;
	readonly cseq: number;
	/** How often it was sent again with new credentials. */
	readonly attempt: number;
	readonly authorized: boolean;
	/** Monotonic milliseconds. */
	deadlineMs: number;
}

/** Requests given up whose late answers are recognised. */
const MAX_ABANDONED = 16;

/** One request is outstanding at most. */
export class RequestTracker {
	#cseq = 0;
	#pending: PendingRequest | undefined;
	readonly #abandoned: number[] = [];
	/** The camera has echoed a CSeq as it should: from then on a wrong one means another request. */
	#echoes = false;

	get pending(): PendingRequest | undefined {
		return this.#pending;
	}

	nextCseq(): number {
		return ++this.#cseq;
	}

	begin(request: PendingRequest): void {
		this.#pending = request;
	}

	/** The request that a response answers, which is then no longer outstanding; `undefined` if it answers none. */
	take(response: RtspResponse): PendingRequest | undefined {
		const pending = this.#pending;
		if (!pending) return undefined;
		const echo = /^\d+$/.exec(headerOf(response, "cseq") ?? "")?.[0];
		if (echo !== undefined && Number(echo) === pending.cseq) this.#echoes = true;
		else if (echo !== undefined && (this.#echoes || this.#abandoned.includes(Number(echo)))) return undefined;
		this.#pending = undefined;
		return pending;
	}

	/** Waits no longer. */
	abandon(): void {
		if (!this.#pending) return;
		this.#abandoned.push(this.#pending.cseq);
		if (this.#abandoned.length > MAX_ABANDONED) this.#abandoned.shift();
		this.#pending = undefined;
	}
}
