import { type CameraStatus, MAX_SLOTS, type StreamStatus } from "@vigia/api";
import { expect, test } from "vitest";
import { gridStream, SlotNumbers, wishes as wishesOf } from "./slots.ts";

const live: StreamStatus = { state: "live" };
const wishes = (cameras: Parameters<typeof wishesOf>[0], enlarged: string | undefined, numbers = new SlotNumbers()) =>
	wishesOf(cameras, enlarged, numbers);
const camera = (id: string, streams: CameraStatus["streams"] = { main: live, sub: live }) => ({ id, streams });

test("tile i uses slot i for its sub stream", () => {
	expect(wishes([camera("cam1"), camera("cam2")], undefined)).toEqual([
		{ slot: 0, camera: "cam1", stream: "sub", role: "grid" },
		{ slot: 1, camera: "cam2", stream: "sub", role: "grid" },
	]);
});

test("the enlarged tile keeps its sub stream and gets main in a spare slot", () => {
	expect(wishes([camera("cam1"), camera("cam2")], "cam1")).toEqual([
		{ slot: 0, camera: "cam1", stream: "sub", role: "grid" },
		{ slot: 1, camera: "cam2", stream: "sub", role: "grid" },
		{ slot: 2, camera: "cam1", stream: "main", role: "main" },
	]);
});

test("a camera without main stays with sub, and one without sub shows main in the grid", () => {
	expect(wishes([camera("cam1", { sub: live })], "cam1")).toEqual([
		{ slot: 0, camera: "cam1", stream: "sub", role: "grid" },
	]);
	expect(wishes([camera("cam1", { main: live })], "cam1")).toEqual([
		{ slot: 0, camera: "cam1", stream: "main", role: "grid" },
	]);
	expect(gridStream(camera("cam1", {}))).toBe("sub");
});

test("an enlarged camera that is gone changes nothing", () => {
	expect(wishes([camera("cam1")], "cam9")).toHaveLength(1);
});

test("never more slots than the protocol has", () => {
	const many = Array.from({ length: MAX_SLOTS + 5 }, (_, index) => camera(`cam${index}`));
	expect(wishes(many, "cam1")).toHaveLength(MAX_SLOTS);
	expect(wishes(many, "cam1").every(({ slot }) => slot < MAX_SLOTS)).toBe(true);
});

test("a picture keeps its slot while cameras come, go and change places", () => {
	const numbers = new SlotNumbers();
	const slots = (ids: readonly string[], enlarged?: string) =>
		wishes(
			ids.map((id) => camera(id)),
			enlarged,
			numbers,
		).map(({ slot, camera: id, role }) => `${id}${role === "main" ? "+" : ""}:${slot}`);
	expect(slots(["a", "b", "c"], "b")).toEqual(["a:0", "b:1", "c:2", "b+:3"]);
	expect(slots(["c", "d", "b"], "b")).toEqual(["c:2", "d:0", "b:1", "b+:3"]);
	expect(slots(["e", "c", "d", "b"])).toEqual(["e:3", "c:2", "d:0", "b:1"]);
});
