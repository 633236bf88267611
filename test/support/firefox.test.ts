import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { FIREFOX_IS_THERE, Firefox } from "./firefox.ts";

const CLIP = fileURLToPath(new URL("../../camera-sim/clips/camera-05-sub.h264", import.meta.url));
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47];

/** One tile whose video is fed by a MediaSource. */
const PAGE = `<!doctype html><div data-camera="cam5" data-state="live"><video muted autoplay></video></div><script>
const source = new MediaSource();
document.querySelector("video").src = URL.createObjectURL(source);
source.addEventListener("sourceopen", async () => {
	const buffer = source.addSourceBuffer('video/mp4; codecs="avc1.42c01e"');
	buffer.appendBuffer(await (await fetch("/clip.mp4")).arrayBuffer());
});
</script>`;

/** A clip of the simulator as a fragmented MP4. */
function fragmentedMp4(): Buffer {
	const output = ["-c", "copy", "-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-"];
	return spawnSync("ffmpeg", ["-v", "error", "-r", "15", "-i", CLIP, ...output], { maxBuffer: 10 << 20 }).stdout;
}

test.skipIf(!FIREFOX_IS_THERE)("Firefox plays H.264 from a MediaSource, and its pictures' codes are read", async () => {
	const film = fragmentedMp4();
	const server = createServer((asked, answer) => {
		if (asked.url === "/clip.mp4") answer.end(film);
		else answer.writeHead(200, { "content-type": "text/html" }).end(PAGE);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	try {
		await using firefox = await Firefox.launch(640, 400);
		await firefox.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
		const look = async () => (await firefox.evaluate(() => window.readTiles(), undefined))[0];
		const first = await eventually("a picture's code is read", async () => (await look())?.code);
		expect(first.camera).toBe(5);
		await eventually("it moves", async () => (await look())?.code?.counter !== first.counter);
		const picture = await firefox.screenshot();
		expect([...picture.subarray(0, 4)]).toEqual(PNG_SIGNATURE);
		await expect(
			firefox.evaluate(() => {
				throw new Error("as a page may");
			}, undefined),
		).rejects.toThrow("as a page may");
	} finally {
		server.close();
		server.closeAllConnections();
	}
});
