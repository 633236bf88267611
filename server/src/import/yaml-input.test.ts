import { expect, test } from "vitest";
import { importCameras } from "./import-cameras.ts";
import { MAX_ANCHORS_AND_ALIASES, MAX_IMPORT_CHARS, MAX_IMPORT_MARKS } from "./yaml-input.ts";

const notesOf = (text: string): string[] => importCameras(text).notes.map(({ code }) => code);
/** As long as a file may be. */
const full = (unit: string, head = "", tail = ""): string =>
	head + unit.repeat((MAX_IMPORT_CHARS - head.length - tail.length) / unit.length) + tail;
/** A Frigate camera with all that people set. */
const frigateCamera = (index: number): string => `
  camera_${index}:
    enabled: true
    ffmpeg:
      output_args:
        record: preset-record-generic-audio-copy
      inputs:
        - path: rtsp://viewer:secret@10.0.${index >> 8}.${index & 255}:554/main
          roles: [record]
        - path: rtsp://viewer:secret@10.0.${index >> 8}.${index & 255}:554/sub
          roles: [detect, audio]
    detect: {width: 640, height: 360, fps: 5}
    objects: {track: [person, car, dog]}
    motion:
      mask: 0.01,0.02,0.31,0.02,0.31,0.09,0.01,0.09
    zones:
      yard:
        coordinates: 0.2,0.3,0.9,0.3,0.9,0.9,0.2,0.9
`;

test("the settings of large houses are read", () => {
	const cameras = Array.from({ length: 150 }, (_, index) => frigateCamera(index));
	const result = importCameras(`cameras:${cameras.join("")}`);
	expect([result.cameras.length, result.notes]).toEqual([150, []]);
});

test.each([
	"[",
	"[]",
	"- ",
	"-\n",
	"- a\n",
	"a: b\n",
	"{a: ",
	"? ",
	"#\n",
	"- !t x\n",
	"---\n",
	"a: ",
	'"',
	"'a' ",
	"! ",
	"&a ",
	"*a ",
])("a file that is nothing but %j is refused unread", (unit) => {
	expect(notesOf(full(unit))).toEqual(["too-large"]);
});

/** Aliases below an anchor, aliases of an anchor each, anchors alone: as many as the marks allow. */
const ANCHORED = {
	below: `a: &a [${"*b,".repeat(MAX_IMPORT_MARKS / 2 - 20)}]\n`,
	each: Array.from({ length: MAX_IMPORT_MARKS / 6 - 1 }, (_, index) => `- &a${index} x\n- *a${index}\n`).join(""),
	alone: Array.from({ length: MAX_IMPORT_MARKS / 3 - 1 }, (_, index) => `- &a${index} x\n`).join(""),
};

test.each(Object.entries(ANCHORED))("anchors and aliases without end (%s) cost what an honest file does", (_, text) => {
	const honest = `streams:\n${Array.from({ length: MAX_IMPORT_MARKS / 2 - 1 }, (_, index) => ` s${index}: x\n`).join("")}`;
	const costOf = (file: string): number => {
		const startedMs = performance.now();
		importCameras(file);
		return performance.now() - startedMs;
	};
	const honestMs = Math.max(costOf(honest), costOf(honest));
	// Each alias looked for in the whole file would be thousands of times.
	expect(costOf(text) / honestMs).toBeLessThan(20);
	expect(notesOf(text)).toEqual(["not-yaml"]);
});

test("cameras that share settings by aliases are read, up to a bound", () => {
	const file = (count: number): string =>
		`x: &x {transport: tcp}\nstreams: {a: rtsp://h/1}\nothers: [${"*x,".repeat(count)}]\n`;
	expect(notesOf(file(MAX_ANCHORS_AND_ALIASES - 1))).toEqual([]);
	expect(notesOf(file(MAX_ANCHORS_AND_ALIASES))).toEqual(["not-yaml"]);
});
