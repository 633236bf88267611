/** Pages come and go; what they cost the server goes with them. */
import { readdirSync, readFileSync } from "node:fs";
import type { BrowserContext } from "playwright-core";
import { expect, test } from "vitest";
import { launchChromium } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const CYCLES = 200;
/** Code is compiled, caches are filled, thread pools have opened their files. */
const WARM_UP_CYCLES = 60;
/** Resident memory moves by this much with the garbage collector's mood; 140 leaked peers would take several times it. */
const NOISE_MB = 30;

interface Holdings {
	readonly files: number;
	readonly resources: number;
	readonly peers: number;
	readonly megabytes: number;
}

async function holdingsOf(server: ServerProcess): Promise<Holdings> {
	const metrics = await (await fetch(`${server.url}/metrics`, { headers: { connection: "close" } })).text();
	const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics)?.[1]);
	const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
	return {
		files: readdirSync(`/proc/${server.pid}/fd`).length,
		resources: value("process_active_resources"),
		peers: value("vigia_webrtc_peers"),
		megabytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
	};
}

async function openAndClose(context: BrowserContext, url: string): Promise<void> {
	const page = await context.newPage();
	await page.goto(url);
	await page.waitForFunction(() => [...document.querySelectorAll("video")].some((video) => video.videoWidth > 0));
	await page.close();
}

test(`after ${CYCLES} pages the server holds no more sockets, timers, peers or memory than before`, {
	timeout: 600_000,
}, async () => {
	await using server = await startServer({});
	await eventually("all cameras are live", async () => (await server.cameras()).every(({ state }) => state === "live"));
	const before = await holdingsOf(server);
	expect(before.peers).toBe(0);
	const atRest = (): Promise<Holdings> =>
		eventually("peers, sockets and timers are given back", async () => {
			const now = await holdingsOf(server);
			return now.peers === 0 && now.resources <= before.resources && now;
		});
	const browser = await launchChromium();
	const openAndCloseAll = async (cycles: number): Promise<void> => {
		const context = await browser.newContext();
		for (let cycle = 0; cycle < cycles; cycle++) await openAndClose(context, server.url);
		// With it go the connections that Chromium keeps for the next page.
		await context.close();
	};
	await openAndCloseAll(WARM_UP_CYCLES);
	const warm = await atRest();
	await openAndCloseAll(CYCLES - WARM_UP_CYCLES);
	await browser.close();
	const after = await eventually("no file stays open", async () => {
		const now = await atRest();
		return now.files <= warm.files && now;
	});
	console.log("before", before, `after ${WARM_UP_CYCLES}`, warm, `after ${CYCLES}`, after);
	expect(after.megabytes - warm.megabytes).toBeLessThan(NOISE_MB);
});
