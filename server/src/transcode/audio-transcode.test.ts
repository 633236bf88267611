import { spawnSync } from "node:child_process";
import { type AudioFrame, makeAudioSpecificConfig, opusSamples, pcmFormatOf, type RtpFormat } from "@vigia/rtp";
import { pino } from "pino";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { Ffmpeg } from "../platform/ffmpeg.ts";
import { type Decoders, WEBRTC_DECODERS } from "../streams/playable.ts";
import type { AudioUnit } from "../streams/reader.ts";
import { Stream } from "../streams/stream.ts";
import { OggOpusReader } from "./ogg-opus-reader.ts";
import { openPlayableStreams } from "./playable-streams.ts";
import { hasFfmpeg } from "./testing/clips.ts";
import { eventually } from "./testing/eventually.ts";
import { playSound } from "./testing/live-camera.ts";
import { Transcoder } from "./transcoder.ts";

const MSE_DECODERS: Decoders = {
	video: new Set(["h264"]),
	bFrames: true,
	audio: new Set(["aac"]),
	audioTarget: "aac",
};
/** One second of a tone of 1 kHz. */
const TONE = ["-f", "lavfi", "-i", "sine=frequency=1000:duration=1"];

interface Sound {
	readonly rtp: RtpFormat;
	readonly frames: readonly AudioFrame[];
	readonly frameMs: number;
}

function make(args: readonly string[], input?: Uint8Array): Uint8Array {
	const { stdout, status, stderr } = spawnSync("ffmpeg", ["-hide_banner", "-loglevel", "error", ...args, "pipe:1"], {
		input,
	});
	if (status !== 0) throw new Error(stderr.toString());
	return new Uint8Array(stdout);
}

function format(encoding: string, clockRate: number, config = ""): RtpFormat {
	const formatParameters = new Map(config === "" ? [] : [["config", config]]);
	return { encoding, clockRate, channels: 1, formatParameters, dimensions: undefined };
}

/** Frames of 20 ms of a codec whose bytes come at a constant rate. */
function constantRate(codec: AudioFrame["codec"], rtp: RtpFormat, bytes: Uint8Array, frameBytes: number): Sound {
	const frames: AudioFrame[] = [];
	for (let at = 0; at + frameBytes <= bytes.length; at += frameBytes) {
		frames.push({ codec, data: bytes.slice(at, at + frameBytes), rtpTimestamp: 0 });
	}
	return { rtp, frames, frameMs: 20 };
}

function makeSound(name: string): Sound {
	switch (name) {
		case "pcma":
			return constantRate("pcma", format("PCMA", 8000), make([...TONE, "-ar", "8000", "-f", "alaw"]), 160);
		case "pcmu":
			return constantRate("pcmu", format("PCMU", 8000), make([...TONE, "-ar", "8000", "-f", "mulaw"]), 160);
		case "l16":
			return constantRate("l16", format("L16", 16_000), make([...TONE, "-ar", "16000", "-f", "s16be"]), 640);
		case "g726": {
			const words = make([...TONE, "-ar", "8000", "-c:a", "g726", "-code_size", "4", "-f", "g726"]);
			const rtp = format("G726-32", 8000);
			// FFmpeg writes the order of I.366.2, the hub has that of RFC 3551.
			const aal2 = pcmFormatOf({ encoding: "AAL2-G726-32", channels: 1 });
			return constantRate("g726", rtp, aal2?.fromPayload(words) ?? words, 80);
		}
		case "opus": {
			const file = make([...TONE, "-c:a", "libopus", "-frame_duration", "20", "-page_duration", "20000", "-f", "ogg"]);
			const packets = new OggOpusReader().push(file).slice(0, -2);
			return {
				rtp: format("OPUS", 48_000),
				frames: packets.map(({ data }) => ({ codec: "opus", data, rtpTimestamp: 0 })),
				frameMs: 20,
			};
		}
		default: {
			// 44.1 kHz: frames of 23.2 ms, never whole milliseconds.
			const file = make([...TONE, "-ar", "44100", "-c:a", "aac", "-f", "adts"]);
			const frames: AudioFrame[] = [];
			for (let at = 0; at + 7 < file.length; ) {
				const length = (((file[at + 3] ?? 0) & 3) << 11) | ((file[at + 4] ?? 0) << 3) | ((file[at + 5] ?? 0) >> 5);
				frames.push({ codec: "aac", data: file.slice(at + 7, at + length), rtpTimestamp: 0 });
				at += length;
			}
			return { rtp: format("MPEG4-GENERIC", 44_100, "1208"), frames: frames.slice(3), frameMs: 1_024_000 / 44_100 };
		}
	}
}

