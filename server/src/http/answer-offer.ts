/** A player's offer and the session that answers it, whichever protocol brought the offer. @module */
import type { Player, PlayerEngine } from "../outputs/webrtc/player-engine.ts";
import { readPlayerOffer } from "../outputs/webrtc/player-offer.ts";
import { PeerError } from "../platform/datachannel.ts";
import type { StreamDirectory } from "../streams/reader.ts";

/** Bytes of an offer: browsers send 5-20 kB. */
export const MAX_SDP_BYTES = 64 * 1024;
/** Seconds that a player should wait when the server is full. */
export const RETRY_AFTER_SECONDS = 10;

export interface Offer {
	readonly cameraId: string;
	/** As it was asked for. */
	readonly stream: unknown;
	readonly offerSdp: string;
	/** Host name or address that the player used, without port. */
	readonly pageHost: string | undefined;
	/** The session has ended; nothing is left to do. */
	readonly onClose: () => void;
}

/** Why an offer is not answered, with the status that HTTP has for it. */
const REFUSALS = {
	"unknown-camera": [404, "There is no camera with this id: see /api/cameras."],
	"unknown-stream": [404, "This camera has no such stream: use main or sub."],
	"no-h264": [406, "The offer has no media section that receives H.264 video."],
	"bad-offer": [400, "The body is not a valid SDP offer: it needs media, ICE and DTLS lines."],
	"too-many-viewers": [503, "The server has as many viewers as it takes: try again later."],
	"camera-changed": [503, "The camera's streams have just changed: try again."],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type Answered =
	| {
			readonly ok: true;
			readonly player: Player;
			/** Of the media section that is served. */
			readonly mid: string;
	  }
	| {
			readonly ok: false;
			readonly code: keyof typeof REFUSALS;
			readonly status: number;
			readonly message: string;
	  };

/** Answers one offer. It rejects with mistakes of ours only. */
export async function answerOffer(
	{ cameraId, stream, offerSdp, pageHost, onClose }: Offer,
	{ engine, directory }: { readonly engine: PlayerEngine; readonly directory: StreamDirectory },
): Promise<Answered> {
	if (!directory.hasCamera(cameraId)) return refused("unknown-camera");
	if (stream !== "main" && stream !== "sub") return refused("unknown-stream");
	const source = directory.stream(cameraId, stream);
	if (!source) return refused("unknown-stream");
	const read = readPlayerOffer(offerSdp);
	if (!read.ok) return refused(read.problem === "no-h264" ? "no-h264" : "bad-offer");
	try {
		const { offer } = read;
		const player = await engine.openPlayer({ source, offer, offerSdp, pageHost, onClose, cameraId, stream });
		// Gone or replaced while the engine was asked: it has ended the sessions of such a camera before it had this one.
		// A stream is another one too where the camera's other stream has come or gone.
		if (player && directory.stream(cameraId, stream) !== source) {
			player.close();
			return refused(directory.hasCamera(cameraId) ? "camera-changed" : "unknown-camera");
		}
		return player ? { ok: true, player, mid: offer.mid } : refused("too-many-viewers");
	} catch (error) {
		if (!(error instanceof PeerError)) throw error;
		return refused(error.code === "bad-description" ? "bad-offer" : "too-many-viewers");
	}
}

function refused(code: keyof typeof REFUSALS): Answered {
	const [status, message] = REFUSALS[code];
	return { ok: false, code, status, message };
}
