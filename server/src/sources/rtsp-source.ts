/**
 * Brings in one stream of a camera over RTSP. A session is a short chain of attempts, each with a connection of its own:
 * another transport where one is refused, another address where the camera sends us on, a new connection where the
 * camera closed the first after its 401. Whatever is not settled that way ends the session: its supervisor retries.
 * @module
 */
import type { LookupFunction } from "node:net";
import { AUDIO_ENCODINGS, VIDEO_ENCODINGS } from "@vigia/rtp";
import { parseRtspUrl, type RtspError } from "@vigia/rtsp";
import type { Credentials } from "../config/credentials.ts";
import type { RtspTransport, StreamAddress, TlsPolicy } from "../config/settings.ts";
import type { Clock } from "../platform/clock.ts";
import { emptyCounters } from "./counters.ts";
import { type AttemptEnd, RtspAttempt, type WantedMedia } from "./rtsp-attempt.ts";
import type {
	OpenSource,
	SourceCounters,
	SourceFailure,
	SourceHandlers,
	SourceSession,
	SourceTransport,
} from "./source.ts";
import { SoundChoice } from "./sound-choice.ts";
import { TransportChoice } from "./transport-choice.ts";

/** What the wall takes; what a browser cannot play is transcoded. */
export const WALL_MEDIA: WantedMedia = { video: VIDEO_ENCODINGS, audio: AUDIO_ENCODINGS };
/** Cameras send on once, from a front door to a stream: more is a loop (quirk 8). */
export const MAX_REDIRECTS = 5;
/** A session that plays so long and brings nothing at all gets another transport the next time. */
export const SILENT_AFTER_MS = 5_000;

export interface RtspSourceOptions {
	readonly address: StreamAddress;
	readonly credentials?: Credentials | undefined;
	readonly transport: RtspTransport;
	readonly tls: TlsPolicy;
	readonly media: WantedMedia;
	readonly clock: Clock;
	/** Shared by all sources: `NameLookup.lookup`. */
	readonly lookup?: LookupFunction | undefined;
}

/** What an HTTP tunnel that does not lead to RTSP ends with: it says less than why the transports before it failed. */
const TUNNEL_MISSES: ReadonlySet<SourceFailure["code"]> = new Set([
	"protocol-error",
	"no-answer",
	"not-found",
	"session-ended",
	"connection-lost",
	"transport-unsupported",
]);

/** A way to open sessions with one stream of one camera. What one session learns of transports and sound serves the next. */
export function openRtspSource(options: RtspSourceOptions): OpenSource {
	const choice = new TransportChoice(options.transport, options.address.scheme);
	const sound = new SoundChoice();
	const credentials = options.address.isFound ? options.credentials?.digestOnly() : options.credentials;
	return (handlers) => new RtspSource({ ...options, credentials }, choice, sound, handlers);
}

class RtspSource implements SourceSession {
	readonly #options: RtspSourceOptions;
	readonly #choice: TransportChoice;
	readonly #sound: SoundChoice;
	readonly #handlers: SourceHandlers;
	/** Of the attempts that are over. */
	readonly #endedCounters: SourceCounters = emptyCounters();
	readonly #endedQuirks = new Set<string>();
	#attempt: RtspAttempt;
	#address: StreamAddress;
	#transport: SourceTransport;
	readonly #tried: SourceTransport[] = [];
	/** In a row, without a picture in between. */
	#redirects = 0;
	/** The camera closed a connection after its 401: that is borne with once at each address over each transport. */
	#unauthorizedClosed = false;
	/** Why the first transport was refused. */
	#refusal: SourceFailure | undefined;
	/** This attempt brought a picture. */
	#hasVideo = false;
	/** An earlier attempt brought pictures: this one's decode from a random access point on only. */
	#awaitsRandomAccess = false;
	#closing = false;
	#ended = false;
	readonly #whenEnded = Promise.withResolvers<void>();

	constructor(options: RtspSourceOptions, choice: TransportChoice, sound: SoundChoice, handlers: SourceHandlers) {
		this.#options = options;
		this.#choice = choice;
		this.#sound = sound;
		this.#handlers = handlers;
		this.#address = options.address;
		this.#transport = choice.current;
		this.#attempt = this.#open(undefined);
	}

