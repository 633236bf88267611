import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type OnvifDiscoveryFault, startOnvifDevice } from "@vigia/camera-sim";
import { describe, expect, test, vi } from "vitest";
import { FakeClock } from "../platform/fake-clock.ts";
import type { DiscoveredDevice } from "./device-table.ts";
import {
	ANSWER_WAIT_MS,
	discover,
	type Discovery,
	type DiscoverOptions,
	localAddresses,
	MAX_ANSWERS_PER_HOST,
} from "./discover.ts";
import { DISCOVERY_GROUP } from "./ws-discovery.ts";

const LOOPBACK = ["127.0.0.1"];
const WAIT = { timeout: 10_000 };

/** A search on loopback whose time the test turns. */
class RunningSearch {
	readonly clock = new FakeClock();
	readonly found: DiscoveredDevice[] = [];
	readonly result: Promise<Discovery>;
	#isOver = false;

	constructor(port: number, options: Partial<DiscoverOptions> = {}) {
		const onDevice = (device: DiscoveredDevice): void => void this.found.push(device);
		this.result = discover({ clock: this.clock, interfaces: [], range: LOOPBACK, port, onDevice, ...options });
		void this.result.finally(() => {
			this.#isOver = true;
		});
	}

	async hears(count: number): Promise<void> {
		await vi.waitFor(() => expect(this.found).toHaveLength(count), WAIT);
	}

	/** Lets all the time go by. */
	async end(): Promise<Discovery> {
		while (!this.#isOver) {
			this.clock.advance(100);
			await new Promise((resolve) => setImmediate(resolve));
		}
		expect(this.clock.pending).toBe(0);
		return await this.result;
	}
}

describe("a range", () => {
	test("finds the device behind an address, once", async () => {
		await using device = await startOnvifDevice({ model: "IPC-X" });
		const search = new RunningSearch(device.discoveryPort);
		await search.hears(1);
		const { devices, interfaces } = await search.end();
		expect(devices).toEqual([
			{
				endpoint: `urn:uuid:${device.endpoint}`,
				name: "Cámara",
				hardware: "IPC-X",
				location: "Puerta principal",
				addresses: [{ scheme: "http", host: "127.0.0.1", port: device.port, path: "/onvif/device_service" }],
			},
		]);
		expect(interfaces).toEqual([]);
	});

	test.each(["NetworkVideoTransmitter", "Device"] as const)("finds a device that only answers to %s", async (type) => {
		await using device = await startOnvifDevice({ types: [type] });
		const search = new RunningSearch(device.discoveryPort);
		await search.hears(1);
		await search.end();
	});

	test("is asked twice, address by address, slowly", async () => {
		await using device = await startOnvifDevice();
		const range = ["127.0.0.1", "127.0.0.2", "127.0.0.3"];
		const search = new RunningSearch(device.discoveryPort, { range });
		await search.hears(1);
		expect(device.probes).toBeLessThanOrEqual(2);
		search.clock.advance(10);
		search.clock.advance(10);
		await search.end();
		await vi.waitFor(() => expect(device.probes).toBe(4), WAIT);
	});

	test("leads to the host that answered, whatever the device says", async () => {
		await using device = await startOnvifDevice({ reportedHost: "192.0.2.77", serialInScopes: true, serial: "7F0A11" });
		const search = new RunningSearch(device.discoveryPort);
		await search.hears(1);
		await search.end();
		expect(search.found).toMatchObject([{ serial: "7F0A11", addresses: [{ host: "127.0.0.1", port: device.port }] }]);
	});
});

describe("answers that no device should give", () => {
	test.each<OnvifDiscoveryFault>(["oversized", "unrelated", "truncated"])("are left out: %s", async (fault) => {
		await using device = await startOnvifDevice();
		device.discoveryFault = fault;
		const search = new RunningSearch(device.discoveryPort);
		await vi.waitFor(() => expect(device.probes).toBe(2), WAIT);
		expect(search.found).toEqual([]);
		// Datagrams stay in order here: the next answers come behind the bad ones.
		device.discoveryFault = undefined;
		search.clock.advance(10);
		await search.hears(1);
		expect((await search.end()).devices).toHaveLength(1);
	});

	test("are bounded by host", async () => {
		await using device = await startOnvifDevice();
		device.discoveryFault = "flood";
		const search = new RunningSearch(device.discoveryPort);
		await vi.waitFor(() => expect(search.found.length).toBeGreaterThan(0), WAIT);
		const { devices } = await search.end();
		expect(devices.length).toBeLessThanOrEqual(MAX_ANSWERS_PER_HOST);
	});
});

test("a cancelled search gives what it has", async () => {
	await using device = await startOnvifDevice();
	const cancel = new AbortController();
	const search = new RunningSearch(device.discoveryPort, { signal: cancel.signal });
	await search.hears(1);
	cancel.abort();
	expect((await search.result).devices).toHaveLength(1);
	expect(search.clock.pending).toBe(0);
	const late = new RunningSearch(device.discoveryPort, { signal: cancel.signal, interfaces: LOOPBACK });
	expect((await late.result).devices).toEqual([]);
});

test("an interface that cannot be used is left out", async () => {
	const search = new RunningSearch(9, { interfaces: ["192.0.2.250"], range: [] });
	expect(await search.end()).toEqual({ devices: [], interfaces: [] });
});

test("the machine's own addresses are IPv4 and not loopback", () => {
	for (const address of localAddresses()) expect(address).toMatch(/^(?!127\.)\d+\.\d+\.\d+\.\d+$/);
});

/** Whether a group can be asked on the loopback interface: some containers have none that can. */
async function hasMulticast(): Promise<boolean> {
	const [receiver, sender] = [createSocket("udp4"), createSocket("udp4")];
	const late = AbortSignal.timeout(3000);
	try {
		receiver.bind(0);
		await once(receiver, "listening");
		receiver.addMembership(DISCOVERY_GROUP, "127.0.0.1");
		sender.bind(0, "127.0.0.1");
		await once(sender, "listening");
		sender.setMulticastInterface("127.0.0.1");
		const heard = once(receiver, "message", { signal: late });
		sender.send("x", receiver.address().port, DISCOVERY_GROUP, () => undefined);
		await heard;
		return true;
	} catch (error) {
		console.log(`skipped: no multicast on loopback (${String(error)})`);
		return false;
	} finally {
		receiver.close();
		sender.close();
	}
}

describe.skipIf(!(await hasMulticast()))("the group", () => {
	test("is asked on each interface, twice", async () => {
		await using device = await startOnvifDevice({ multicastInterface: "127.0.0.1" });
		const search = new RunningSearch(device.discoveryPort, { interfaces: LOOPBACK, range: [] });
		await search.hears(1);
		const { interfaces, devices } = await search.end();
		expect([interfaces, devices.length]).toEqual([LOOPBACK, 1]);
		await vi.waitFor(() => expect(device.probes).toBe(4), WAIT);
	});

	test("and a range together find a device once", async () => {
		await using device = await startOnvifDevice({ multicastInterface: "127.0.0.1" });
		const search = new RunningSearch(device.discoveryPort, { interfaces: LOOPBACK });
		await vi.waitFor(() => expect(device.probes).toBe(4), WAIT);
		await search.hears(1);
		search.clock.advance(ANSWER_WAIT_MS);
		expect((await search.end()).devices).toHaveLength(1);
	});
});
