/** Addresses of foreign files, taken apart as the program that they were written for does. @module */
import { DEFAULT_RTSP_PORT, DEFAULT_RTSPS_PORT, parseRtspUrl, RtspError } from "@vigia/rtsp";
import { Credentials } from "../config/credentials.ts";
import type { RtspTransport, StreamAddress } from "../config/settings.ts";
import type { Notes } from "./notes.ts";
import { MISSING, type Substituted } from "./variables.ts";

/** Longer addresses are none; Frigate itself refuses them from 1000 on. */
export const MAX_ADDRESS_CHARS: number = 4096;

/** One stream of a camera as it was found. */
export interface FoundStream {
	readonly address: StreamAddress;
	readonly credentials?: Credentials;
	/** Known while the password is not: a variable's value is missing. */
	readonly username?: string;
	/** As `tls` is written in YAML. */
	readonly tls?: string;
	readonly transport?: RtspTransport;
}

export interface AddressStyle {
	/** Escapes (`%40`) in user and password are decoded. Frigate escapes them itself, so that they are none to it. */
	readonly decodesEscapes: boolean;
	/** The port of an `rtsps` address without one. */
	readonly rtspsPort: number;
	/** An `rtsps` address is read without a look at the certificate. */
	readonly trustsAnyCertificate: boolean;
}

/** FFmpeg's defaults: libavformat's rtsp.c and tls.c. */
export const FFMPEG_STYLE: AddressStyle = {
	decodesEscapes: true,
	rtspsPort: DEFAULT_RTSPS_PORT,
	trustsAnyCertificate: true,
};

/** The kind of a source, as a note names it: `ffmpeg`, `rtmp`, `unknown`. */
export function kindOf(text: string): string {
	return /^([a-z][a-z0-9+.-]{0,15}):/i.exec(text)?.[1]?.toLowerCase() ?? "unknown";
}

/**
 * One `rtsp`, `rtsps` or `rtspx` address. It never throws.
 * @returns `undefined` where it cannot be used; a note at `place` then says why.
 */
export function readAddress(
	{ text, missing }: Substituted,
	style: AddressStyle,
	place: string,
	notes: Notes,
): FoundStream | undefined {
	const kind = kindOf(text);
	if (kind !== "rtsp" && kind !== "rtsps" && kind !== "rtspx") {
		notes.add(place, "source-kind", { kind });
		return undefined;
	}
	const parsed = parse(text.replace(/^rtspx/i, "rtsps"), style);
	const variable = missing.join(", ");
	if (parsed && [parsed.address.host, parsed.address.path].some((part) => part.includes(MISSING))) {
		notes.add(place, "variable-missing", { variable });
		return undefined;
	}
	if (!parsed || !canBeWritten(parsed.address) || hasControls(parsed)) {
		notes.add(place, missing.length > 0 ? "variable-missing" : "source-invalid", { variable });
		return undefined;
	}
	const { address, username, password } = parsed;
	const login = loginOf(username, password);
	if (username !== undefined && !login.credentials) notes.add(place, "password-missing", { variable });
	if (!style.decodesEscapes && /%[0-9a-f]{2}/i.test(password ?? "")) notes.add(place, "password-as-written");
	if (kind === "rtspx") notes.add(place, "tls-insecure");
	else if (kind === "rtsps" && style.trustsAnyCertificate) notes.add(place, "tls-not-verified");
	return { address, ...login, ...(kind === "rtspx" && { tls: "insecure" }) };
}

interface Parsed {
	readonly address: StreamAddress;
	readonly username: string | undefined;
	readonly password: string | undefined;
}

function parse(text: string, style: AddressStyle): Parsed | undefined {
	// What vigia.yaml takes: camera-list.ts.
	if (text.length > MAX_ADDRESS_CHARS || /[\s\p{Cc}]/u.test(text)) return undefined;
	try {
		const { scheme, host, port, path, username, password } = parseRtspUrl(text);
		const presetPort = scheme === "rtsps" && !text.includes(`:${port}`);
		const address = { scheme, host, port: presetPort ? style.rtspsPort : port, path };
		if (style.decodesEscapes || username === undefined) return { address, username, password };
		// With every percent sign escaped, decoding gives user and password as they are written.
		const raw = parseRtspUrl(text.replaceAll("%", "%25"));
		return { address, username: raw.username, password: raw.password };
	} catch (error) {
		if (!(error instanceof RtspError)) throw error;
		return undefined;
	}
}

/** Escapes may stand for line breaks, for which a login has no place. */
function hasControls({ username = "", password = "" }: Parsed): boolean {
	return /\p{Cc}/u.test(username + password);
}

function loginOf(
	username: string | undefined,
	password: string | undefined,
): Pick<FoundStream, "credentials" | "username"> {
	if (username === undefined || password === undefined) return {};
	if (!(username + password).includes(MISSING)) return { credentials: new Credentials(username, password) };
	return username.includes(MISSING) ? {} : { username };
}

/** Written out, the address must still mean the same: `rtsp://cam:554/a@b.c` has another host than `rtsp://cam/a@b.c`. */
export function canBeWritten(address: StreamAddress): boolean {
	try {
		const { scheme, host, port, path, username } = parseRtspUrl(urlOf(address));
		const same = scheme === address.scheme && host === address.host && port === address.port && path === address.path;
		return same && username === undefined;
	} catch (error) {
		if (!(error instanceof RtspError)) throw error;
		return false;
	}
}

/** An address as `url` and `main` are written in YAML; a port that is the scheme's own is left out. */
export function urlOf({ scheme, host, port, path }: StreamAddress): string {
	const shown = host.includes(":") ? `[${host.replace("%", "%25")}]` : host;
	const usual = scheme === "rtsps" ? DEFAULT_RTSPS_PORT : DEFAULT_RTSP_PORT;
	return `${scheme}://${shown}${port === usual ? "" : `:${port}`}${path}`;
}