	get counters(): SourceCounters {
		const total = { ...this.#endedCounters };
		if (!this.#ended) this.#attempt.addTo(total);
		return total;
	}

	get quirks(): readonly string[] {
		return [...new Set([...this.#endedQuirks, ...this.#attempt.quirks])];
	}

	async close(): Promise<void> {
		if (!this.#closing && !this.#ended) {
			this.#closing = true;
			this.#attempt.close();
		}
		await this.#whenEnded.promise;
	}

	#open(challenges: readonly string[] | undefined): RtspAttempt {
		const { credentials, tls, media, clock, lookup } = this.#options;
		const transport = this.#transport;
		const withSound = this.#sound.isWanted(clock.nowMs());
		this.#tried.push(transport);
		this.#awaitsRandomAccess ||= this.#hasVideo;
		this.#hasVideo = false;
		const handlers = this.#handlers;
		return new RtspAttempt(
			{
				address: this.#address,
				// What is meant for the camera is told to nobody else (quirk 8).
				credentials: sameHost(this.#address, this.#options.address) ? credentials : undefined,
				tls,
				transport,
				media: withSound ? media : { ...media, audio: [] },
				clock,
				lookup,
				challenges,
			},
			{
				onDescribed: (description) => handlers.onDescribed?.(description),
				onPlaying: () => handlers.onPlaying(),
				onParameterSets: (codec, nalUnits) => handlers.onParameterSets(codec, nalUnits),
				onVideo: (unit, arrivalMs, mediaMs) => {
					if (!this.#hasVideo) {
						if (this.#awaitsRandomAccess && !unit.randomAccess) return;
						this.#hasVideo = true;
						this.#refusal = undefined;
						this.#redirects = 0;
						this.#choice.noteVideo(transport);
						this.#sound.noteVideo(withSound, clock.nowMs());
					}
					handlers.onVideo(unit, arrivalMs, mediaMs);
				},
				onAudio: (frame, arrivalMs, mediaMs) => handlers.onAudio?.(frame, arrivalMs, mediaMs),
				onEnd: (end) => this.#onAttemptEnd(end),
			},
		);
	}

	#onAttemptEnd(end: AttemptEnd): void {
		this.#noteEnd();
		const next = this.#closing ? { goOn: false } : this.#next(end);
		if (next.goOn) {
			this.#attempt = this.#open(next.challenges);
			return;
		}
		this.#ended = true;
		this.#handlers.onEnd(this.#closing ? undefined : (next.failure ?? end.failure));
		this.#whenEnded.resolve();
	}

	/** Keeps what the attempt counted and found out. */
	#noteEnd(): void {
		const before = this.#endedCounters.rtpPackets;
		this.#attempt.addTo(this.#endedCounters);
		for (const quirk of this.#attempt.quirks) this.#endedQuirks.add(quirk);
		const { playingSinceMs } = this.#attempt;
		if (playingSinceMs === undefined || this.#endedCounters.rtpPackets > before) return;
		if (this.#options.clock.nowMs() - playingSinceMs >= SILENT_AFTER_MS) this.#choice.noteSilence(this.#transport);
	}

	#next({ failure, error }: AttemptEnd): Next {
		switch (error?.kind) {
			case "unsupported-transport":
				return this.#tryTransport(error);
			case "unauthorized-closed":
				if (this.#unauthorizedClosed) return { goOn: false };
				this.#unauthorizedClosed = true;
				return { goOn: true, challenges: error.challenges };
			case "redirect":
				return this.#follow(error);
			case "auth":
			case "auth-basic":
				return { goOn: false };
			default:
				return this.#withoutSound() ?? this.#afterTunnelMiss(failure);
		}
	}

	#tryTransport(error: RtspError): Next {
		// A transport that gave video before is not to blame: its camera has hung or is starting.
		const code = this.#choice.proven ? "video-stalled" : "transport-unsupported";
		this.#refusal ??= { code, detail: `${error.code}: ${error.message}` };
		return this.#withNextTransport() ?? { goOn: false, failure: this.#refusal };
	}

	/** Some cameras hang up when they are asked for their sound: its pictures may come without. */
	#withoutSound(): Next | undefined {
		if (this.#hasVideo) return undefined;
		const { askedForSound } = this.#attempt;
		this.#sound.noteFailure(askedForSound);
		return askedForSound ? { goOn: true } : undefined;
	}

	/** Ports without a tunnel answer its GET in many ways, or not at all. */
	#afterTunnelMiss(failure: SourceFailure | undefined): Next {
		const missed = this.#transport === "http" && failure !== undefined && TUNNEL_MISSES.has(failure.code);
		const next = missed && !this.#choice.proven ? this.#withNextTransport() : undefined;
		return next ?? { goOn: false, failure: missed ? this.#refusal : undefined };
	}

	/** `undefined` if all were tried. */
	#withNextTransport(): Next | undefined {
		const transport = this.#choice.next(this.#tried);
		if (!transport) return undefined;
		this.#transport = transport;
		this.#unauthorizedClosed = false;
		return { goOn: true };
	}

	#follow(error: RtspError): Next {
		const target = addressOf(error.location);
		if (!target) return refused("it names no single RTSP address");
		if (this.#redirects >= MAX_REDIRECTS) return refused(`it does so more than ${MAX_REDIRECTS} times`);
		if (this.#address.scheme === "rtsps" && target.scheme === "rtsp") return refused("the other address has no TLS");
		// A tunnel begins with a GET of any path: no camera may have that sent to other servers in our network.
		if (this.#transport === "http" && !sameHost(this.#address, target)) return refused("it is another host, over HTTP");
		this.#redirects++;
		this.#address = target;
		this.#unauthorizedClosed = false;
		return { goOn: true };
	}
}

/** What follows an attempt that failed. */
interface Next {
	readonly goOn: boolean;
	readonly challenges?: readonly string[] | undefined;
	/** Says more than the error. */
	readonly failure?: SourceFailure | undefined;
}

function refused(why: string): Next {
	const detail = `the camera sends its clients elsewhere, which is not followed: ${why}`;
	return { goOn: false, failure: { code: "redirect-refused", detail } };
}

/** `undefined` if it is no RTSP URL. */
function addressOf(location: string | undefined): StreamAddress | undefined {
	if (location === undefined) return undefined;
	try {
		const { scheme, host, port, path } = parseRtspUrl(location);
		return { scheme, host, port, path };
	} catch {
		return undefined;
	}
}

function sameHost(a: StreamAddress, b: StreamAddress): boolean {
	return a.host.toLowerCase() === b.host.toLowerCase();
}
