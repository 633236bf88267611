/** What a status of RFC 2326 section 7.1.1 means for a client. @module */
import { utf8Text } from "./bytes.ts";
import { RtspError, type RtspErrorKind } from "./errors.ts";
import type { RtspResponse } from "./message.ts";
import { formatRtspUrl, parseRtspUrl } from "./url.ts";

/** RFC 2326 section 11.3 takes them from HTTP. */
const REDIRECTS: readonly number[] = [301, 302, 303, 305];

const KINDS: ReadonlyMap<number, RtspErrorKind> = new Map([
	[403, "auth"],
	[404, "not-found"],
	[410, "not-found"],
	[453, "busy"],
	[454, "session-ended"],
	[461, "unsupported-transport"],
	[503, "busy"],
]);

/** The camera sends the client elsewhere. */
export function isRedirect(status: number): boolean {
	return REDIRECTS.includes(status);
}

/** The error for a final answer that is not 2xx. Nothing of the answer's text gets into it. */
export function errorOfStatus(method: string, response: RtspResponse): RtspError {
	const { status } = response;
	if (isRedirect(status)) {
		const location = redirectTarget(response.headers.get("location"));
		return new RtspError("redirect", `RTSP_STATUS_${status}`, `the camera redirects ${method} (${status})`, {
			location,
		});
	}
	// Axis answers 463, Key Management Failure (RFC 4567 section 4.3), where it wants SRTP.
	if (status === 463) return encryptedError(`RTSP_STATUS_${status}`);
	return new RtspError(
		KINDS.get(status) ?? "protocol",
		`RTSP_STATUS_${status}`,
		`the camera answered ${method} with ${status}`,
	);
}

/** The camera's last word on the credentials; `hasCredentials`: some were there to be refused. */
export function authError(hasCredentials: boolean): RtspError {
	return hasCredentials
		? new RtspError("auth", "RTSP_AUTH_REFUSED", "the camera refused the user name or password")
		: new RtspError("auth", "RTSP_AUTH_MISSING", "the camera asks for a user name and password and none is set");
}

/** Nothing but Basic is offered to credentials that are for Digest only. */
export function basicError(): RtspError {
	const message = "the camera asks for the password readable (Basic), at an address that nobody has confirmed";
	return new RtspError("auth-basic", "RTSP_AUTH_BASIC", message);
}

/** Says what a person can do about SRTP. */
export function encryptedError(code: string): RtspError {
	const advice = "switch SRTP off in the camera, or take its address without SRTP (UniFi: without ?enableSrtp)";
	return new RtspError("encrypted", code, `the camera encrypts its media (SRTP), which is not supported: ${advice}`);
}

/** The one Location as text, without user information; `undefined` if there are several, or it is no RTSP URL. */
export function redirectTarget(locations: readonly string[] | undefined): string | undefined {
	const [location] = locations ?? [];
	if (location === undefined || locations?.length !== 1) return undefined;
	try {
		// The field came as a byte string, and formatting makes one again: its reader wants the characters.
		return utf8Text(formatRtspUrl(parseRtspUrl(utf8Text(location))));
	} catch {
		return undefined;
	}
}
