/** For tests: Debian's Chromium. @module */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PATH = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

/** Why a test that needs Chromium cannot run here, or undefined when it can. */
export const chromiumMissing = existsSync(PATH) ? undefined : `Chromium is not installed at ${PATH}`;

export async function launchChromium(): Promise<Browser> {
	return await chromium.launch({
		executablePath: PATH,
		args: [
			"--headless",
			"--no-sandbox",
			"--disable-gpu",
			"--disable-quic",
			"--no-first-run",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
			"--autoplay-policy=no-user-gesture-required",
		],
	});
}
