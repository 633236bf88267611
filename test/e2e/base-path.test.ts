/** Sixteen tiles live in Chromium below a path of Debian's nginx, whether the proxy takes the path away or passes it on. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BareChromium } from "../support/bare-chromium.ts";
import { launchChromium, tileReaderScript } from "../support/browser.ts";
import { NGINX_IS_THERE, startNginx } from "../support/nginx.ts";
import { allLiveOn, startWall, type Wall, withPage } from "../support/wall.ts";

const PATH = "/cams";
const MODES = [{ keepsPath: false }, { keepsPath: true }];

let browser: Browser;

beforeAll(async () => {
	if (NGINX_IS_THERE) browser = await launchChromium();
});

afterAll(() => browser?.close());

/** Proxies that take the path away need no BASE_PATH. */
const startWallFor = ({ keepsPath }: (typeof MODES)[number]): Promise<Wall> =>
	startWall(keepsPath ? { BASE_PATH: PATH } : {});

test.skipIf(!NGINX_IS_THERE).for(MODES)("over WebRTC, MSE and fetch: %j", async (mode) => {
	await using wall = await startWallFor(mode);
	const upstream = wall.server.url;
	for (const [query, rung, upgrade] of [
		["", "webrtc", true],
		["?protocol=mse", "mse", true],
		["?protocol=mse", "mse", false],
	] as const) {
		await using nginx = await startNginx({ upstream, path: PATH, upgrade, ...mode });
		await withPage(browser, `${nginx.url}/${query}`, async (page) => {
			console.log(`${PATH} ${rung}, upgrade ${upgrade}: live after ${Math.round(await allLiveOn(page, rung))} ms`);
		});
		const paths = askedPaths(nginx.log());
		expect(paths.filter((path) => !path.startsWith(`${PATH}/`))).toEqual([]);
		expect(paths.some((path) => path.startsWith(`${PATH}/api/wall${upgrade ? "" : "/stream/"}`))).toBe(true);
	}
});

test.skipIf(!NGINX_IS_THERE)("over HLS and HTTP/2", async () => {
	const mode = { keepsPath: false };
	await using wall = await startWallFor(mode);
	await using nginx = await startNginx({ upstream: wall.server.url, path: PATH, tls: true, upgrade: true, ...mode });
	{
		// Playwright takes note of each of some hundred requests a second: that alone makes sixteen tiles late.
		await using page = await BareChromium.open(`${nginx.url}/?protocol=hls`, tileReaderScript());
		console.log(`${PATH} hls: live after ${Math.round(await allLiveOn(page, "hls"))} ms`);
	}
	const paths = askedPaths(nginx.log());
	expect(paths.filter((path) => !path.startsWith(`${PATH}/`))).toEqual([]);
	expect(paths.some((path) => path.startsWith(`${PATH}/hls/cam16/`))).toBe(true);
});

/** What was asked for, but the icon that browsers ask every site for. */
function askedPaths(log: string): string[] {
	const paths = [...log.matchAll(/"(?:GET|POST) (\S+) HTTP\/[\d.]+"/g)].map(([, path = ""]) => path);
	return paths.filter((path) => path !== "/favicon.ico");
}
