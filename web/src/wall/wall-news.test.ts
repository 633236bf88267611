import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { ANSWER_FIRST_MS, WallNews } from "./wall-news.ts";

let clock: FakeClock;
let told: string[];
let news: WallNews;

beforeEach(() => {
	clock = new FakeClock();
	told = [];
	news = new WallNews({
		clock,
		onWelcome: ({ demo }) => told.push(demo ? "demo" : "cameras"),
		onOrder: (ids) => told.push(ids.join(" ")),
	});
});

test("the views hear of a welcome once its offer is answered, or after a while", () => {
	news.welcomed(false, ["a", "b"]);
	expect(told).toEqual([]);
	news.answered();
	news.answered();
	expect(told).toEqual(["cameras", "a b"]);
	news.welcomed(false, ["a", "b"]);
	clock.advance(ANSWER_FIRST_MS);
	expect(told).toEqual(["cameras", "a b", "a b"]);
	expect(clock.pending).toBe(0);
});

test("what changes while they wait is told as it is then", () => {
	news.welcomed(true, ["a"]);
	news.setDemo(false);
	news.setOrder(["b"]);
	news.answered();
	expect(told).toEqual(["cameras", "b"]);
});

test("what changes later is told at once, and nothing twice", () => {
	news.welcomed(true, ["a"]);
	news.answered();
	news.setDemo(true);
	news.setDemo(false);
	news.setOrder(["a", "b"]);
	expect(told).toEqual(["demo", "a", "cameras", "a b"]);
});

test("after a stop nothing is told", () => {
	news.welcomed(true, ["a"]);
	news.stop();
	clock.advance(ANSWER_FIRST_MS);
	expect(told).toEqual([]);
});
