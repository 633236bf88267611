/**
 * The wall protocol: one WebSocket (`/api/wall`) a page, JSON text messages, validated on both sides.
 *
 * 1. The page opens the socket and says `hello`; the server answers `welcome`.
 * 2. The page says which stream it wants in which slot (`view`: the whole wanted state, so it can be repeated safely).
 *    A slot is one send-only video track of the page's PeerConnection.
 * 3. The server offers (`offer`), the page answers (`answer`). A view with more slots than were negotiated brings a
 *    new offer on the same connection; a `connection` number that changed means a new PeerConnection.
 * 4. For each slot whose content changed the server says `slot`, with the RTP timestamp of the first picture of the
 *    new content, so that a page can tell by `requestVideoFrameCallback` when it is painted.
 * 5. The server says `status` each second (`STATUS_INTERVAL_MS`) and at every change of a camera's state: it is
 *    also the sign of life of the socket.
 *
 * @module
 */
import * as z from "zod/mini";
import { cameraIdSchema, cameraStatusSchema, streamNameSchema } from "./camera.ts";

export const WALL_PROTOCOL_VERSION = 1;
/** How often the server says `status`, in milliseconds; a page that hears nothing for five of them reconnects. */
export const STATUS_INTERVAL_MS = 1000;
/** Tracks of one PeerConnection: 64 tiles, each with a main stream starting behind it. */
export const MAX_SLOTS = 128;
/** A session description of {@link MAX_SLOTS} media sections is about 70 kB; twice that. */
export const MAX_SDP_CHARS = 160_000;
/** The largest message that either side accepts, in UTF-8 bytes: a description in JSON, with room. */
export const MAX_WALL_MESSAGE_BYTES = 256 * 1024;

const slot = z.int().check(z.nonnegative(), z.lt(MAX_SLOTS));
const counter = z.int().check(z.nonnegative());
const sdp = z.string().check(z.minLength(1), z.maxLength(MAX_SDP_CHARS));
const mid = z.string().check(z.maxLength(32));

/** What one slot shows. */
export const tileWishSchema = z.object({ slot, camera: cameraIdSchema, stream: streamNameSchema });
export type TileWish = z.infer<typeof tileWishSchema>;

export const clientMessageSchema = z.discriminatedUnion("type", [
	z.object({
		type: z.literal("hello"),
		version: z.int(),
		/** Whether the browser's WebRTC can receive H.264 at all. */
		webrtcH264: z.boolean(),
	}),
	z.object({
		type: z.literal("view"),
		/** Grows with every view of a socket; echoed in `slot`. */
		revision: counter,
		tiles: z.array(tileWishSchema).check(z.maxLength(MAX_SLOTS)),
	}),
	z.object({ type: z.literal("answer"), connection: counter, negotiation: counter, sdp }),
	z.object({ type: z.literal("candidate"), connection: counter, mid, candidate: z.string().check(z.maxLength(1024)) }),
	/** No picture came: send the cached GOP of this slot again. */
	z.object({ type: z.literal("refresh"), slot }),
	/** The PeerConnection failed: make a new one with the same view. */
	z.object({ type: z.literal("reconnect"), connection: counter }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;

export const iceServerSchema = z.object({
	urls: z.array(z.string()),
	username: z.optional(z.string()),
	credential: z.optional(z.string()),
});
export type IceServer = z.infer<typeof iceServerSchema>;

/** Why the server ends a socket or refuses a message. */
export const wallErrorCodeSchema = z.enum([
	"bad-message",
	"version-mismatch",
	"hello-expected",
	"unknown-camera",
	"unknown-stream",
	"codec-not-accepted",
	"too-many-viewers",
	"internal-error",
]);
export type WallErrorCode = z.infer<typeof wallErrorCodeSchema>;

export const serverMessageSchema = z.discriminatedUnion("type", [
	z.object({
		type: z.literal("welcome"),
		version: z.int(),
		/** New at every start of the server: a page that sees it change knows that the server restarted. */
		serverId: z.string(),
		/** The server's release, for the diagnostics and to notice an update. */
		release: z.string(),
		/** The cameras are simulated. */
		demo: z.boolean(),
		iceServers: z.array(iceServerSchema),
		cameras: z.array(cameraStatusSchema),
	}),
	z.object({
		type: z.literal("offer"),
		connection: counter,
		negotiation: counter,
		sdp,
		slots: z.array(z.object({ slot, mid })),
	}),
	z.object({
		type: z.literal("slot"),
		...tileWishSchema.shape,
		revision: counter,
		/** RTP timestamp (32 bits, 90 kHz, this track's clock) of the first picture of this content. */
		rtpTimestamp: z.int().check(z.nonnegative(), z.lt(2 ** 32)),
	}),
	z.object({ type: z.literal("status"), cameras: z.array(cameraStatusSchema) }),
	z.object({
		type: z.literal("error"),
		code: wallErrorCodeSchema,
		message: z.string(),
	}),
]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;

export type ParsedMessage<M> =
	| { readonly ok: true; readonly message: M }
	| { readonly ok: false; readonly problem: string };

function parseWith<M>(schema: z.ZodMiniType<M>, text: string): ParsedMessage<M> {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return { ok: false, problem: "not JSON" };
	}
	const result = schema.safeParse(value);
	if (result.success) return { ok: true, message: result.data };
	const issue = result.error.issues[0];
	return {
		ok: false,
		problem: issue ? `${issue.path.join(".") || "message"}: ${issue.message || issue.code}` : "invalid",
	};
}

/** Reads a message of the page. The problem names the field, never its value. */
export function parseClientMessage(text: string): ParsedMessage<ClientMessage> {
	return parseWith(clientMessageSchema, text);
}

/** Reads a message of the server. */
export function parseServerMessage(text: string): ParsedMessage<ServerMessage> {
	return parseWith(serverMessageSchema, text);
}
