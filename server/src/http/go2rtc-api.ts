/**
 * What programs that talk to go2rtc ask for, Home Assistant's cards first of all: its streams, WebRTC over HTTP and over
 * its WebSocket, fragmented MP4 over the same, and stills. As go2rtc 1.9 has them: internal/api, internal/streams,
 * internal/webrtc, internal/mp4. Its streams are our cameras; nobody adds or changes one here.
 *
 * @module
 */
import type { CameraStatus, StreamName, StreamStatus } from "@vigia/api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { SnapshotProblem, Still } from "../outputs/snapshot/snapshots.ts";
import type { PlayerEngine } from "../outputs/webrtc/player-engine.ts";
import type { StreamDirectory } from "../streams/reader.ts";
import { answerOffer, MAX_SDP_BYTES, RETRY_AFTER_SECONDS } from "./answer-offer.ts";
import { sendError } from "./errors.ts";
import { type Go2rtcSocketOptions, registerGo2rtcSocket } from "./go2rtc-socket.ts";
import { hostOf } from "./origin.ts";
import { sendProblem } from "./snapshot.ts";

/** JSON writes a line's end as four characters: an offer grows by a tenth. */
const MAX_OFFER_BYTES = 2 * MAX_SDP_BYTES;
/** In pixels, as for our own stills. */
const widthSchema = z.coerce.number().int().min(16).max(3840);
const jsonOfferSchema = z.object({ type: z.literal("offer"), sdp: z.string().max(MAX_SDP_BYTES) });

const NOT_HERE = "Cameras are added and changed in Vigía's settings, not over this address.";

export interface Go2rtcApiOptions extends Pick<Go2rtcSocketOptions, "feeds" | "clock" | "onError"> {
	readonly engine: PlayerEngine;
	readonly directory: StreamDirectory;
	readonly statuses: () => readonly CameraStatus[];
	readonly snapshots: {
		take(request: {
			readonly cameraId: string;
			readonly stream: StreamName;
			readonly width: number | undefined;
		}): Promise<Still | SnapshotProblem>;
	};
}

/** What a name of go2rtc stands for here. */
export interface SourceName {
	readonly cameraId: string;
	readonly stream: StreamName;
}

/**
 * `cam1` is the stream of the grid; `cam1_main`, `cam1/main` and `cam1_sub`, `cam1/sub` name one. A camera whose id is
 * exactly that comes first.
 */
export function readSourceName(src: unknown, hasCamera: (id: string) => boolean): SourceName | undefined {
	if (typeof src !== "string") return undefined;
	if (hasCamera(src)) return { cameraId: src, stream: "sub" };
	const [, cameraId = "", stream] = /^([\w-]{1,64})[_/](main|sub)$/.exec(src) ?? [];
	return stream !== undefined && hasCamera(cameraId) ? { cameraId, stream: stream as StreamName } : undefined;
}

type SourceRequest = FastifyRequest<{ Querystring: Record<string, unknown> }>;

/** Adds the routes. Needs @fastify/websocket. */
export async function registerGo2rtcApi(app: FastifyInstance, options: Go2rtcApiOptions): Promise<void> {
	const find = (src: unknown): SourceName | undefined => readSourceName(src, (id) => options.directory.hasCamera(id));
	app.get("/api/streams", (request: SourceRequest, reply) => {
		reply.header("cache-control", "no-store");
		const { src } = request.query;
		const all = streamsOf(options.statuses());
		if (src === undefined) return reply.send(all);
		const name = find(src);
		const stream = name && all[streamKey(name, all)];
		return stream ? reply.send(stream) : unknownStream(reply);
	});
	app.route({
		method: ["PUT", "PATCH", "POST", "DELETE"],
		url: "/api/streams",
		handler: (_request, reply) => {
			reply.header("allow", "GET, HEAD");
			return sendError(reply, 405, "method-not-allowed", NOT_HERE);
		},
	});
	app.get("/api/frame.jpeg", async (request: SourceRequest, reply) => {
		const name = find(request.query.src);
		if (!name) return unknownStream(reply);
		const asked = request.query.width ?? request.query.w;
		const width = asked === undefined ? { success: true as const, data: undefined } : widthSchema.safeParse(asked);
		if (!width.success) return sendError(reply, 400, "bad-request", "width is a number of pixels from 16 to 3840.");
		const answer = await options.snapshots.take({ ...name, width: width.data });
		if (typeof answer === "string") return sendProblem(reply, answer);
		return reply.header("cache-control", "no-store").type("image/jpeg").send(answer.jpeg);
	});
	await app.register(async (scope) => {
		scope.removeAllContentTypeParsers();
		scope.addContentTypeParser("*", { parseAs: "string", bodyLimit: MAX_OFFER_BYTES }, (_request, body, done) =>
			done(null, body),
		);
		scope.post("/api/webrtc", (request: SourceRequest, reply) => answer(request, reply, find, options));
		scope.options("/api/webrtc", (_request, reply) =>
			reply
				.code(204)
				.headers({
					allow: "POST, OPTIONS",
					"access-control-allow-methods": "POST, OPTIONS",
					"access-control-allow-headers": "Authorization, Content-Type",
				})
				.send(),
		);
	});
	registerGo2rtcSocket(app, { ...options, find });
}

