/** Debian's Firefox ESR has no H.264 in WebRTC, and finds its way to MSE by itself. */
import { expect, test } from "vitest";
import type { TilePicture } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { FIREFOX_IS_THERE, Firefox } from "../support/firefox.ts";
import { allChange, CAMERAS, isOwn, startWall } from "../support/wall.ts";

/** It decodes sixteen cameras on the processor. */
const LIMIT_MS = 60_000;

test.skipIf(!FIREFOX_IS_THERE)(
	"in Firefox without H.264 in WebRTC sixteen tiles end on MSE by themselves, moving",
	async () => {
		await using wall = await startWall();
		await using firefox = await Firefox.launch();
		const look = async (): Promise<TilePicture[]> => await firefox.evaluate(() => window.readTiles(), undefined);
		const hasH264 = await firefox.evaluate(
			() => (RTCRtpReceiver.getCapabilities("video")?.codecs ?? []).some(({ mimeType }) => mimeType === "video/H264"),
			undefined,
		);
		const rung = hasH264 ? "webrtc" : "mse";
		await firefox.goto(wall.server.url);
		const startMs = performance.now();
		await eventually(
			`all tiles are live over ${rung}`,
			async () => {
				const tiles = await look();
				return (
					tiles.length === CAMERAS && tiles.every((tile) => tile.state === "live" && tile.rung === rung && isOwn(tile))
				);
			},
			LIMIT_MS,
		);
		console.log(`Firefox: ${rung} live after ${Math.round(performance.now() - startMs)} ms`);
		await allChange(look, LIMIT_MS);
		expect(firefox.console.filter((line) => line.startsWith("error"))).toEqual([]);
	},
);
