import { type OnvifDeviceOptions, type OnvifDeviceSim, startOnvifDevice } from "@vigia/camera-sim";
import { expect, test, vi } from "vitest";
import { parse } from "yaml";
import { yamlCameraSchema } from "../config/schema.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { discoverCommand, EXIT_CODES } from "./cli.ts";

interface Run {
	readonly code: number;
	readonly out: string;
	readonly error: string;
}

/** A search on loopback whose time goes by once `heard` is printed. */
async function run(args: readonly string[], device?: OnvifDeviceSim, heard?: string, abort = false): Promise<Run> {
	const clock = new FakeClock();
	const end = new AbortController();
	let out = "";
	let error = "";
	let code: number | undefined;
	const running = discoverCommand(args, {
		clock,
		signal: end.signal,
		out: (text) => (out += text),
		error: (text) => (error += text),
		discovery: { interfaces: [], port: device?.discoveryPort ?? 1 },
	});
	void running.then((result) => (code = result));
	if (heard !== undefined) await vi.waitFor(() => expect(out).toContain(heard), { timeout: 10_000 });
	if (abort) end.abort();
	while (code === undefined) {
		clock.advance(100);
		await new Promise((resolve) => setImmediate(resolve));
	}
	expect(clock.pending).toBe(0);
	return { code, out, error };
}

async function withDevice(options: OnvifDeviceOptions, use: (device: OnvifDeviceSim) => Promise<void>): Promise<void> {
	await using device = await startOnvifDevice(options);
	await use(device);
}

test("a device is one line, with its maker's template where its name says it, and what to write", async () => {
	await withDevice({ model: "HIKVISION%20DS-2CD", serialInScopes: true }, async (device) => {
		const { code, out, error } = await run(["127.0.0.1"], device, "DS-2CD");
		expect(code).toBe(EXIT_CODES.found);
		expect(out.split("\n")[0]).toBe(
			"127.0.0.1  Cámara, HIKVISION DS-2CD, Puerta principal, SIM0000001  template: hikvision",
		);
		const { cameras } = parse(out.slice(out.indexOf("cameras:"))) as { cameras: unknown[] };
		expect(yamlCameraSchema.parse(cameras[0])).toMatchObject({
			host: "127.0.0.1",
			user: "admin",
			serial: "SIM0000001",
		});
		expect(error).toBe("Asking for some seconds...\n");
	});
});

test("a serial number that would be something else in the file is written so that it is not, or left out", async () => {
	for (const [serial, saved] of [
		["0012'34: #5", "0012'34: #5"],
		["000000", undefined],
		["7".repeat(30) + "8".repeat(40), undefined],
	] as const) {
		await withDevice({ serialInScopes: encodeURIComponent(serial).replace("'", "%27") }, async (device) => {
			const { out } = await run(["127.0.0.1"], device, "127.0.0.1");
			const { cameras } = parse(out.slice(out.indexOf("cameras:"))) as { cameras: { serial?: string }[] };
			expect(cameras[0]?.serial).toBe(saved);
		});
	}
});

test("in Spanish, and where the maker is not known it has to be filled in", async () => {
	await withDevice({}, async (device) => {
		const { out } = await run(["127.0.0.1", "--lang", "es"], device, "127.0.0.1");
		expect(out).toContain("Para añadir una");
		expect(out).toContain("template: <fabricante>");
	});
});

test("nobody is an answer too, with what to do", async () => {
	const { code, out, error } = await run(["--lang", "es"]);
	expect([code, out]).toEqual([EXIT_CODES.none, ""]);
	expect(error).toContain("Active ONVIF en la cámara");
});

test("Ctrl-C leaves what was found", async () => {
	await withDevice({}, async (device) => {
		const { code, out } = await run(["127.0.0.1-20"], device, "127.0.0.1", true);
		expect([code, out]).toEqual([EXIT_CODES.interrupted, expect.stringContaining("cameras:")]);
	});
});

test("what is no range is told, and nothing is sent", async () => {
	expect(await run(["192.168.1.0/8"])).toMatchObject({
		code: EXIT_CODES.usage,
		error: expect.stringContaining("1024") as string,
	});
	expect(await run(["camera", "--lang", "es"])).toMatchObject({
		code: EXIT_CODES.usage,
		error: expect.stringContaining("rango") as string,
	});
	expect((await run(["1.2.3.4", "1.2.3.5"])).code).toBe(EXIT_CODES.usage);
	expect((await run(["--fast"])).error).toContain("--help");
	expect(await run(["--help"])).toMatchObject({ code: 0, out: expect.stringContaining("Usage") as string });
});
