/** As much of a browser as the wall needs without a layout, for tests: videos that paint when told, and connections. @module */
import type { MediaFrame, Rung } from "@vigia/api";
import { vi } from "vitest";
import type { Feed, FeedCounters } from "../player/feed.ts";

export class FakeTrack {
	readonly id: string;
	constructor(id: string) {
		this.id = id;
	}
}

/** A feed whose counters and faults a test makes. */
export class FakeFeed implements Feed {
	readonly rung: Rung;
	onFault: Feed["onFault"];
	values: FeedCounters = { received: 0, decoded: 0, bytes: 0 };
	/** Whether what is painted is its own. */
	own = true;
	/** Whether it shows the past. */
	past = false;
	late = 0;
	closed = false;
	isOver = false;
	soundIsBack = false;
	readonly ticks: number[] = [];
	readonly frames: MediaFrame[] = [];

	constructor(rung: Rung = "webrtc") {
		this.rung = rung;
	}

	attach(): void {}

	counters(): FeedCounters {
		return this.values;
	}

	lateMs(): number {
		return this.late;
	}

	isOwn(): boolean {
		return this.own;
	}

	isPast(): boolean {
		return this.past;
	}

	tick(nowMs: number): void {
		this.ticks.push(nowMs);
	}

	push(frame: MediaFrame): void {
		this.frames.push(frame);
	}

	hangUp(): void {
		this.isOver = true;
	}

	close(): void {
		this.isOver = this.closed = true;
	}
}

type FrameCallback = (nowMs: number, metadata: VideoFrameCallbackMetadata) => void;

/** Any element. As a video it plays unless {@link FakeElement.refusesToPlay}. */
export class FakeElement {
	static refusesToPlay = false;
	readonly classes = new Set<string>();
	readonly dataset: Record<string, string> = {};
	readonly children: FakeElement[] = [];
	parent: FakeElement | undefined;
	srcObject: FakeStream | null = null;
	paused = true;
	muted = false;
	plays = 0;
	videoWidth = 0;
	videoHeight = 0;
	#presented = 0;
	#mediaTime = 0;
	#frame: FrameCallback | undefined;
	readonly classList = {
		add: (name: string) => this.classes.add(name),
		remove: (name: string) => this.classes.delete(name),
		toggle: (name: string, on: boolean) => (on ? this.classes.add(name) : this.classes.delete(name)),
	};

	get trackId(): string | undefined {
		return this.srcObject?.tracks[0]?.id;
	}

	setAttribute(): void {}

	append(child: FakeElement): void {
		child.parent = this;
		this.children.push(child);
	}

	prepend(child: FakeElement): void {
		child.parent = this;
		this.children.unshift(child);
	}

	remove(): void {
		this.parent?.children.splice(this.parent.children.indexOf(this), 1);
		this.parent = undefined;
	}

	play(): Promise<void> {
		this.plays++;
		if (FakeElement.refusesToPlay) return Promise.reject(new DOMException("not now", "NotAllowedError"));
		this.paused = false;
		return Promise.resolve();
	}

	requestVideoFrameCallback(callback: FrameCallback): number {
		this.#frame = callback;
		return 1;
	}

	cancelVideoFrameCallback(): void {
		this.#frame = undefined;
	}

	/** Paints a picture. */
	paint(rtpTimestamp: number, width = 640, height = 360): void {
		this.videoWidth = width;
		this.videoHeight = height;
		this.#mediaTime++;
		this.repaint(rtpTimestamp);
	}

	/** Paints the picture in sight once more, as after a seek. */
	repaint(rtpTimestamp = 0): void {
		this.#presented++;
		const frame = this.#frame;
		this.#frame = undefined;
		const mediaTime = this.#mediaTime;
		frame?.(0, { presentedFrames: this.#presented, mediaTime, rtpTimestamp } as VideoFrameCallbackMetadata);
	}
}

class FakeStream {
	readonly tracks: readonly FakeTrack[];
	constructor(tracks: readonly FakeTrack[]) {
		this.tracks = tracks;
	}
}

/** A connection whose tracks are named by connection and slot, for example `2/0`. */
export class FakePeer {
	static made: FakePeer[] = [];
	/** Answers an offer with media sections that are all refused. */
	static refusesAll = false;
	/** What each report holds; the default never settles. */
	report: () => Promise<unknown> = () => new Promise(() => {});
	connectionState = "connected";
	localDescription: { sdp: string } | undefined;
	closed = false;
	ontrack: ((event: unknown) => void) | null = null;
	onicecandidate: unknown = null;
	onconnectionstatechange: unknown = null;

	constructor() {
		FakePeer.made.push(this);
	}

	/** `sdp` is here a list of `mid=track`. */
	setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
		for (const entry of sdp.split(" ")) {
			const [mid = "", track = ""] = entry.split("=");
			this.ontrack?.({ transceiver: { mid }, track: new FakeTrack(track) });
		}
		return Promise.resolve();
	}

	setLocalDescription(): Promise<void> {
		this.localDescription = { sdp: `v=0\r\nm=video ${FakePeer.refusesAll ? 0 : 9} UDP/TLS/RTP/SAVPF 96\r\n` };
		return Promise.resolve();
	}

	getStats(): Promise<unknown> {
		return this.report();
	}

	close(): void {
		this.closed = true;
	}
}

/** Puts the fakes in place of the globals until `vi.unstubAllGlobals()`. */
export function installFakeDom(): void {
	FakeElement.refusesToPlay = false;
	FakePeer.made = [];
	FakePeer.refusesAll = false;
	vi.stubGlobal("document", { createElement: () => new FakeElement(), visibilityState: "visible" });
	vi.stubGlobal("MediaStream", FakeStream);
	vi.stubGlobal("RTCPeerConnection", FakePeer);
}

/** Lets all promises that can settle do so. */
export async function settle(): Promise<void> {
	for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
