import { get } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import fastify, { type FastifyInstance } from "fastify";
import { parse, setOptions, types } from "hls-parser";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CmafFeeds } from "../outputs/cmaf/cmaf-feed.ts";
import type { HlsOutput } from "../outputs/hls/hls-output.ts";
import { LINGER_MS } from "../outputs/hls/hls-track.ts";
import { AAC, HlsCamera, hlsFeedsOf, hlsOutputOf, loadClip } from "../outputs/hls/testing/hls-camera.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { registerHls } from "./hls.ts";

setOptions({ strictMode: true, silent: true });

const SUB_CLIP = loadClip("camera-01-sub");
const MAIN_CLIP = loadClip("camera-01-main");

let clock: FakeClock;
let sub: HlsCamera;
let main: HlsCamera;
let cameras: Map<string, { sub: HlsCamera; main: HlsCamera }>;
let feeds: CmafFeeds;
let output: HlsOutput;
let app: FastifyInstance;

beforeEach(() => {
	clock = new FakeClock();
	sub = new HlsCamera(clock, SUB_CLIP, 15);
	main = new HlsCamera(clock, MAIN_CLIP, 25);
	cameras = new Map([["cam1", { sub, main }]]);
	feeds = hlsFeedsOf(clock, cameras);
	output = hlsOutputOf(clock, cameras, feeds);
	app = fastify();
	registerHls(app, { output });
});

afterEach(async () => {
	output.close();
	await app.close();
});

/** Sub pictures for so long. */
function play(camera: HlsCamera, milliseconds: number): void {
	camera.run();
	clock.advance(milliseconds);
	camera.pause();
}

function mediaPlaylist(text: string): types.MediaPlaylist {
	const playlist = parse(text);
	if (!(playlist instanceof types.MediaPlaylist)) throw new Error("not a media playlist");
	return playlist;
}

const names = (text: string, pattern: RegExp): string[] =>
	[...text.matchAll(pattern)].map(([, name]) => name as string);

test("the first playlist has the cached pictures at once, and everything that it names can be fetched", async () => {
	play(sub, 5_500);
	const answer = await app.inject("/hls/cam1/sub/video.m3u8");
	expect(answer.statusCode).toBe(200);
	expect(answer.headers["content-type"]).toBe("application/vnd.apple.mpegurl");
	expect(answer.headers["cache-control"]).toBe("no-store");
	expect(mediaPlaylist(answer.body).targetDuration).toBe(4);
	const media = names(answer.body, /"?([a-z0-9]+\/[ips]\d+\.(?:mp4|m4s))/g);
	const hint = names(answer.body, /PRELOAD-HINT:TYPE=PART,URI="([^"]+)"/g)[0];
	for (const name of media.filter((uri) => uri !== hint)) {
		const { statusCode, headers, rawPayload } = await app.inject(`/hls/cam1/sub/${name}`);
		expect([name, statusCode, headers["content-type"]]).toEqual([name, 200, "video/mp4"]);
		expect(Number(headers["content-length"])).toBe(rawPayload.length);
	}
	expect(media.length).toBeGreaterThan(7);
});

test("a segment is its parts in a row", async () => {
	play(sub, 5_500);
	const { body } = await app.inject("/hls/cam1/sub/video.m3u8");
	const segment = names(body, /^([a-z0-9]+\/s\d+\.m4s)$/gm)[0];
	const parts = names(body.slice(0, body.indexOf("#EXTINF")), /PART:.*URI="([^"]+)"/g);
	const pieces = await Promise.all(parts.map((part) => app.inject(`/hls/cam1/sub/${part}`)));
	const whole = await app.inject(`/hls/cam1/sub/${segment}`);
	expect(Buffer.concat(pieces.map(({ rawPayload }) => rawPayload)).equals(whole.rawPayload)).toBe(true);
});

