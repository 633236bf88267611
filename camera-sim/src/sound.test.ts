import { isRtcp, parseRtcp, parseRtpPacket, type RtpPacket, unixMsFromNtp } from "@vigia/rtp";
import { headerOf, parseSdp, toByteString } from "@vigia/rtsp";
import { describe, expect, it } from "vitest";
import { startCameraSim } from "./camera-sim.ts";
import { SOUND_BLOCK_SAMPLES, SOUND_CLOCK_HZ, soundBlock, TONE_HZ } from "./sound.ts";
import { run } from "./testing/ffmpeg.ts";
import { TestClient } from "./testing/rtsp-client.ts";
import { waitFor } from "./testing/wait-for.ts";

/** A-law of nothing: RFC 3551 section 4.5.14. */
const SILENCE = 0xd5;
const INTERLEAVED = { video: "RTP/AVP/TCP;unicast;interleaved=0-1", sound: "RTP/AVP/TCP;unicast;interleaved=2-3" };

function packets(frames: readonly Uint8Array[]): RtpPacket[] {
	return frames.map((frame) => {
		const parsed = parseRtpPacket(frame);
		if (!parsed.ok) throw new Error(parsed.code);
		return parsed.packet;
	});
}

/** From a track's RTP timestamps to the wall clock, by its sender report. */
function wallClock(report: Uint8Array | undefined, clockHz: number): (timestamp: number) => number {
	const [sent] = report && isRtcp(report) ? parseRtcp(report).packets : [];
	if (sent?.type !== "senderReport") throw new Error("there is no sender report");
	const wallMs = unixMsFromNtp(sent.ntp) ?? 0;
	return (timestamp) => wallMs + (((timestamp - sent.rtpTimestamp) | 0) * 1000) / clockHz;
}

