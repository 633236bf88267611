/**
 * RTSP addresses as people type and paste them: user and password are taken out at once, so that no address on the page
 * ever shows one. The same reading as the server's (`parseRtspUrl` of `@vigia/rtsp`), which has the last word.
 * @module
 */

/** The contract's limit of an address, in characters. */
const MAX_ADDRESS_LENGTH = 4096;

export type AddressProblem = "no-address" | "other-scheme" | "no-host" | "space" | "too-long";

export interface TypedAddress {
	/** Without user information. */
	readonly url: string;
	/** Without brackets. */
	readonly host: string;
	/** As it is written; empty where it is not. */
	readonly port: string;
	readonly user?: string;
	readonly password?: string;
}

export type ReadAddress =
	| { readonly ok: true; readonly address: TypedAddress }
	| { readonly ok: false; readonly problem: AddressProblem };

/** Reads one address; the password in it may hold any of `@ : / # ? %`, escaped or not. */
export function readAddress(text: string): ReadAddress {
	const trimmed = text.trim();
	const match = /^(rtsps?):\/\/([^]*)$/i.exec(trimmed);
	if (!match) return { ok: false, problem: /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? "other-scheme" : "no-address" };
	if (trimmed.length > MAX_ADDRESS_LENGTH) return { ok: false, problem: "too-long" };
	if (/[\s\p{Cc}]/u.test(trimmed)) return { ok: false, problem: "space" };
	const rest = match[2] ?? "";
	const at = findUserInfoEnd(rest);
	const bare = rest.slice(at + 1);
	const authority = parseAuthority(bare.slice(0, endOfAuthority(bare)));
	if (!authority) return { ok: false, problem: "no-host" };
	const { host, port } = authority;
	const url = `${(match[1] ?? "").toLowerCase()}://${bare}`;
	if (at < 0) return { ok: true, address: { url, host, port } };
	const userInfo = rest.slice(0, at);
	const colon = userInfo.indexOf(":");
	const user = decodeEscapes(colon < 0 ? userInfo : userInfo.slice(0, colon));
	const password = colon < 0 ? "" : decodeEscapes(userInfo.slice(colon + 1));
	return { ok: true, address: { url, host, port, user, password } };
}

interface Authority {
	readonly host: string;
	readonly port: string;
	/** It cannot be a piece of a password: an IP address or a name with a dot. */
	readonly certain: boolean;
}

/** The index of the `@` before the host, or -1: the last before the path, or a later one where only that can be it. */
function findUserInfoEnd(rest: string): number {
	const head = rest.slice(0, endOfAuthority(rest));
	const first = head.lastIndexOf("@");
	const candidates = [first];
	if (head.includes(":")) {
		for (let at = rest.lastIndexOf("@"); at > first; at = at === 0 ? -1 : rest.lastIndexOf("@", at - 1)) {
			candidates.push(at);
		}
	}
	let possible: number | undefined;
	for (const at of candidates) {
		const after = rest.slice(at + 1);
		const authority = parseAuthority(after.slice(0, endOfAuthority(after)));
		if (authority?.certain === true) return at;
		if (authority) possible ??= at;
	}
	return possible ?? first;
}

function endOfAuthority(text: string): number {
	const end = text.search(/[/?]/);
	return end < 0 ? text.length : end;
}

function parseAuthority(text: string): Authority | undefined {
	const bracketed = /^\[([0-9a-f:.]+(?:%(?:25)?[\w.-]+)?)\](?::(\d{1,5}))?$/i.exec(text);
	if (bracketed?.[1]?.includes(":") === true) return withPort(bracketed[1], bracketed[2], true);
	if (/^[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*$/i.test(text)) return withPort(text, undefined, true);
	const named = /^([^\s:@[\]#%"<>\\^`{|}]+)(?::(\d{1,5}))?$/.exec(text);
	const host = named?.[1];
	return host === undefined ? undefined : withPort(host, named?.[2], /[^.]\.[^.]/.test(host));
}

function withPort(host: string, port: string | undefined, certain: boolean): Authority | undefined {
	if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return undefined;
	return { host, port: port ?? "", certain };
}

function decodeEscapes(text: string): string {
	return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
		try {
			return decodeURIComponent(run);
		} catch {
			return run;
		}
	});
}
