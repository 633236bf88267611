/** What goes wrong in an RTSP session, by who must act. @module */

/** What a caller decides on. */
export type RtspErrorKind =
	/** The camera refused the user name or password, or asks for one that is not set. */
	| "auth"
	/** The camera takes the password by Basic only, readable, which its credentials do not allow. */
	| "auth-basic"
	/** The camera has no session free: 453, 503. */
	| "busy"
	/** The path is unknown to the camera: 404, 410. */
	| "not-found"
	/** The session description has no video. */
	| "no-video"
	/** There is video, but in no codec that is asked for. */
	| "unsupported-codec"
	/** The camera does not stream over the transport that was asked for: 461, another one answered, UDP that stays silent. */
	| "unsupported-transport"
	/** The camera encrypts its media: SRTP (RFC 3711) is not supported. */
	| "encrypted"
	/** The camera closed the connection after its 401: ask again on a new one with {@link RtspError.challenges}. */
	| "unauthorized-closed"
	/** The camera sends the client elsewhere: {@link RtspError.location}. */
	| "redirect"
	/** The camera did not answer in time. */
	| "no-answer"
	/** The camera ended the session: 454, or it closed the connection. */
	| "session-ended"
	/** The camera sent something that is not RTSP, or refused a request for another reason. */
	| "protocol"
	/** A mistake of the caller: an impossible argument. */
	| "usage";

/** The one error this package throws or reports. Its message never holds a credential. */
export class RtspError extends Error {
	/** Stable, for programs: `RTSP_...`. */
	readonly code: string;
	readonly kind: RtspErrorKind;
	/** Where a redirect points to, as text, without user information. */
	readonly location: string | undefined;
	/** The WWW-Authenticate fields of a 401 whose connection closed. */
	readonly challenges: readonly string[] | undefined;

	constructor(
		kind: RtspErrorKind,
		code: string,
		message: string,
		details: { readonly location?: string | undefined; readonly challenges?: readonly string[] } = {},
	) {
		super(message);
		this.name = "RtspError";
		this.kind = kind;
		this.code = code;
		this.location = details.location;
		this.challenges = details.challenges;
	}
}
