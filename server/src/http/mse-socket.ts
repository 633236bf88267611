/**
 * `WS /api/cameras/{id}/mse`: one stream for any program that plays fragmented MP4: first the initialization segment,
 * then one fragment a picture, each as a binary message. Pictures only.
 *
 * @module
 */
import { type Codec, codecSchema } from "@vigia/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import type { CmafAttachment, CmafFeed, CmafFeeds } from "../outputs/cmaf/cmaf-feed.ts";
import { mseDecoders } from "../outputs/mse/mse.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { CLOSE_TRY_LATER } from "./wall-link.ts";

/** Of all programs together. */
const MAX_MSE_SOCKETS = 256;
/** A second and more of a 4K stream: who has not read that goes on at a key frame. */
const MAX_MSE_BUFFERED_BYTES = 2 * 1024 * 1024;
/** Half-open sockets are noticed after two unanswered pings. Longer than a slow link takes for what is buffered. */
const PING_INTERVAL_MS = 30_000;

/** RFC 6455 section 7.4.2: free for applications; made like the HTTP statuses. */
const CLOSE_BAD_REQUEST = 4400;
const CLOSE_NOT_FOUND = 4404;
/** This stream cannot be had in these codecs now; the reason is one of docs/http-api.md. */
const CLOSE_REFUSED = 4406;

export interface MseSocketOptions {
	readonly feeds: CmafFeeds;
	readonly clock: Clock;
}

type MseRequest = FastifyRequest<{ Params: { id: string }; Querystring: { stream?: unknown; codecs?: unknown } }>;

/** Adds the route. Needs @fastify/websocket. */
export function registerMse(app: FastifyInstance, options: MseSocketOptions): void {
	const sockets = new Set<WebSocket>();
	app.get("/api/cameras/:id/mse", { websocket: true }, (socket: WebSocket, request: MseRequest) => {
		// ws reports broken frames and over-long messages here and closes by itself.
		socket.on("error", () => socket.terminate());
		if (sockets.size >= MAX_MSE_SOCKETS) return socket.close(CLOSE_TRY_LATER, "too-many-viewers");
		sockets.add(socket);
		socket.on("close", () => sockets.delete(socket));
		serve(socket, request, options);
	});
}

function serve(socket: WebSocket, request: MseRequest, { feeds, clock }: MseSocketOptions): void {
	const { stream = "main", codecs: list = "h264" } = request.query;
	const { id } = request.params;
	const codecs = readCodecs(list);
	if (!codecs) return socket.close(CLOSE_BAD_REQUEST, "codecs: h264, h265 or both with a comma");
	const directory = feeds.for(mseDecoders(codecs));
	let attachment: CmafAttachment | undefined;
	const play = (): void => {
		if (!directory.hasCamera(id)) return socket.close(CLOSE_NOT_FOUND, "unknown-camera");
		const feed = stream === "main" || stream === "sub" ? directory.feed(id, stream) : undefined;
		if (!feed) return socket.close(CLOSE_NOT_FOUND, "unknown-stream");
		// The settings may have another stream in its place.
		attachment = playFeed(socket, feed, { onRefused: (reason) => socket.close(CLOSE_REFUSED, reason), onEnd: play });
	};
	play();
	const timer = keepChecking(socket, clock);
	socket.on("close", () => {
		attachment?.detach();
		timer.cancel();
	});
}

/** What else there is to say of a feed that is played. */
export interface FeedListener {
	/** Nothing comes, and why: one of the reasons of docs/http-api.md. */
	onRefused(reason: string): void;
	/** Called before each initialization segment, with its `codecs`. */
	beforeInit?(codecs: string): void;
	/** The feed is over. */
	onEnd(): void;
}

/** Sends the pictures of a feed as binary messages, until it is detached. */
export function playFeed(socket: WebSocket, feed: CmafFeed, listener: FeedListener): CmafAttachment {
	let waitsForKeyFrame = false;
	return feed.attach({
		audio: false,
		onRoute: (route) => route.kind === "refused" && listener.onRefused(route.reason),
		onInit: (init) => {
			listener.beforeInit?.(init.codecs);
			send(socket, init.bytes);
		},
		onChunk: (_track, { bytes, randomAccess }) => {
			if (waitsForKeyFrame && !randomAccess) return;
			waitsForKeyFrame = socket.bufferedAmount > MAX_MSE_BUFFERED_BYTES;
			if (!waitsForKeyFrame) send(socket, bytes);
		},
		onEnd: () => listener.onEnd(),
	});
}

function send(socket: WebSocket, bytes: Uint8Array): void {
	if (socket.readyState === socket.OPEN) socket.send(bytes);
}

/** Ends a socket whose other end is gone without a word. */
export function keepChecking(socket: WebSocket, clock: Clock): Timer {
	let alive = true;
	let timer: Timer;
	const check = (): void => {
		if (!alive) return socket.terminate();
		alive = false;
		socket.ping();
		timer = clock.after(PING_INTERVAL_MS, check);
	};
	socket.on("pong", () => {
		alive = true;
	});
	timer = clock.after(PING_INTERVAL_MS, check);
	return { cancel: () => timer.cancel() };
}

/** `undefined` for a list with an unknown name, or without one that stands for pictures. */
function readCodecs(list: unknown): readonly Codec[] | undefined {
	if (typeof list !== "string") return undefined;
	const codecs = list.split(",").flatMap((name) => codecSchema.safeParse(name).data ?? []);
	const known = codecs.length === list.split(",").length;
	return known && (codecs.includes("h264") || codecs.includes("h265")) ? codecs : undefined;
}
