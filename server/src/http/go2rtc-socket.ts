/**
 * `WS /api/ws?src=`: go2rtc's own protocol, which its player in Home Assistant's cards speaks. Messages are
 * `{type, value}`: internal/api/ws, internal/webrtc/webrtc.go, internal/mp4/ws.go of go2rtc.
 *
 * @module
 */
import type { Codec } from "@vigia/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import { z } from "zod";
import type { CmafAttachment, CmafFeeds } from "../outputs/cmaf/cmaf-feed.ts";
import { mseDecoders } from "../outputs/mse/mse.ts";
import type { Player, PlayerEngine } from "../outputs/webrtc/player-engine.ts";
import type { Clock } from "../platform/clock.ts";
import type { StreamDirectory } from "../streams/reader.ts";
import { answerOffer, MAX_SDP_BYTES } from "./answer-offer.ts";
import type { SourceName } from "./go2rtc-api.ts";
import { keepChecking, playFeed } from "./mse-socket.ts";
import { hostOf } from "./origin.ts";
import { CLOSE_TRY_LATER } from "./wall-link.ts";

/** Of all programs together. */
const MAX_SOCKETS = 256;
/** Candidates of one player; a browser sends a handful. */
const MAX_CANDIDATES = 64;
/** RFC 6455 section 7.4.1. */
const CLOSE_NORMAL = 1000;
/** A candidate is a line of SDP. */
const MAX_CANDIDATE_CHARS = 1024;
/** Messages of one socket: an offer, its candidates, and some to try again. */
const MAX_MESSAGES = 512;

const messageSchema = z.object({ type: z.string().max(64), value: z.unknown().optional() });
const offerSchema = z.object({ sdp: z.string().max(MAX_SDP_BYTES) });

export interface Go2rtcSocketOptions {
	readonly engine: PlayerEngine;
	readonly directory: StreamDirectory;
	readonly feeds: CmafFeeds;
	readonly clock: Clock;
	readonly find: (src: unknown) => SourceName | undefined;
	/** Hears what is the server's own fault, for its log. */
	readonly onError: (error: unknown) => void;
}

/** Adds the route. Needs @fastify/websocket. */
export function registerGo2rtcSocket(app: FastifyInstance, options: Go2rtcSocketOptions): void {
	const sockets = new Set<WebSocket>();
	app.get(
		"/api/ws",
		{ websocket: true },
		(socket: WebSocket, request: FastifyRequest<{ Querystring: { src?: unknown } }>) => {
			// ws reports broken frames and over-long messages here and closes by itself.
			socket.on("error", () => socket.terminate());
			if (sockets.size >= MAX_SOCKETS) return socket.close(CLOSE_TRY_LATER, "too-many-viewers");
			sockets.add(socket);
			const name = options.find(request.query.src);
			const conversation = new Conversation(socket, name, hostOf(request.visitor.host), options);
			const timer = keepChecking(socket, options.clock);
			socket.on("message", (data: Buffer, isBinary) => conversation.take(data, isBinary));
			socket.on("close", () => {
				sockets.delete(socket);
				timer.cancel();
				conversation.close();
			});
		},
	);
}

class Conversation {
	readonly #socket: WebSocket;
	readonly #name: SourceName | undefined;
	readonly #pageHost: string | undefined;
	readonly #options: Go2rtcSocketOptions;
	#messages = 0;
	/** Those that come before the answer is made wait for it. */
	#candidates: string[] = [];
	#mid = "";
	#player: Player | undefined;
	#answering = false;
	#feed: CmafAttachment | undefined;

	constructor(
		socket: WebSocket,
		name: SourceName | undefined,
		pageHost: string | undefined,
		options: Go2rtcSocketOptions,
	) {
		this.#socket = socket;
		this.#name = name;
		this.#pageHost = pageHost;
		this.#options = options;
	}

	/** WebRTC goes on without the socket: the player closes it once it has chosen. */
	close(): void {
		this.#feed?.detach();
	}