test("a blocking request and a hinted part wait for the part, then all come at once", async () => {
	play(sub, 5_500);
	const { body } = await app.inject("/hls/cam1/sub/video.m3u8");
	const last = mediaPlaylist(body).segments.findLast(({ uri }) => uri !== "")?.mediaSequenceNumber ?? 0;
	const hint = names(body, /PRELOAD-HINT:TYPE=PART,URI="([^"]+)"/g)[0];
	const answers: number[] = [];
	const note = ({ statusCode }: { statusCode: number }): number => answers.push(statusCode);
	const waiting = [
		app.inject(`/hls/cam1/sub/video.m3u8?_HLS_msn=${last + 1}&_HLS_part=0`),
		app.inject(`/hls/cam1/sub/video.m3u8?_HLS_msn=${last}&_HLS_part=400`),
		app.inject(`/hls/cam1/sub/${hint}`),
	];
	for (const answer of waiting) void answer.then(note);
	await vi.waitUntil(() => clock.pending >= 4);
	expect(answers).toEqual([]);
	sub.run();
	clock.advance(250);
	const [playlist] = await Promise.all(waiting);
	expect(answers).toEqual([200, 200, 200]);
	expect(playlist?.body).toContain(`URI="${hint}"`);
});

test("directives that break the rules are refused, and a wait for pictures that do not come ends", async () => {
	play(sub, 5_500);
	await app.inject("/hls/cam1/sub/video.m3u8");
	for (const query of ["_HLS_part=1", "_HLS_msn=x", "_HLS_msn=99999999999"]) {
		expect((await app.inject(`/hls/cam1/sub/video.m3u8?${query}`)).statusCode).toBe(400);
	}
	const { body } = await app.inject("/hls/cam1/sub/video.m3u8");
	const last = mediaPlaylist(body).segments.findLast(({ uri }) => uri !== "")?.mediaSequenceNumber ?? 0;
	const answer = app.inject(`/hls/cam1/sub/video.m3u8?_HLS_msn=${last + 1}&_HLS_part=0`);
	await vi.waitUntil(() => clock.pending >= 2);
	sub.reason = { code: "connection-lost", text: "" };
	clock.advance(12_100);
	expect((await answer).statusCode).toBe(503);
	expect((await answer).json()).toMatchObject({ error: { code: "connection-lost" } });
	// What is there is old now: nobody takes it for live.
	expect((await app.inject("/hls/cam1/sub/video.m3u8")).statusCode).toBe(503);
});

test("the multivariant playlist names both streams and does not pull the main one", async () => {
	play(sub, 5_500);
	const { body } = await app.inject("/hls/cam1/stream.m3u8");
	const playlist = parse(body);
	if (!(playlist instanceof types.MasterPlaylist)) throw new Error("not a multivariant playlist");
	expect(playlist.variants.map(({ uri, codecs }) => [uri, codecs])).toEqual([
		["sub/video.m3u8", "avc1.42c016"],
		["main/video.m3u8", "avc1.640028"],
	]);
	expect(playlist.variants[0]?.resolution).toEqual({ width: 640, height: 360 });
	expect([sub.readers, main.readers]).toEqual([1, 0]);
	const h264 = await app.inject("/hls/cam1/stream.m3u8?video=h264");
	expect(h264.body).toContain("\nsub-h264/video.m3u8\n");
	expect((await app.inject("/hls/cam1/stream.m3u8?video=vp8")).statusCode).toBe(400);
});

test("sound is a rendition of its own, fetched only by those who ask for it, and reported in the other playlist", async () => {
	sub.stream.setAudioFormat(AAC);
	play(sub, 500);
	expect((await app.inject("/hls/cam1/sub/audio.m3u8")).statusCode).toBe(404);
	sub.pushSound();
	play(sub, 5_000);
	const multivariant = await app.inject("/hls/cam1/stream.m3u8");
	expect(multivariant.body).toContain('URI="sub/audio.m3u8"');
	expect(multivariant.body).toContain('CODECS="avc1.42c016,mp4a.40.2"');
	const view = await app.inject("/hls/cam1/sub/stream.m3u8");
	expect(view.body).toContain('URI="audio.m3u8"');
	expect(view.body).toContain("\nvideo.m3u8\n");
	expect((await app.inject("/hls/cam1/front/stream.m3u8")).statusCode).toBe(404);
	expect(sub.readers).toBe(1);
	const waiting = app.inject("/hls/cam1/sub/audio.m3u8");
	await vi.waitUntil(() => output.tracks === 2);
	play(sub, 2_000);
	const sound = mediaPlaylist((await waiting).body);
	expect(sound.targetDuration).toBe(4);
	play(sub, 400);
	expect((await app.inject("/hls/cam1/sub/video.m3u8")).body).toContain('RENDITION-REPORT:URI="../sub/audio.m3u8"');
	expect((await app.inject("/hls/cam1/main/audio.m3u8")).statusCode).toBe(404);
});

