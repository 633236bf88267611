/** The requests of a client session: numbered, authorised, sent again where a camera wants it. RFC 2326 section 10. @module */
import { Authenticator } from "./auth.ts";
import type { RtspClientOptions, RtspQuirk } from "./client-contract.ts";
import { authError, basicError } from "./client-errors.ts";
import { RtspError } from "./errors.ts";
import { headerOf, type HeaderInit, makeRequest, type RtspResponse, serializeRequest } from "./message.ts";
import { type MatchedResponse, type PendingRequest, RequestTracker, type Step } from "./request-tracker.ts";
import { parseSessionHeader } from "./session-header.ts";

/** A camera that boots may take seconds; one that takes longer is not there. */
export const REQUEST_TIMEOUT_MS: number = 10_000;
/** Pictures that could come at once do not wait longer for SETUP of the sound. */
export const SOUND_TIMEOUT_MS: number = 3000;
/** A camera that does not answer TEARDOWN has been told all the same. */
export const TEARDOWN_TIMEOUT_MS: number = 500;
/** ONVIF Streaming Specification section 5.3.1. */
const BACKCHANNEL_FEATURE = "www.onvif.org/ver20/backchannel";
/** Methods that name the features they need. */
const REQUIRING_METHODS: readonly string[] = ["DESCRIBE", "SETUP", "PLAY", "TEARDOWN"];

export interface ClientRequestsContext {
	readonly transmit: (bytes: Uint8Array) => void;
	readonly onQuirk: (quirk: RtspQuirk) => void;
}

export class ClientRequests {
	readonly #options: RtspClientOptions;
	readonly #context: ClientRequestsContext;
	readonly #authenticator: Authenticator;
	readonly #tracker = new RequestTracker();
	#requireBackchannel: boolean;
	#hasSession = false;
	#sessionId: string | undefined;
	/** Where a camera gives an id per SETUP: the last one. */
	#otherSessionId: string | undefined;
	/** Of the last 401, while the request that answers it is outstanding. */
	#challenges: readonly string[] | undefined;
	/** Time of the call that the session is in; the session keeps it. Monotonic milliseconds. */
	nowMs = 0;

	constructor(options: RtspClientOptions, context: ClientRequestsContext) {
		this.#options = options;
		this.#context = context;
		this.#requireBackchannel = options.backchannel === true;
		this.#authenticator = new Authenticator(options);
		if (options.challenges) this.#authenticator.seed(options.challenges);
	}

	/** What the camera has not answered yet. */
	get pending(): PendingRequest | undefined {
		return this.#tracker.pending;
	}

	/** There is a session that must be torn down; not every camera names it. */
	get hasSession(): boolean {
		return this.#hasSession;
	}

	/** When the outstanding request runs out, or a doubtful answer to it is to be taken. */
	nextTimeout(): number {
		return Math.min(
			this.#tracker.pending?.deadlineMs ?? Number.POSITIVE_INFINITY,
			this.#tracker.doubtfulDueMs ?? Number.POSITIVE_INFINITY,
		);
	}

	begin(step: Step, method: string, target: string, headers: HeaderInit = {}, attempt = 0): void {
		const sent = this.send(method, target, headers);
		const patienceMs = step === "teardown" ? TEARDOWN_TIMEOUT_MS : REQUEST_TIMEOUT_MS;
		const deadlineMs = this.nowMs + patienceMs;
		this.#tracker.begin({ step, method, target, headers, attempt, ...sent, deadlineMs });
	}

	/** Sends a request whose answer is not waited for. */
	send(method: string, target: string, headers: HeaderInit = {}): Omit<PendingRequest, keyof PendingStep> {
		const cseq = this.#tracker.nextCseq();
		const authorization = this.#authenticator.authorization(method, target);
		const required = this.#requireBackchannel && REQUIRING_METHODS.includes(method);
		const fields = {
			"User-Agent": this.#options.userAgent,
			CSeq: cseq,
			Authorization: authorization,
			Require: required ? BACKCHANNEL_FEATURE : undefined,
			Session: this.#sessionId,
			...headers,
		};
		this.#context.transmit(serializeRequest(makeRequest(method, target, fields)));
		return { cseq, authorized: authorization !== undefined, required };
	}