	take(data: Buffer, isBinary: boolean): void {
		// What is no message is not answered, as go2rtc does.
		if (isBinary) return;
		if (++this.#messages > MAX_MESSAGES) return this.#socket.close(CLOSE_TRY_LATER, "too-many-messages");
		const message = readMessage(data.toString("utf8"));
		if (!message) return;
		const { type, value } = message;
		if (type === "webrtc/candidate") this.#takeCandidate(value);
		else if (type === "webrtc/offer") void this.#takeOffer(type, value);
		else if (type === "webrtc") void this.#takeOffer(type, offerSchema.safeParse(value).data?.sdp);
		else if (type === "mse") this.#takeMse(value);
		else this.#refuse(type, "not supported here, use webrtc or mse");
	}

	#takeCandidate(value: unknown): void {
		// An empty one says that there are no more.
		if (typeof value !== "string" || value === "" || value.length > MAX_CANDIDATE_CHARS) return;
		if (this.#candidates.length >= MAX_CANDIDATES) return;
		this.#candidates.push(value);
		this.#player?.addCandidate(this.#mid, value);
	}

	async #takeOffer(type: "webrtc" | "webrtc/offer", value: unknown): Promise<void> {
		const offerSdp = typeof value === "string" && value.length <= MAX_SDP_BYTES ? value : "";
		if (!this.#name) return this.#refuse(type, "stream not found");
		// One at a time: another offer takes the place of the one before.
		if (this.#answering) return this.#refuse(type, "the offer before is being answered");
		this.#answering = true;
		this.#player?.close();
		this.#player = undefined;
		try {
			const { engine, directory } = this.#options;
			const offer = { ...this.#name, offerSdp, pageHost: this.#pageHost, onClose: () => {} };
			const answer = await answerOffer(offer, { engine, directory });
			if (!answer.ok) return this.#refuse(type, answer.message);
			const { player, mid } = answer;
			if (this.#socket.readyState !== this.#socket.OPEN) return player.close();
			this.#player = player;
			this.#mid = mid;
			for (const candidate of this.#candidates) player.addCandidate(mid, candidate);
			const sdp = player.answerSdp;
			// All our candidates are in it.
			this.#send(type === "webrtc" ? { type, value: { type: "answer", sdp } } : { type: "webrtc/answer", value: sdp });
		} catch (error) {
			this.#options.onError(error);
			this.#refuse(type, "Vigía made a mistake; its log says more");
		} finally {
			this.#answering = false;
		}
	}

	#takeMse(value: unknown): void {
		if (!this.#name) return this.#refuse("mse", "stream not found");
		const codecs = readCodecs(value);
		const { cameraId, stream } = this.#name;
		const feed = this.#options.feeds.for(mseDecoders(codecs)).feed(cameraId, stream);
		if (!feed || codecs.length === 0) return this.#refuse("mse", "codecs not matched");
		this.#feed?.detach();
		let told = false;
		this.#feed = playFeed(this.#socket, feed, {
			onRefused: (reason) => this.#refuse("mse", reason),
			beforeInit: (mime) => {
				// The player makes its buffer at the first one; the same buffer takes all that follow.
				if (!told) this.#send({ type: "mse", value: `video/mp4; codecs="${mime}"` });
				told = true;
			},
			// The player comes back, and takes what there is then.
			onEnd: () => this.#socket.close(CLOSE_NORMAL, "stream not found"),
		});
	}

	/** `type: why`, as go2rtc writes it: its player looks at the beginning. */
	#refuse(type: string, reason: string): void {
		this.#send({ type: "error", value: `${type}: ${reason}` });
	}

	#send(message: { readonly type: string; readonly value: unknown }): void {
		if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message));
	}
}

function readMessage(text: string): { readonly type: string; readonly value?: unknown } | undefined {
	try {
		return messageSchema.safeParse(JSON.parse(text)).data;
	} catch {
		return undefined;
	}
}

/** What the player's browser decodes, of `avc1.640029,hvc1.1.6.L153.B0,mp4a.40.2`; all of it where nothing is said. */
function readCodecs(value: unknown): Codec[] {
	if (typeof value !== "string" || value === "") return ["h264"];
	return [...(/\bavc1\./.test(value) ? ["h264" as const] : []), ...(/\bhvc1\./.test(value) ? ["h265" as const] : [])];
}
