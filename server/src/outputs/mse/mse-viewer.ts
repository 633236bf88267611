/**
 * The media channels of one page: what each shows, and what gives way when the page or the network is too slow. Knows
 * nothing of the carrier but how much it holds.
 *
 * The order of sending is sound, then the key frames that channels start and resume with, then the oldest picture of
 * all. What cannot be sent waits; where it waits too long a channel drops it and goes on at its next key frame, the
 * largest first.
 *
 * @module
 */
import { type ChannelWish, type MediaTrack, type PictureRoute, type ServerMessage, writeMediaFrame } from "@vigia/api";
import type { Chunk, InitSegment } from "@vigia/cmaf";
import type { Clock } from "../../platform/clock.ts";
import type { Route } from "../../streams/reader.ts";
import type { CmafAttachment, CmafDirectory, CmafFeed } from "../cmaf/cmaf-feed.ts";
import { MseChannel, type QueuedChunk } from "./mse-channel.ts";
import { SendWindow } from "./send-window.ts";

/** A picture that waited longer, in ms, is not worth sending: the viewer would see the past. */
export const MAX_WAIT_MS = 1500;
/** The start of a channel is up to a GOP at once, and may take as long as a wall may take to come up, in ms. */
const MAX_START_WAIT_MS = 5000;
/** A key frame makes the pictures before it needless when they have waited longer than this, in ms. */
const LEAP_AFTER_MS = 500;
/** One channel gives way at a time, in ms, so that the others get what it leaves. */
const SHED_INTERVAL_MS = 100;
/** Among channels of one size the one gives way whose last turn is longest ago; further back, in ms, all are equal. */
const MAX_SPARED_MS = 30_000;
/**
 * Of all channels of a page: the cached GOPs of 64 tiles, 10 s long. The bytes are those of the feeds' own caches, as
 * long as these hold them.
 */
export const MAX_QUEUED_BYTES = 32 * 1024 * 1024;
/** What the carrier may hold in this process, whatever the page acknowledges. */
export const MAX_CARRIER_BYTES = 1024 * 1024;

/** Of all viewers together, for the metrics. They never go back. */
export interface MseCounters {
	/** Media chunks sent, of pictures and of sound. */
	chunks: number;
	/** Bytes of media frames sent. */
	bytes: number;
	/** Times that a channel could not keep up and went on at its next key frame. */
	keyFrameSkips: number;
	/** Chunks of sound that came too late to be sent. */
	soundDrops: number;
}

/** What the viewer needs of its link. */
export interface MediaPipe {
	/** Says a message on the link; must not throw. */
	send(message: ServerMessage): void;
	/** Sends one media frame; takes the bytes over. Must not throw. */
	sendBinary(bytes: Uint8Array): void;
	/** Bytes that wait in this process for the network. */
	readonly bufferedBytes: number;
}

export interface MseViewerOptions {
	readonly directory: CmafDirectory;
	readonly clock: Clock;
	readonly counters: MseCounters;
	readonly pipe: MediaPipe;
	/** Called once, by {@link MseViewer.close}. */
	readonly onClose?: () => void;
}

/** A channel with its hold on a feed; without a feed when there is no such stream. */
interface OpenChannel {
	readonly queue: MseChannel;
	readonly feed: CmafFeed | undefined;
	attachment: CmafAttachment | undefined;
	route: PictureRoute;
	skippedAtMs: number;
	/** What the last `channel` message said; `undefined` before the first and after `refused`. */
	said: { readonly audio: boolean; readonly route: PictureRoute } | undefined;
}

export class MseViewer {
	readonly #options: MseViewerOptions;
	readonly #window = new SendWindow();
	readonly #channels = new Map<number, OpenChannel>();
	#revision = -1;
	/** While channels are opened, so that the key frames of all of them come first. */
	#holding = false;
	#lastShedMs = Number.NEGATIVE_INFINITY;
	#closed = false;

	constructor(options: MseViewerOptions) {
		this.#options = options;
	}

