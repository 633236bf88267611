/**
 * The wall protocol: one link a page, JSON text messages, validated on both sides, and binary media frames
 * (`media-frame.ts`) from the server. The link is a WebSocket (`/api/wall`); where a proxy refuses Upgrade, a streaming
 * response with POSTs the other way (`link-frame.ts`).
 *
 * 1. The page opens the link and says `hello`; the server answers `welcome`.
 * 2. The page says which stream it wants in which slot (`view`: the whole wanted state, so it can be repeated safely).
 *    A slot is one send-only video track of the page's PeerConnection.
 * 3. The server offers (`offer`), the page answers (`answer`). A view with more slots than were negotiated brings a
 *    new offer on the same connection; a `connection` number that changed means a new PeerConnection.
 * 4. For each slot whose content changed the server says `slot`, with the RTP timestamp of the first picture of the
 *    new content, so that a page can tell by `requestVideoFrameCallback` when it is painted.
 * 5. The view's `channels` are streams for Media Source Extensions: for each the server says `channel`, then sends media
 *    frames on the link. The page says `received` as it takes them, and what it does not take in time is skipped.
 * 6. The server says `refused` where a stream cannot be made playable for this page.
 * 7. The server says `status` each second (`STATUS_INTERVAL_MS`) and at every change of a camera's state: it is
 *    also the sign of life of the link.
 * 8. While `welcome` and `status` say `webrtcEngine`, another program answers WHEP offers of this page too: what it plays
 *    the page takes out of its `view`, and puts back when that program is gone or is another run of it.
 *
 * @module
 */
import * as z from "zod/mini";
import { cameraIdSchema, cameraStatusSchema, reasonCodeSchema, streamNameSchema } from "./camera.ts";

export const WALL_PROTOCOL_VERSION = 2;
/** How often the server says `status`, in milliseconds; a page that hears nothing for five of them reconnects. */
export const STATUS_INTERVAL_MS = 1000;
/** Tracks of one PeerConnection: 64 tiles, each with a main stream starting behind it. */
export const MAX_SLOTS = 128;
/** Media channels of one link: as many, and one more for each layer that is being replaced. */
export const MAX_CHANNELS = 256;
/** A session description of {@link MAX_SLOTS} media sections is about 70 kB; twice that. */
export const MAX_SDP_CHARS = 160_000;
/** The largest message that either side accepts, in UTF-8 bytes: a description in JSON, with room. */
export const MAX_WALL_MESSAGE_BYTES = 256 * 1024;

const slot = z.int().check(z.nonnegative(), z.lt(MAX_SLOTS));
const counter = z.int().check(z.nonnegative());
const sdp = z.string().check(z.minLength(1), z.maxLength(MAX_SDP_CHARS));
const mid = z.string().check(z.maxLength(32));
const rtpTimestamp = z.int().check(z.nonnegative(), z.lt(2 ** 32));

/** What one slot shows. */
export const tileWishSchema = z.object({ slot, camera: cameraIdSchema, stream: streamNameSchema });
export type TileWish = z.infer<typeof tileWishSchema>;

/** What a browser can be asked to decode; how is said by the list that it stands in. */
export const codecSchema = z.enum(["h264", "h265", "aac", "opus", "pcmu", "pcma"]);
export type Codec = z.infer<typeof codecSchema>;
const codecs = z.array(codecSchema).check(z.maxLength(16));

/** The rungs of the ladder that the server serves, best first. */
export const rungSchema = z.enum(["webrtc", "mse", "hls", "still"]);
export type Rung = z.infer<typeof rungSchema>;
/** The setting `PROTOCOL`: one rung for all tiles, or the best that works for each. */
export const protocolSchema = z.enum(["auto", "webrtc", "mse", "hls"]);
export type Protocol = z.infer<typeof protocolSchema>;

const channel = z.int().check(z.nonnegative(), z.lt(MAX_CHANNELS));

