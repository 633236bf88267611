/** Why a camera shows no live video: a stable code for programs and translations, and its plain English. @module */

/** One sentence a person can act on, per code. The page translates by code; the API answers both. */
export const REASON_TEXTS = {
	"address-unknown": "The camera's name cannot be resolved to an address: check the spelling and the DNS server.",
	"no-route": "The camera does not answer at this address: check the cable, the power and the address.",
	"connection-refused": "Something answers at this address, but not on the RTSP port: check the port number.",
	"no-answer": "The camera accepts the connection but does not answer: it may be starting or overloaded.",
	"auth-refused": "The camera refused the user name or password: correct them in the settings.",
	"camera-full": "The camera or recorder allows no more sessions: close other viewers or raise its limit.",
	"not-found": "The camera does not know this channel or path: check the channel number and the URL.",
	"no-video": "The camera offers no video on this stream: it sends audio or data only.",
	"codec-unsupported": "This stream's video codec is not supported yet: choose H.264 in the camera's settings.",
	"no-key-frame":
		"The camera sends video but no key frames: set its I-frame interval to 1-2 s and turn off intra refresh.",
	"video-stalled": "The camera is connected but its video has stopped.",
	"certificate-untrusted":
		"The camera's TLS certificate cannot be verified: use rtsp:// in your own network, or a certificate this machine trusts.",
	"session-ended": "The camera ended the session.",
	"connection-lost": "The connection to the camera was lost.",
	"protocol-error": "The camera sent something that is not valid RTSP.",
	"internal-error": "Vigía made a mistake with this camera; see the log.",
} as const satisfies Record<string, string>;

export type ReasonCode = keyof typeof REASON_TEXTS;