	/**
	 * The whole wanted state; the same again changes nothing, and one older than the last is ignored. A number that
	 * stands for something else than before is closed and opened. A stream that does not exist is answered by `error`.
	 */
	setChannels(revision: number, wishes: readonly ChannelWish[]): void {
		if (this.#closed || revision < this.#revision) return;
		this.#revision = revision;
		const wanted = new Map(wishes.map((wish) => [wish.channel, wish]));
		for (const [number, open] of this.#channels) {
			if (!isSame(open.queue.wish, wanted.get(number))) this.#drop(number, open);
		}
		this.#holding = true;
		for (const wish of wanted.values()) if (!this.#channels.has(wish.channel)) this.#open(wish);
		this.#holding = false;
		this.#pump();
	}

	/** The page's `received`: bytes of media frames that it has taken since the link was opened. */
	received(totalBytes: number): void {
		this.#window.acknowledge(totalBytes, this.#options.clock.nowMs());
		this.#pump();
	}

	get channels(): number {
		return this.#channels.size;
	}

	get bytesInFlight(): number {
		return this.#window.bytesInFlight;
	}

	/** How long, in ms, the page has owed an acknowledgement. */
	get unacknowledgedMs(): number {
		return this.#window.oldestMs(this.#options.clock.nowMs());
	}

	/** Bytes of pictures that wait in this process. */
	get queuedBytes(): number {
		let bytes = 0;
		for (const { queue } of this.#channels.values()) bytes += queue.queuedBytes;
		return bytes;
	}

	/** Releases everything; nothing is sent any more. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		for (const [number, open] of this.#channels) this.#drop(number, open);
		this.#options.onClose?.();
	}

	#open(wish: ChannelWish): void {
		const { directory, pipe } = this.#options;
		const { camera, stream } = wish;
		const feed = directory.feed(camera, stream);
		const queue = new MseChannel(wish);
		const open: OpenChannel = {
			queue,
			feed,
			attachment: undefined,
			route: "pass",
			skippedAtMs: Number.NEGATIVE_INFINITY,
			said: undefined,
		};
		this.#channels.set(wish.channel, open);
		if (!feed) {
			const error = directory.hasCamera(camera)
				? ({ code: "unknown-stream", message: `Camera "${camera}" has no ${stream} stream` } as const)
				: ({ code: "unknown-camera", message: `There is no camera "${camera}"` } as const);
			return pipe.send({ type: "error", ...error });
		}
		open.attachment = feed.attach({
			audio: wish.audio,
			onRoute: (route) => this.#setRoute(open, route),
			onInit: (init) => {
				if (init.kind === "video") queue.videoInit = init;
				else queue.audioInit = init;
			},
			onChunk: (track, chunk, receivedAtMs) => this.#push(open, track, chunk, receivedAtMs),
			onEnd: () => this.#reopen(open),
		});
	}

	/** The stream is gone: goes on with the one in its place, or says that there is none. */
	#reopen({ queue: { wish } }: OpenChannel): void {
		this.#channels.delete(wish.channel);
		this.#open(wish);
	}

	#drop(number: number, open: OpenChannel): void {
		this.#channels.delete(number);
		open.attachment?.detach();
	}

	#setRoute(open: OpenChannel, route: Route): void {
		if (route.kind !== "refused") {
			open.route = route.kind;
			return;
		}
		const { camera, stream } = open.queue.wish;
		open.queue.skip();
		open.said = undefined;
		this.#options.pipe.send({ type: "refused", rung: "mse", camera, stream, reason: route.reason });
	}

	#push(open: OpenChannel, track: MediaTrack, chunk: Chunk, receivedAtMs: number): void {
		const { queue } = open;
		const init = track === "video" ? queue.videoInit : queue.audioInit;
		if (!init) return;
		const nowMs = this.#options.clock.nowMs();
		const waiting = queue.picture;
		const leaps = track === "video" && chunk.randomAccess && waiting && nowMs - waiting.queuedAtMs > LEAP_AFTER_MS;
		if (leaps) this.#skip(open, nowMs);
		if (!queue.takes(track, chunk)) return;
		const dueMs = nowMs + (this.#holding ? MAX_START_WAIT_MS : MAX_WAIT_MS);
		queue.queue({ track, init, chunk, receivedAtMs, queuedAtMs: nowMs, dueMs });
		if (this.#holding) return;
		this.#pump();
		if (queue.queued > 0) this.#shed(nowMs);
	}

	#pump(): void {
		const { clock, pipe } = this.#options;
		const nowMs = clock.nowMs();
		while (pipe.bufferedBytes < MAX_CARRIER_BYTES) {
			const open = this.#next();
			const bytes = open?.queue.next?.chunk.bytes.length;
			if (!open || bytes === undefined || !this.#window.isOpen(bytes, nowMs)) return;
			const item = open.queue.shift();
			if (item) this.#send(open, item, nowMs);
		}
	}

	/** The channel that is served next. */
	#next(): OpenChannel | undefined {
		let best: OpenChannel | undefined;
		let bestRank = Number.POSITIVE_INFINITY;
		let bestMs = 0;
		for (const open of this.#channels.values()) {
			const { next, resuming, sentAtMs } = open.queue;
			if (!next) continue;
			const rank = next.track === "audio" ? 0 : resuming ? 1 : 2;
			// Who has shown nothing for longest resumes first, so that all channels of a slow link get their turn.
			const sinceMs = rank === 1 ? sentAtMs : next.receivedAtMs;
			if (rank > bestRank || (rank === bestRank && sinceMs >= bestMs)) continue;
			best = open;
			bestRank = rank;
			bestMs = sinceMs;
		}
		return best;
	}

