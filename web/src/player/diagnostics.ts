/** One camera's diagnostics as a text to paste into a message. Always English: support reads it. @module */
import type { CameraStatus, PictureRoute, StreamName } from "@vigia/api";
import type { FeedCounters } from "./feed.ts";
import type { Carrier, TileWant } from "./ladder.ts";
import type { StateChange } from "./state-history.ts";
import { describeState } from "./state-history.ts";
import type { PeerStats, Rates } from "./stats.ts";
import type { TileState } from "./tile-machine.ts";

export interface DiagnosticsInput {
	readonly wallMs: number;
	readonly release: string | undefined;
	readonly userAgent: string;
	/** For example `open` or `waiting`. */
	readonly socket: string;
	readonly connection: string;
	readonly camera: CameraStatus;
	readonly state: TileState;
	/** The stream in sight. */
	readonly stream: StreamName;
	/** How it comes, and why not better. */
	readonly want: TileWant;
	readonly route: PictureRoute;
	readonly carrier: Carrier;
	/** Who plays what is in sight over WebRTC, where it is not the server. */
	readonly engine: string | undefined;
	/** Of the feed in sight. */
	readonly counters: FeedCounters | undefined;
	/** WebRTC's own, if that is what is in sight. */
	readonly inbound: RTCInboundRtpStreamStats | undefined;
	readonly peer: PeerStats | undefined;
	readonly rates: Rates | undefined;
	readonly history: readonly StateChange[];
}

/** Lines of `name: value`; what was not measured is left out. */
export function diagnosticsText(input: DiagnosticsInput): string {
	const { camera, state, inbound, peer, rates } = input;
	const server = camera.streams[input.stream];
	const line = (name: string, value: string | number | undefined) => (value === undefined ? [] : [`${name}: ${value}`]);
	const codec = inbound?.codecId === undefined ? undefined : peer?.codecs.get(inbound.codecId);
	const age = "ageMs" in state && state.ageMs !== undefined ? `, picture ${seconds(state.ageMs)} old` : "";
	return [
		`Vigía ${input.release ?? "?"}, ${new Date(input.wallMs).toISOString()}`,
		`camera: ${camera.id} (${camera.name})`,
		`state: ${describeState(state)}${age}`,
		...line("reason", camera.reason && `${camera.reason.code}: ${camera.reason.text}`),
		...line("stream in sight", input.stream),
		...line("size", inbound?.frameWidth && `${inbound.frameWidth}x${inbound.frameHeight}`),
		...line("frames per second", rates && frames(rates)),
		...line("bitrate", rates && kilobits(rates.bitrateBps)),
		...line("rung", rung(input)),
		...line("played by", input.engine),
		...line("pieces received", input.counters?.received),
		...line("pictures decoded", input.counters?.decoded),
		...line("frames decoded, dropped", inbound && `${inbound.framesDecoded ?? 0}, ${inbound.framesDropped ?? 0}`),
		...line("packets received, lost", inbound && `${inbound.packetsReceived ?? 0}, ${inbound.packetsLost ?? 0}`),
		...line("NACK, PLI sent", inbound && `${inbound.nackCount ?? 0}, ${inbound.pliCount ?? 0}`),
		...line("jitter", inbound?.jitter === undefined ? undefined : milliseconds(inbound.jitter * 1000)),
		...line("jitter buffer", jitterBuffer(inbound)),
		...line("decoding one frame", decoding(inbound)),
		...line("round-trip time", peer?.roundTripMs === undefined ? undefined : milliseconds(peer.roundTripMs)),
		...line("transport", `WebRTC ${peer?.transport ?? ""} (${input.connection}); socket ${input.socket}`),
		...line("codec", codec),
		"",
		"Server:",
		...line("camera state", `${camera.state} since ${camera.since}`),
		...line("stream state", server?.state),
		...line("stream codec", [server?.codec, server?.codecString].filter(Boolean).join(" ") || undefined),
		...line("stream size", server?.width && `${server.width}x${server.height ?? "?"}`),
		...line("stream frames per second", server?.fps?.toFixed(1)),
		...line("stream bitrate", server?.bitrateBps === undefined ? undefined : kilobits(server.bitrateBps)),
		...line("GOP", server?.gopSeconds === undefined ? undefined : `${server.gopSeconds.toFixed(1)} s`),
		...line("last video", server?.lastVideoMs === undefined ? undefined : `${milliseconds(server.lastVideoMs)} ago`),
		"",
		"Last changes:",
		...input.history.map(({ wallMs, text }) => `${new Date(wallMs).toISOString()} ${text}`),
		"",
		`browser: ${input.userAgent}`,
	].join("\n");
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const milliseconds = (ms: number): string => `${ms.toFixed(1)} ms`;
const kilobits = (bps: number): string => `${Math.round(bps / 1000)} kbit/s`;

function frames({ decodedFps, paintedFps }: Rates): string {
	return `${decodedFps.toFixed(1)} decoded, ${paintedFps.toFixed(1)} painted`;
}

function rung({ want, route, carrier }: DiagnosticsInput): string {
	const why = want.refusal === undefined ? want.reason : `${want.reason}: ${want.refusal}`;
	const preparing = want.preparing === undefined ? "" : `, trying ${want.preparing}`;
	return `${want.shown} (${why})${preparing}${route === "pass" ? "" : `, ${route}`}; link over ${carrier}`;
}

function jitterBuffer(inbound: RTCInboundRtpStreamStats | undefined): string | undefined {
	if (!inbound?.jitterBufferEmittedCount || inbound.jitterBufferDelay === undefined) return undefined;
	return milliseconds((inbound.jitterBufferDelay / inbound.jitterBufferEmittedCount) * 1000);
}

function decoding(inbound: RTCInboundRtpStreamStats | undefined): string | undefined {
	if (!inbound?.framesDecoded || inbound.totalDecodeTime === undefined) return undefined;
	return milliseconds((inbound.totalDecodeTime / inbound.framesDecoded) * 1000);
}
