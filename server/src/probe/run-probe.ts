/** Opens one stream of a camera for some seconds and says what was found. @module */
import type { ProbeCertificate, ProbeReport } from "@vigia/api";
import type { Credentials } from "../config/credentials.ts";
import type { RtspTransport, StreamAddress, TlsPolicy } from "../config/settings.ts";
import { Redactor } from "../observe/redactor.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { openRtspSource, SILENT_AFTER_MS, WALL_MEDIA } from "../sources/rtsp-source.ts";
import type { OpenSource, SourceFailure, SourceSession } from "../sources/source.ts";
import type { ProbeLanguage } from "./advice-texts.ts";
import { readCertificate } from "./certificate.ts";
import type { ProbeContext, ProbeFacts, ProbeUse } from "./facts.ts";
import { Measurement } from "./measurement.ts";
import { reportOf } from "./report.ts";

/** Two key frames end a probe earlier; it takes so long only where they are up to 10 s apart, which is then told. */
export const DEFAULT_PROBE_SECONDS = 12;
export const MAX_PROBE_SECONDS = 120;
/**
 * From the start to the first picture: three transports may be tried one after the other, each with a handshake and
 * some seconds of silence, and the first key frame may be 10 s away.
 */
const FIRST_PICTURE_LIMIT_MS = 40_000;
/** Timers of the same length that were started one after the other end in their order. */
const SILENCE_MARGIN_MS = 250;
/** One session for each transport, where the one before was accepted and brought nothing. */
const MAX_SESSIONS = 3;

/** All that is understood, also what the wall does not show. */

export interface ProbeOptions {
	readonly address: StreamAddress;
	readonly credentials?: Credentials | undefined;
	readonly transport: RtspTransport;
	readonly tls: TlsPolicy;
	readonly clock: Clock;
	/** How long pictures are watched at most. Default: {@link DEFAULT_PROBE_SECONDS}. */
	readonly seconds?: number;
	readonly use?: ProbeUse | undefined;
	/** Ends it early, with what is known by then. */
	readonly signal?: AbortSignal;
	/** Puts a listener of its own in front of the sessions, for whoever wants their pictures too. */
	readonly watch?: ((open: OpenSource) => OpenSource) | undefined;
}

/** What a probe found out, in the language of whoever asks. */
export type ProbeFindings = (language: ProbeLanguage) => ProbeReport;

/** A wrong password is tried once. Never rejects for what a camera does. */
export async function runProbe(options: ProbeOptions): Promise<ProbeFindings> {
	const { address, credentials, transport, tls, clock } = options;
	const context: ProbeContext = {
		encrypted: address.scheme === "rtsps",
		tls,
		transportAsked: transport,
		hasCredentials: credentials !== undefined,
		use: options.use,
	};
	const open = openRtspSource({ address, credentials, clock, transport, tls, media: WALL_MEDIA });
	const facts = await gatherFacts(options.watch?.(open) ?? open, context, options);
	// A camera may repeat what it was sent in any field of its own.
	const redactor = new Redactor();
	if (credentials) addSecrets(redactor, credentials);
	const certificate = await certificateFor(facts, options);
	return (language) => reportOf({ ...facts, certificate }, language, (text) => redactor.scrub(text));
}

/** With the forms that texts of a camera have on their way here: printable ASCII only, or in capitals. */
function addSecrets(redactor: Redactor, credentials: Credentials): void {
	const { username, password } = credentials.reveal();
	const printable = password.replace(/[^ -~]/g, "");
	for (const form of [password, printable, password.toUpperCase()]) redactor.add({ username, password: form });
}

/** What a handshake that was refused, broken off or not finished looks like. */
const HANDSHAKE_FAILURES: ReadonlySet<string> = new Set([
	"certificate-untrusted",
	"connection-lost",
	"no-answer",
	"protocol-error",
]);

/** The certificate is asked for where there is something to say of it: it costs the camera a connection. */
async function certificateFor(facts: ProbeFacts, options: ProbeOptions): Promise<ProbeCertificate | undefined> {
	const failed = facts.failure !== undefined && HANDSHAKE_FAILURES.has(facts.failure.code);
	if (!facts.encrypted || !(failed || facts.tls.mode === "insecure")) return undefined;
	const { host, port } = options.address;
	return await readCertificate(host, port, options.signal ?? new AbortController().signal);
}

