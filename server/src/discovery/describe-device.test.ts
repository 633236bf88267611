import { inspect } from "node:util";
import { type OnvifDeviceOptions, type OnvifDeviceSim, type OnvifHttpFault, startOnvifDevice } from "@vigia/camera-sim";
import { describe, expect, test, vi } from "vitest";
import { Credentials } from "../config/credentials.ts";
import { systemClock } from "../platform/clock.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { CAMERA_CERTIFICATE } from "../sources/testing/test-certificates.ts";
import { type DescribeOptions, describeDevice, identifyDevice, type OnvifDevice } from "./describe-device.ts";
import { type OnvifAddress, parseDeviceAddress } from "./onvif-address.ts";
import { OnvifError, type OnvifErrorCode, onvifErrorText } from "./onvif-error.ts";
import { REQUEST_TIMEOUT_MS } from "./onvif-http.ts";

const PASSWORD = "p@ss:w#rd%/ñ<&>";
const LOGIN = { username: "ad<m>in ñ", password: PASSWORD };
const HOUR_MS = 3_600_000;

const addressOf = ({ port }: OnvifDeviceSim): OnvifAddress => parseDeviceAddress(`127.0.0.1:${port}`);

function ask(device: OnvifDeviceSim, more: Partial<DescribeOptions> = {}): Promise<OnvifDevice> {
	const credentials = new Credentials(LOGIN.username, LOGIN.password);
	return describeDevice({ address: addressOf(device), credentials, clock: systemClock, ...more });
}

