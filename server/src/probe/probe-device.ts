/** Finds the path of a device that is in no settings, as the page does, and probes both its streams. @module */
import { expandTemplate, hasTwoStreams } from "../config/camera-template.ts";
import type { CameraSettings, RtspTransport, StreamAddress } from "../config/settings.ts";
import type { SourceFailure } from "../sources/source.ts";
import { cameraStream } from "./camera-stream.ts";
import { type CandidateSearch, type FoundCandidate, probeCandidates } from "./candidates.ts";
import { ProbeService } from "./probe-service.ts";
import type { ProbeFindings } from "./run-probe.ts";

export interface DeviceProbe extends CandidateSearch {
	readonly channel: number;
	readonly transport: RtspTransport;
	/** How long the pictures of each stream are watched at most. */
	readonly seconds: number;
	/** Hears of the path that was found, before its streams are watched. */
	readonly onFound?: (candidate: FoundCandidate) => void;
}

/** What was found out about one stream of the device. */
export interface ProbedStream {
	readonly name: "main" | "sub";
	readonly address: StreamAddress;
	readonly findings: ProbeFindings;
}

export type DeviceFindings =
	/** The stream of the grid is the first; the other is left out where it would only say the same. */
	| { readonly type: "found"; readonly candidate: FoundCandidate; readonly streams: readonly ProbedStream[] }
	/** As {@link probeCandidates} says it. */
	| { readonly type: "none"; readonly failure: SourceFailure };

/** A refused password is tried once. Never rejects for what a device does. */
export async function probeDevice(probe: DeviceProbe): Promise<DeviceFindings> {
	const outcome = await probeCandidates(probe);
	if (outcome.type === "none") return outcome;
	const { candidate } = outcome;
	probe.onFound?.(candidate);
	const camera = cameraAt(candidate, probe);
	const grid = cameraStream(camera, undefined, probe.transport);
	if (!grid) throw new Error("a camera was made without streams");
	const main = grid.name === "sub" ? cameraStream(camera, "main", probe.transport) : undefined;
	const targets = [grid, ...(main ? [main] : [])] as const;
	const { clock, seconds, transport, signal } = probe;
	const probes = new ProbeService({ cameras: () => [], clock, seconds, transport });
	const stop = (): void => void probes.stop();
	signal?.addEventListener("abort", stop);
	if (signal?.aborted === true) stop();
	const answer = await probes.probeDevice(targets);
	signal?.removeEventListener("abort", stop);
	if ("refusal" in answer) throw new Error(`a probe of its own was refused: ${answer.refusal}`);
	const streams = targets.flatMap(({ name, address }, index): ProbedStream[] => {
		const findings = answer.findings[index];
		return findings ? [{ name, address, findings }] : [];
	});
	return { type: "found", candidate, streams };
}

function cameraAt({ path, port }: FoundCandidate, { host, channel, credentials }: DeviceProbe): CameraSettings {
	const address = (stream: ProbedStream["name"]): StreamAddress => ({
		scheme: "rtsp",
		host,
		port,
		path: expandTemplate(path, channel, stream),
	});
	return {
		id: "device",
		name: "device",
		...(credentials && { credentials }),
		streams: hasTwoStreams(path) ? { main: address("main"), sub: address("sub") } : { main: address("main") },
	};
}
