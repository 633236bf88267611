/**
 * A wall as it is usually built, to measure ours beside it: one FFmpeg a camera that copies into segments of a second,
 * a server of files, and hls.js without low latency. @module
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "./child.ts";

const HLS_JS = createRequire(new URL("../../web/package.json", import.meta.url)).resolve("hls.js/dist/hls.min.js");

/** A tile is marked as ours are, so that the same readers of pictures work on both; it says live whatever it shows. */
function page(cameras: number): string {
	const tiles = Array.from({ length: cameras }, (_, index) => {
		return `<div data-camera="cam${index + 1}" data-state="live"><video muted autoplay playsinline></video></div>`;
	});
	const columns = Math.ceil(Math.sqrt(cameras));
	return `<!doctype html><meta charset="utf-8"><title>Classic HLS</title>
<style>
body { margin: 0; display: grid; grid-template-columns: repeat(${columns}, 1fr); }
video { width: 100%; display: block; }
</style>
${tiles.join("\n")}
<script src="/hls.js"></script>
<script>
document.querySelectorAll("video").forEach((video, index) => {
	const hls = new Hls({ lowLatencyMode: false });
	hls.loadSource("/" + (index + 1) + "/stream.m3u8");
	hls.attachMedia(video);
});
</script>`;
}

/** What FFmpeg lists of each camera, once it runs for so many segments. */
export const HLS_CLASSIC_SEGMENTS = 5;
const FILE = /^\/(\d+\/(?:stream\.m3u8|\w+\.ts))$/;

export interface HlsClassic extends AsyncDisposable {
	/** Of the page: tiles `cam1` and so on, in the cameras' order. */
	readonly url: string;
	/** The FFmpeg processes, for what they cost. */
	readonly ffmpegPids: readonly number[];
}

/** Resolves when every camera has a playlist: a GOP and a segment after the start. */
export async function startHlsClassic(rtspUrls: readonly string[]): Promise<HlsClassic> {
	const directory = mkdtempSync(join(tmpdir(), "vigia-classic-"));
	const children = rtspUrls.map((url, index) => segment(url, join(directory, String(index + 1))));
	const hlsJs = readFileSync(HLS_JS);
	const server = createServer((asked, answer) => {
		const path = new URL(asked.url ?? "/", "http://127.0.0.1").pathname;
		const html = path === "/" && page(rtspUrls.length);
		const script = path === "/hls.js" && hlsJs;
		const file = FILE.exec(path)?.[1];
		if (html) answer.writeHead(200, { "content-type": "text/html" }).end(html);
		else if (script) answer.writeHead(200, { "content-type": "text/javascript" }).end(script);
		else if (file === undefined) answer.writeHead(404).end();
		else {
			const type = file.endsWith(".ts") ? "video/mp2t" : "application/vnd.apple.mpegurl";
			readFile(join(directory, file)).then(
				(bytes) => answer.writeHead(200, { "content-type": type, "cache-control": "no-cache" }).end(bytes),
				() => answer.writeHead(404).end(),
			);
		}
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const classic: HlsClassic = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
		ffmpegPids: children.flatMap(({ pid }) => pid ?? []),
		async [Symbol.asyncDispose]() {
			const closed = new Promise((resolve) => server.close(resolve));
			server.closeAllConnections();
			await Promise.all([closed, ...children.map((child) => child[Symbol.asyncDispose]())]);
			rmSync(directory, { recursive: true, force: true });
		},
	};
	try {
		await Promise.all(
			children.map((child, index) =>
				child.until(`FFmpeg has a playlist of camera ${index + 1}`, () =>
					stat(join(directory, String(index + 1), "stream.m3u8")).then(() => true),
				),
			),
		);
	} catch (error) {
		await classic[Symbol.asyncDispose]();
		throw error;
	}
	return classic;
}

function segment(rtspUrl: string, folder: string): Child {
	mkdirSync(folder);
	const input = ["-nostdin", "-v", "error", "-rtsp_transport", "tcp", "-i", rtspUrl];
	const list = ["-hls_time", "1", "-hls_list_size", `${HLS_CLASSIC_SEGMENTS}`, "-hls_flags", "delete_segments"];
	return new Child("ffmpeg", [...input, "-c", "copy", "-f", "hls", ...list, join(folder, "stream.m3u8")]);
}
