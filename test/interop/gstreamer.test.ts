/** Four cameras of GStreamer's RTSP server, which we did not write, on the wall. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium, openContext } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { GSTREAMER_IS_THERE, GstreamerServer, LOGIN } from "./gstreamer-server.ts";

/** Background colours of gst-rtsp-server.py's cameras, and their sizes. */
const CAMERAS = [
	{ path: "/cam1", size: [640, 360], colour: [0xc0, 0x20, 0x20] },
	{ path: "/cam2", size: [1280, 720], colour: [0x20, 0xc0, 0x20] },
	{ path: "/cam3", size: [704, 576], colour: [0x20, 0x20, 0xc0] },
	{ path: "/cam4", size: [360, 640], colour: [0xc0, 0xc0, 0x20] },
] as const;
/** Compression and colour conversion change a flat colour by a few levels. */
const COLOUR_TOLERANCE = 40;

let gstreamer: GstreamerServer;
let server: ServerProcess;

beforeAll(async () => {
	if (!GSTREAMER_IS_THERE) return;
	gstreamer = await GstreamerServer.start();
	const env: Record<string, string> = {};
	for (const [index, { path }] of CAMERAS.entries()) {
		env[`CAMERA_${index + 1}_URL`] = `rtsp://127.0.0.1:${gstreamer.port}${path}`;
		env[`CAMERA_${index + 1}_USER`] = LOGIN.username;
		env[`CAMERA_${index + 1}_PASS`] = LOGIN.password;
	}
	server = await startServer(env);
});

afterAll(async () => {
	await server?.[Symbol.asyncDispose]();
	gstreamer?.[Symbol.dispose]();
});

test.skipIf(!GSTREAMER_IS_THERE)(
	"all four are live, in their own size and colour, and their pictures go on",
	async () => {
		const browser = await launchChromium();
		try {
			const context = await openContext(browser);
			const page = await context.newPage();
			await page.goto(server.url);
			const look = () =>
				page.evaluate(() => {
					const canvas = document.createElement("canvas");
					return [...document.querySelectorAll<HTMLElement>("[data-camera]")].map((tile) => {
						const video = tile.querySelector("video");
						if (!video?.videoWidth) return undefined;
						canvas.width = video.videoWidth;
						canvas.height = video.videoHeight;
						const context2d = canvas.getContext("2d") as CanvasRenderingContext2D;
						context2d.drawImage(video, 0, 0);
						const { data } = context2d.getImageData(4, 4, 1, 1);
						return {
							state: tile.dataset.state,
							size: [video.videoWidth, video.videoHeight],
							colour: [...data.slice(0, 3)],
							decoded: video.getVideoPlaybackQuality().totalVideoFrames,
						};
					});
				});
			const before = await eventually("four pictures", async () => {
				const tiles = await look();
				return tiles.length === CAMERAS.length && tiles.every((tile) => tile?.state === "live") && tiles;
			});
			for (const [index, { size, colour }] of CAMERAS.entries()) {
				const tile = before[index];
				expect(tile?.size).toEqual(size);
				for (const [channel, level] of colour.entries()) {
					expect(Math.abs((tile?.colour[channel] ?? 0) - level)).toBeLessThan(COLOUR_TOLERANCE);
				}
			}
			await eventually("every picture goes on", async () => {
				const after = await look();
				return after.every((tile, index) => (tile?.decoded ?? 0) > (before[index]?.decoded ?? 0) + 10);
			});
			expect(server.output()).not.toContain(LOGIN.password);
		} finally {
			await browser.close();
		}
	},
);
