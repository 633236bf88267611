import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../../platform/fake-clock.ts";
import type { StreamDescription } from "./description.ts";
import { FirstPicture, PICTURE_WAIT_MS, SOUND_WAIT_MS } from "./first-picture.ts";
import { TestCamera } from "./testing/test-camera.ts";

let clock: FakeClock;
let camera: TestCamera;
let told: (StreamDescription | undefined)[];

beforeEach(() => {
	clock = new FakeClock();
	camera = new TestCamera(clock);
	told = [];
});

const wait = (): FirstPicture =>
	new FirstPicture({ source: camera.stream, clock, onDone: (description) => told.push(description) });

test("a stream that has played for a while is described at once", () => {
	camera.push("key");
	clock.advance(SOUND_WAIT_MS);
	camera.push("delta");
	const first = wait();
	expect(first.description).toMatchObject({ codec: "h264", audio: undefined });
	expect([told, camera.readers, clock.pending]).toEqual([[], 0, 0]);
});

test("a stream whose sound is known needs no wait for it", () => {
	camera.announceSound();
	camera.push("key");
	camera.pushSound();
	expect(wait().description?.audio?.media).toMatchObject({ encoding: "PCMA" });
});

test("a camera that is pulled on demand is called, and described with its first key frame and its sound", () => {
	const first = wait();
	expect([first.description, camera.readers]).toEqual([undefined, 1]);
	camera.announceSound();
	clock.advance(2000);
	camera.push("key");
	clock.advance(100);
	camera.pushSound();
	expect(told).toEqual([]);
	camera.push("delta");
	expect(told[0]?.audio?.media).toMatchObject({ encoding: "PCMA" });
	expect([camera.readers, clock.pending]).toEqual([0, 0]);
});

test("a camera without sound is described half a second after its first key frame", () => {
	wait();
	camera.push("key");
	clock.advance(SOUND_WAIT_MS - 1);
	camera.push("delta");
	expect(told).toEqual([]);
	clock.advance(1);
	expect(told).toMatchObject([{ codec: "h264", audio: undefined }]);
	expect([camera.readers, clock.pending]).toEqual([0, 0]);
});

test("a camera that brings nothing is given up, and once", () => {
	wait();
	clock.advance(PICTURE_WAIT_MS - 1);
	expect(told).toEqual([]);
	clock.advance(1);
	expect(told).toEqual([undefined]);
	camera.push("key");
	expect([told.length, camera.readers, clock.pending]).toEqual([1, 0, 0]);
});

test("who hangs up meanwhile lets the camera go", () => {
	const first = wait();
	first.cancel();
	first.cancel();
	camera.push("key");
	expect([told, camera.readers, clock.pending]).toEqual([[], 0, 0]);
});
