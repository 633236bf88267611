/** The setting `GO2RTC_URL`: where a go2rtc of somebody else answers, with its login apart. @module */
import { Credentials } from "./credentials.ts";

export interface Go2rtcAddress {
	readonly scheme: "http" | "https";
	/** Host name or IP address, IPv6 without brackets. */
	readonly host: string;
	readonly port: number;
	/** `base_path` of its settings, without a slash at its end: often empty. */
	readonly basePath: string;
	readonly credentials?: Credentials;
}

export const GO2RTC_URL_RULE = "an http or https address, with user:password@ before the host where one is asked for";

const URL_PARTS =
	/^(https?):\/\/(?:([^\p{Cc}]*)@)?(?:\[([\da-f:.]+)\]|([\w-]+(?:\.[\w-]+)*\.?))(?::(\d{1,5}))?((?:\/[\w.~%-]+)*)\/?$/iu;
const MAX_URL_CHARS = 2048;

/** `undefined` for what is no such address. Never throws. The password may hold any character, escaped or not. */
export function parseGo2rtcUrl(text: string): Go2rtcAddress | undefined {
	const match = text.length <= MAX_URL_CHARS ? URL_PARTS.exec(text.trim()) : null;
	const [, protocol = "", login, ipv6, name, digits, basePath = ""] = match ?? [];
	const host = ipv6 ?? name;
	if (host === undefined) return undefined;
	const scheme = protocol.toLowerCase() === "https" ? "https" : "http";
	const port = digits === undefined ? (scheme === "https" ? 443 : 80) : Number(digits);
	if (port < 1 || port > 65_535) return undefined;
	const address = { scheme, host, port, basePath } as const;
	if (login === undefined) return address;
	const [user = "", ...password] = login.split(":");
	const credentials = [user, password.join(":")].map(decoded);
	if (credentials.some((part) => /\p{Cc}/u.test(part))) return undefined;
	return { ...address, credentials: new Credentials(credentials[0] ?? "", credentials[1] ?? "") };
}

/** A percent sign that begins no escape stands for itself. */
function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
