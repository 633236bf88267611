/** Sound and pictures of a simulated camera, from its packets to the hub. */
import { type CameraSim, startCameraSim } from "@vigia/camera-sim";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import type { AudioUnit, StreamUnit } from "../streams/reader.ts";
import { Stream } from "../streams/stream.ts";
import { openRtspSource, WALL_MEDIA } from "./rtsp-source.ts";
import { until } from "./testing/recorded-source.ts";

/** Nobody notices that lips are so far from what they say. */
const LIP_SYNC_TICKS = 80 * 90;
const SECOND_TICKS = 90_000;
/** A-law of nothing. */
const SILENCE = 0xd5;

let sim: CameraSim;
beforeAll(async () => {
	sim = await startCameraSim({ count: 1, sound: "all" });
});
afterAll(() => sim.close());

test.each(["tcp", "udp"] as const)("sound comes over %s, in step with the pictures", async (transport) => {
	const stream = new Stream({ readersChanged() {}, readerFailed() {} });
	const pictures: StreamUnit[] = [];
	const sounds: AudioUnit[] = [];
	stream.attach({ push: (unit) => pictures.push(unit), pushAudio: (unit) => sounds.push(unit) });
	const address = {
		scheme: "rtsp",
		host: sim.host,
		port: sim.port,
		path: "/cam/realmonitor?channel=1&subtype=1",
	} as const;
	const open = openRtspSource({ address, clock: systemClock, transport, tls: { mode: "verify" }, media: WALL_MEDIA });
	const session = open({
		onDescribed: ({ tracks }) => stream.setAudioFormat(tracks.find(({ used, type }) => used && type === "audio")),
		onPlaying() {},
		onParameterSets: (codec, sets) => stream.setParameterSets(codec, sets),
		onVideo: (unit, arrivalMs, mediaMs) => stream.push(unit, arrivalMs, mediaMs),
		onAudio: (frame, arrivalMs, mediaMs) => stream.pushAudio(frame, arrivalMs, mediaMs),
		onEnd() {},
	});
	const isBeep = (at: number): boolean => sounds[at]?.data[1] !== SILENCE && sounds[at - 1]?.data[1] === SILENCE;
	const beepAt = (): number => sounds.findLastIndex((_, at) => at > 0 && isBeep(at));
	try {
		await until(
			() => pictures.filter(({ randomAccess }) => randomAccess).length >= 2 && beepAt() > 0,
			"a key frame and a beep",
		);
	} finally {
		await session.close();
	}
	expect(stream.audioFormat).toMatchObject({ codec: "pcma", clockRate: 8000, channels: 1 });
	expect(sounds.every(({ durationTicks, format }) => durationTicks === 1800 && format === stream.audioFormat)).toBe(
		true,
	);
	// Key frames come at whole seconds of the camera's clock, and so do beeps.
	const key = pictures.findLast(({ randomAccess }) => randomAccess)?.timestamp ?? 0;
	const apart = Math.abs((sounds[beepAt()]?.timestamp ?? 0) - key) % SECOND_TICKS;
	expect(Math.min(apart, SECOND_TICKS - apart)).toBeLessThan(LIP_SYNC_TICKS);
});
