import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DeviceTable, MAX_DEVICES } from "./device-table.ts";
import { type ProbeMatch, probeMessage, readProbeMatches } from "./ws-discovery.ts";
import { findElement, readXml, textAt } from "./xml-reader.ts";

const ID = "33b853b6-86d5-440f-9628-ae401a178d90";

interface Match {
	readonly endpoint?: string;
	readonly types?: string;
	readonly scopes?: string;
	readonly xaddrs?: string;
}

function answer(matches: readonly Match[], relatesTo = `urn:uuid:${ID}`): string {
	const list = matches.map(
		({
			endpoint = "urn:uuid:A",
			types = "dn:NetworkVideoTransmitter",
			scopes = "",
			xaddrs = "http://10.0.0.9/onvif/device_service",
		}) =>
			`<d:ProbeMatch><a:EndpointReference><a:Address>${endpoint}</a:Address></a:EndpointReference><d:Types>${types}</d:Types><d:Scopes>${scopes}</d:Scopes><d:XAddrs>${xaddrs}</d:XAddrs></d:ProbeMatch>`,
	);
	return `<s:Envelope><s:Header><a:RelatesTo>${relatesTo}</a:RelatesTo></s:Header><s:Body><d:ProbeMatches>${list.join("")}</d:ProbeMatches></s:Body></s:Envelope>`;
}

const read = (text: string, from = "10.0.0.9"): ProbeMatch[] => readProbeMatches(text, [ID], from);

test("a Probe asks for one type, with its id", () => {
	const probe = readXml(probeMessage("NetworkVideoTransmitter", ID));
	expect(textAt(probe, "Header", "MessageID")).toBe(`urn:uuid:${ID}`);
	expect(textAt(probe, "Body", "Probe", "Types")).toBe("dp0:NetworkVideoTransmitter");
	expect(findElement(readXml(probeMessage("Device", ID)), "Body", "Probe", "Types")?.text).toBe("dp0:Device");
});

describe("an answer", () => {
	test("says who the device is", () => {
		const scopes =
			"onvif://www.onvif.org/name/Puerta%20n%C2%BA%201 onvif://www.onvif.org/Hardware/IPC-X onvif://www.onvif.org/location/%ff onvif://www.onvif.org/serial/7F0A11";
		expect(read(answer([{ endpoint: "URN:uuid:ABC", scopes }]))).toEqual([
			{
				endpoint: "urn:uuid:abc",
				address: { scheme: "http", host: "10.0.0.9", port: 80, path: "/onvif/device_service" },
				name: "Puerta nº 1",
				hardware: "IPC-X",
				location: "%ff",
				serial: "7F0A11",
			},
		]);
	});

	test("leads to the host that it came from, whatever addresses the device names", () => {
		const xaddrs = "http://[fe80::1]/onvif/device_service http://10.0.0.9:8899/onvif/a http://10.0.0.7/onvif/b";
		expect(read(answer([{ xaddrs }]))[0]?.address).toMatchObject({ host: "10.0.0.9", port: 8899, path: "/onvif/a" });
		expect(read(answer([{ xaddrs }]), "203.0.113.4")[0]?.address).toMatchObject({
			host: "203.0.113.4",
			path: "/onvif/device_service",
		});
		const nowhere = answer([{ xaddrs: "http://0.0.0.0:8080/onvif/device_service" }]);
		expect(read(nowhere)[0]?.address).toMatchObject({ host: "10.0.0.9", port: 8080 });
	});

	test("to another Probe, and what is no ONVIF device, is left out", () => {
		expect(read(answer([{}], "urn:uuid:00000000-0000-0000-0000-000000000000"))).toEqual([]);
		expect(read(answer([{}], ""))).toEqual([]);
		expect(read(answer([{ types: "wsdp:Device wprt:PrintDeviceType", xaddrs: "http://10.0.0.9:5357/print" }]))).toEqual(
			[],
		);
		expect(read(answer([{ types: "", xaddrs: "http://10.0.0.9/web" }]))).toEqual([]);
		expect(read(answer([{ xaddrs: "ftp://10.0.0.9/onvif/ http://user:pw@10.0.0.9/onvif/" }]))).toEqual([]);
		for (const text of ["", "<a/>", answer([{}]).slice(0, 300)]) expect(read(text)).toEqual([]);
	});

	test("without types is a device if its scopes or its path say so", () => {
		expect(
			read(answer([{ types: "", scopes: "onvif://www.onvif.org/type/ptz", xaddrs: "http://10.0.0.9/x" }])),
		).toHaveLength(1);
		expect(read(answer([{ types: "tds:Device" }]))).toHaveLength(1);
	});

	test("of many devices is read up to a bound, and with an id in other letters", () => {
		expect(
			read(
				answer(
					Array.from({ length: 100 }, () => ({})),
					`uuid:${ID.toUpperCase()}`,
				),
			),
		).toHaveLength(16);
	});

	test("never makes the reader throw", () => {
		const word = fc.oneof(
			fc.string(),
			fc.constantFrom("http://", "http://[::1", "onvif://www.onvif.org/name/%", "http://a/onvif/", "<", "&#1;"),
		);
		const match = fc.record({ endpoint: word, types: word, scopes: word, xaddrs: word });
		fc.assert(
			fc.property(fc.array(match, { maxLength: 3 }), (matches) => {
				for (const { address } of read(answer(matches))) expect(address.host).toBe("10.0.0.9");
			}),
		);
	});
});

describe("the table of devices", () => {
	const match = (more: Partial<ProbeMatch> & { host?: string; port?: number }): ProbeMatch => {
		const { host = "10.0.0.9", port = 80, ...rest } = more;
		return { endpoint: "", address: { scheme: "http", host, port, path: "/onvif/device_service" }, ...rest };
	};

	test("has a device once, by endpoint reference, serial number or address", () => {
		const table = new DeviceTable();
		expect(table.add(match({ endpoint: "a", name: "One" }))).toMatchObject({ endpoint: "a" });
		expect(table.add(match({ endpoint: "a", host: "10.0.1.9", serial: "7F0A11B2" }))).toBeUndefined();
		expect(table.add(match({ endpoint: "b", host: "10.0.2.9", serial: "7f0a11b2", name: "Other" }))).toBeUndefined();
		expect(table.add(match({ endpoint: "c" }))).toBeUndefined();
		expect(table.add(match({ endpoint: "d", port: 81 }))).toBeDefined();
		expect(table.devices).toMatchObject([{ endpoint: "a", name: "One", serial: "7F0A11B2" }, { endpoint: "d" }]);
		expect(table.devices[0]?.addresses.map(({ host }) => host)).toEqual(["10.0.0.9", "10.0.1.9", "10.0.2.9"]);
	});

	test("does not take a serial number that no factory has set for one", () => {
		const table = new DeviceTable();
		table.add(match({ serial: "000000", port: 1 }));
		table.add(match({ serial: "000000", port: 2 }));
		expect(table.devices).toHaveLength(2);
	});

	test("is bounded", () => {
		const table = new DeviceTable();
		for (let port = 1; port <= MAX_DEVICES + 5; port++) table.add(match({ port }));
		for (let host = 1; host < 20; host++) table.add(match({ port: 1, endpoint: "x", host: `10.0.0.${host}` }));
		expect(table.devices).toHaveLength(MAX_DEVICES);
		expect(table.devices[0]?.addresses.length).toBeLessThanOrEqual(8);
	});
});
