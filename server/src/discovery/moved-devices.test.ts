import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findMovedDevices, serialKey } from "./moved-devices.ts";

const A = { serial: "7F0A11B2", endpoint: "urn:uuid:a", host: "10.0.0.1" };
const B = { serial: "7F0A11B3", endpoint: "urn:uuid:b", host: "10.0.0.2" };

describe("a device has moved", () => {
	test("when its serial number answers at another host", () => {
		expect(findMovedDevices([A, B], [{ serial: "7f0a11b2 ", host: "10.0.0.7" }])).toEqual([
			{ device: A, host: "10.0.0.7" },
		]);
	});

	test("when its endpoint reference does, and the serial number is not told", () => {
		expect(findMovedDevices([A, B], [{ endpoint: "URN:UUID:B", host: "10.0.0.8" }])).toEqual([
			{ device: B, host: "10.0.0.8" },
		]);
		const unnamed = { endpoint: A.endpoint, host: A.host };
		expect(findMovedDevices([unnamed], [{ ...A, host: "10.0.0.7" }])).toEqual([{ device: unnamed, host: "10.0.0.7" }]);
	});

	test("with all channels of a recorder, also where two devices change places", () => {
		const channels = [1, 2, 3].map((channel) => ({ ...A, channel }));
		const seen = [
			{ ...A, host: B.host },
			{ ...B, host: A.host },
		];
		expect(findMovedDevices([...channels, B], seen).map(({ host }) => host)).toEqual([B.host, B.host, B.host, A.host]);
	});
});

describe("in doubt nothing moves:", () => {
	test.each([
		["the device is where it was", [A], [A]],
		["it still answers where it was", [A], [A, { ...A, host: "10.0.0.7" }]],
		[
			"two hosts claim to be it",
			[A],
			[
				{ ...A, host: "10.0.0.7" },
				{ ...A, host: "10.0.0.8" },
			],
		],
		["the serial number is another one", [A], [{ ...A, serial: "7F0A11B9", host: "10.0.0.7" }]],
		["two known devices have its serial number", [A, { ...A, host: "10.0.0.3" }], [{ ...A, host: "10.0.0.7" }]],
		["nothing identifies it", [{ host: "10.0.0.1" }], [{ host: "10.0.0.7" }]],
		[
			"the serial number is one that no factory has set",
			[{ serial: "000000", host: "10.0.0.1" }],
			[{ serial: "000000", host: "10.0.0.7" }],
		],
	])("%s", (_why, known, seen) => {
		expect(findMovedDevices(known, seen)).toEqual([]);
	});
});

test("serial numbers that identify nothing are told by their looks", () => {
	for (const serial of [undefined, "", "12345", "123456", "0123456789", "ffffffff", "  "])
		expect(serialKey(serial)).toBeUndefined();
	expect(serialKey("DS-2CD 2042")).toBe("ds-2cd2042");
});

test("a device never moves to where it is, nor twice", () => {
	const one = fc.record({
		serial: fc.constantFrom("7F0A11B2", "7F0A11B3", "000000", ""),
		endpoint: fc.constantFrom("", "a", "b"),
		host: fc.constantFrom("1", "2", "3", "4"),
	});
	fc.assert(
		fc.property(fc.array(one, { maxLength: 6 }), fc.array(one, { maxLength: 6 }), (known, seen) => {
			const moves = findMovedDevices(known, seen);
			for (const { device, host } of moves) expect(host).not.toBe(device.host);
			expect(new Set(moves.map(({ device }) => device)).size).toBe(moves.length);
		}),
	);
});
