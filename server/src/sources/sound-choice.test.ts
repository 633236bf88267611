import { expect, test } from "vitest";
import { SOUND_PAUSE_MS, SoundChoice } from "./sound-choice.ts";

test("sound is asked for, also after an attempt without it has failed too", () => {
	const choice = new SoundChoice();
	expect(choice.isWanted(0)).toBe(true);
	choice.noteFailure(true);
	expect(choice.isWanted(0)).toBe(false);
	choice.noteFailure(false);
	expect(choice.isWanted(0)).toBe(true);
});

test("sound that costs the pictures twice is left out for an hour", () => {
	const choice = new SoundChoice();
	for (const leftOut of [false, true]) {
		choice.noteFailure(true);
		choice.noteVideo(false, 1000);
		expect(choice.isWanted(1000)).toBe(!leftOut);
	}
	// Sessions without sound prove nothing more.
	choice.noteVideo(false, 2000);
	expect(choice.isWanted(1000 + SOUND_PAUSE_MS - 1)).toBe(false);
	expect(choice.isWanted(1000 + SOUND_PAUSE_MS)).toBe(true);
});

test("a connection that breaks now and then is no fault of the sound", () => {
	const choice = new SoundChoice();
	for (let day = 0; day < 10; day++) {
		choice.noteFailure(true);
		choice.noteVideo(false, 0);
		expect(choice.isWanted(0)).toBe(true);
		choice.noteVideo(true, 0);
	}
});