/** Runs sessions, one after the other, until one brought pictures or the cause is plain. */
export async function gatherFacts(
	open: OpenSource,
	context: ProbeContext,
	options: Pick<ProbeOptions, "clock" | "seconds" | "signal">,
): Promise<ProbeFacts> {
	const startMs = options.clock.nowMs();
	for (let sessions = 1; ; sessions++) {
		const facts = await runSession(open, context, { ...options, startMs });
		const silent = facts.failure !== undefined && facts.packets.received === 0 && facts.tracks.length > 0;
		const elapsedMs = options.clock.nowMs() - startMs;
		const again = silent && context.transportAsked === "auto" && sessions < MAX_SESSIONS;
		if (!again || elapsedMs >= FIRST_PICTURE_LIMIT_MS || options.signal?.aborted === true) return facts;
	}
}

interface SessionOptions extends Pick<ProbeOptions, "clock" | "seconds" | "signal"> {
	readonly startMs: number;
}

async function runSession(open: OpenSource, context: ProbeContext, options: SessionOptions): Promise<ProbeFacts> {
	const { clock, signal, startMs, seconds = DEFAULT_PROBE_SECONDS } = options;
	const { promise: enough, resolve: stop } = Promise.withResolvers<SourceFailure | undefined>();
	const done = (): void => stop(undefined);
	const limitMs = Math.max(0, startMs + FIRST_PICTURE_LIMIT_MS - clock.nowMs());
	let limit = clock.after(limitMs, done);
	let silence: Timer | undefined;
	let watching = false;
	const measurement = new Measurement({
		startMs,
		onEnough: done,
		onPlaying() {
			if (context.transportAsked !== "auto" || watching) return;
			// The source gives a transport up that brings nothing for so long, and begins with another the next time.
			silence?.cancel();
			silence = clock.after(SILENT_AFTER_MS + SILENCE_MARGIN_MS, () => session.counters.rtpPackets === 0 && done());
		},
		onFirstPicture() {
			watching = true;
			limit.cancel();
			limit = clock.after(seconds * 1000, done);
		},
		onEnd: stop,
	});
	signal?.addEventListener("abort", done);
	if (signal?.aborted === true) done();
	const session = open(measurement);
	const ended = await enough;
	const endMs = clock.nowMs();
	limit.cancel();
	silence?.cancel();
	signal?.removeEventListener("abort", done);
	await session.close();
	return factsOf(context, measurement, session, { failure: ended, atMs: endMs });
}

function factsOf(
	context: ProbeContext,
	measurement: Measurement,
	session: SourceSession,
	end: { readonly failure: SourceFailure | undefined; readonly atMs: number },
): ProbeFacts {
	const { counters, quirks } = session;
	const { description, firstPictureMs, video } = measurement;
	const since = measurement.secondsSince(end.atMs);
	return {
		...context,
		certificate: undefined,
		failure: failureOf(measurement, end.failure),
		brokenOff: firstPictureMs === undefined ? undefined : end.failure,
		measuredSeconds: since.first,
		silentSeconds: since.last,
		mediaSeconds: measurement.mediaSeconds,
		server: description?.server ?? "",
		transport: description?.transport,
		tracks: description?.tracks ?? [],
		video,
		audio: measurement.audio,
		firstPictureMs,
		packets: {
			received: counters.rtpPackets,
			lost: counters.lostPackets,
			reordered: counters.reorderedPackets,
			malformed: counters.malformedPackets,
			damagedPictures: counters.damagedAccessUnits,
		},
		quirks: [...quirks],
	};
}

/** A session that ends after pictures came has shown what it has to show. */
function failureOf(measurement: Measurement, ended: SourceFailure | undefined): SourceFailure | undefined {
	if (measurement.firstPictureMs !== undefined) return undefined;
	if (ended) return ended;
	if (measurement.video) return { code: "no-key-frame", detail: "pictures came, and no key frame among them" };
	if (measurement.description) return { code: "video-stalled", detail: "no picture came" };
	return { code: "no-answer", detail: "the camera did not describe its stream" };
}
