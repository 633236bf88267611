import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_RANGE_ADDRESSES, parseAddressRange } from "./address-range.ts";
import { parseDeviceAddress, serviceOnDevice } from "./onvif-address.ts";
import { OnvifError } from "./onvif-error.ts";

const codeOf = (run: () => unknown): string | undefined => {
	try {
		run();
		return undefined;
	} catch (error) {
		if (!(error instanceof OnvifError)) throw error;
		return error.code;
	}
};

describe("a range", () => {
	test("is written in four ways", () => {
		const network = parseAddressRange("192.168.1.77/24");
		expect([network.length, network[0], network.at(-1)]).toEqual([254, "192.168.1.1", "192.168.1.254"]);
		expect(parseAddressRange("10.0.0.254 - 10.0.1.1")).toEqual(["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"]);
		expect(parseAddressRange(" 10.0.0.8-10 ")).toEqual(["10.0.0.8", "10.0.0.9", "10.0.0.10"]);
		expect(parseAddressRange("10.0.0.8")).toEqual(["10.0.0.8"]);
		expect(parseAddressRange("10.0.0.9/31")).toEqual(["10.0.0.8", "10.0.0.9"]);
		expect(parseAddressRange("10.0.0.9/32")).toEqual(["10.0.0.9"]);
	});

	test("has a bound", () => {
		expect(parseAddressRange("10.0.0.0/22")).toHaveLength(MAX_RANGE_ADDRESSES - 2);
		expect(parseAddressRange("10.0.0.0-10.0.3.255")).toHaveLength(MAX_RANGE_ADDRESSES);
		expect(codeOf(() => parseAddressRange("10.0.0.0/21"))).toBe("range-too-large");
		expect(codeOf(() => parseAddressRange("1.0.0.0-223.0.0.1"))).toBe("range-too-large");
	});

	test.each([
		"",
		"camera",
		"10.0.0",
		"10.0.0.256",
		"10.0.0.1/33",
		"10.0.0.9-8",
		"0.0.0.0/0",
		"239.255.255.250",
		"255.255.255.255",
		"10.0.0.1-300",
		"::1/120",
		"10.0.0.1,10.0.0.2",
	])("%s is none", (text) => {
		expect(codeOf(() => parseAddressRange(text))).toBe("range-invalid");
	});

	test("of any text is bounded or refused", () => {
		const text = fc.oneof(fc.string(), fc.stringMatching(/^[\d./ -]{0,40}$/));
		fc.assert(
			fc.property(text, (range) => {
				codeOf(() => expect(parseAddressRange(range).length).toBeLessThanOrEqual(MAX_RANGE_ADDRESSES));
			}),
		);
	});
});

describe("a device's address", () => {
	test.each([
		["192.168.1.20", "http", "192.168.1.20", 80, "/onvif/device_service"],
		[" 192.168.1.20:8899 ", "http", "192.168.1.20", 8899, "/onvif/device_service"],
		["camara.local", "http", "camara.local", 80, "/onvif/device_service"],
		["fe80::1", "http", "fe80::1", 80, "/onvif/device_service"],
		["https://cam/", "https", "cam", 443, "/onvif/device_service"],
		["http://[::1]:8000/onvif/x?y", "http", "::1", 8000, "/onvif/x?y"],
	])("is written %s", (text, scheme, host, port, path) => {
		expect(parseDeviceAddress(text)).toEqual({ scheme, host, port, path });
	});

	test.each([
		"",
		"rtsp://192.168.1.20",
		"user:pw@192.168.1.20",
		"192.168.1.20:0",
		"192.168.1.20:99999",
		"a b",
		"http://",
	])("is not written %s", (text) => {
		expect(codeOf(() => parseDeviceAddress(text))).toBe("address-invalid");
	});

	test("never gives way to one that the device names: only a port of the same host counts", () => {
		const device = parseDeviceAddress("203.0.113.4:8001");
		const at = (host: string, port: number, scheme: "http" | "https" = "http"): unknown =>
			serviceOnDevice(device, { scheme, host, port, path: "/media" });
		expect(at("192.168.0.10", 80)).toEqual({ ...device, path: "/media" });
		expect(at("203.0.113.4", 8080)).toEqual({ ...device, port: 8080, path: "/media" });
		expect(at("203.0.113.4", 443, "https")).toEqual({ ...device, path: "/media" });
	});
});
