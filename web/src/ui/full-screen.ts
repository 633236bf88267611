/** Full screen of the whole wall, so that tiles can be enlarged inside of it. @module */

export function isFullScreen(): boolean {
	return document.fullscreenElement !== null;
}

/** Enters if the browser can and will: an iPhone can show only a video, and some frames and policies refuse it. */
export async function enterFullScreen(): Promise<void> {
	try {
		if (document.fullscreenEnabled) await document.documentElement.requestFullscreen({ navigationUI: "hide" });
	} catch {
		// The wall fills the window all the same.
	}
}

/** Leaves if the browser is in full screen. */
export async function leaveFullScreen(): Promise<void> {
	try {
		if (isFullScreen()) await document.exitFullscreen();
	} catch {
		// It was left already.
	}
}