/** What one media channel carries. A channel's content never changes: the page takes another number for another. */
export const channelWishSchema = z.object({
	channel,
	camera: cameraIdSchema,
	stream: streamNameSchema,
	/** With sound, where the camera has any. */
	audio: z.boolean(),
});
export type ChannelWish = z.infer<typeof channelWishSchema>;

export const clientMessageSchema = z.discriminatedUnion("type", [
	z.object({
		type: z.literal("hello"),
		version: z.int(),
		/** What the browser decodes over WebRTC; without `h264` nothing is offered. */
		webrtc: codecs,
		/** What it decodes by Media Source Extensions. */
		mse: codecs,
	}),
	z.object({
		type: z.literal("view"),
		/** Grows with every view of a socket; echoed in `slot`. */
		revision: counter,
		/** Over WebRTC. */
		tiles: z.array(tileWishSchema).check(z.maxLength(MAX_SLOTS)),
		/** By media frames on this link. */
		channels: z.array(channelWishSchema).check(z.maxLength(MAX_CHANNELS)),
		/** Whose sound is to come over WebRTC; of one camera at a time. */
		sound: z.optional(z.object({ camera: cameraIdSchema, stream: streamNameSchema })),
	}),
	/** Bytes of media frames (headers and all) that the page has taken since the link was opened. */
	z.object({ type: z.literal("received"), bytes: counter }),
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

/** Whose pictures a page gets: the stream's own, those of the camera's other stream instead, or what FFmpeg makes. */
const pictureRouteSchema = z.enum(["pass", "other-profile", "transcode"]);
export type PictureRoute = z.infer<typeof pictureRouteSchema>;

/** A program that plays to WHEP players in place of the server's own WebRTC, while it is there. */
export const webrtcEngineSchema = z.object({
	name: z.literal("go2rtc"),
	/** Another number once it was started anew, as far as the server knows: its players have lost their pictures. */
	run: counter,
});
export type WebrtcEngine = z.infer<typeof webrtcEngineSchema>;
/** Header of the answer to a WHEP offer: the name of the program that plays, where it is not the server itself. */
export const WEBRTC_ENGINE_HEADER = "x-vigia-engine";

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
		protocol: protocolSchema,
		/** FFmpeg is there: stills are made, and streams that a browser cannot play are transcoded. */
		ffmpeg: z.boolean(),
		/** Left out where WebRTC is the server's own. */
		webrtcEngine: z.optional(webrtcEngineSchema),
		cameras: z.array(cameraStatusSchema),
	}),
	z.object({
		type: z.literal("offer"),
		connection: counter,
		negotiation: counter,
		sdp,
		slots: z.array(z.object({ slot, mid })),
		/** The media section of the sound, once some was asked for. */
		audioMid: z.optional(mid),
	}),
	z.object({
		type: z.literal("slot"),
		...tileWishSchema.shape,
		revision: counter,
		/** RTP timestamp (32 bits, 90 kHz, this track's clock) of the first picture of this content. */
		rtpTimestamp,
		/** Of the newest picture there was when this content began: those before it show the past, in quick motion. */
		newestRtpTimestamp: rtpTimestamp,
		route: pictureRouteSchema,
	}),
	/** What comes on a channel; before its first media frame, and when it changes. */
	z.object({ type: z.literal("channel"), ...channelWishSchema.shape, route: pictureRouteSchema }),
	/** This stream cannot be had on this rung by this page; a later `slot` or `channel` takes it back. */
	z.object({
		type: z.literal("refused"),
		rung: rungSchema,
		camera: cameraIdSchema,
		stream: streamNameSchema,
		reason: reasonCodeSchema,
	}),
	z.object({
		type: z.literal("status"),
		/** All cameras, in the order of the wall: others than before, once the settings have changed. */
		cameras: z.array(cameraStatusSchema),
		/** Left out where it is not known. */
		demo: z.optional(z.boolean()),
		/** As in `welcome`: it comes and goes. */
		webrtcEngine: z.optional(webrtcEngineSchema),
	}),
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