	#send(open: OpenChannel, item: QueuedChunk, nowMs: number): void {
		const { queue } = open;
		const { track, init, chunk, receivedAtMs } = item;
		this.#describe(open);
		// A page needs the headers of all tracks before it can play one.
		if (!queue.started && queue.audioInit) this.#sendInit(open, queue.audioInit, nowMs);
		this.#sendInit(open, init, nowMs);
		if (track === "video") {
			queue.resuming = false;
			queue.sentAtMs = nowMs;
		}
		this.#options.counters.chunks++;
		const { channel } = queue.wish;
		const { randomAccess, bytes: payload } = chunk;
		this.#sendFrame({ kind: "media", track, channel, randomAccess, receivedAtMs, codecs: "", payload }, nowMs);
	}

	/** Says `channel` before the first frame, and when something of it has changed. */
	#describe(open: OpenChannel): void {
		const { wish } = open.queue;
		const audio = wish.audio && open.feed?.hasAudio === true;
		const { said, route } = open;
		if (said && said.audio === audio && said.route === route) return;
		open.said = { audio, route };
		this.#options.pipe.send({ type: "channel", ...wish, audio, route });
	}

	#sendInit({ queue }: OpenChannel, init: InitSegment, nowMs: number): void {
		const sent = init.kind === "video" ? queue.sentVideoInit : queue.sentAudioInit;
		if (init === sent) return;
		if (init.kind === "video") queue.sentVideoInit = init;
		else queue.sentAudioInit = init;
		const { channel } = queue.wish;
		const { kind: track, codecs, bytes: payload } = init;
		this.#sendFrame(
			{
				kind: "init",
				track,
				channel,
				randomAccess: false,
				receivedAtMs: this.#options.clock.wallMs(),
				codecs,
				payload,
			},
			nowMs,
		);
	}

	#sendFrame(frame: Parameters<typeof writeMediaFrame>[0], nowMs: number): void {
		const bytes = writeMediaFrame(frame);
		this.#options.pipe.sendBinary(bytes);
		this.#options.counters.bytes += bytes.length;
		this.#window.sent(bytes.length, nowMs);
	}

	/** Makes room when something has waited too long or too much is waiting. */
	#shed(nowMs: number): void {
		let queuedBytes = 0;
		let late = false;
		for (const { queue } of this.#channels.values()) {
			this.#options.counters.soundDrops += queue.dropLateSound(nowMs);
			queuedBytes += queue.queuedBytes;
			late ||= queue.picture !== undefined && queue.picture.dueMs < nowMs;
		}
		if (late && nowMs - this.#lastShedMs >= SHED_INTERVAL_MS) {
			this.#lastShedMs = nowMs;
			queuedBytes -= this.#skipLargest(nowMs);
		}
		while (queuedBytes > MAX_QUEUED_BYTES) queuedBytes -= this.#skipLargest(nowMs);
	}

	/** @returns how many bytes it gave up. */
	#skipLargest(nowMs: number): number {
		let largest: OpenChannel | undefined;
		let largestShare = 0;
		for (const open of this.#channels.values()) {
			const sparedMs = Math.min(nowMs - open.skippedAtMs, MAX_SPARED_MS);
			// One more, so that whoever has something counts more than whoever has nothing.
			const share = open.queue.queuedBytes * (sparedMs + 1);
			if (largest && share <= largestShare) continue;
			largest = open;
			largestShare = share;
		}
		if (!largest) return 0;
		const { queuedBytes } = largest.queue;
		this.#skip(largest, nowMs);
		return queuedBytes;
	}

	#skip(open: OpenChannel, nowMs: number): void {
		if (open.queue.skip() === 0) return;
		open.skippedAtMs = nowMs;
		this.#options.counters.keyFrameSkips++;
	}
}

function isSame(a: ChannelWish, b: ChannelWish | undefined): boolean {
	return a.camera === b?.camera && a.stream === b.stream && a.audio === b.audio;
}
