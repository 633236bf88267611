/** FFmpeg as the client that we did not write. @module */
import { spawn } from "node:child_process";
import { readFrameCode, type FrameCode } from "../frame-code.ts";

const WIDTH = 160;
const HEIGHT = 90;

/** Runs a program and gives what it printed. @throws Error with its messages when it fails. */
export async function run(program: "ffmpeg" | "ffprobe", args: readonly string[]): Promise<Buffer> {
	const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
	const chunks: Buffer[] = [];
	let errors = "";
	child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
	child.stderr.on("data", (chunk: Buffer) => {
		errors += chunk.toString();
	});
	const code = await new Promise<number | null>((resolve, reject) => {
		child.once("error", reject);
		child.once("close", resolve);
	});
	if (code !== 0) throw new Error(`${program} failed (exit code ${code}): ${errors}`);
	return Buffer.concat(chunks);
}

/** Plays a stream for a number of pictures and reads the code of each. */
export async function playAndRead(
	url: string,
	transport: "tcp" | "udp",
	pictures: number,
): Promise<(FrameCode | undefined)[]> {
	const pixels = await run(
		"ffmpeg",
		[
			["-v", "error", "-rtsp_transport", transport, "-i", url, "-frames:v", String(pictures)],
			["-fps_mode", "passthrough", "-vf", `scale=${WIDTH}:${HEIGHT}`, "-pix_fmt", "gray", "-f", "rawvideo", "-"],
		].flat(),
	);
	return readAll(pixels, WIDTH, HEIGHT, 1);
}

/** The codes of pictures that lie one behind the other. */
export function readAll(pixels: Uint8Array, width: number, height: number, channels: 1 | 4): (FrameCode | undefined)[] {
	const pictureBytes = width * height * channels;
	return Array.from({ length: pixels.length / pictureBytes }, (_, index) =>
		readFrameCode(pixels.subarray(index * pictureBytes, (index + 1) * pictureBytes), width, height, channels),
	);
}
