import { type CameraSim, startCameraSim, startOnvifDevice } from "@vigia/camera-sim";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { DeviceSearch, MAX_RUNNING_SEARCHES } from "./device-search.ts";
import { SettingsRefusal } from "./settings-refusal.ts";

const LOGIN = { username: "admin", password: "p@ss:w#rd%/ñ" };
const GIVEN = { user: LOGIN.username, password: LOGIN.password };
const { signal } = new AbortController();

const open = (): DeviceSearch => new DeviceSearch({ clock: systemClock, signal });

async function refusal(attempt: Promise<unknown>): Promise<SettingsRefusal> {
	const error: unknown = await attempt.then(
		() => expect.unreachable("it did not fail"),
		(reason: unknown) => reason,
	);
	if (!(error instanceof SettingsRefusal)) throw error;
	expect(JSON.stringify(error) + error.message).not.toMatch(/p@ss|w#rd/);
	return error;
}

describe("a search for a device's maker", () => {
	let sim: CameraSim;
	beforeAll(async () => {
		sim = await startCameraSim({ count: 1, credentials: LOGIN });
	});
	afterAll(() => sim.close());
	const at = (): { host: string; port: string } => ({ host: "127.0.0.1", port: String(sim.port) });

	test("finds its template and port", async () => {
		const found = await open().find({ ...at(), ...GIVEN, vendor: "imou" });
		expect(found).toEqual({ found: { template: expect.any(String) as string, port: sim.port } });
	});

	test("ends with a refused password, which is not tried again for a while, by nobody", async () => {
		const devices = open();
		const before = sim.status(1).requests.DESCRIBE ?? 0;
		const wrong = { ...at(), user: "admin", password: "wrong" };
		const answers = await Promise.all([devices.find({ ...wrong, lang: "es" }), devices.find(wrong)]);
		expect(answers[0]?.failure).toEqual({ code: "auth-refused", text: expect.stringContaining("rechazó") as string });
		expect(answers[1]?.failure?.text).toContain("refused");
		expect((sim.status(1).requests.DESCRIBE ?? 0) - before).toBeLessThanOrEqual(2);
	});

	test("is refused where the fields are not right, without their values", async () => {
		const { status, code, problems } = await refusal(
			open().find({ host: `admin:${LOGIN.password}@c`, port: "0", lang: "es" }),
		);
		expect([status, code, problems?.map(({ field }) => field)]).toEqual([422, "settings-invalid", ["host", "port"]]);
		expect(problems?.[0]?.text).toContain("debe ser");
	});
});

describe("a search in the network", () => {
	test("finds devices with the address that they are described by", async () => {
		await using device = await startOnvifDevice({ model: "IPC-X" });
		const clock = new FakeClock();
		const discovery = { interfaces: [], port: device.discoveryPort };
		const devices = new DeviceSearch({ clock, signal, discovery });
		let isOver = false;
		const answer = devices.discover("127.0.0.1").finally(() => {
			isOver = true;
		});
		const second = await refusal(devices.discover(undefined));
		expect([second.status, second.code]).toEqual([503, "too-many-searches"]);
		expect(second.text("es")).toMatch(/^Hay otra búsqueda/);
		while (!isOver) {
			clock.advance(10);
			await new Promise((resolve) => setTimeout(resolve, 1));
		}
		expect(await answer).toEqual({
			devices: [{ address: `127.0.0.1:${device.port}`, name: "Cámara", hardware: "IPC-X" }],
			interfaces: [],
		});
	});

	test("of a range that is none is refused with the rule", async () => {
		const refused = await refusal(open().discover("everything"));
		expect([refused.status, refused.code]).toEqual([400, "bad-range"]);
		expect(refused.text("en")).toContain("192.168.1.0/24");
		expect(refused.text("es")).toMatch(/ debe | una? /);
	});
});

describe("an ONVIF device", () => {
	test("is described as cameras, without a login", async () => {
		await using device = await startOnvifDevice({
			channels: 2,
			manufacturer: "Dahua",
			model: "NVR4",
			serial: "7F0A11",
			credentials: LOGIN,
		});
		const described = await open().describe({ address: `127.0.0.1:${device.port}`, ...GIVEN });
		const url = (channel: number, subtype: number): string =>
			`rtsp://127.0.0.1/cam/realmonitor?channel=${channel}&subtype=${subtype}`;
		expect(described).toEqual({
			manufacturer: "Dahua",
			model: "NVR4",
			serial: "7F0A11",
			cameras: [1, 2].map((channel) => ({
				name: `Dahua NVR4 ${channel}`,
				url: url(channel, 1),
				main: url(channel, 0),
			})),
			withheld: 0,
		});
	});

	test("keeps to itself paths with a password in them", async () => {
		const paths = ["/user=admin&password=x7Y&channel=1", "/live"];
		const streamUri = (channel: number): string => `rtsp://h:8554${paths[channel - 1] ?? ""}`;
		await using device = await startOnvifDevice({ channels: 2, streamUri });
		const { cameras, withheld } = await open().describe({ address: `127.0.0.1:${device.port}` });
		expect(cameras.map(({ url }) => url)).toEqual(["rtsp://127.0.0.1:8554/live"]);
		expect(withheld).toBe(1);
	});

	test("that refuses the password is not asked again with it for a while", async () => {
		await using device = await startOnvifDevice({ credentials: LOGIN });
		const devices = open();
		const wrong = { address: `127.0.0.1:${device.port}`, user: "admin", password: "wrong" };
		const first = await refusal(devices.describe(wrong));
		expect([first.status, first.code]).toEqual([502, "auth-refused"]);
		expect(first.text("es")).toContain("rechazó");
		await device.close();
		expect((await refusal(devices.describe(wrong))).code).toBe("auth-refused");
	});

	test("at an address that is none is told", async () => {
		const { status, code } = await refusal(open().describe({ address: "a b" }));
		expect([status, code]).toEqual([400, "address-invalid"]);
	});

	test("waits where too many are asked", async () => {
		await using device = await startOnvifDevice({ channels: 1, silentChannels: [1] });
		const end = new AbortController();
		const devices = new DeviceSearch({ clock: systemClock, signal: end.signal });
		const address = `127.0.0.1:${device.port}`;
		const running = Array.from({ length: MAX_RUNNING_SEARCHES }, () => refusal(devices.describe({ address })));
		expect((await refusal(devices.describe({ address }))).code).toBe("too-many-searches");
		end.abort();
		expect((await Promise.all(running)).map(({ code }) => code)).toEqual(running.map(() => "cancelled"));
	});
});