describe.skipIf(!hasFfmpeg())("sound", () => {
	const ffmpeg = new Ffmpeg({ clock: systemClock });
	const stops: (() => void)[] = [];
	beforeAll(() => ffmpeg.look());
	afterEach(() => {
		for (const stop of stops.splice(0)) stop();
	});

	function listen(name: string, decoders: Decoders, { path = "ffmpeg" } = {}) {
		const counts: number[] = [];
		const stream = new Stream({ readersChanged: (count) => counts.push(count), readerFailed: () => {} });
		const { rtp, frames, frameMs } = makeSound(name);
		const used = path === "ffmpeg" ? ffmpeg : new Ffmpeg({ path, clock: systemClock });
		const transcoder = new Transcoder({
			ffmpeg: used,
			clock: systemClock,
			log: pino({ level: "silent" }),
			maxTranscodes: 0,
		});
		const directory = { hasCamera: () => true, stream: () => stream };
		const playable = openPlayableStreams({ directory, transcoder }).for(decoders).stream("cam", "sub");
		const stopSound = playSound(stream, rtp, frames, frameMs);
		const units: AudioUnit[] = [];
		const attachment = playable?.attach({ push() {}, pushAudio: (unit) => units.push(unit) });
		stops.push(
			stopSound,
			() => attachment?.detach(),
			() => transcoder.close(),
		);
		return { units, playable, attachment, counts, transcoder, stopSound, stream };
	}

	/** Each unit begins where the one before ends, and comes soon after it was said. */
	function expectContinuous(units: readonly AudioUnit[]): void {
		for (let i = 1; i < units.length; i++) {
			const before = units[i - 1] as AudioUnit;
			const unit = units[i] as AudioUnit;
			expect(Math.abs(unit.timestamp - before.timestamp - before.durationTicks)).toBeLessThanOrEqual(2 * 90);
		}
	}

	for (const name of ["aac", "l16", "g726"]) {
		test(`in ${name} is made Opus for WebRTC, in time`, async () => {
			const { units, playable, attachment, counts } = listen(name, WEBRTC_DECODERS);
			await eventually("half a second of sound", () => units.length >= 25);
			expect(playable?.audioFormat).toEqual(units[0]?.format);
			expect(units[0]?.format).toMatchObject({ codec: "opus", clockRate: 48_000, channels: 1 });
			expect(units.map(({ data }) => opusSamples(data))).toEqual(units.map(() => 960));
			expect(units[0]?.durationTicks).toBe(1800);
			expectContinuous(units);
			attachment?.detach();
			expect(counts.at(-1)).toBe(0);
		});
	}

	for (const name of ["pcma", "pcmu", "opus"]) {
		test(`in ${name} passes through to WebRTC, and is made AAC for MSE`, async () => {
			const { units, playable, transcoder } = listen(name, WEBRTC_DECODERS);
			await eventually("sound", () => units.length >= 5);
			expect(new Set(units.map(({ format: { codec } }) => codec))).toEqual(new Set([name]));
			expect(playable?.audioFormat).toBe(units[0]?.format);
			transcoder.close();
			const mse = listen(name, MSE_DECODERS);
			await eventually("half a second of sound", () => mse.units.length >= 25);
			expect(mse.playable?.audioFormat).toEqual(mse.units[0]?.format);
			expect(mse.units[0]?.format).toMatchObject({ codec: "aac", channels: 1 });
			expect(mse.units[0]?.format.config).toEqual(makeAudioSpecificConfig(2, 3, 1));
			expectContinuous(mse.units);
		});
	}

	test("keeps its time over a gap, and its clock is that of the stream", async () => {
		const { units, stopSound, stream } = listen("pcmu", MSE_DECODERS);
		await eventually("sound", () => units.length >= 10);
		const before = units.length;
		stopSound();
		await eventually("the child has nothing left", () => {
			const last = units.at(-1) as AudioUnit;
			return systemClock.nowMs() - last.arrivalMs > 400;
		});
		const { rtp, frames, frameMs } = makeSound("pcmu");
		const resumedMs = systemClock.nowMs();
		stops.push(playSound(stream, rtp, frames, frameMs));
		await eventually("sound again", () => units.length >= before + 20);
		const jump = units.findIndex(({ timestamp }, i) => i > 0 && timestamp - (units[i - 1]?.timestamp ?? 0) > 300 * 90);
		expect(jump).toBeGreaterThan(0);
		// The encoder fills the frame that the gap cut.
		expect(Math.abs((units[jump]?.timestamp ?? 0) / 90 - resumedMs)).toBeLessThan(80);
	});

	test("goes on after its child was killed", async () => {
		const { units, transcoder, stream } = listen("aac", WEBRTC_DECODERS);
		await eventually("sound", () => units.length >= 5);
		const pid = transcoder.audio(stream, "opus")?.pid as number;
		process.kill(pid, "SIGKILL");
		await eventually("the child is replaced", () => transcoder.counters.restarts === 1);
		const before = units.length;
		await eventually("sound again", () => units.length >= before + 10);
		expect(units.every(({ timestamp }, i) => i === 0 || timestamp > (units[i - 1]?.timestamp ?? 0))).toBe(true);
	});

	test("that nobody listens to is not touched; without FFmpeg only what passes is there", async () => {
		const { playable, transcoder, stream, units } = listen("aac", WEBRTC_DECODERS, { path: "/nonexistent/ffmpeg" });
		expect(playable?.audioFormat).toBeUndefined();
		const deaf = playable?.attach({ push() {} });
		expect(transcoder.audio(stream, "opus")).toBeUndefined();
		deaf?.detach();
		expect(units).toEqual([]);
	});
});
