/** Full screen of the whole wall, so that tiles can be enlarged inside of it. @module */

/** Whether the browser can show an element in full screen; an iPhone can show only a video. */
export function hasFullScreen(): boolean {
	return typeof document.documentElement.requestFullscreen === "function" && document.fullscreenEnabled;
}

export function isFullScreen(): boolean {
	return document.fullscreenElement !== null;
}

/** Enters or leaves; answers whether the browser did it. */
export async function setFullScreen(on: boolean): Promise<boolean> {
	try {
		if (on) await document.documentElement.requestFullscreen({ navigationUI: "hide" });
		else if (isFullScreen()) await document.exitFullscreen();
		return true;
	} catch {
		return false;
	}
}
