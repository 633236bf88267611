/** `npm run clips`: makes the clips of the simulated cameras again. See camera-sim/README.md. @module */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { StreamName } from "../src/clip-index.ts";
import { encodeClips } from "./encode-clips.ts";
import { SCENE_COUNT } from "./picture.ts";

const { values } = parseArgs({
	options: {
		out: { type: "string", default: fileURLToPath(new URL("../clips", import.meta.url)) },
		cameras: { type: "string", default: String(SCENE_COUNT) },
		only: { type: "string" },
		seconds: { type: "string", default: "4" },
		"gop-seconds": { type: "string", default: "2" },
		"sub-kbps": { type: "string", default: "400" },
		"main-kbps": { type: "string", default: "150" },
	},
});

function positive(name: "cameras" | "seconds" | "gop-seconds" | "sub-kbps" | "main-kbps"): number {
	const value = Number(values[name]);
	if (!(value > 0)) fail(`--${name} must be a positive number, not "${values[name]}".`);
	return value;
}

function fail(message: string): never {
	console.error(message);
	process.exit(1);
}

if (values.only !== undefined && values.only !== "main" && values.only !== "sub") fail("--only must be main or sub.");
const cameras = positive("cameras");
if (!Number.isInteger(cameras) || cameras > SCENE_COUNT)
	fail(`--cameras must be a whole number from 1 to ${SCENE_COUNT}.`);
const streams: readonly StreamName[] = values.only ? [values.only] : ["main", "sub"];

let totalBytes = 0;
await encodeClips({
	out: values.out,
	cameras,
	streams,
	seconds: positive("seconds"),
	gopSeconds: positive("gop-seconds"),
	subKbps: positive("sub-kbps"),
	mainKbps: positive("main-kbps"),
	onClip(entry, sizeBytes) {
		totalBytes += sizeBytes;
		console.log(`${entry.file}  ${entry.frames} pictures  ${Math.round(sizeBytes / 1024)} kB`);
	},
});
console.log(`${(totalBytes / 1e6).toFixed(2)} MB in ${values.out}`);