/** The code of the error, which holds no password in any form. */
async function failure(attempt: Promise<unknown>): Promise<OnvifErrorCode> {
	const error: unknown = await attempt.then(
		() => expect.unreachable("it did not fail"),
		(reason: unknown) => reason,
	);
	if (!(error instanceof OnvifError)) throw error;
	expect(inspect(error) + JSON.stringify(error) + error.detail).not.toMatch(/p@ss|w#rd/);
	expect(error.detail).toMatch(/^\P{Cc}{0,300}$/u);
	expect(onvifErrorText(error.code, "en")).toBe(error.message);
	expect(onvifErrorText(error.code, "es")).not.toBe(error.message);
	return error.code;
}

async function withDevice(options: OnvifDeviceOptions, use: (device: OnvifDeviceSim) => Promise<void>): Promise<void> {
	await using device = await startOnvifDevice(options);
	await use(device);
}

describe("a recorder", () => {
	test("says who it is and where the streams of its channels are", async () => {
		await using device = await startOnvifDevice({ channels: 3, manufacturer: "Dahua & Co", serial: "7F0A11" });
		const found = await ask(device);
		expect(found).toMatchObject({
			manufacturer: "Dahua & Co",
			model: "Simulator",
			firmware: "1.0",
			serial: "7F0A11",
			missingStreams: 0,
			address: { scheme: "http", host: "127.0.0.1", port: device.port, path: "/onvif/device_service" },
		});
		expect(Math.abs(found.clockOffsetMs ?? 9999)).toBeLessThan(5000);
		expect(found.channels.map(({ source }) => source)).toEqual(["VideoSource_1", "VideoSource_2", "VideoSource_3"]);
		const at = (subtype: number): unknown => ({
			scheme: "rtsp",
			host: "127.0.0.1",
			port: 554,
			path: `/cam/realmonitor?channel=2&subtype=${subtype}`,
		});
		expect(found.channels[1]?.streams).toEqual({
			main: {
				name: "Channel 2 main",
				codec: "h264",
				width: 1280,
				height: 720,
				fps: 25,
				address: at(0),
				hasSecretPath: false,
			},
			sub: {
				name: "Channel 2 sub",
				codec: "h264",
				width: 640,
				height: 360,
				fps: 15,
				address: at(1),
				hasSecretPath: false,
			},
		});
	});

	test.each<[string, OnvifDeviceOptions, string]>([
		["that only has the second media service", { media: "media2" }, "h265"],
		["that has both", { media: "both" }, "h264"],
		["from before GetServices", { knowsGetServices: false }, "h264"],
	])("%s", async (_what, options, codec) => {
		await withDevice({ ...options, channels: 2 }, async (device) => {
			const { channels } = await ask(device);
			expect(channels.map(({ streams }) => streams.sub?.codec)).toEqual([codec, codec]);
		});
	});

	test("of which some channels have no stream is described without them", async () => {
		await using device = await startOnvifDevice({ channels: 3, brokenChannels: [2] });
		const { channels, missingStreams } = await ask(device);
		expect([channels.map(({ source }) => source), missingStreams]).toEqual([["VideoSource_1", "VideoSource_3"], 2]);
	});

	test("without any stream is not supported", async () => {
		await withDevice({ brokenChannels: [1] }, async (device) =>
			expect(await failure(ask(device))).toBe("not-supported"),
		);
		await withDevice({ channels: 0 }, async (device) => expect(await failure(ask(device))).toBe("not-supported"));
		await withDevice({ knowsGetServices: false, media: "media2" }, async (device) =>
			expect(await failure(ask(device))).toBe("not-supported"),
		);
	});

	test("that hangs for some channels is described without them, after a minute at most", async () => {
		const clock = new FakeClock();
		await using device = await startOnvifDevice({ channels: 9, silentChannels: [2, 3, 4, 5, 6, 7, 8, 9] });
		const startMs = clock.nowMs();
		const answer = ask(device, { clock });
		for (let silent = 1; silent <= 6; silent++) {
			await vi.waitFor(() => expect(device.requestCount("GetStreamUri")).toBe(2 + silent), { timeout: 10_000 });
			clock.advance(REQUEST_TIMEOUT_MS);
		}
		expect(await answer).toMatchObject({ missingStreams: 16, channels: [{ source: "VideoSource_1" }] });
		expect(clock.nowMs() - startMs).toBe(60_000);
		expect(clock.pending).toBe(0);
	});
});

describe("an address that the device gives", () => {
	test.each(["0.0.0.0", "192.168.0.10", "camera.invalid"])(
		"on %s leads to the host that answered",
		async (reportedHost) => {
			await using device = await startOnvifDevice({ reportedHost });
			const { main } = (await ask(device)).channels[0]?.streams ?? {};
			expect(main?.address).toMatchObject({ host: "127.0.0.1", port: 554 });
		},
	);

	test("with credentials in it loses them, and one with a password in its path is marked", async () => {
		const streamUri = (_channel: number, stream: string): string =>
			stream === "main"
				? "rtsp://admin:s3cret@10.0.0.3:10554/live?a=1&b"
				: "rtsp://10.0.0.3/user=admin&password=x7Y&channel=1&stream=0.sdp?";
		await using device = await startOnvifDevice({ streamUri });
		const { main, sub } = (await ask(device)).channels[0]?.streams ?? {};
		expect(main?.address).toEqual({ scheme: "rtsp", host: "127.0.0.1", port: 10_554, path: "/live?a=1&b" });
		expect([main?.hasSecretPath, sub?.hasSecretPath]).toEqual([false, true]);
		expect(inspect(main)).not.toContain("s3cret");
	});

	test("that is the same for both streams is one stream", async () => {
		await using device = await startOnvifDevice({ streamUri: () => "rtsp://h/live" });
		expect((await ask(device)).channels[0]?.streams).not.toHaveProperty("sub");
	});

	test("that is no RTSP address is no stream", async () => {
		await using device = await startOnvifDevice({
			streamUri: (_channel, stream) => (stream === "main" ? "http://h/x" : "rtsp://h/x"),
		});
		const { channels, missingStreams } = await ask(device);
		expect([channels[0]?.streams.main.name, missingStreams]).toEqual(["Channel 1 sub", 1]);
	});
});

describe("a password", () => {
	test.each<[string, OnvifDeviceOptions]>([
		["a token", { authentication: "token" }],
		["Digest with MD5", { authentication: "digest", digest: { qopAuth: false } }],
		["Digest with SHA-256", { authentication: "digest", digest: { algorithm: "SHA-256" } }],
		["Digest with a nonce for each refusal", { authentication: "digest", digest: { freshNonces: true } }],
		["either", { authentication: "both" }],
		["Digest, for its time too", { authentication: "digest", timeNeedsPassword: true }],
		["a token, for its time too", { authentication: "token", timeNeedsPassword: true }],
	])("is proven by %s, and never wrongly", async (_how, options) => {
		await withDevice({ ...options, credentials: LOGIN, channels: 2 }, async (device) => {
			expect((await ask(device)).channels).toHaveLength(2);
			expect(device.wrongPasswords).toBe(0);
		});
	});

	test("that is wrong is tried once in each way, and not again", async () => {
		const fresh = { freshNonces: true };
		for (const [options, tries] of [
			[{ authentication: "token" }, 1],
			[{ authentication: "digest" }, 1],
			[{ authentication: "digest", digest: fresh }, 1],
			[{ authentication: "digest", digest: { ...fresh, algorithm: "SHA-256" } }, 1],
			[{ authentication: "both" }, 2],
			[{ authentication: "both", digest: fresh }, 2],
		] as const) {
			await withDevice({ credentials: { ...LOGIN, password: "other" }, ...options }, async (device) => {
				expect(await failure(ask(device))).toBe("auth-refused");
				expect(device.wrongPasswords).toBe(tries);
			});
		}
	});

	test("that is missing is asked for", async () => {
		await using device = await startOnvifDevice({ credentials: LOGIN });
		expect(await failure(ask(device, { credentials: undefined }))).toBe("credentials-needed");
	});

	test("that is right is not enough for a user without rights", async () => {
		for (const authentication of ["token", "digest", "both"] as const) {
			await withDevice({ credentials: LOGIN, authentication, mediaForbidden: true }, async (device) => {
				expect(await failure(ask(device))).toBe("not-permitted");
				expect(device.wrongPasswords).toBe(0);
			});
		}
	});
});

describe("a device's clock", () => {
	test.each([-HOUR_MS, 30 * 24 * HOUR_MS, -Date.UTC(2026, 0, 1) + HOUR_MS])(
		"may be off by %d ms",
		async (clockOffsetMs) => {
			const clock = new FakeClock();
			const options = {
				clockOffsetMs,
				wallMs: () => clock.wallMs(),
				authentication: "token",
				credentials: LOGIN,
			} as const;
			await using device = await startOnvifDevice(options);
			const found = await ask(device, { clock });
			expect(Math.abs((found.clockOffsetMs ?? 0) - clockOffsetMs)).toBeLessThanOrEqual(1000);
			expect(device.wrongPasswords).toBe(0);
		},
	);

	test("that it does not tell and that is off is said to be the fault", async () => {
		const options = {
			clockOffsetMs: HOUR_MS,
			timeNeedsPassword: true,
			authentication: "token",
			credentials: LOGIN,
		} as const;
		await using device = await startOnvifDevice(options);
		expect(await failure(ask(device))).toBe("clock-refused");
	});
});

describe("a device that misbehaves is given up with a reason:", () => {
	test.each<[OnvifHttpFault, OnvifErrorCode]>([
		["endless", "answer-too-large"],
		["truncated", "not-onvif"],
		["web-page", "not-onvif"],
		["deep", "not-onvif"],
		["entity-bomb", "not-onvif"],
		["redirect", "redirect-refused"],
		["cut", "connection-lost"],
		["bad-challenge", "not-onvif"],
		["device-fault", "device-fault"],
	])("%s", async (fault, code) => {
		const clock = new FakeClock();
		await using device = await startOnvifDevice();
		device.httpFault = fault;
		expect(await failure(ask(device, { clock }))).toBe(code);
		expect(clock.pending).toBe(0);
	});

	test.each<OnvifHttpFault>(["silence", "drip"])("%s", async (fault) => {
		const clock = new FakeClock();
		await using device = await startOnvifDevice();
		device.httpFault = fault;
		const answer = failure(ask(device, { clock }));
		await vi.waitFor(() => expect(device.requestCount()).toBe(1), { timeout: 10_000 });
		clock.advance(REQUEST_TIMEOUT_MS);
		expect(await answer).toBe("no-answer");
		expect([device.connections, clock.pending]).toEqual([1, 0]);
	});
});

test("nobody at the address is told from a device that is silent", async () => {
	const device = await startOnvifDevice();
	const address = addressOf(device);
	await device.close();
	expect(await failure(describeDevice({ address, clock: systemClock }))).toBe("connection-refused");
	const nowhere = { ...address, host: "camera.invalid" };
	const lookup: DescribeOptions["lookup"] = (_name, _options, done) =>
		done(Object.assign(new Error("none"), { code: "ENOTFOUND" }), "", 0);
	expect(await failure(describeDevice({ address: nowhere, clock: systemClock, lookup: lookup as never }))).toBe(
		"address-unknown",
	);
});

test("a cancelled question ends at once", async () => {
	await using device = await startOnvifDevice();
	device.httpFault = "silence";
	const cancel = new AbortController();
	const answer = failure(ask(device, { signal: cancel.signal }));
	await vi.waitFor(() => expect(device.requestCount()).toBe(1), { timeout: 10_000 });
	cancel.abort();
	expect(await answer).toBe("cancelled");
	expect(await failure(ask(device, { signal: cancel.signal }))).toBe("cancelled");
});

describe("over TLS", () => {
	test("a certificate must be what the policy says, before anything is sent", async () => {
		await using device = await startOnvifDevice({ tls: CAMERA_CERTIFICATE, credentials: LOGIN });
		const address = { ...addressOf(device), scheme: "https" } as const;
		const asked = (tls?: DescribeOptions["tls"]): Promise<OnvifDevice> => ask(device, { address, ...(tls && { tls }) });
		expect(await failure(asked())).toBe("certificate-untrusted");
		expect(await failure(asked({ mode: "pin", sha256: "0".repeat(64) }))).toBe("certificate-untrusted");
		expect(device.requestCount()).toBe(0);
		expect((await asked({ mode: "pin", sha256: CAMERA_CERTIFICATE.sha256 })).channels).toHaveLength(1);
		expect((await asked({ mode: "insecure", legacy: false })).channels).toHaveLength(1);
	});

	test("a port without it is told", async () => {
		await using device = await startOnvifDevice();
		expect(await failure(ask(device, { address: { ...addressOf(device), scheme: "https" } }))).toBe("not-onvif");
	});
});

test("who a device is can be asked alone, to find it again", async () => {
	await using device = await startOnvifDevice({ credentials: LOGIN, serial: "7F0A11B2" });
	const credentials = new Credentials(LOGIN.username, LOGIN.password);
	const found = await identifyDevice({ address: addressOf(device), credentials, clock: systemClock });
	expect(found).toEqual({ manufacturer: "Vigia", model: "Simulator", firmware: "1.0", serial: "7F0A11B2" });
	expect(device.requestCount("GetProfiles")).toBe(0);
});
