import { expect, test } from "vitest";
import { judgePictures, type PictureNote } from "./picture-watch.ts";

const MS = 1000 / 15;
const note = (counter: number, atPictures: number, element = 1, presented = 1): PictureNote => ({
	camera: "cam1",
	rung: element === 1 ? "mse" : "webrtc",
	counter,
	atMs: atPictures * MS,
	element,
	presented,
});

test("a step back is told of, and the end of the loop is none", () => {
	const [verdict] = judgePictures([note(58, 0), note(59, 1), note(0, 2), note(2, 3, 2), note(1, 3.2, 2)]);
	expect(verdict?.stepsBack).toEqual(["webrtc 2 -> webrtc 1"]);
});

test("after a long pause the loop may have begun anew", () => {
	expect(judgePictures([note(24, 0), note(1, 44, 2)])[0]?.stepsBack).toEqual([]);
	expect(judgePictures([note(24, 0), note(20, 1, 2)])[0]?.stepsBack).toHaveLength(1);
});

test("pictures whose callback was missed are no pause, and a change of elements may be", () => {
	expect(judgePictures([note(0, 0, 1, 1), note(15, 15, 1, 16)])[0]?.longestPauseMs).toBe(Math.round(MS));
	expect(judgePictures([note(0, 0, 1, 1), note(15, 15, 2, 16)])[0]?.longestPauseMs).toBe(1000);
});
