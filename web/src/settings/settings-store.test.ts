import type { SettingsCamera } from "@vigia/api";
import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import type { NewCamera } from "./draft.ts";
import { SettingsApi } from "./settings-api.ts";
import { SettingsStore } from "./settings-store.ts";
import { json, refusal, SettingsServer } from "./testing/settings-server.ts";

const DOOR: SettingsCamera = { name: "Door", url: "rtsp://10.0.0.1/a", user: "admin", hasPassword: true };
const YARD: SettingsCamera = { name: "Yard", url: "rtsp://10.0.0.2/a", hasPassword: false };
const channel = (number: number, password: string): NewCamera => ({
	fields: { host: "10.0.0.9", template: "dahua", channel: String(number), user: "admin" },
	password,
});

let server: SettingsServer;
let store: SettingsStore;
let saved: number[];

beforeEach(() => {
	server = new SettingsServer([DOOR, YARD]);
	saved = [];
	store = open({ framed: false });
});

function open({ framed }: { framed: boolean }): SettingsStore {
	const clock = new FakeClock();
	return new SettingsStore({
		api: new SettingsApi({ base: "http://h/wall/", language: "en", clock, fetch: server.fetch }),
		clock,
		namePrefix: "Camera",
		framed,
		saved: (count) => saved.push(count),
	});
}

/** Every request that is under way has been answered. */
async function settled(): Promise<void> {
	let asked = -1;
	while (asked !== server.asked.length || store.tests.progress.peek()) {
		asked = server.asked.length;
		await new Promise((resolve) => setTimeout(resolve));
	}
}
const names = () => store.drafts.peek().map(({ fields }) => fields.name);
const keyOf = (name: string) => store.drafts.peek().find(({ fields }) => fields.name === name)?.key ?? -1;
const tested = () => store.drafts.peek().map(({ key }) => store.tests.states.peek().get(key)?.kind);
const sentCameras = () => server.asked.findLast(({ method }) => method === "PUT")?.body?.["cameras"];

describe("a list that is read", () => {
	test("knows its cameras on the wall, as long as they are reached as the saved ones are", async () => {
		server.cameras = [DOOR, { ...YARD, id: "garden" }];
		await store.load();
		const onWall = () => store.drafts.peek().map((draft) => store.onWall(draft));
		expect(onWall()).toEqual(["cam1", "garden"]);
		store.move(keyOf("Yard"), 0);
		store.change(keyOf("Yard"), "name", "Garden");
		store.add([channel(1, "right")]);
		expect(onWall()).toEqual(["garden", "cam1", undefined]);
		store.change(keyOf("Garden"), "url", "rtsp://10.0.0.3/a");
		store.changePassword(keyOf("Door"), "another");
		expect(onWall()).toEqual([undefined, undefined, undefined]);
		store.revert(keyOf("Garden"));
		store.changePassword(keyOf("Door"), "");
		expect(onWall()).toEqual(["garden", "cam1", undefined]);
		await settled();
	});

	test("is shown, and nothing of it is unsaved", async () => {
		await store.load();
		expect([store.view.value.kind, names(), store.dirty.value]).toEqual(["list", ["Door", "Yard"], false]);
	});

	test("is not even asked for in a frame, and the token is kept for a tab of its own", async () => {
		store = open({ framed: true });
		await store.load("abc");
		expect([store.view.value, server.paths]).toEqual([{ kind: "framed", token: "abc" }, []]);
	});

	test("that is locked is read with the token, and what was typed stays", async () => {
		await store.load();
		store.change(keyOf("Yard"), "name", "Garden");
		server.token = "abc";
		await store.save();
		expect(store.view.value.kind).toBe("locked");
		await store.load("wrong");
		expect(store.view.value).toMatchObject({ kind: "locked", problem: { code: "token-wrong" } });
		await store.load("abc");
		expect([store.view.value.kind, names()]).toEqual(["list", ["Door", "Garden"]]);
	});

	test("that cannot be read says why", async () => {
		server.next.set("cameras", refusal(500, "not-readable"));
		await store.load();
		expect(store.view.value).toMatchObject({ kind: "failed", problem: { code: "not-readable" } });
	});
});

