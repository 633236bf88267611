/** The ladder in Chromium behind proxies that take things away: WebSockets, HTTP/2, all but short requests. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BareChromium } from "../support/bare-chromium.ts";
import { launchChromium, readTiles, tileReaderScript } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { NGINX_IS_THERE, startNginx } from "../support/nginx.ts";
import { ShortGetProxy } from "../support/short-get-proxy.ts";
import { blockUdp, UDP_BLOCK_IS_POSSIBLE } from "../support/udp-block.ts";
import {
	allChange,
	allLiveOn,
	CAMERAS,
	CLIMB_LIMIT_MS,
	isOwn,
	startWall,
	type Wall,
	withPage,
} from "../support/wall.ts";

const STREAM_LINK = /"GET \/api\/wall\/stream\/\w+ HTTP\/1\.\d" /;
const LOW_LATENCY = /_HLS_part=\d+\S* HTTP\/2\.0" 200/;

/** A loaded machine makes a still in this time, and no stream ends so soon, in milliseconds. */
const STILL_WITHIN_MS = 2500;
/** A tile that has no new picture for so long starves, in milliseconds: classic HLS comes a segment at a time. */
const NOT_STARVED_MS = 10_000;

let wall: Wall;
let browser: Browser;

beforeAll(async () => {
	wall = await startWall();
	browser = await launchChromium();
});

afterAll(async () => {
	await browser?.close();
	await wall?.[Symbol.asyncDispose]();
});

test.skipIf(!NGINX_IS_THERE || !UDP_BLOCK_IS_POSSIBLE).for([{ buffering: false }, { buffering: true }])(
	"where WebSockets and UDP are refused sixteen tiles play MSE over fetch, whatever the proxy buffers: $buffering",
	async ({ buffering }) => {
		await using nginx = await startNginx({ upstream: wall.server.url, buffering });
		const block = await blockUdp(wall.udpPort);
		try {
			await withPage(browser, nginx.url, async (page) => {
				console.log(`fetch, buffering ${buffering}: MSE live after ${Math.round(await allLiveOn(page, "mse"))} ms`);
			});
		} finally {
			await block[Symbol.asyncDispose]();
		}
		// It is logged when the response ends.
		await eventually("the link came over a streaming response", () => STREAM_LINK.test(nginx.log()));
	},
);

test.skipIf(!NGINX_IS_THERE)(
	"where only WebSockets are refused the tiles reach WebRTC, signalled over fetch",
	async () => {
		await using nginx = await startNginx({ upstream: wall.server.url });
		await withPage(browser, nginx.url, async (page) => {
			console.log(`fetch: WebRTC live after ${Math.round(await allLiveOn(page, "webrtc"))} ms`);
		});
		await eventually("the link came over a streaming response", () => STREAM_LINK.test(nginx.log()));
	},
);

test.skipIf(!NGINX_IS_THERE)("sixteen tiles play LL-HLS over HTTP/2", async () => {
	await using nginx = await startNginx({ upstream: wall.server.url, tls: true });
	// Playwright takes note of each of some hundred requests a second: that alone makes sixteen tiles late.
	await using page = await BareChromium.open(`${nginx.url}/?protocol=hls`, tileReaderScript());
	console.log(`HTTP/2: HLS live after ${Math.round(await allLiveOn(page, "hls"))} ms`);
	expect(LOW_LATENCY.test(nginx.log())).toBe(true);
});

test("sixteen tiles play HLS over HTTP/1.1 with its six connections, and none starves", async () => {
	await using page = await BareChromium.open(`${wall.server.url}/?protocol=hls`, tileReaderScript());
	console.log(`HTTP/1.1: HLS live after ${Math.round(await allLiveOn(page, "hls"))} ms`);
	for (let time = 0; time < 3; time++) await allChange(() => readTiles(page), NOT_STARVED_MS);
});

test("where only short requests come through there are stills with their age, and a better proxy brings everything", async () => {
	const proxy = await ShortGetProxy.start({ upstream: wall.server.url, longestMs: STILL_WITHIN_MS });
	await withPage(browser, proxy.url, async (page) => {
		try {
			await watchStates(page);
			const startMs = performance.now();
			await eventually(
				"every tile shows a still of its camera",
				async () => {
					const tiles = await readTiles(page);
					return tiles.length === CAMERAS && tiles.every((tile) => tile.state === "still" && isOwn(tile));
				},
				CLIMB_LIMIT_MS,
			);
			console.log(`short requests: stills after ${Math.round(performance.now() - startMs)} ms`);
			await allChange(() => readTiles(page), CLIMB_LIMIT_MS);
			expect(await page.evaluate(() => [...window.states])).not.toContain("live");
			const words = await page.locator("[data-camera]").allInnerTexts();
			expect(words.filter((text) => /\d+ s/.test(text))).toHaveLength(CAMERAS);
		} finally {
			await proxy[Symbol.asyncDispose]();
		}
		if (!NGINX_IS_THERE) return;
		const port = Number(new URL(proxy.url).port);
		await using nginx = await startNginx({ upstream: wall.server.url, upgrade: true, port });
		expect(nginx.url).toBe(proxy.url);
		console.log(`a better proxy: WebRTC live after ${Math.round(await allLiveOn(page, "webrtc"))} ms`);
	});
});

declare global {
	interface Window {
		/** All states that any tile was in. */
		states: Set<string>;
	}
}

async function watchStates(page: Page): Promise<void> {
	await page.evaluate(() => {
		window.states = new Set();
		const look = (): void => {
			for (const tile of document.querySelectorAll<HTMLElement>("[data-camera]")) {
				window.states.add(tile.dataset["state"] ?? "");
			}
		};
		look();
		const all = { subtree: true, childList: true, attributes: true };
		new MutationObserver(look).observe(document.body, all);
	});
}
