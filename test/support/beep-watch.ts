/**
 * What is really heard of the test clips' beeps, measured by Web Audio, and how far it is from the pictures that they
 * belong to.
 * @module
 */
import type { Browser, Page } from "playwright-core";
import { CODED_CLIPS_PICTURES_A_SECOND } from "../interop/coded-clips.ts";
import { tileReaderScript } from "./browser.ts";
import { pictureNotes, watchPictures } from "./picture-watch.ts";

/** A beep that was heard. */
export interface Beep {
	/** By the page's clock: when its first loud sample went through the audio graph. */
	readonly atMs: number;
	readonly hertz: number;
}

export interface Hearing {
	readonly beeps: readonly Beep[];
	/** Of the audio device, which comes on top of {@link Beep.atMs}; the browser says so. */
	readonly outputLatencyMs: number;
}

declare global {
	interface Window {
		/** Everything that has played in the page, in the document or not. */
		playedElements: Set<HTMLMediaElement>;
		peerConnections: Set<RTCPeerConnection>;
		hearing: { readonly context: AudioContext; readonly beeps: Beep[] } | undefined;
	}
}

/** An amplitude that no codec's noise reaches; that of a beep is 0.5. */
const LOUD = 0.1;
/** Beeps are a second apart and a fifth of one long, in seconds. */
const SILENCE_BEFORE = 0.3;
/** Its tone is measured for so long, in seconds. */
const MEASURED = 0.15;

/** Runs in the audio thread. */
const WORKLET = `
registerProcessor("beep-watch", class extends AudioWorkletProcessor {
	blocks = 0;
	lastLoud = -Infinity;
	onset = undefined;
	crossings = 0;
	before = 0;
	process([[samples]]) {
		if (this.blocks++ % 16 === 0) this.port.postMessage({ now: currentTime });
		if (!samples) return true;
		for (const [index, sample] of samples.entries()) {
			const time = currentTime + index / sampleRate;
			if (Math.abs(sample) > ${LOUD}) {
				if (time - this.lastLoud > ${SILENCE_BEFORE}) {
					this.onset = time;
					this.crossings = 0;
				}
				this.lastLoud = time;
			}
			if (sample * this.before < 0) this.crossings++;
			this.before = sample;
			if (this.onset !== undefined && time - this.onset >= ${MEASURED}) {
				this.port.postMessage({ onset: this.onset, hertz: this.crossings / 2 / ${MEASURED} });
				this.onset = undefined;
			}
		}
		return true;
	}
});`;

/** A page like those of `openContext`, whose sound can be listened to. Close its context after use. */
export async function openHearingPage(browser: Browser): Promise<Page> {
	// The page's own policy lets no script in that listens to it.
	const context = await browser.newContext({ bypassCSP: true, locale: "en-GB" });
	const page = await context.newPage();
	await page.addInitScript({ content: tileReaderScript() });
	await page.addInitScript(() => {
		window.playedElements = new Set();
		// An element for sound alone is in no document.
		const play = Reflect.get(HTMLMediaElement.prototype, "play") as () => Promise<void>;
		HTMLMediaElement.prototype.play = async function playNoted() {
			window.playedElements.add(this);
			await play.call(this);
		};
		window.peerConnections = new Set();
		window.RTCPeerConnection = class extends RTCPeerConnection {
			constructor(configuration?: RTCConfiguration) {
				super(configuration);
				window.peerConnections.add(this);
			}
		};
	});
	return page;
}

/** Elements that play with their sound on. */
export async function soundingElements(
	page: Page,
): Promise<{ readonly name: string; readonly camera: string | undefined }[]> {
	return await page.evaluate(() =>
		[...window.playedElements]
			.filter(({ paused, muted, src, srcObject }) => {
				const mayHave = srcObject instanceof MediaStream ? srcObject.getAudioTracks().length > 0 : src !== "";
				return !paused && !muted && mayHave;
			})
			.map((element) => ({
				name: element.localName,
				camera: element.closest<HTMLElement>("[data-camera]")?.dataset["camera"],
			})),
	);
}

