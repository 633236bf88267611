/** Reads the offer of a WHEP player: RFC 3264, RFC 6184 section 8.2.2 (payload types), RFC 8843 (bundle). @module */
import { type MediaDescription, parse } from "sdp-transform";

/** What we take from an offer: one media section, one payload type. */
export interface PlayerOffer {
	readonly mid: string;
	readonly payloadType: number;
	/** `a=fmtp` of our answer: the offered profile and mode, RFC 6184 section 8.2.2. */
	readonly fmtp: string;
	/** Feedback that the player offered for that payload type, e.g. `nack pli`: RFC 4585 section 4.2. */
	readonly feedback: readonly string[];
	/** The player's ICE user fragment: another one in a PATCH means an ICE restart. */
	readonly iceUfrag: string;
}

/** Why an offer cannot be answered: it is no valid offer, or we have nothing that it asks for. */
export type PlayerOfferResult =
	| { readonly ok: true; readonly offer: PlayerOffer }
	| { readonly ok: false; readonly problem: "invalid" | "no-h264" };

const INVALID: PlayerOfferResult = { ok: false, problem: "invalid" };
/** What our own offers say; a player of the same profile gets it first. */
const PREFERRED_PROFILE = "42e01f";
/** RFC 6184 section 8.1: without the parameter the profile is Baseline, level 1. */
const DEFAULT_PROFILE = "420010";

/** Finds the first video section that wants to receive H.264. Never throws. */
export function readPlayerOffer(sdp: string): PlayerOfferResult {
	if (!sdp.startsWith("v=0")) return INVALID;
	let session: ReturnType<typeof parse>;
	try {
		session = parse(sdp);
	} catch {
		return INVALID;
	}
	if (session.media.length === 0) return INVALID;
	let complete = false;
	for (const media of session.media) {
		const iceUfrag = media.iceUfrag ?? session.iceUfrag;
		const secured = (media.fingerprint ?? session.fingerprint) !== undefined;
		if (iceUfrag === undefined || (media.icePwd ?? session.icePwd) === undefined || !secured) continue;
		if (media.mid === undefined || !/^[\w!#$%&'*+.^`{|}~-]{1,32}$/.test(String(media.mid))) continue;
		complete = true;
		const direction = media.direction ?? session.direction ?? "sendrecv";
		if (media.type !== "video" || media.port === 0 || !["recvonly", "sendrecv"].includes(direction)) continue;
		const format = pickFormat(media);
		if (format) return { ok: true, offer: { mid: String(media.mid), iceUfrag: String(iceUfrag), ...format } };
	}
	return complete ? { ok: false, problem: "no-h264" } : INVALID;
}

function pickFormat(media: MediaDescription): Pick<PlayerOffer, "payloadType" | "fmtp" | "feedback"> | undefined {
	const formats = media.rtp
		// Codec names come as numbers where they are digits.
		.filter(({ codec, payload }) => /^h264$/i.test(String(codec)) && Number.isInteger(payload) && payload <= 127)
		.map(({ payload }) => {
			const config = media.fmtp.find((fmtp) => fmtp.payload === payload)?.config ?? "";
			const profile = /profile-level-id=([0-9a-f]{6})/i.exec(config)?.[1]?.toLowerCase() ?? DEFAULT_PROFILE;
			return { payload, profile, singleNal: !/packetization-mode=1/.test(config) };
		});
	// Mode 1 first, because that is what we send; then our own profile, then any Baseline. The sort is stable.
	const rank = ({ profile, singleNal }: (typeof formats)[number]): number =>
		(singleNal ? 4 : 0) + (profile === PREFERRED_PROFILE ? 0 : profile.startsWith("42") ? 1 : 2);
	const [best] = formats.sort((a, b) => rank(a) - rank(b));
	if (!best) return undefined;
	const mode = best.singleNal ? "" : "packetization-mode=1;";
	const feedback = (media.rtcpFb ?? [])
		.filter(({ payload }) => String(payload) === "*" || Number(payload) === best.payload)
		.map(({ type, subtype }) => (subtype ? `${type} ${subtype}` : type));
	return {
		payloadType: best.payload,
		fmtp: `profile-level-id=${best.profile};${mode}level-asymmetry-allowed=1`,
		feedback,
	};
}