test("nothing is made for a camera that nobody watches any more", async () => {
	play(sub, 5_500);
	await app.inject("/hls/cam1/sub/video.m3u8");
	expect([sub.readers, output.tracks]).toEqual([1, 1]);
	clock.advance(LINGER_MS - 1_000);
	expect(sub.readers).toBe(1);
	clock.advance(2_000);
	expect([sub.readers, output.tracks, output.sizeBytes, clock.pending]).toEqual([0, 0, 0, 0]);
});

test("another life has other names and higher numbers", async () => {
	play(sub, 5_500);
	const first = await app.inject("/hls/cam1/sub/video.m3u8");
	clock.advance(60_000);
	play(sub, 5_500);
	const second = await app.inject("/hls/cam1/sub/video.m3u8");
	const [oldName = ""] = names(first.body, /^([a-z0-9]+\/s\d+\.m4s)$/gm);
	expect(second.body).not.toContain(oldName.split("/", 1)[0]);
	expect(mediaPlaylist(second.body).mediaSequenceBase).toBeGreaterThan(
		mediaPlaylist(first.body).mediaSequenceBase ?? 0,
	);
	expect((await app.inject(`/hls/cam1/sub/${oldName}`)).statusCode).toBe(404);
});

test("a refused route and a camera in trouble are answered with their reason, soon", async () => {
	sub.setRoute({ kind: "refused", reason: "ffmpeg-missing" });
	const refused = await app.inject("/hls/cam1/sub/video.m3u8");
	expect([refused.statusCode, refused.json().error.code]).toEqual([503, "ffmpeg-missing"]);
	main.state = "waiting";
	main.reason = { code: "no-route", text: "" };
	const waiting = app.inject("/hls/cam1/main/video.m3u8");
	await vi.waitUntil(() => main.readers === 1);
	clock.advance(400);
	expect((await waiting).json().error.code).toBe("no-route");
	expect((await waiting).headers["retry-after"]).toBe("2");
});

test("unknown cameras, streams, lives and names are not found", async () => {
	play(sub, 5_500);
	for (const path of [
		"none/stream.m3u8",
		"none/sub/video.m3u8",
		"cam1/side/video.m3u8",
		"cam1/sub/x/p1.m4s",
		"cam1/sub/x/y",
	]) {
		expect([path, (await app.inject(`/hls/${path}`)).statusCode]).toEqual([path, 404]);
	}
	expect(output.tracks).toBe(0);
});

test("playlists are compressed for those who take that, and HEAD says the same as GET", async () => {
	play(sub, 5_500);
	const plain = await app.inject("/hls/cam1/sub/video.m3u8");
	const zipped = await app.inject({ url: "/hls/cam1/sub/video.m3u8", headers: { "accept-encoding": "br, gzip" } });
	expect(zipped.headers["content-encoding"]).toBe("gzip");
	expect(gunzipSync(zipped.rawPayload).toString()).toBe(plain.body);
	const head = await app.inject({ method: "HEAD", url: "/hls/cam1/sub/video.m3u8" });
	expect([head.statusCode, head.body, head.headers["content-type"]]).toEqual([200, "", plain.headers["content-type"]]);
});

test("a viewer who leaves while waiting is forgotten", async () => {
	play(sub, 5_500);
	await app.listen({ host: "127.0.0.1", port: 0 });
	const { port } = app.server.address() as AddressInfo;
	const { body } = await app.inject("/hls/cam1/sub/video.m3u8");
	const hint = names(body, /PRELOAD-HINT:TYPE=PART,URI="([^"]+)"/g)[0];
	const before = clock.pending;
	const request = get({ port, path: `/hls/cam1/sub/${hint}` });
	request.on("error", () => {});
	await vi.waitUntil(() => clock.pending === before + 1, 5_000);
	request.destroy();
	await vi.waitUntil(() => clock.pending === before, 5_000);
});

