/** Tries the likely templates on a device, one after the other, and stops before it locks. @module */
import { expandTemplate } from "../config/camera-template.ts";
import { likelyTemplates, type TemplateCandidate } from "../config/camera-template-candidates.ts";
import type { Credentials } from "../config/credentials.ts";
import type { StreamAddress, TlsPolicy } from "../config/settings.ts";
import type { Clock } from "../platform/clock.ts";
import { openRtspSource, type RtspSourceOptions, WALL_MEDIA } from "../sources/rtsp-source.ts";
import type { SourceDescription, SourceFailure } from "../sources/source.ts";

/** A slow camera describes its stream in two or three seconds, and a wrong path is refused faster. */
export const CANDIDATE_LIMIT_MS = 8_000;
/** Whoever waits at a page waits no longer. */
export const SEARCH_LIMIT_MS = 60_000;

export interface CandidateSearch {
	/** Host name or IP address, IPv6 without brackets. */
	readonly host: string;
	/** Default: those that the candidates' makers use. */
	readonly port?: number | undefined;
	/** Default: `rtsp`. `rtsps` needs a port, since no maker's is known. */
	readonly scheme?: StreamAddress["scheme"];
	readonly credentials?: Credentials | undefined;
	readonly tls?: TlsPolicy;
	/** Id, name or alias of a vendor: its templates are tried first. */
	readonly vendor?: string | undefined;
	/** Default: 1. */
	readonly channel?: number;
	readonly clock: Clock;
	readonly lookup?: RtspSourceOptions["lookup"];
	/** Ends the search. */
	readonly signal?: AbortSignal;
	/** Hears of each path before it is asked for. */
	readonly onTry?: (candidate: TemplateCandidate) => void;
}

/** Something that the device described with video in it. */
export interface FoundCandidate extends TemplateCandidate {
	/** The device's Server field; it may hold anything. */
	readonly server: string;
}

export type CandidateOutcome =
	| { readonly type: "found"; readonly candidate: FoundCandidate; readonly tried: number }
	/**
	 * None fits, or it made no sense to go on: then `failure` says why. `auth-refused`: no further path was tried, since
	 * devices lock. Its detail may hold what the device said.
	 */
	| { readonly type: "none"; readonly failure: SourceFailure; readonly tried: number };

/**
 * Asks for one path after the other, each on a connection of its own that is closed before the next, and starts nothing
 * to play. A refused password ends it at once: there is one refused try per search, whatever the number of candidates.
 * Never rejects for what a device does.
 */
export async function probeCandidates(search: CandidateSearch): Promise<CandidateOutcome> {
	const { clock, signal, port } = search;
	const endMs = clock.nowMs() + SEARCH_LIMIT_MS;
	const deadPorts = new Set<number>();
	let tried = 0;
	let failure: SourceFailure = { code: "not-found", detail: "no known path fits" };
	for (const candidate of candidatesFor(search)) {
		if (deadPorts.has(candidate.port)) continue;
		if (signal?.aborted === true || clock.nowMs() >= endMs) break;
		tried++;
		search.onTry?.(candidate);
		const answer = await describe(candidate, search);
		if (!("code" in answer)) return { type: "found", candidate: { ...candidate, server: answer.server }, tried };
		failure = answer;
		const next = afterFailure(answer.code);
		if (next === "end" || (next === "other-port" && port !== undefined)) break;
		if (next === "other-port") deadPorts.add(candidate.port);
	}
	return { type: "none", failure, tried };
}

function candidatesFor({ vendor, port, channel = 1 }: CandidateSearch): readonly TemplateCandidate[] {
	const likely = likelyTemplates(vendor);
	if (port === undefined) return likely;
	const seen = new Set<string>();
	return likely.flatMap((candidate) => {
		const path = expandTemplate(candidate.path, channel, "main");
		if (seen.has(path)) return [];
		seen.add(path);
		return [{ ...candidate, port }];
	});
}

/** What a failure at one path says about the others. */
function afterFailure(code: SourceFailure["code"]): "next-path" | "other-port" | "end" {
	switch (code) {
		// Some devices refuse paths that they do not know as if the password were wrong. Nobody can tell from here.
		case "auth-refused":
		case "camera-full":
		case "address-unknown":
		case "no-route":
		case "certificate-untrusted":
		case "internal-error":
			return "end";
		case "connection-refused":
		case "no-answer":
			return "other-port";
		default:
			return "next-path";
	}
}

/** Opens a path until it is described, and closes it again. */
async function describe(
	candidate: TemplateCandidate,
	search: CandidateSearch,
): Promise<SourceDescription | SourceFailure> {
	const { host, scheme = "rtsp", channel = 1, credentials, tls = { mode: "verify" }, clock, lookup, signal } = search;
	const path = expandTemplate(candidate.path, channel, "main");
	const open = openRtspSource({
		address: { scheme, host, port: candidate.port, path },
		credentials,
		// Nothing is played, so that no transport is tried.
		transport: "tcp",
		tls,
		media: WALL_MEDIA,
		clock,
		lookup,
	});
	const { promise, resolve } = Promise.withResolvers<SourceDescription | SourceFailure>();
	const giveUp = (): void => resolve({ code: "no-answer", detail: "the device did not describe its stream in time" });
	const limit = clock.after(CANDIDATE_LIMIT_MS, giveUp);
	signal?.addEventListener("abort", giveUp);
	const session = open({
		onDescribed(description) {
			if (description.tracks.some(({ type, used }) => type === "video" && used)) resolve(description);
		},
		onPlaying: () => undefined,
		onParameterSets: () => undefined,
		onVideo: () => undefined,
		onEnd: (failure) => resolve(failure ?? { code: "session-ended", detail: "the session was closed" }),
	});
	const answer = await promise;
	limit.cancel();
	signal?.removeEventListener("abort", giveUp);
	await session.close();
	return answer;
}
