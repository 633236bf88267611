import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { AddForms, UNKNOWN_MAKER } from "./add-forms.ts";
import { SettingsApi } from "./settings-api.ts";
import { json, refusal, SettingsServer } from "./testing/settings-server.ts";

const VENDORS = [
	{ id: "dahua", name: "Dahua", template: "dahua", port: 554, notes: [] },
	{ id: "unifi", name: "UniFi", port: 7441, notes: ["Copy its addresses."] },
];
const nameOf = (channel: number) => `Camera ${channel}`;

let server: SettingsServer;
let forms: AddForms;
let locked: string[];

beforeEach(() => {
	server = new SettingsServer();
	locked = [];
	const api = new SettingsApi({ base: "http://h/wall/", language: "en", clock: new FakeClock(), fetch: server.fetch });
	forms = new AddForms(api, ({ code }) => code === "settings-locked" && locked.push(code) > 0);
});

test("a maker and an address make as many cameras as there are channels", () => {
	forms.chooseVendor("dahua", VENDORS);
	forms.setRecorder("host", "10.0.0.9:5540");
	forms.setRecorder("channels", "3");
	const cameras = forms.recorderCameras(VENDORS, nameOf);
	expect(cameras.map(({ fields }) => [fields.host, fields.port, fields.channel])).toEqual([
		["10.0.0.9", "5540", "1"],
		["10.0.0.9", "5540", "2"],
		["10.0.0.9", "5540", "3"],
	]);
});

test("nothing is added while something is wrong, and from then on it is marked", () => {
	forms.chooseVendor("unifi", VENDORS);
	expect(forms.tried.value).toBe(false);
	expect(forms.recorderCameras(VENDORS, nameOf)).toEqual([]);
	expect([forms.tried.value, forms.recorderProblems(VENDORS)]).toEqual([true, ["host-missing", "maker-missing"]]);
});

test("the paths of an unknown maker are found, and forgotten with another address", async () => {
	forms.chooseVendor(UNKNOWN_MAKER, VENDORS);
	forms.setRecorder("host", "10.0.0.9");
	forms.setRecorder("user", "admin");
	forms.setRecorder("password", "p@ss");
	server.next.set("find", json({ found: { template: "reolink", port: 5554 } }));
	await forms.find();
	expect(server.asked[0]?.body).toEqual({ host: "10.0.0.9", user: "admin", password: "p@ss", lang: "en" });
	expect(forms.recorderCameras(VENDORS, nameOf)[0]?.fields).toMatchObject({ template: "reolink", port: "5554" });
	forms.setRecorder("host", "10.0.0.8");
	expect([forms.templateOf(VENDORS), forms.found.value]).toEqual([undefined, undefined]);
});

test("why nothing was found is told", async () => {
	server.next.set("find", json({ failure: { code: "auth-refused", text: "Refused." } }));
	await forms.find();
	expect(forms.found.value).toEqual({ kind: "none", code: "auth-refused", text: "Refused." });
});

test("the common login goes to pasted addresses that have none", () => {
	forms.pasteText.value = "Door, rtsp://10.0.0.1/a\nrtsp://me:mine@10.0.0.2/b";
	forms.pasteLogin.value = { user: "admin", password: "p@ss" };
	expect(forms.pastedCameras()).toEqual([
		{ fields: { name: "Door", url: "rtsp://10.0.0.1/a", user: "admin" }, password: "p@ss" },
		{ fields: { url: "rtsp://10.0.0.2/b", user: "me" }, password: "mine" },
	]);
});

test("a device that was found is described, and its ticked channels are added with the login", async () => {
	server.next.set("discover", json({ devices: [{ address: "10.0.0.9" }], interfaces: [] }));
	await forms.discover();
	expect(forms.discovered.value?.devices).toEqual([{ address: "10.0.0.9" }]);
	// The only one is chosen by itself.
	expect(forms.device.value).toBe("10.0.0.9");
	forms.deviceLogin.value = { user: "admin", password: "p@ss" };
	const cameras = [
		{ name: "One", url: "rtsp://10.0.0.9/1", main: "rtsp://10.0.0.9/0" },
		{ name: " ", url: "rtsp://10.0.0.9/2" },
	];
	server.next.set("describe", json({ cameras, withheld: 0, serial: "7F0A11PAZ00123" }));
	await forms.describe();
	forms.setTicked(0, false);
	expect(forms.describedCameras()).toEqual([
		{ fields: { url: "rtsp://10.0.0.9/2", user: "admin", serial: "7F0A11PAZ00123" }, password: "p@ss" },
	]);
	forms.setTicked(0, true);
	expect(forms.describedCameras()[0]?.fields).toMatchObject({ name: "One", main: "rtsp://10.0.0.9/0" });
});

test("what is called off says nothing when it comes after all", async () => {
	server.next.set("discover", json({ devices: [{ address: "10.0.0.9" }], interfaces: [] }));
	const asked = forms.discover();
	expect(forms.asking.value).toBe("discover");
	forms.show("paste");
	await asked;
	expect([forms.discovered.value, forms.asking.value, forms.problem.value]).toEqual([undefined, undefined, undefined]);
});

test("a failure is told at the form, or by the page for locked settings", async () => {
	server.next.set("discover", refusal(400, "bad-range"));
	await forms.discover();
	expect(forms.problem.value?.code).toBe("bad-range");
	server.next.set("discover", refusal(403, "settings-locked"));
	await forms.discover();
	expect([forms.problem.value, locked]).toEqual([undefined, ["settings-locked"]]);
});

test("everything that was typed is forgotten with clear", () => {
	forms.setRecorder("password", "p@ss");
	forms.pasteText.value = "rtsp://10.0.0.1/";
	forms.deviceLogin.value = { user: "", password: "x" };
	expect(forms.typed.value).toBe(true);
	forms.clear();
	expect(forms.typed.value).toBe(false);
});
