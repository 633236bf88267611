/**
 * LL-HLS: `GET /hls/{id}/stream.m3u8` and what it refers to. draft-pantos-hls-rfc8216bis section 6.2 ("the draft").
 *
 * @module
 */
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { REASON_TEXTS, type ReasonCode } from "@vigia/api";
import { parseMediaName, parsePlaylistRequest, PLAYLIST_TYPE } from "@vigia/cmaf";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type HlsDecoding, type HlsOutput, parseViewName, type TrackName } from "../outputs/hls/hls-output.ts";
import type { RenderedPlaylist, WaitResult } from "../outputs/hls/hls-track.ts";
import { multivariantPlaylist, viewPlaylist } from "../outputs/hls/multivariant.ts";
import { sendError } from "./errors.ts";

/** Longest wait for the first pictures of a stream that has to be pulled first: connecting takes a second or two. */
const FIRST_PICTURE_MS = 5_000;
/**
 * Of a stream that is in trouble: a wall over HTTP/1.1 has six connections, and cameras that are down must not hold them
 * while the others wait.
 */
const TROUBLED_MS = 300;
/** Seconds after which a refused player may try again. */
const RETRY_AFTER_SECONDS = 2;
/** All playlist and part requests that wait at the same time; each holds a socket and some 30 kB. */
const MAX_WAITING = 2_000;
/** RFC 9213: how long a content delivery network may keep what never changes under its name, in seconds. */
const CDN_SECONDS = 60;

const VIDEO_TYPE = "video/mp4";
const AUDIO_TYPE = "audio/mp4";

export interface HlsRouteOptions {
	readonly output: HlsOutput;
}

type MultivariantRequest = FastifyRequest<{ Params: { id: string }; Querystring: { video?: string } }>;
type ViewRequest = FastifyRequest<{ Params: { id: string; view: string } }>;
type PlaylistRouteRequest = FastifyRequest<{
	Params: { id: string; view: string; kind: string };
	Querystring: Record<string, unknown>;
}>;
type MediaRequest = FastifyRequest<{ Params: { id: string; view: string; life: string; file: string } }>;

/** Adds `/hls/:id/...`. HEAD is answered wherever GET is. */
export function registerHls(app: FastifyInstance, { output }: HlsRouteOptions): void {
	const routes = new HlsRoutes(output);
	app.get("/hls/:id/stream.m3u8", (request: MultivariantRequest, reply) => routes.multivariant(request, reply));
	app.get("/hls/:id/:view/stream.m3u8", (request: ViewRequest, reply) => routes.view(request, reply));
	for (const kind of ["video", "audio"] as const) {
		app.get(`/hls/:id/:view/${kind}.m3u8`, (request: PlaylistRouteRequest, reply) =>
			routes.playlist(request, reply, kind),
		);
	}
	app.get("/hls/:id/:view/:life/:file", (request: MediaRequest, reply) => routes.media(request, reply));
}

class HlsRoutes {
	readonly #output: HlsOutput;
	readonly #compressed = new WeakMap<RenderedPlaylist, Buffer>();
	#waiting = 0;

	constructor(output: HlsOutput) {
		this.#output = output;
	}

