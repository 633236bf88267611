/** The way of a client session from OPTIONS to PLAY: RFC 2326 sections 10.1, 10.2, 10.4 and 10.5. @module */
import type { RtspClientOptions, RtspClientSink, RtspQuirk } from "./client-contract.ts";
import { errorOfStatus, isRedirect } from "./client-errors.ts";
import { type ClientRequests, SOUND_TIMEOUT_MS } from "./client-requests.ts";
import { RtspError } from "./errors.ts";
import type { KeepAlive } from "./keep-alive.ts";
import type { MediaTransports } from "./media-transports.ts";
import { headerOf, type RtspResponse } from "./message.ts";
import {
	chooseAudioTrack,
	chooseVideoTrack,
	type Presentation,
	type PresentationTrack,
	readPresentation,
} from "./presentation.ts";
import type { MatchedResponse, PendingRequest } from "./request-tracker.ts";
import type { RtspAddress } from "./url.ts";

/** Statuses with which cameras answer a URL that they do not know. */
const UNKNOWN_URL: readonly number[] = [400, 404, 454];

export interface HandshakeContext {
	readonly options: RtspClientOptions;
	readonly address: RtspAddress;
	readonly requestUrl: string;
	readonly requests: ClientRequests;
	readonly transports: MediaTransports;
	readonly keepAlive: KeepAlive;
	readonly sink: RtspClientSink;
	readonly onQuirk: (quirk: RtspQuirk) => void;
	/** The session still wants to play; a sink may have said otherwise meanwhile. */
	readonly isActive: () => boolean;
	/** PLAY was accepted for all tracks. */
	readonly onPlaying: () => void;
}

export class ClientHandshake {
	readonly #context: HandshakeContext;
	#presentation: Presentation | undefined;
	/** Those to be set up, the video track first. */
	#tracks: readonly PresentationTrack[] = [];
	/** Those that were, with the URLs that worked. */
	readonly #ready = new Map<PresentationTrack, string>();
	/** Index into {@link #tracks} of the one that SETUP is asked for. */
	#current = 0;
	/** The base that the camera gave was wrong: the request's URL is used instead. */
	#baseIsWrong = false;
	/** How many of {@link #aggregateUrls} PLAY was refused for. */
	#refusedAggregates = 0;
	#rangeRefused = false;
	/** Further URLs that PLAY is to be said for, one per track. */
	#playQueue: string[] = [];
	#playsTracks = false;

	constructor(context: HandshakeContext) {
		this.#context = context;
	}