/** Listens to what sounds, for so many beeps. It must be allowed to: somebody has clicked. */
export async function hearBeeps(page: Page, count: number): Promise<Hearing> {
	await page.evaluate(installHearing, WORKLET);
	await page.waitForFunction((wanted) => (window.hearing?.beeps.length ?? 0) >= wanted, count, { polling: 200 });
	return await page.evaluate(() => ({
		beeps: window.hearing?.beeps ?? [],
		outputLatencyMs: Math.round((window.hearing?.context.outputLatency ?? 0) * 1000),
	}));
}

/** Runs in the page; forgets what was heard before. */
async function installHearing(worklet: string): Promise<void> {
	if (window.hearing) {
		window.hearing.beeps.length = 0;
		return;
	}
	const context = new AudioContext();
	const beeps: Beep[] = [];
	window.hearing = { context, beeps };
	await context.audioWorklet.addModule(URL.createObjectURL(new Blob([worklet], { type: "text/javascript" })));
	await context.resume();
	const heard = new Set<HTMLMediaElement>();
	const listen = (element: HTMLMediaElement): void => {
		const { srcObject } = element;
		if (element.paused || element.muted || heard.has(element)) return;
		if (srcObject instanceof MediaStream && srcObject.getAudioTracks().length === 0) return;
		heard.add(element);
		const source =
			srcObject instanceof MediaStream
				? context.createMediaStreamSource(srcObject)
				: context.createMediaElementSource(element);
		const watch = new AudioWorkletNode(context, "beep-watch");
		source.connect(watch);
		watch.connect(context.destination);
		// The audio graph runs ahead of the page by what a message takes at best.
		let startMs = Infinity;
		watch.port.onmessage = ({ data }: MessageEvent<{ now?: number; onset?: number; hertz?: number }>) => {
			if (data.now !== undefined) startMs = Math.min(startMs, performance.now() - data.now * 1000);
			if (data.onset === undefined) return;
			beeps.push({ atMs: startMs + data.onset * 1000, hertz: data.hertz ?? 0 });
		};
	};
	// Another element takes over whenever the sound changes.
	setInterval(() => {
		for (const element of window.playedElements) listen(element);
	}, 100);
}

/** The sound's delay against the pictures of a tile, in milliseconds, in the middle of so many beeps. */
export async function measureLipSync(
	page: Page,
	camera: string,
	beeps: number,
): Promise<{ offsetMs: number; spreadMs: number }> {
	await watchPictures(page, await page.evaluate(() => window.readTiles().map((tile) => tile.camera)));
	// The first one may have begun before anybody listened.
	const heard = (await hearBeeps(page, beeps + 1)).beeps.slice(1);
	const painted = (await pictureNotes(page)).filter((note) => {
		return note.camera === camera && note.counter % CODED_CLIPS_PICTURES_A_SECOND === 0;
	});
	const offsets = heard
		.map(({ atMs }) => {
			const all = painted.map((note) => atMs - note.atMs);
			return all.reduce((best, each) => (Math.abs(each) < Math.abs(best) ? each : best), Number.POSITIVE_INFINITY);
		})
		// The picture of another beep: its own was not seen.
		.filter((offsetMs) => Math.abs(offsetMs) < 500)
		.toSorted((a, b) => a - b);
	const offsetMs = offsets[offsets.length >> 1] ?? Number.NaN;
	return {
		offsetMs: Math.round(offsetMs),
		spreadMs: Math.round((offsets.at(-1) ?? Number.NaN) - (offsets[0] ?? Number.NaN)),
	};
}

/** Sound that arrives over WebRTC: its codec, and the packets so far; `undefined` if there is none. */
export async function receivedSound(page: Page): Promise<{ codec: string; packets: number } | undefined> {
	return await page.evaluate(async () => {
		for (const connection of window.peerConnections) {
			if (connection.connectionState !== "connected") continue;
			const report = await connection.getStats();
			for (const stats of report.values()) {
				if (stats.type !== "inbound-rtp" || stats.kind !== "audio") continue;
				const { mimeType = "" } = report.get(stats.codecId) ?? {};
				return { codec: mimeType as string, packets: stats.packetsReceived as number };
			}
		}
		return undefined;
	});
}
