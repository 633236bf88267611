/** For tests: a camera's stream in a hub of its own, whose pictures and sound the test makes. @module */
import type { RtpFormat } from "@vigia/rtp";
import type { Clock } from "../../../platform/clock.ts";
import { idrSlice, PPS, pSlice, SPS } from "../../../sources/testing/scripted-camera.ts";
import type { StreamDirectory } from "../../../streams/reader.ts";
import { Stream } from "../../../streams/stream.ts";

export const PICTURE_MS = 40;
const BLOCK_MS = 20;

/** A format as a session description has it. */
export function rtpFormat(encoding: string, clockRate: number, channels = 1, parameters = ""): RtpFormat {
	const pairs = parameters.split(";").filter((text) => text !== "");
	const formatParameters = new Map(
		pairs.map((pair): [string, string] => [pair.split("=")[0] ?? "", pair.slice(pair.indexOf("=") + 1)]),
	);
	return { encoding, clockRate, channels, formatParameters, dimensions: undefined };
}

export class TestCamera {
	readonly stream: Stream;
	readonly #clock: Clock;
	readonly errors: unknown[] = [];
	/** Readers now. */
	readers = 0;
	#tag = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
		this.stream = new Stream({
			readersChanged: (count) => {
				this.readers = count;
			},
			readerFailed: (error) => this.errors.push(error),
		});
	}

	/** One picture of a tag of its own, taken now. @returns the tag. */
	push(kind: "key" | "delta", sizeBytes = 40): number {
		const tag = (this.#tag = (this.#tag + 1) & 0xff);
		const nowMs = this.#clock.nowMs();
		const nalUnits = kind === "key" ? [SPS, PPS, idrSlice(tag, sizeBytes)] : [pSlice(tag, sizeBytes)];
		this.stream.push(
			{
				codec: "h264",
				nalUnits,
				randomAccess: kind === "key",
				rtpTimestamp: Math.round(nowMs * 90) >>> 0,
				sizeBytes: nalUnits.reduce((sum, nal) => sum + nal.length, 0),
			},
			nowMs,
			nowMs,
		);
		return tag;
	}

	/** 20 ms of G.711, heard now. */
	pushSound(mark = 0x55): void {
		const nowMs = this.#clock.nowMs();
		const data = new Uint8Array(8 * BLOCK_MS).fill(mark);
		this.stream.pushAudio({ codec: "pcma", data, rtpTimestamp: 0 }, nowMs, nowMs);
	}

	/** A camera with a microphone. */
	announceSound(): void {
		this.stream.setAudioFormat(rtpFormat("PCMA", 8000));
	}
}

/** Cameras by their identifiers; each has one stream, which is shown under either name. */
export function directoryOf(cameras: ReadonlyMap<string, TestCamera>): StreamDirectory {
	return {
		hasCamera: (id) => cameras.has(id),
		stream: (id) => cameras.get(id)?.stream,
	};
}