test("a token that this browser has used already opens the settings all the same", async () => {
	server.next.set("access", refusal(403, "token-wrong"));
	await store.load("used");
	expect(store.view.value.kind).toBe("list");
});

describe("saving", () => {
	test("sends each camera with its old place, and no password that was not typed", async () => {
		await store.load();
		store.move(keyOf("Yard"), 0);
		store.change(keyOf("Door"), "name", "Gate");
		expect(await store.save()).toBe(true);
		expect(sentCameras()).toEqual([
			{ name: "Yard", url: "rtsp://10.0.0.2/a", was: 1 },
			{ name: "Gate", url: "rtsp://10.0.0.1/a", user: "admin", was: 0 },
		]);
		expect([saved, store.dirty.value]).toEqual([[2], false]);
	});

	test("leaves out what was removed, and takes it in again after undo", async () => {
		await store.load();
		const door = keyOf("Door");
		store.setRemoved(door, true);
		expect(store.dirty.value).toBe(true);
		store.setRemoved(door, false);
		expect(store.dirty.value).toBe(false);
		store.setRemoved(door, true);
		await store.save();
		expect(server.cameras.map(({ name }) => name)).toEqual(["Yard"]);
	});

	test("over somebody else's change reads theirs, keeps what was typed, and works the second time", async () => {
		await store.load();
		store.change(keyOf("Door"), "name", "Gate");
		server.change([{ ...YARD, name: "Garden" }, DOOR, { name: "Shop", url: "rtsp://10.0.0.3/a", hasPassword: false }]);
		expect(await store.save()).toBe(false);
		expect(store.notice.value).toEqual({ kind: "changed-meanwhile", passwords: [] });
		expect(names()).toEqual(["Gate", "Garden", "Shop"]);
		expect(await store.save()).toBe(true);
		expect(server.cameras.map(({ name, hasPassword }) => [name, hasPassword])).toEqual([
			["Gate", true],
			["Garden", false],
			["Shop", false],
		]);
	});

	test("says whose password has to be typed again when the camera was removed elsewhere", async () => {
		await store.load();
		store.change(keyOf("Door"), "name", "Gate");
		server.change([YARD]);
		await store.save();
		expect(store.notice.value).toEqual({ kind: "changed-meanwhile", passwords: ["Gate"] });
	});

	test("that is refused puts each problem at its field, and opens the first camera", async () => {
		await store.load();
		store.setRemoved(keyOf("Door"), true);
		store.change(keyOf("Yard"), "tls", "insecure");
		const problems = [{ camera: 0, field: "tls", text: "is for rtsps" }, { text: "and the whole is odd" }];
		server.next.set("cameras", refusal(422, "settings-invalid", { problems }));
		expect(await store.save()).toBe(false);
		const yard = keyOf("Yard");
		expect(store.problems.value.get(yard)).toEqual([{ field: "tls", text: "is for rtsps" }]);
		expect(store.opened.value).toBe(yard);
		expect(store.notice.value).toMatchObject({ problem: { text: "and the whole is odd" } });
		store.change(yard, "tls", "");
		expect(store.problems.value.get(yard)).toEqual([]);
	});

	test("that fails otherwise keeps everything and says so", async () => {
		await store.load();
		store.change(keyOf("Yard"), "name", "Garden");
		server.next.set("cameras", refusal(500, "not-writable"));
		expect(await store.save()).toBe(false);
		expect([names(), store.dirty.value, store.saving.value]).toEqual([["Door", "Garden"], true, false]);
		expect(store.notice.value).toMatchObject({ kind: "problem", problem: { code: "not-writable" } });
	});
});

