/** The wall over HTTPS and HTTP/2 without a proxy: `TLS_CERT` and `TLS_KEY`. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BareChromium } from "../support/bare-chromium.ts";
import { launchChromium, readTiles, tileReaderScript } from "../support/browser.ts";
import { CertificateFiles, fingerprintAt, OPENSSL_IS_THERE } from "../support/certificate.ts";
import { eventually } from "../support/eventually.ts";
import {
	allChange,
	allLiveOn,
	CLIMB_LIMIT_MS,
	noteEachFrame,
	startWall,
	type Wall,
	withPage,
} from "../support/wall.ts";

let files: CertificateFiles;
let wall: Wall;
let browser: Browser;

beforeAll(async () => {
	if (!OPENSSL_IS_THERE) return;
	files = new CertificateFiles();
	wall = await startWall({ TLS_CERT: files.certFile, TLS_KEY: files.keyFile });
	browser = await launchChromium();
});

afterAll(async () => {
	await browser?.close();
	await wall?.[Symbol.asyncDispose]();
	files?.[Symbol.dispose]();
});

test.skipIf(!OPENSSL_IS_THERE)(
	"a renewed certificate is taken while tiles play over WebRTC, and none of them blinks",
	async () => {
		await withPage(browser, wall.server.url, async (page) => {
			console.log(`HTTPS: WebRTC live after ${Math.round(await allLiveOn(page, "webrtc"))} ms`);
			const first = await fingerprintAt(wall.server.url);
			await noteEachFrame(page, 1);
			files.renew();
			await eventually("new connections get the new one", async () => (await fingerprintAt(wall.server.url)) !== first);
			await allChange(() => readTiles(page), CLIMB_LIMIT_MS);
			const seen = await page.evaluate(() => (window as unknown as { seen: { blanks: number; others: number } }).seen);
			expect(seen).toMatchObject({ blanks: 0, others: 0 });
			expect((await readTiles(page)).filter(({ state, rung }) => state !== "live" || rung !== "webrtc")).toEqual([]);
		});
	},
);

test.skipIf(!OPENSSL_IS_THERE)("sixteen tiles play LL-HLS over HTTP/2", async () => {
	await using page = await BareChromium.open(`${wall.server.url}/?protocol=hls`, tileReaderScript());
	console.log(`HTTPS: HLS live after ${Math.round(await allLiveOn(page, "hls"))} ms`);
	// Of requests that were given up none is known.
	const protocols = await page.evaluate(
		`[...new Set(performance.getEntriesByType("resource").filter(({ name }) => name.includes("/hls/")).map(({ nextHopProtocol }) => nextHopProtocol).filter((protocol) => protocol !== ""))]`,
	);
	expect(protocols).toEqual(["h2"]);
});