	async multivariant(request: MultivariantRequest, reply: FastifyReply): Promise<FastifyReply> {
		const { id } = request.params;
		const { video } = request.query;
		if (video !== undefined && video !== "h264") {
			return sendError(reply, 400, "bad-request", "The only value of video is h264: leave it out for all codecs.");
		}
		const decoding: HlsDecoding = video ?? "any";
		const stream = this.#output.hasCamera(id) ? this.#output.streams(id)[0] : undefined;
		if (!stream) return unknownCamera(reply);
		const name: TrackName = { cameraId: id, stream, decoding, kind: "video" };
		const problem = await this.#untilReady(name, request, reply);
		if (problem) return problem;
		return sendText(request, reply, multivariantPlaylist(this.#output, id, decoding));
	}

	async view(request: ViewRequest, reply: FastifyReply): Promise<FastifyReply> {
		const { id, view } = request.params;
		const wanted = parseViewName(view);
		if (!wanted) return unknownName(reply);
		if (!this.#output.hasCamera(id)) return unknownCamera(reply);
		const name = { cameraId: id, ...wanted };
		const problem = await this.#untilReady({ ...name, kind: "video" }, request, reply);
		return problem ?? sendText(request, reply, viewPlaylist(this.#output, name));
	}

	async playlist(request: PlaylistRouteRequest, reply: FastifyReply, kind: "video" | "audio"): Promise<FastifyReply> {
		const { id, view } = request.params;
		const wanted = parseViewName(view);
		if (!wanted) return unknownName(reply);
		if (!this.#output.hasCamera(id)) return unknownCamera(reply);
		const directives = parsePlaylistRequest(request.query);
		if (!directives) return badDirectives(reply);
		const name = { cameraId: id, kind, ...wanted };
		if (kind === "audio" && !this.#output.feed(name)?.hasAudio) {
			return sendError(reply, 404, "no-sound", "This stream has no sound: see stream.m3u8.");
		}
		const problem = await this.#untilReady(name, request, reply);
		if (problem) return problem;
		const track = this.#output.running(name);
		if (!track) return gone(reply);
		if (directives.msn !== undefined) {
			const result = await this.#wait(reply, (signal) => track.untilListed(directives, signal));
			if (result === "too-far") return badDirectives(reply);
			if (result !== "ready") return this.#unavailable(reply, name, result);
			track.touch();
		}
		return this.#sendPlaylist(request, reply, track.playlist(directives.skip));
	}

	async media(request: MediaRequest, reply: FastifyReply): Promise<FastifyReply> {
		const { id, view, life, file } = request.params;
		const wanted = parseViewName(view);
		const media = parseMediaName(file);
		if (!wanted || !media) return unknownName(reply);
		const track = (["video", "audio"] as const)
			.map((kind) => this.#output.running({ cameraId: id, kind, ...wanted }))
			.find((running) => running?.life === life);
		if (!track) return gone(reply);
		track.touch();
		reply.type(track.kind === "video" ? VIDEO_TYPE : AUDIO_TYPE);
		if (media.kind === "init") {
			const init = track.initSegment(media.number);
			return init ? sendMedia(request, reply, [init.bytes]) : gone(reply);
		}
		if (media.kind === "segment") {
			const segment = track.segment(media.number);
			const bytes = segment?.parts.map((part) => part.bytes);
			return bytes ? sendMedia(request, reply, bytes) : gone(reply);
		}
		const part = await this.#wait(reply, (signal) => track.part(media.number, signal));
		if (typeof part === "object") return sendMedia(request, reply, [part.bytes]);
		if (part === "gone" || part === "ready") return gone(reply);
		return this.#unavailable(reply, { cameraId: id, kind: track.kind, ...wanted }, part);
	}

	/** Starts the track and waits for a playlist worth giving out; answers and returns the reply if there is none. */
	async #untilReady(name: TrackName, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
		const track = this.#output.open(name);
		if (!track) return unknownCamera(reply);
		if (track === "full") return tooMany(reply);
		track.touch();
		if (track.isStale) return this.#unavailable(reply, name, "timeout");
		if (track.isReady) return undefined;
		const isHead = request.method === "HEAD";
		const timeoutMs = isHead || this.#isTroubled(name) ? TROUBLED_MS : FIRST_PICTURE_MS;
		const result = await this.#wait(reply, (signal) => track.untilReady(timeoutMs, signal));
		return track.isReady ? undefined : this.#unavailable(reply, name, result);
	}

	/** No picture is to be expected within seconds. */
	#isTroubled({ cameraId, stream }: TrackName): boolean {
		const state = this.#output.status(cameraId, stream)?.state;
		return state !== undefined && !EXPECTING.has(state);
	}

	/** 503 with the reason: the route's, or the camera's. 404 without camera. */
	#unavailable(reply: FastifyReply, name: TrackName, result: WaitResult): FastifyReply {
		if (result === "too-many") return tooMany(reply);
		// Taken out of the settings while the request waited.
		if (!this.#output.hasCamera(name.cameraId)) return unknownCamera(reply);
		const status = this.#output.status(name.cameraId, name.stream);
		const reason: ReasonCode = this.#output.running(name)?.refusal ?? status?.reason?.code ?? "video-stalled";
		reply.headers({ "cache-control": "no-store", "retry-after": RETRY_AFTER_SECONDS });
		return sendError(reply, 503, reason, REASON_TEXTS[reason]);
	}

	async #wait<T>(reply: FastifyReply, wait: (signal: AbortSignal) => Promise<T>): Promise<T | WaitResult> {
		if (this.#waiting >= MAX_WAITING) return "too-many";
		const closed = new AbortController();
		const onClose = (): void => closed.abort();
		reply.raw.once("close", onClose);
		this.#waiting++;
		try {
			return await wait(closed.signal);
		} finally {
			this.#waiting--;
			reply.raw.off("close", onClose);
		}
	}

	#sendPlaylist(request: FastifyRequest, reply: FastifyReply, playlist: RenderedPlaylist): FastifyReply {
		if (!acceptsGzip(request)) return sendText(request, reply, playlist.text);
		let bytes = this.#compressed.get(playlist);
		if (!bytes) {
			bytes = gzipSync(playlist.text, { level: 1 });
			this.#compressed.set(playlist, bytes);
		}
		return sendText(request, reply, bytes);
	}
}

/** States of a stream that may have pictures within seconds. */
const EXPECTING: ReadonlySet<string> = new Set(["idle", "connecting", "buffering", "live"]);

/** @param body text, or text that was compressed with gzip. */
function sendText(request: FastifyRequest, reply: FastifyReply, body: string | Buffer): FastifyReply {
	const vary = reply.getHeader("vary");
	reply.headers({
		// It is another one with every part, and blocking requests are the way to wait for it.
		"cache-control": "no-store",
		vary: typeof vary === "string" ? `${vary}, Accept-Encoding` : "Accept-Encoding",
	});
	if (typeof body !== "string") reply.header("content-encoding", "gzip");
	return reply.type(PLAYLIST_TYPE).send(request.method === "HEAD" ? undefined : body);
}

/**
 * Whole, at full speed. Pictures of people are not left in the caches of browsers; a content delivery network that was
 * put in front of this server on purpose may keep them.
 */
function sendMedia(request: FastifyRequest, reply: FastifyReply, parts: readonly Uint8Array[]): FastifyReply {
	let length = 0;
	for (const part of parts) length += part.length;
	reply.headers({
		"cache-control": "no-store",
		"cdn-cache-control": `max-age=${CDN_SECONDS}`,
		"content-length": length,
	});
	if (request.method === "HEAD") return reply.send();
	// One memory for all viewers: nothing is copied for a slow one.
	const [only] = parts;
	return reply.send(
		only && parts.length === 1 ? Buffer.from(only.buffer, only.byteOffset, only.length) : Readable.from(parts),
	);
}

function acceptsGzip({ headers }: FastifyRequest): boolean {
	const accepted = headers["accept-encoding"];
	return typeof accepted === "string" && /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(accepted);
}

function unknownCamera(reply: FastifyReply): FastifyReply {
	return sendError(reply, 404, "unknown-camera", "There is no camera with this id: see /api/cameras.");
}

function unknownName(reply: FastifyReply): FastifyReply {
	return sendError(reply, 404, "not-found", "There is no such playlist or segment: begin with stream.m3u8.");
}

/** Segments come and go. */
function gone(reply: FastifyReply): FastifyReply {
	reply.header("cache-control", "no-store");
	return sendError(reply, 404, "unknown-segment", "This segment is not there any more, or not yet: load the playlist.");
}

function badDirectives(reply: FastifyReply): FastifyReply {
	reply.header("cache-control", "no-store");
	const message = "_HLS_msn and _HLS_part must be decimal numbers that are not far ahead of the playlist.";
	return sendError(reply, 400, "bad-directives", message);
}

function tooMany(reply: FastifyReply): FastifyReply {
	reply.headers({ "cache-control": "no-store", "retry-after": RETRY_AFTER_SECONDS });
	return sendError(reply, 503, "too-many-viewers", "The server has as many viewers as it takes: try again later.");
}