describe("new cameras", () => {
	test("are named, tested, and saved with their passwords", async () => {
		await store.load();
		store.add([channel(1, "right"), channel(2, "right")]);
		await settled();
		expect([names(), tested()]).toEqual([
			["Door", "Yard", "Camera 3", "Camera 4"],
			[undefined, undefined, "done", "done"],
		]);
		await store.save();
		expect(sentCameras()).toMatchObject([{}, {}, { name: "Camera 3", password: "right" }, { name: "Camera 4" }]);
		expect(saved).toEqual([4]);
	});

	test("with a wrong password are asked once, and all of them after it was corrected", async () => {
		await store.load();
		store.add([1, 2, 3].map((number) => channel(number, "wrong")));
		await settled();
		expect(server.paths.filter((path) => path === "POST test")).toHaveLength(1);
		expect(tested().slice(2)).toEqual(["done", "held", "held"]);
		expect(store.refused.value).toHaveLength(3);
		store.correctLogin("admin", "right");
		await settled();
		expect(tested().slice(2)).toEqual(["done", "done", "done"]);
		expect(store.refused.value).toHaveLength(0);
		await store.save();
		expect(sentCameras()).toMatchObject([{}, {}, { password: "right" }, { password: "right" }, { password: "right" }]);
	});

	test("of two recorders with wrong passwords are corrected one after the other", async () => {
		await store.load();
		const other = { ...channel(1, "wr0ng"), fields: { host: "10.0.0.8", user: "root" } };
		store.add([channel(1, "wrong"), other]);
		await settled();
		expect(store.refused.value.map(({ fields }) => fields.host)).toEqual(["10.0.0.9"]);
		store.correctLogin("admin", "right");
		await settled();
		expect(store.refused.value.map(({ fields, password }) => [fields.host, password])).toEqual([["10.0.0.8", "wr0ng"]]);
	});

	test("without a picture can be left out together", async () => {
		await store.load();
		store.add([channel(1, "right"), channel(9, "right")]);
		await settled();
		expect(store.withoutPicture.value.map(({ fields }) => fields.channel)).toEqual(["9"]);
		store.leaveOutWithoutPicture();
		await store.save();
		expect(saved).toEqual([3]);
	});

	test("lose their result with another address, and keep it with another name", async () => {
		await store.load();
		store.test();
		await settled();
		store.change(keyOf("Door"), "name", "Gate");
		store.change(keyOf("Yard"), "url", "rtsp://10.0.0.2/b");
		expect(tested()).toEqual(["done", undefined]);
	});
});

test("a test over somebody else's change is made with what is there now", async () => {
	await store.load();
	server.next.set("test", refusal(409, "changed-meanwhile"));
	server.change([YARD, DOOR]);
	store.test([keyOf("Door")]);
	await settled();
	expect(server.paths).toEqual(["GET cameras", "POST test", "GET cameras", "POST test"]);
	expect(server.asked.at(-1)?.body).toMatchObject({ revision: "2", camera: { name: "Door", was: 1 } });
	expect([tested(), store.notice.value?.kind]).toEqual([["done", undefined], "changed-meanwhile"]);
});

test("a half-filled form is something unsaved", async () => {
	await store.load();
	store.forms.setRecorder("host", "10.0.0.9");
	expect([store.dirty.value, store.changed.value]).toEqual([true, false]);
});

test("an imported file is saved at once, and its cameras are tested", async () => {
	await store.load();
	store.change(keyOf("Yard"), "name", "Garden");
	server.next.set("import", json({ kind: "frigate", cameras: [YARD], notes: [] }));
	server.change([...server.cameras, { name: "Shop", url: "rtsp://10.0.0.3/a", hasPassword: true }]);
	await store.import("cameras: {}");
	await settled();
	expect([names(), tested()]).toEqual([
		["Door", "Garden", "Shop"],
		[undefined, undefined, "done"],
	]);
	expect(store.notice.value).toEqual({ kind: "imported", count: 1 });
});