describe("the sound of a simulated camera", () => {
	it.each(["tcp", "udp"] as const)(
		"is a tone for half of each second, as ffmpeg hears it over %s",
		async (transport) => {
			await using sim = await startCameraSim({ count: 2, sound: [2] });
			const input = ["-v", "error", "-rtsp_transport", transport, "-i", sim.url(2, "sub")];
			const pcm = await run("ffmpeg", [...input, "-map", "0:a", "-t", "2", "-f", "s16le", "-"]);
			const samples = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length >> 1);
			const loud = Array.from({ length: Math.floor(samples.length / 80) }, (_, at) =>
				samples.subarray(at * 80, at * 80 + 80).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0),
			).filter((peak) => peak > 8000);
			expect(Math.max(...loud)).toBeGreaterThan(15_000);
			expect(Math.max(...loud)).toBeLessThan(18_000);
			const loudSeconds = loud.length / 100;
			expect(loudSeconds).toBeGreaterThan(0.7);
			expect(loudSeconds).toBeLessThan(1.3);
			const swings = samples.filter((sample, at) => at > 0 && sample > 0 && (samples[at - 1] ?? 0) < 0).length;
			expect(swings / loudSeconds / TONE_HZ).toBeGreaterThan(0.9);
			expect(swings / loudSeconds / TONE_HZ).toBeLessThan(1.1);
		},
	);

	it("begins to beep with the pictures at whole seconds", async () => {
		await using sim = await startCameraSim({ count: 1, sound: "all" });
		await using client = await TestClient.connect(sim.url(1, "sub"));
		const described = await client.request("DESCRIBE");
		const { media } = parseSdp(toByteString(described?.body ?? new Uint8Array(0)));
		expect(media.map(({ type }) => type)).toEqual(["video", "audio"]);
		for (const [track, name] of ["video", "sound"].entries()) {
			const Transport = INTERLEAVED[name as keyof typeof INTERLEAVED];
			expect((await client.request("SETUP", { Transport }, `/trackID=${track}`))?.status).toBe(200);
		}
		const played = await client.request("PLAY");
		const [, first] = /trackID=1;seq=\d+;rtptime=(\d+)/.exec((played && headerOf(played, "rtp-info")) ?? "") ?? [];
		// An aggregation packet that begins with a parameter set: RFC 6184 section 5.7.1.
		const isKey = ({ payload }: RtpPacket): boolean => payload[0] !== undefined && [7, 24].includes(payload[0] & 31);
		const video: RtpPacket[] = [];
		const sound: RtpPacket[] = [];
		const isBeep = (at: number): boolean =>
			at > 0 && sound[at]?.payload[1] !== SILENCE && sound[at - 1]?.payload[1] === SILENCE;
		await waitFor("a key frame and a beep", () => {
			video.push(...packets(client.takeFrames(0)));
			sound.push(...packets(client.takeFrames(2)));
			return video.some(isKey) && sound.some((_, at) => isBeep(at));
		});
		expect(sound[0]?.timestamp).toBe(Number(first));
		for (const [at, { payloadType, timestamp, payload }] of sound.entries()) {
			expect([payloadType, payload.length]).toEqual([8, SOUND_BLOCK_SAMPLES]);
			expect(timestamp).toBe((Number(first) + at * SOUND_BLOCK_SAMPLES) >>> 0);
		}
		const pictureWall = wallClock(client.takeFrames(1)[0], 90_000);
		const soundWall = wallClock(client.takeFrames(3)[0], SOUND_CLOCK_HZ);
		const beepMs = soundWall(sound.find((_, at) => isBeep(at))?.timestamp ?? 0);
		const keyMs = pictureWall(video.find(isKey)?.timestamp ?? 0);
		const apartMs = Math.abs(beepMs - keyMs) % 1000;
		expect(Math.min(apartMs, 1000 - apartMs)).toBeLessThan(2);
		expect(sim.status(1).soundsSent).toBeGreaterThanOrEqual(sound.length);
		expect((await client.request("TEARDOWN"))?.status).toBe(200);
		expect(sim.sessions).toBe(0);
	});

	it("is not there for cameras without a microphone, nor set up before the pictures, nor twice", async () => {
		await using sim = await startCameraSim({ count: 2, sound: [1] });
		await using mute = await TestClient.connect(sim.url(2, "sub"));
		const sdp = toByteString((await mute.request("DESCRIBE"))?.body ?? new Uint8Array(0));
		expect(sdp).not.toContain("m=audio");
		await using client = await TestClient.connect(sim.url(1, "sub"));
		const setUp = async (track: number, channel: number) =>
			(
				await client.request(
					"SETUP",
					{ Transport: `RTP/AVP/TCP;interleaved=${channel}-${channel + 1}` },
					`/trackID=${track}`,
				)
			)?.status;
		expect(await setUp(1, 0)).toBe(455);
		expect(await setUp(0, 0)).toBe(200);
		expect(await setUp(1, 2)).toBe(200);
		expect(await setUp(1, 4)).toBe(455);
	});

	it("goes on while the pictures are frozen", async () => {
		await using sim = await startCameraSim({ count: 1, sound: "all" });
		await using client = await TestClient.connect(sim.url(1, "sub"));
		await client.request("SETUP", { Transport: INTERLEAVED.video }, "/trackID=0");
		await client.request("SETUP", { Transport: INTERLEAVED.sound }, "/trackID=1");
		await client.request("PLAY");
		sim.control.freeze(1, { rtcp: true });
		client.takeFrames(0);
		const before = client.takeFrames(2).length;
		await waitFor("more sound", () => client.frames.filter(({ channel }) => channel === 2).length > before + 5);
		sim.control.freeze(1, { rtcp: false });
	});

	it("repeats each second without a click", () => {
		expect(soundBlock(50)).toBe(soundBlock(0));
		expect(soundBlock(25).payloads[0]?.every((byte) => byte === SILENCE)).toBe(true);
		expect(soundBlock(0).payloads[0]?.[0]).toBe(SILENCE);
	});
});