	/** Request target of keep-alives. */
	get baseUrl(): string {
		return (this.#baseIsWrong ? undefined : this.#presentation?.baseUrl) ?? this.#context.requestUrl;
	}

	/** Request target of TEARDOWN: what PLAY was said for as a whole. */
	get aggregateUrl(): string {
		return this.#aggregateUrls()[this.#refusedAggregates] ?? this.#context.requestUrl;
	}

	start(): void {
		this.#context.requests.begin("options", "OPTIONS", this.#context.requestUrl);
	}

	/**
	 * Goes on with the answer to one of the handshake's requests.
	 * @throws {RtspError} if it ends the session.
	 */
	handleResponse({ pending, response }: MatchedResponse): void {
		switch (pending.step) {
			case "options":
				this.#onOptions(response);
				return;
			case "describe":
				if (response.status >= 300) throw errorOfStatus(pending.method, response);
				this.#onDescribed(response);
				return;
			case "setup":
				this.#onSetup(pending, response);
				return;
			case "play":
				this.#onPlay(pending, response);
				return;
			default:
		}
	}

	/** Goes on without sound if that is what SETUP is asked for; `false` if it is asked for the pictures. */
	skipAudio(): boolean {
		if (this.#current === 0) return false;
		this.#context.requests.abandon();
		this.#goOnWithoutAudio();
		return true;
	}

	/** OPTIONS is a courtesy: a server that does not know it is used all the same. */
	#onOptions(response: RtspResponse): void {
		if (isRedirect(response.status)) throw errorOfStatus("OPTIONS", response);
		if (response.status >= 300) this.#context.onQuirk("options-refused");
		else if (!response.headers.has("public")) this.#context.onQuirk("public-missing");
		else this.#context.keepAlive.learn(response);
		this.#context.requests.begin("describe", "DESCRIBE", this.#context.requestUrl, { Accept: "application/sdp" });
	}

	#onDescribed(response: RtspResponse): void {
		const { options, requestUrl, address, onQuirk } = this.#context;
		const encodings = [...options.videoEncodings, ...options.audioEncodings];
		const presentation = readPresentation(response, { requestUrl, address, encodings, onQuirk });
		const video = chooseVideoTrack(presentation, options.videoEncodings);
		const audio = chooseAudioTrack(presentation, options.audioEncodings);
		const enoughPorts = options.udpPorts === undefined || options.udpPorts.length > 1;
		this.#presentation = presentation;
		this.#tracks = audio && enoughPorts ? [video, audio] : [video];
		this.#context.sink.described(presentation, this.#tracks);
		if (this.#context.isActive()) this.#setup();
	}

	#setup(): void {
		const track = this.#tracks[this.#current];
		if (!track) {
			this.#play(this.aggregateUrl);
			return;
		}
		const url = this.#baseIsWrong ? track.fallbackSetupUrl : track.setupUrl;
		const { requests, transports } = this.#context;
		requests.begin("setup", "SETUP", url, { Transport: transports.offer() });
		if (this.#current > 0 && requests.pending) requests.pending.deadlineMs = requests.nowMs + SOUND_TIMEOUT_MS;
	}

	#onSetup(pending: PendingRequest, response: RtspResponse): void {
		const track = this.#tracks[this.#current];
		if (!track) return;
		if (response.status < 300) {
			this.#onSetupAccepted(track, pending, response);
			return;
		}
		// A wrong Content-Base shows here: once more with the URL that DESCRIBE was asked with.
		if (this.#current === 0 && UNKNOWN_URL.includes(response.status) && pending.target !== track.fallbackSetupUrl) {
			this.#baseIsWrong = true;
			this.#context.onQuirk("content-base-wrong");
			this.#setup();
			return;
		}
		if (this.#current === 0) throw errorOfStatus(pending.method, response);
		this.#goOnWithoutAudio();
	}

	#onSetupAccepted(track: PresentationTrack, pending: PendingRequest, response: RtspResponse): void {
		const { transports, requests, sink } = this.#context;
		try {
			const agreed = transports.accept(track, headerOf(response, "transport"), requests.nowMs);
			this.#ready.set(track, pending.target);
			sink.agreed(track, agreed);
		} catch (error) {
			if (this.#current === 0 || !(error instanceof RtspError)) throw error;
			this.#goOnWithoutAudio();
			return;
		}
		if (!this.#context.isActive()) return;
		transports.handleTimeout(requests.nowMs);
		this.#current++;
		this.#setup();
	}

	/** Sound is worth less than the pictures: whatever is wrong with it, they come. */
	#goOnWithoutAudio(): void {
		this.#context.onQuirk("audio-setup-refused");
		this.#current = this.#tracks.length;
		this.#setup();
	}

	#play(url: string): void {
		// RFC 2326 section 10.5. Parrot needs it; some others refuse it with 457.
		const headers = this.#rangeRefused ? {} : { Range: "npt=0.000-" };
		this.#context.requests.begin("play", "PLAY", url, headers);
	}

	#onPlay(pending: PendingRequest, response: RtspResponse): void {
		const { status } = response;
		if (status < 300) {
			const next = this.#playQueue.shift();
			if (next === undefined) this.#context.onPlaying();
			else this.#play(next);
			return;
		}
		if (status === 457 && !this.#rangeRefused) {
			this.#rangeRefused = true;
			this.#context.onQuirk("range-refused");
			this.#play(pending.target);
			return;
		}
		// RFC 2326 section 11.3.9: aggregate operation not allowed.
		if (status === 459 && !this.#playsTracks) {
			this.#playsTracks = true;
			this.#context.onQuirk("aggregate-play-refused");
			const [first = pending.target, ...others] = this.#ready.values();
			this.#playQueue = others;
			this.#play(first);
			return;
		}
		// Section 11.3.10, only aggregate operation allowed: the URL was not the presentation's. Nor was one that is unknown.
		const mayBeAnother = !this.#playsTracks && (status === 460 || UNKNOWN_URL.includes(status));
		if (!mayBeAnother || this.#refusedAggregates + 1 >= this.#aggregateUrls().length) {
			throw errorOfStatus(pending.method, response);
		}
		this.#refusedAggregates++;
		this.#play(this.aggregateUrl);
	}

	/** The aggregate URL is a session-level control; where a camera does not know it, the base or the request's URL may do. */
	#aggregateUrls(): readonly string[] {
		const { requestUrl } = this.#context;
		if (!this.#presentation) return [requestUrl];
		return [...new Set([this.#presentation.aggregateUrl, this.#presentation.baseUrl, requestUrl])];
	}
}
