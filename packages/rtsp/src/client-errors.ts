/** What a status of RFC 2326 section 7.1.1 means for a client. @module */
import { RtspError, type RtspErrorKind } from "./errors.ts";
import { headerOf, type RtspResponse } from "./message.ts";
import { formatRtspUrl, parseRtspUrl } from "./url.ts";

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

/** The error for a final answer that is not 2xx. Nothing of the answer's text gets into it. */
export function errorOfStatus(method: string, response: RtspResponse): RtspError {
	const { status } = response;
	if (REDIRECTS.includes(status)) {
		const location = redirectTarget(headerOf(response, "location"));
		return new RtspError("redirect", `RTSP_STATUS_${status}`, `the camera redirects ${method} (${status})`, location);
	}
	return new RtspError(
		KINDS.get(status) ?? "protocol",
		`RTSP_STATUS_${status}`,
		`the camera answered ${method} with ${status}`,
	);
}

/** A Location without user information; `undefined` if it is no RTSP URL. */
export function redirectTarget(location: string | undefined): string | undefined {
	if (location === undefined) return undefined;
	try {
		return formatRtspUrl(parseRtspUrl(location));
	} catch {
		return undefined;
	}
}
