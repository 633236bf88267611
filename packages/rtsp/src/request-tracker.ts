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
	/** It asked for a feature by Require. */
	readonly required: boolean;
	/** Monotonic milliseconds. */
	deadlineMs: number;
}

/** An answer and the request that it belongs to. */
export interface MatchedResponse {
	readonly pending: PendingRequest;
	readonly response: RtspResponse;
}

/** Requests given up whose late answers are recognised. */
const MAX_ABANDONED = 16;
/** An answer with a doubtful CSeq is taken if none with the right one follows for so long. */
export const DOUBT_MS: number = 2000;
/** A camera that answers every request with the same number is right once; right twice is no accident. */
const PROOF = 2;

/** One request is outstanding at most. */
export class RequestTracker {
	#cseq = 0;
	#pending: PendingRequest | undefined;
	#doubtful: { readonly response: RtspResponse; readonly dueMs: number } | undefined;
	readonly #abandoned: number[] = [];
	/** Answers with the right CSeq so far. */
	#rightEchoes = 0;
	/** The camera has been caught with a wrong CSeq: its numbers mean nothing. */
	#wrongEchoes = false;
	#missingEchoes = false;

	get pending(): PendingRequest | undefined {
		return this.#pending;
	}

	/** The camera answered with a wrong CSeq, or without one. */
	get wrongEchoes(): boolean {
		return this.#wrongEchoes || this.#missingEchoes;
	}

	/** When {@link takeDoubtful} has something to give. */
	get doubtfulDueMs(): number | undefined {
		return this.#doubtful?.dueMs;
	}

	nextCseq(): number {
		return ++this.#cseq;
	}

	begin(request: PendingRequest): void {
		this.#pending = request;
		this.#doubtful = undefined;
	}

	/**
	 * The request that a response answers, which is then no longer outstanding. `undefined`: it answers none, or it is
	 * kept for {@link takeDoubtful}.
	 */
	take(response: RtspResponse, nowMs: number): MatchedResponse | undefined {
		const pending = this.#pending;
		if (!pending) return undefined;
		const text = /^\d+$/.exec(headerOf(response, "cseq") ?? "")?.[0];
		const echo = text === undefined ? undefined : Number(text);
		if (echo === pending.cseq) this.#rightEchoes++;
		else if (echo === undefined) this.#missingEchoes = true;
		else if (this.#abandoned.includes(echo)) return undefined;
		else if (this.#rightEchoes === 0 || this.#wrongEchoes) this.#wrongEchoes = true;
		else if (this.#rightEchoes >= PROOF) return undefined;
		else {
			this.#doubtful ??= { response, dueMs: nowMs + DOUBT_MS };
			return undefined;
		}
		return this.#match(pending, response);
	}

	/** The doubtful answer to the outstanding request, if it is time to take it. */
	takeDoubtful(nowMs: number): MatchedResponse | undefined {
		const doubtful = this.#doubtful;
		if (!doubtful || !this.#pending || nowMs < doubtful.dueMs) return undefined;
		this.#wrongEchoes = true;
		return this.#match(this.#pending, doubtful.response);
	}

	#match(pending: PendingRequest, response: RtspResponse): MatchedResponse {
		this.#pending = undefined;
		this.#doubtful = undefined;
		return { pending, response };
	}

	/** Waits no longer. */
	abandon(): void {
		if (!this.#pending) return;
		this.#abandoned.push(this.#pending.cseq);
		if (this.#abandoned.length > MAX_ABANDONED) this.#abandoned.shift();
		this.#pending = undefined;
		this.#doubtful = undefined;
	}
}
