/**
 * What is really heard of the test clips' beeps, measured by Web Audio, and how far it is from the pictures that they
 * belong to.
 * @module
 */
import type { Browser, Page } from "playwright-core";
import { CODED_CLIPS_PICTURES_A_SECOND } from "../interop/coded-clips.ts";
import { tileReaderScript } from "./browser.ts";
import { type ClockMessage, pageTimeOf } from "./graph-clock.ts";
import { type PictureNote, pictureNotes, watchPictures } from "./picture-watch.ts";

/** A beep that was heard. */
interface Beep {
	/** By the audio graph's clock: when its first loud sample went through. */
	readonly graphMs: number;
	readonly hertz: number;
}

interface LipSync {
	/** So many were heard while the audio device ran evenly, and seen: only those tell of the delay. */
	readonly measured: number;
	/** The sound's delay against the pictures, in the middle of them. */
	readonly offsetMs: number;
	/** Between the earliest beep and the latest. */
	readonly spreadMs: number;
	/** The pitch in the middle of all beeps. */
	readonly hertz: number;
	/** Of the audio device, which comes on top of `offsetMs`; the browser says so. */
	readonly outputLatencyMs: number;
}

declare global {
	interface Window {
		/** Everything that has played in the page, in the document or not. */
		playedElements: Set<HTMLMediaElement>;
		peerConnections: Set<RTCPeerConnection>;
		hearing: { readonly context: AudioContext; readonly beeps: Beep[]; readonly clock: ClockMessage[] } | undefined;
	}
}

/** An amplitude that no codec's noise reaches; that of a beep is 0.5. */
const LOUD = 0.1;
/** Beeps are a second apart and a fifth of one long, in seconds. */
const SILENCE_BEFORE = 0.3;
/** Its tone is measured for so long, in seconds. */
const MEASURED = 0.15;

/** Of 128 samples: every 43 ms the graph says what time it is there. */
const BLOCKS_A_CLOCK_MESSAGE = 16;

/** Longer than this nobody waits for beeps that can be measured. */
const MOST_HEARING_MS = 20_000;
const POLL_MS = 500;

/** Runs in the audio thread. */
const WORKLET = `
registerProcessor("beep-watch", class extends AudioWorkletProcessor {
	blocks = 0;
	lastLoud = -Infinity;
	onset = undefined;
	crossings = 0;
	before = 0;
	process([[samples]]) {
		if (this.blocks++ % ${BLOCKS_A_CLOCK_MESSAGE} === 0) this.port.postMessage({ now: currentTime });
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

/** Runs in the page; forgets what was heard before. */
async function installHearing(worklet: string): Promise<void> {
	if (window.hearing) {
		window.hearing.beeps.length = 0;
		window.hearing.clock.length = 0;
		return;
	}
	const context = new AudioContext();
	const beeps: Beep[] = [];
	const clock: ClockMessage[] = [];
	window.hearing = { context, beeps, clock };
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
		watch.port.onmessage = ({ data }: MessageEvent<{ now?: number; onset?: number; hertz?: number }>) => {
			if (data.now !== undefined) clock.push({ pageMs: performance.now(), graphMs: data.now * 1000 });
			if (data.onset !== undefined) beeps.push({ graphMs: data.onset * 1000, hertz: data.hertz ?? 0 });
		};
	};
	// Another element takes over whenever the sound changes.
	setInterval(() => {
		for (const element of window.playedElements) listen(element);
	}, 100);
}

/**
 * The sound of a tile, and its delay against the pictures by so many beeps, if the machine lets as many be measured. It
 * must be allowed to sound: somebody has clicked.
 */
export async function measureLipSync(page: Page, camera: string, beeps: number): Promise<LipSync> {
	await watchPictures(page, await page.evaluate(() => window.readTiles().map((tile) => tile.camera)));
	await page.evaluate(installHearing, WORKLET);
	const giveUpAt = performance.now() + MOST_HEARING_MS;
	for (;;) {
		await page.waitForTimeout(POLL_MS);
		const heard = await page.evaluate(() => ({
			beeps: window.hearing?.beeps ?? [],
			clock: window.hearing?.clock ?? [],
			outputLatency: window.hearing?.context.outputLatency ?? Number.NaN,
		}));
		const atMs = heard.beeps
			.map(({ graphMs }) => pageTimeOf(graphMs, heard.clock))
			.filter((each) => each !== undefined);
		if (atMs.length < beeps && performance.now() < giveUpAt) continue;
		const offsets = offsetsOf(atMs, await pictureNotes(page), camera);
		return {
			measured: offsets.length,
			offsetMs: Math.round(middle(offsets)),
			spreadMs: Math.round(Math.max(...offsets) - Math.min(...offsets)),
			hertz: Math.round(middle(heard.beeps.map(({ hertz }) => hertz))),
			outputLatencyMs: Math.round(heard.outputLatency * 1000),
		};
	}
}

/** From the picture that each beep belongs to, in milliseconds. */
function offsetsOf(beepsMs: readonly number[], pictures: readonly PictureNote[], camera: string): number[] {
	const painted = pictures.filter((note) => {
		return note.camera === camera && note.counter % CODED_CLIPS_PICTURES_A_SECOND === 0;
	});
	return (
		beepsMs
			.map((beepMs) => {
				const all = painted.map((note) => beepMs - note.atMs);
				return all.reduce((best, each) => (Math.abs(each) < Math.abs(best) ? each : best), Number.POSITIVE_INFINITY);
			})
			// The picture of another beep: its own was not seen.
			.filter((offsetMs) => Math.abs(offsetMs) < 500)
	);
}

function middle(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
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
