/** As much of Media Source Extensions as the player needs, for tests: what is appended is shown in {@link FakeSourceBuffer}. @module */
import { vi } from "vitest";

type Listener = () => void;

/** One fragment of these is so many seconds of media; see {@link fakeFragment}. */
export const FAKE_FRAGMENT_SECONDS = 0.1;
export const FAKE_TIMESCALE = 1000;

/** `moov/trak/mdia/mdhd` with {@link FAKE_TIMESCALE}, and filler. */
export function fakeInit(): Uint8Array {
	const mdhd = new Uint8Array(24);
	new DataView(mdhd.buffer).setUint32(12, FAKE_TIMESCALE);
	return box("moov", box("trak", box("mdia", box("mdhd", mdhd))));
}

/** `moof/traf/tfdt` with this decode time, and an `mdat` of so many bytes. */
export function fakeFragment(seconds: number, mdatBytes = 0): Uint8Array {
	const tfdt = new Uint8Array(12);
	tfdt[0] = 1;
	new DataView(tfdt.buffer).setUint32(8, Math.round(seconds * FAKE_TIMESCALE));
	return concat(box("moof", box("traf", box("tfdt", tfdt))), box("mdat", new Uint8Array(mdatBytes)));
}

function box(type: string, content: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(8 + content.length);
	new DataView(bytes.buffer).setUint32(0, bytes.length);
	for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
	bytes.set(content, 8);
	return bytes;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(a.length + b.length);
	bytes.set(a);
	bytes.set(b, a.length);
	return bytes;
}

/** Reads back what {@link fakeInit} and {@link fakeFragment} wrote, and finishes when told. */
export class FakeSourceBuffer {
	onupdateend: Listener | null = null;
	onerror: Listener | null = null;
	updating = false;
	/** What was done, for example `append init 0 0.1`, `remove 0 5`, `type video/mp4; codecs="..."`. */
	readonly log: string[] = [];
	/** The next so many appends are refused for want of room. */
	full = 0;
	/** Seconds of what is buffered, one range. */
	range: [start: number, end: number] | undefined;

	get buffered() {
		const { range } = this;
		return { length: range ? 1 : 0, start: () => range?.[0] ?? 0, end: () => range?.[1] ?? 0 };
	}

	appendBuffer(bytes: Uint8Array): void {
		this.#begin();
		if (this.full > 0) {
			this.full--;
			this.updating = false;
			throw new DOMException("full", "QuotaExceededError");
		}
		const found: (string | number)[] = [];
		const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
		for (let at = 0; at < bytes.length; at += view.getUint32(at)) {
			if (view.getUint8(at + 4) !== 0x6d || view.getUint8(at + 6) !== 0x6f) continue;
			if (view.getUint8(at + 7) === 0x76) found.push("init");
			else found.push(view.getUint32(at + 32) / FAKE_TIMESCALE);
		}
		for (const seconds of found) {
			if (typeof seconds === "string") continue;
			this.range = [this.range?.[0] ?? seconds, seconds + FAKE_FRAGMENT_SECONDS];
		}
		this.log.push(`append ${found.join(" ")}`);
	}

	remove(start: number, end: number): void {
		this.#begin();
		if (this.range) this.range[0] = Math.max(this.range[0], end);
		this.log.push(`remove ${start} ${end}`);
	}

	changeType(type: string): void {
		if (this.updating) throw new DOMException("updating", "InvalidStateError");
		this.log.push(`type ${type}`);
	}

	/** The browser is done with what it was given. */
	finish(): void {
		if (!this.updating) return;
		this.updating = false;
		this.onupdateend?.();
	}

	/** Finishes until nothing is under way any more. */
	finishAll(): void {
		while (this.updating) this.finish();
	}

	#begin(): void {
		if (this.updating) throw new DOMException("updating", "InvalidStateError");
		this.updating = true;
	}
}

/** Opens when told. */
export class FakeMediaSource extends EventTarget {
	static made: FakeMediaSource[] = [];
	static isTypeSupported = (type: string) => !type.includes("hvc1");
	readyState = "closed";
	streaming: boolean | undefined;
	readonly buffers = new Map<string, FakeSourceBuffer>();

	constructor() {
		super();
		FakeMediaSource.made.push(this);
	}

	addSourceBuffer(type: string): FakeSourceBuffer {
		const buffer = new FakeSourceBuffer();
		this.buffers.set(type.slice(0, 5), buffer);
		return buffer;
	}

	removeSourceBuffer(buffer: FakeSourceBuffer): void {
		for (const [track, each] of this.buffers) if (each === buffer) this.buffers.delete(track);
	}

	open(): void {
		this.readyState = "open";
		this.dispatchEvent(new Event("sourceopen"));
	}
}

/** A video that shows what the first buffer of its source holds. */
export class FakeMediaVideo extends EventTarget {
	src = "";
	disableRemotePlayback = false;
	currentTime = 0;
	playbackRate = 1;
	seeking = false;
	error: { code: number; message: string } | null = null;
	loads = 0;

	get buffered() {
		return FakeMediaSource.made.at(-1)?.buffers.get("video")?.buffered ?? { length: 0, start: () => 0, end: () => 0 };
	}

	getVideoPlaybackQuality() {
		return { totalVideoFrames: 7 };
	}

	removeAttribute(): void {
		this.src = "";
	}

	load(): void {
		this.loads++;
	}
}

/** Puts the fakes in place of the globals until `vi.unstubAllGlobals()`; without `managed` as a `MediaSource`. */
export function installFakeMediaSource(managed = false): void {
	FakeMediaSource.made = [];
	vi.stubGlobal("MediaSource", managed ? undefined : FakeMediaSource);
	vi.stubGlobal("ManagedMediaSource", managed ? FakeMediaSource : undefined);
	vi.stubGlobal("document", { visibilityState: "visible" });
	vi.stubGlobal("URL", { createObjectURL: () => "blob:fake", revokeObjectURL: () => {} });
	vi.stubGlobal("MediaError", { MEDIA_ERR_ABORTED: 1, MEDIA_ERR_DECODE: 3, MEDIA_ERR_SRC_NOT_SUPPORTED: 4 });
}
