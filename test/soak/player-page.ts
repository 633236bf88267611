/**
 * A page held to one rung in a Chromium of its own, so that its memory can be told from other pages': what its tiles
 * show and what it takes. What the player says of itself is not asked. @module
 */
import type { Rung } from "@vigia/api";
import { latenciesOfCodes, type Painted } from "../bench/painted.ts";
import { type CamerasProcess, proportionalMegabytes } from "../bench/processes.ts";
import { percentile } from "../bench/table.ts";
import { type TilePicture, tileReaderScript } from "../support/browser.ts";
import { BareChromium } from "../support/bare-chromium.ts";

/** Each tile's code is read about so often: more would cost what is measured. */
const CODE_EVERY_MS = 1_000;
/** A picture that stands longer was a pause. */
const PAUSE_MS = 500;

/** What a tile did since the last {@link takeNotes}. */
interface TileNotes {
	readonly camera: string;
	readonly state: string;
	readonly rung: string;
	pictures: number;
	pauses: number;
	longestPauseMs: number;
	seeks: number;
	/** Of all its videos together. */
	bufferedSeconds: number;
	codes: { readonly counter: number; readonly atMs: number; readonly readAtMs: number }[];
}

export interface TileSample extends Omit<TileNotes, "codes"> {
	/** From the camera's socket to the screen, the median; `undefined` when no code was read. */
	readonly latencyMs: number | undefined;
}

export interface PageSample {
	/** Used by scripts, what could be collected included. */
	readonly heapMegabytes: number;
	/** After a collection; `undefined` where none was asked for. */
	readonly collectedMegabytes: number | undefined;
	/** In the document and detached. */
	readonly nodes: number;
	/** All processes of this Chromium, what they share counted once: media buffers are in here. */
	readonly browserMegabytes: number;
	readonly tiles: readonly TileSample[];
}

declare global {
	interface Window {
		takePlayerNotes: () => TileNotes[];
		readFrameCode: (
			pixels: Uint8ClampedArray,
			width: number,
			height: number,
			channels: number,
		) => { readonly camera: number; readonly counter: number } | undefined;
	}
}

export class PlayerPage implements AsyncDisposable {
	readonly rung: Rung;
	readonly #chromium: BareChromium;

	private constructor(rung: Rung, chromium: BareChromium) {
		this.rung = rung;
		this.#chromium = chromium;
	}

	/** @param url of the server or of what is in front of it, without a path. */
	static async open(rung: Rung, url: string): Promise<PlayerPage> {
		const watch = `(${installPlayerWatch.toString()})([${CODE_EVERY_MS}, ${PAUSE_MS}]);`;
		const chromium = await BareChromium.open(`${url}/?protocol=${rung}`, `${tileReaderScript()}\n${watch}`);
		await chromium.send("Performance.enable");
		return new PlayerPage(rung, chromium);
	}