	/** The outstanding request once more, as things stand now. */
	#repeat(pending: PendingRequest, attempt: number): void {
		this.begin(pending.step, pending.method, pending.target, pending.headers, attempt);
	}

	/** The request that a response answers; `undefined` if it answers none, or that is not certain yet. */
	take(response: RtspResponse): MatchedResponse | undefined {
		return this.#note(this.#tracker.take(response, this.nowMs));
	}

	/** An answer with a wrong CSeq that {@link take} was not certain of and that nothing better has followed. */
	takeDoubtful(): MatchedResponse | undefined {
		return this.#note(this.#tracker.takeDoubtful(this.nowMs));
	}

	#note(matched: MatchedResponse | undefined): MatchedResponse | undefined {
		if (!matched) return undefined;
		this.#challenges = undefined;
		if (this.#tracker.wrongEchoes) this.#context.onQuirk("cseq-wrong");
		const { step, authorized, attempt } = matched.pending;
		// Cameras that ask nobody for a password at OPTIONS do not look at one either.
		const wasChecked = authorized && (step !== "options" || attempt > 0);
		if (wasChecked && matched.response.status !== 401) this.#authenticator.accepted();
		return matched;
	}

	/**
	 * Sends a request again that was refused for a reason that can be mended; `false` if it cannot.
	 * @throws {RtspError} kind `auth` or `auth-basic` if the camera refuses the credentials.
	 */
	mend({ pending, response }: MatchedResponse): boolean {
		if (response.status === 401) {
			this.#reauthenticate(pending, response);
			return true;
		}
		// RFC 2326 section 12.32 wants 551; Reolink answers 400.
		if (pending.required && (response.status === 551 || response.status === 400)) {
			this.#requireBackchannel = false;
			this.#context.onQuirk("backchannel-refused");
			this.#repeat(pending, pending.attempt);
			return true;
		}
		// H264DVR gives an id per SETUP: the first one serves, and where it does not, the last one may.
		if (response.status === 454 && this.#otherSessionId !== undefined) {
			this.#sessionId = this.#otherSessionId;
			this.#otherSessionId = undefined;
			this.#repeat(pending, pending.attempt);
			return true;
		}
		return false;
	}

	#reauthenticate(pending: PendingRequest, response: RtspResponse): void {
		const challenges = response.headers.get("www-authenticate") ?? [];
		if (!this.#authenticator.handleUnauthorized(challenges, pending.attempt, pending.authorized)) {
			if (this.#authenticator.withheldBasic) throw basicError();
			throw authError(this.#options.credentials !== undefined);
		}
		if (this.#authenticator.renewed) this.#context.onQuirk("nonce-renewed");
		if (this.#authenticator.downgraded) this.#context.onQuirk("digest-downgraded");
		if (this.#authenticator.usesBasic) this.#context.onQuirk("basic-authentication");
		this.#repeat(pending, pending.attempt + 1);
		this.#challenges = challenges;
	}

	/** Why the connection's end ends the session. */
	endError(): RtspError {
		const challenges = this.#challenges;
		if (!challenges)
			return new RtspError("session-ended", "RTSP_CONNECTION_CLOSED", "the camera closed the connection");
		// An answer to the challenges of the connection before was refused as well: once is enough.
		if ((this.#options.challenges?.length ?? 0) > 0 && !this.#authenticator.everAccepted) return authError(true);
		const message = "the camera closed the connection after asking for a user name and password";
		return new RtspError("unauthorized-closed", "RTSP_UNAUTHORIZED_CLOSED", message, { challenges });
	}

	/**
	 * Takes the Session field of an answer to SETUP or what follows it. The first id is kept, the latest timeout counts.
	 * @returns the timeout in seconds.
	 */
	noteSession(response: RtspResponse): number | undefined {
		this.#hasSession = true;
		const value = headerOf(response, "session");
		const session = value === undefined ? undefined : parseSessionHeader(value);
		if (!session) return undefined;
		this.#sessionId ??= session.id;
		if (session.id !== this.#sessionId) {
			this.#otherSessionId = session.id;
			this.#context.onQuirk("session-id-changes");
		}
		return session.timeoutS;
	}

	abandon(): void {
		this.#tracker.abandon();
	}
}

/** The part of a {@link PendingRequest} that sending does not decide. */
type PendingStep = Pick<PendingRequest, "step" | "method" | "target" | "headers" | "attempt" | "deadlineMs">;
