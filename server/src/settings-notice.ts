/** What the server prints at its start of how the cameras are set. @module */

export interface SettingsNotice {
	/** The server's own, with its port. */
	readonly listening: string;
	readonly token: string;
	/** Of the machine, where it is served to others. */
	readonly outer: string | undefined;
	readonly isInContainer: boolean;
	/** By the settings; then nobody counts as the machine itself. */
	readonly isBehindProxy: boolean;
}

export function settingsNotice({ listening, token, outer, isInContainer, isBehindProxy }: SettingsNotice): string {
	const url = new URL(listening);
	// A container knows only its own addresses, which nobody can open.
	if (isInContainer) url.hostname = "localhost";
	else if (outer !== undefined) url.hostname = outer;
	const address = `${url.href}#settings=${token}`;
	if (isBehindProxy)
		return `cameras are set once from a browser at ${address} (at the proxy's address instead, with the same end)`;
	if (isInContainer)
		return `cameras are set once from a browser at ${address} (on another device with this machine's address instead of localhost)`;
	return `cameras are set on this machine, or once from another device at ${address}`;
}