test("pictures and sound of one moment have names of their own, whichever was asked for first", async () => {
	sub.stream.setAudioFormat(AAC);
	sub.pushSound();
	play(sub, 5_500);
	const waiting = app.inject("/hls/cam1/sub/audio.m3u8");
	await vi.waitUntil(() => output.tracks === 2);
	play(sub, 3_000);
	const sound = (await waiting).body;
	const pictures = (await app.inject("/hls/cam1/sub/video.m3u8")).body;
	const initOf = (playlist: string): string => `/hls/cam1/sub/${names(playlist, /URI="([^"]+\/i1\.mp4)"/g)[0]}`;
	expect((await app.inject(initOf(sound))).headers["content-type"]).toBe("audio/mp4");
	expect((await app.inject(initOf(pictures))).headers["content-type"]).toBe("video/mp4");
});

test("sound that is fetched alone keeps the pictures that it is cut with, and ends with them", async () => {
	sub.stream.setAudioFormat(AAC);
	sub.pushSound();
	play(sub, 5_500);
	const waiting = app.inject("/hls/cam1/sub/audio.m3u8");
	await vi.waitUntil(() => output.tracks === 2);
	play(sub, 3_000);
	await waiting;
	for (let fetched = 0; fetched < 4; fetched++) {
		play(sub, LINGER_MS / 2);
		await app.inject("/hls/cam1/sub/audio.m3u8");
	}
	expect(output.tracks).toBe(2);
	output.running({ cameraId: "cam1", stream: "sub", decoding: "any", kind: "video" })?.stop();
	expect(output.tracks).toBe(0);
});

test("a camera of one stream does not report itself", async () => {
	const one = new HlsCamera(clock, SUB_CLIP, 15);
	const alone = hlsOutputOf(clock, new Map([["cam1", { sub: one }]]));
	const other = fastify();
	registerHls(other, { output: alone });
	play(one, 5_500);
	expect((await other.inject("/hls/cam1/main/video.m3u8")).body).not.toContain("RENDITION-REPORT");
	alone.close();
	await other.close();
});

test("a camera that shows fewer pictures at night gets a playlist for them", async () => {
	play(sub, 5_500);
	const day = mediaPlaylist((await app.inject("/hls/cam1/sub/video.m3u8")).body);
	const night = (milliseconds: number): void => {
		for (let passed = 0; passed < milliseconds; passed += 500) {
			clock.advance(500);
			sub.push();
		}
	};
	night(9_000);
	const playlist = app.inject("/hls/cam1/sub/video.m3u8");
	await vi.waitUntil(() => output.tracks === 1);
	night(45_000);
	const text = (await playlist).body;
	expect(day.partTargetDuration).toBeLessThan(0.25);
	expect(mediaPlaylist(text).partTargetDuration).toBeGreaterThan(0.5);
});

test("a camera that is taken out of the settings ends its playlists and who waits for them", async () => {
	play(sub, 5_500);
	const { body } = await app.inject("/hls/cam1/sub/video.m3u8");
	const [segment] = names(body, /^([a-z0-9]+\/s\d+\.m4s)$/gm);
	const last = mediaPlaylist(body).segments.findLast(({ uri }) => uri !== "")?.mediaSequenceNumber ?? 0;
	const timers = clock.pending;
	const statusOf = async (url: string): Promise<number> => (await app.inject(url)).statusCode;
	const waiting = statusOf(`/hls/cam1/sub/video.m3u8?_HLS_msn=${last + 1}&_HLS_part=0`);
	await vi.waitUntil(() => clock.pending > timers);
	cameras.clear();
	feeds.endGone();
	expect(await waiting).toBe(404);
	expect(await statusOf("/hls/cam1/sub/video.m3u8")).toBe(404);
	expect(await statusOf(`/hls/cam1/sub/${segment}`)).toBe(404);
	expect([output.tracks, sub.readers]).toEqual([0, 0]);
});