/** The form of the answer is that of the offer: internal/webrtc/server.go. */
async function answer(
	request: SourceRequest,
	reply: FastifyReply,
	find: (src: unknown) => SourceName | undefined,
	options: Go2rtcApiOptions,
): Promise<FastifyReply> {
	const name = find(request.query.src);
	if (!name) return unknownStream(reply);
	const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
	const body = typeof request.body === "string" ? request.body : "";
	const isJson = type === "application/json";
	const offerSdp = isJson ? readJsonOffer(body) : body;
	if (offerSdp === undefined) {
		return sendError(
			reply,
			400,
			"bad-offer",
			'The body must be {"type": "offer", "sdp": "..."}, or SDP with its type.',
		);
	}
	const pageHost = hostOf(request.visitor.host);
	const answered = await answerOffer({ ...name, offerSdp, pageHost, onClose: () => {} }, options);
	if (!answered.ok) {
		if (answered.status === 503) reply.header("retry-after", RETRY_AFTER_SECONDS);
		return sendError(reply, answered.status, answered.code, answered.message);
	}
	const { answerSdp } = answered.player;
	reply.header("cache-control", "no-store");
	if (isJson) return reply.send({ type: "answer", sdp: answerSdp });
	// Only with this type it is WHEP, where a session is created.
	const isWhep = type === "application/sdp";
	return reply
		.code(isWhep ? 201 : 200)
		.type(isWhep ? type : "text/plain")
		.send(answerSdp);
}

function readJsonOffer(body: string): string | undefined {
	try {
		return jsonOfferSchema.safeParse(JSON.parse(body)).data?.sdp;
	} catch {
		return undefined;
	}
}

function unknownStream(reply: FastifyReply): FastifyReply {
	return sendError(reply, 404, "unknown-stream", "There is no such stream: /api/streams has their names.");
}

/** A stream as go2rtc describes it, without addresses. */
interface Go2rtcStream {
	/** What brings it in: `url` is a name and no address; `medias` once something came. */
	readonly producers: readonly { readonly url: string; readonly medias?: readonly string[] }[];
	/** One for each viewer. */
	readonly consumers: readonly { readonly format_name: string }[] | null;
}

/** `cam1` and, where the camera has two streams, `cam1_main`. */
function streamsOf(statuses: readonly CameraStatus[]): Record<string, Go2rtcStream> {
	const entries = statuses.flatMap(({ id, streams }) => {
		const grid = streams.sub ?? streams.main;
		const both = streams.sub && streams.main;
		return [
			...(grid ? [[id, describe(`vigia:${id}`, grid)] as const] : []),
			...(both ? [[`${id}_main`, describe(`vigia:${id}/main`, both)] as const] : []),
		];
	});
	// The camera `door_main` goes before the main stream of `door`, as readSourceName has it.
	const own = entries.filter(([key]) => statuses.some(({ id }) => id === key));
	return Object.fromEntries([...entries, ...own]);
}

function streamKey({ cameraId, stream }: SourceName, all: Readonly<Record<string, unknown>>): string {
	const main = `${cameraId}_main`;
	return stream === "main" && Object.hasOwn(all, main) ? main : cameraId;
}

/** Names of codecs that go2rtc writes otherwise than in capitals: pkg/core/codec.go. */
const CODEC_NAMES: Readonly<Record<string, string>> = { aac: "MPEG4-GENERIC", l16: "L16", mpeg4: "MP4V-ES" };

function describe(url: string, { codec, audio, readers = 0 }: StreamStatus): Go2rtcStream {
	const nameOf = (name: string): string => CODEC_NAMES[name] ?? name.toUpperCase();
	const medias = [
		...(codec !== undefined ? [`video, recvonly, ${nameOf(codec)}`] : []),
		...(audio !== undefined ? [`audio, recvonly, ${nameOf(audio)}`] : []),
	];
	return {
		producers: [{ url, ...(medias.length > 0 && { medias }) }],
		consumers: readers > 0 ? Array.from({ length: readers }, () => ({ format_name: "vigia" })) : null,
	};
}
