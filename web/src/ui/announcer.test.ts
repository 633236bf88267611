import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { Announcer, TOGETHER_MS } from "./announcer.ts";

let clock: FakeClock;
let said: string[];
let announcer: Announcer;

beforeEach(() => {
	clock = new FakeClock();
	said = [];
	announcer = new Announcer(clock, (news) =>
		said.push(news.map(({ state, ids }) => `${state} ${ids.join(",")}`).join("; ")),
	);
});

test("a first picture is not told, a failure and the return are", () => {
	announcer.note("cam1", "connecting");
	announcer.note("cam1", "live");
	clock.advance(TOGETHER_MS);
	announcer.note("cam1", "frozen");
	clock.advance(TOGETHER_MS);
	announcer.note("cam1", "connecting");
	announcer.note("cam1", "live");
	clock.advance(TOGETHER_MS);
	expect(said).toEqual(["frozen cam1", "live cam1"]);
});

test("many cameras at once are told together", () => {
	for (const id of ["cam1", "cam2", "cam3"]) announcer.note(id, "offline");
	announcer.note("cam4", "frozen");
	clock.advance(TOGETHER_MS);
	expect(said).toEqual(["offline cam1,cam2,cam3; frozen cam4"]);
});

test("what was over within the time is not told", () => {
	announcer.note("cam1", "frozen");
	announcer.note("cam1", "live");
	clock.advance(TOGETHER_MS);
	expect(said).toEqual([]);
	expect(clock.pending).toBe(0);
});
