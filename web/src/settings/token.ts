/** The one-time token that the server prints at its start, in the address of the page or as it is pasted. @module */

/** Longest that is sent: the contract's. */
const MAX_TOKEN_LENGTH = 256;

/** The token in a text: it by itself, or an address with `#settings=TOKEN`. Empty where there is none. */
export function tokenIn(text: string): string {
	const match = /[#&]settings=([^&#\s]*)/.exec(text);
	const token = match ? decoded(match[1] ?? "") : text.trim();
	return token.length > MAX_TOKEN_LENGTH || /\s/.test(token) ? "" : token;
}

/** The address that opens the page's settings at once, {@link takeToken}'s counterpart. */
export function settingsAddress(location: Pick<Location, "pathname" | "search">, token = ""): string {
	return `${location.pathname}${location.search}#settings=${encodeURIComponent(token)}`;
}

/**
 * Takes the token out of the page's address, before anybody sees or copies it.
 *
 * @returns it; empty where the address opens the settings without one; `undefined` where it does not name them.
 */
export function takeToken(
	location: Pick<Location, "hash" | "pathname" | "search">,
	history: Pick<History, "replaceState" | "state">,
): string | undefined {
	if (!/[#&]settings=/.test(location.hash)) return undefined;
	history.replaceState(history.state, "", location.pathname + location.search);
	return tokenIn(location.hash);
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
