/** Every picture that tiles show, with the time it was painted: whether what is seen ever stands or goes back. @module */
import type { Page } from "playwright-core";

/** A picture as `requestVideoFrameCallback` tells of it. */
export interface PictureNote {
	readonly camera: string;
	readonly rung: string;
	readonly counter: number;
	/** When it was handed to the compositor, by the page's clock: a busy script does not delay it. */
	readonly atMs: number;
	/** Number of the element that showed it: another one took its place. */
	readonly element: number;
	/** Pictures that the element has presented so far, those included whose callback was missed. */
	readonly presented: number;
}

export interface PictureVerdict {
	readonly camera: string;
	/** Pictures that were seen. */
	readonly pictures: number;
	/** The longest time for which a picture stood, in milliseconds. */
	readonly longestPauseMs: number;
	/** Where the counter went back, as `rung counter -> rung counter`. */
	readonly stepsBack: readonly string[];
}

/** Of a loop in the repository's clips, sub stream. */
const LOOP_PICTURES = 60;
const MS_PER_PICTURE = 1000 / 15;
/** Less than a picture. */
const ROUNDING = 0.5;

declare global {
	interface Window {
		pictureNotes: PictureNote[] | undefined;
		/** The longest time for which a tile said live while its picture stood, in milliseconds. */
		unmarkedMs: number;
		readFrameCode: (
			pixels: Uint8ClampedArray,
			width: number,
			height: number,
			channels: number,
		) => { readonly camera: number; readonly counter: number } | undefined;
	}
}

/** Begins to note the pictures of these tiles, or begins anew. The page must be of `openContext`. */
export async function watchPictures(page: Page, cameras: readonly string[]): Promise<void> {
	await page.evaluate(installPictureWatch, cameras);
}

/** What was seen since {@link watchPictures}, by tile. */
export async function pictureVerdicts(page: Page): Promise<PictureVerdict[]> {
	return judgePictures(await pictureNotes(page));
}

export async function pictureNotes(page: Page): Promise<PictureNote[]> {
	return await page.evaluate(() => window.pictureNotes ?? []);
}

/** Judges notes in the order of their times. Where pictures are left out, the time says how often the loop began anew. */
export function judgePictures(notes: readonly PictureNote[]): PictureVerdict[] {
	return [...Map.groupBy(notes, ({ camera }) => camera)].map(([camera, own]) => {
		let longestPauseMs = 0;
		const stepsBack: string[] = [];
		for (const [index, note] of own.slice(1).entries()) {
			const before = own[index] as PictureNote;
			const steps = note.element === before.element ? Math.max(1, note.presented - before.presented) : 1;
			longestPauseMs = Math.max(longestPauseMs, (note.atMs - before.atMs) / steps);
			const due = (note.atMs - before.atMs) / MS_PER_PICTURE;
			const early = modulo(note.counter - before.counter - due + LOOP_PICTURES / 2, LOOP_PICTURES) - LOOP_PICTURES / 2;
			if (due + early < -ROUNDING) {
				stepsBack.push(`${before.rung} ${before.counter} -> ${note.rung} ${note.counter}`);
			}
		}
		return { camera, pictures: own.length, longestPauseMs: Math.round(longestPauseMs), stepsBack };
	});
}

function modulo(value: number, by: number): number {
	return ((value % by) + by) % by;
}

/** Runs in the page. */
function installPictureWatch(cameras: readonly string[]): void {
	const isFirst = window.pictureNotes === undefined;
	window.pictureNotes = [];
	window.unmarkedMs = 0;
	if (!isFirst) return;
	/** Twenty blocks of four pixels: enough to read the code of a strip that was drawn this small. */
	const [width, height] = [160, 8];
	const canvas = document.createElement("canvas");
	canvas.width = width;
	canvas.height = height;
	const context2d = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
	const known = new Map<HTMLVideoElement, number>();
	const paintedMs = new Map<string, number>();
	const note = (video: HTMLVideoElement, metadata: VideoFrameCallbackMetadata): void => {
		const tile = video.closest<HTMLElement>("[data-camera]");
		if (!video.isConnected || !tile || getComputedStyle(video).opacity === "0") return;
		context2d.drawImage(video, 0, 0, video.videoWidth, video.videoWidth / 20, 0, 0, width, height);
		const { data } = context2d.getImageData(0, 0, width, height);
		const code = window.readFrameCode(data, width, height, 4);
		if (!code) return;
		paintedMs.set(tile.dataset["camera"] ?? "", metadata.presentationTime);
		window.pictureNotes?.push({
			camera: tile.dataset["camera"] ?? "",
			rung: video.dataset["rung"] ?? "",
			counter: code.counter,
			atMs: metadata.presentationTime,
			element: known.get(video) ?? 0,
			presented: metadata.presentedFrames,
		});
	};
	const follow = (video: HTMLVideoElement): void => {
		if (known.has(video)) return;
		known.set(video, known.size + 1);
		const next = (): void => {
			video.requestVideoFrameCallback((_, metadata) => {
				note(video, metadata);
				next();
			});
		};
		next();
	};
	/** Callbacks of new pictures come just before this one, so that a busy script makes no picture look old. */
	const judge = (nowMs: number): void => {
		for (const camera of cameras) {
			const isLive = document.querySelector<HTMLElement>(`[data-camera="${camera}"]`)?.dataset["state"] === "live";
			const standsMs = nowMs - (paintedMs.get(camera) ?? nowMs);
			if (isLive) window.unmarkedMs = Math.max(window.unmarkedMs, standsMs);
		}
		requestAnimationFrame(judge);
	};
	requestAnimationFrame(judge);
	const look = (): void => {
		for (const camera of cameras) {
			for (const video of document.querySelectorAll<HTMLVideoElement>(`[data-camera="${camera}"] video`)) follow(video);
		}
	};
	look();
	new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}
