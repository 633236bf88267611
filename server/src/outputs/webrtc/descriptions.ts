/** What our session descriptions say about H.264: RFC 6184 section 8, RFC 4585 and RFC 5104 (feedback). @module */
import { rewriteHostCandidates } from "./candidates.ts";
import type { PlayerOffer } from "./player-offer.ts";

/** A dynamic payload type: RFC 3551 section 6. */
export const H264_PAYLOAD_TYPE = 96;
/**
 * Offered whatever the camera's profile: Chromium rejects an offered High profile but decodes it, and browsers without
 * a profile in the offer do not answer at all.
 */
export const H264_FMTP = "profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1";

/** Where a description's host candidates point to. */
export interface Advertised {
	/** Addresses and names, best first. */
	readonly hosts: readonly string[];
	/** UDP. */
	readonly port: number;
}

/** Makes the library's offer ready for the wire: our candidates, and FIR beside PLI (RFC 5104 section 7.1). */
export function finishOffer(sdp: string, advertised: Advertised): string {
	return rewriteHostCandidates(withFir(sdp), advertised.hosts, advertised.port);
}

/**
 * Makes the library's answer ready for the wire: our candidates, only feedback that was offered (RFC 4585 section 4.2),
 * and nothing promised in the media sections that we do not serve.
 */
export function finishAnswer(sdp: string, offer: PlayerOffer, advertised: Advertised): string {
	const [session = "", ...sections] = withFir(sdp).split(/^(?=m=)/m);
	const finished = sections.map((section) => {
		if (!section.includes(`\r\na=mid:${offer.mid}\r\n`)) {
			return section.replace(/^a=(?:sendrecv|sendonly|recvonly)$/m, "a=inactive");
		}
		return section.replace(/^a=rtcp-fb:\d+ (.+)\r\n/gm, (line, kind: string) =>
			offer.feedback.includes(kind) ? line : "",
		);
	});
	return rewriteHostCandidates([session, ...finished].join(""), advertised.hosts, advertised.port);
}

function withFir(sdp: string): string {
	return sdp.replace(/^(a=rtcp-fb:\d+) nack pli\r$/gm, "$1 nack pli\r\n$1 ccm fir\r");
}