	/** Tiles that are live on the page's rung. */
	async liveTiles(): Promise<number> {
		const tiles = (await this.#chromium.evaluate("window.readTiles()")) as TilePicture[];
		return tiles.filter(({ state, rung }) => state === "live" && rung === this.rung).length;
	}

	/**
	 * What happened since the last call.
	 * @param collect collects garbage first, which takes the page some 50 ms.
	 * @returns a function that needs the cameras' word on what they sent meanwhile, which comes a little later.
	 */
	async sample(collect: boolean): Promise<(cameras: CamerasProcess) => PageSample> {
		const before = await this.#metrics();
		if (collect) await this.#chromium.send("HeapProfiler.collectGarbage");
		const after = await this.#metrics();
		const browserMegabytes = proportionalMegabytes(await this.#chromium.pids());
		const notes = (await this.#chromium.evaluate("window.takePlayerNotes()")) as TileNotes[];
		return (cameras) => ({
			heapMegabytes: before.heapMegabytes,
			collectedMegabytes: collect ? after.heapMegabytes : undefined,
			nodes: after.nodes,
			browserMegabytes,
			tiles: notes.map(({ codes, ...tile }) => ({ ...tile, latencyMs: medianLatency(cameras, tile.camera, codes) })),
		});
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#chromium[Symbol.asyncDispose]();
	}

	async #metrics(): Promise<{ heapMegabytes: number; nodes: number }> {
		const { metrics } = (await this.#chromium.send("Performance.getMetrics")) as {
			metrics: { name: string; value: number }[];
		};
		const valueOf = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
		return { heapMegabytes: valueOf("JSHeapUsedSize") / 2 ** 20, nodes: valueOf("Nodes") };
	}
}

function medianLatency(cameras: CamerasProcess, camera: string, codes: TileNotes["codes"]): number | undefined {
	const painted = codes.map(
		(code): Painted => ({ ...code, camera: Number(camera.slice(3)), rtpTimestamp: 0, width: 0 }),
	);
	const values = latenciesOfCodes(cameras, painted).map(({ latencyMs }) => latencyMs);
	return values.length > 0 ? percentile(values, 0.5) : undefined;
}

/** Runs in the page. Holds no more than what happened since it was last asked. */
function installPlayerWatch([codeEveryMs, pauseMs]: readonly [number, number]): void {
	/** Twenty blocks of four pixels: enough to read the code of a strip that was drawn this small. */
	const [width, height] = [160, 8];
	const canvas = document.createElement("canvas");
	canvas.width = width;
	canvas.height = height;
	const context2d = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
	const known = new WeakSet<HTMLVideoElement>();
	type Done = Pick<TileNotes, "pictures" | "pauses" | "longestPauseMs" | "seeks" | "codes">;
	const nothing = (): Done => ({ pictures: 0, pauses: 0, longestPauseMs: 0, seeks: 0, codes: [] });
	const done = new Map<string, Done>();
	/** Of each tile: when a picture was last painted, and when a code was last read. */
	const lastMs = new Map<string, { paintedMs: number; readMs: number; element: HTMLVideoElement; presented: number }>();
	const cameraOf = (video: HTMLVideoElement): string =>
		video.closest<HTMLElement>("[data-camera]")?.dataset["camera"] ?? "";
	const doneBy = (camera: string): Done => {
		const own = done.get(camera) ?? nothing();
		done.set(camera, own);
		return own;
	};
	const readCode = (video: HTMLVideoElement): number | undefined => {
		context2d.drawImage(video, 0, 0, video.videoWidth, video.videoWidth / 20, 0, 0, width, height);
		return window.readFrameCode(context2d.getImageData(0, 0, width, height).data, width, height, 4)?.counter;
	};
	const note = (video: HTMLVideoElement, { presentationTime, presentedFrames }: VideoFrameCallbackMetadata): void => {
		if (!video.isConnected || getComputedStyle(video).opacity === "0") return;
		const camera = cameraOf(video);
		const own = doneBy(camera);
		const last = lastMs.get(camera);
		// Callbacks that a busy script missed are no pause: the element has counted their pictures.
		const steps = last?.element === video ? Math.max(1, presentedFrames - last.presented) : 1;
		const stoodMs = last ? (presentationTime - last.paintedMs) / steps : 0;
		own.pictures += steps;
		own.longestPauseMs = Math.max(own.longestPauseMs, stoodMs);
		if (stoodMs > pauseMs) own.pauses++;
		let readMs = last?.readMs ?? 0;
		if (presentationTime - readMs >= codeEveryMs) {
			const counter = readCode(video);
			const readAtMs = performance.timeOrigin + performance.now();
			readMs = presentationTime;
			if (counter !== undefined) {
				own.codes.push({ counter, atMs: performance.timeOrigin + presentationTime, readAtMs });
			}
		}
		lastMs.set(camera, { paintedMs: presentationTime, readMs, element: video, presented: presentedFrames });
	};
	const follow = (video: HTMLVideoElement): void => {
		if (known.has(video)) return;
		known.add(video);
		video.addEventListener("seeking", () => doneBy(cameraOf(video)).seeks++);
		const next = (): void => {
			video.requestVideoFrameCallback((_, metadata) => {
				note(video, metadata);
				// An element that was taken away is left to the collector.
				if (video.isConnected) next();
			});
		};
		next();
	};
	new MutationObserver(() => document.querySelectorAll("video").forEach(follow)).observe(document, {
		childList: true,
		subtree: true,
	});
	window.takePlayerNotes = () =>
		[...document.querySelectorAll<HTMLElement>("[data-camera]")].map((tile) => {
			const { camera = "", state = "", rung = "" } = tile.dataset;
			const own = doneBy(camera);
			done.delete(camera);
			let bufferedSeconds = 0;
			for (const { buffered } of tile.querySelectorAll("video")) {
				for (let i = 0; i < buffered.length; i++) bufferedSeconds += buffered.end(i) - buffered.start(i);
			}
			// A picture that stands now stands until the next one: a tile that died has paused all the time.
			const last = lastMs.get(camera);
			const standsMs = last ? performance.now() - last.paintedMs : performance.now();
			const longestPauseMs = Math.max(own.longestPauseMs, standsMs);
			return { camera, state, rung, ...own, longestPauseMs, bufferedSeconds };
		});
}
