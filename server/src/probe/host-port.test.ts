import fc from "fast-check";
import { expect, test } from "vitest";
import { parseHostPort } from "./host-port.ts";

test.each([
	["192.168.1.20", "192.168.1.20", undefined],
	["192.168.1.20:8554", "192.168.1.20", 8554],
	["[fe80::1]", "fe80::1", undefined],
	["[::1]:554", "::1", 554],
	["camera.lan", "camera.lan", undefined],
	["front_door:88", "front_door", 88],
])("%s is a device", (text, host, port) => {
	expect(parseHostPort(text)).toEqual({ host, port });
});

test.each([
	"",
	"::1",
	"[192.168.1.20]",
	"[]",
	"192.168.1",
	"7",
	"192.168.1.256",
	"camera.lan:",
	"camera.lan:0",
	"camera.lan:65536",
	"camera.lan:rtsp",
	"admin:secret@camera.lan",
	"camera.lan/stream1",
	"two words",
])("%j is none", (text) => {
	expect(parseHostPort(text)).toBeUndefined();
});

test("whatever is typed, what is taken is a host without brackets and a port that there is", () => {
	const piece = fc.oneof(fc.constantFrom("[", "]", ":", ".", "::1", "127.0.0.1", "554", "cam"), fc.string());
	fc.assert(
		fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
			const read = parseHostPort(pieces.join(""));
			if (!read) return;
			expect(read.host).toMatch(/^[^[\]@/\s]+$/);
			expect(read.port ?? 1).toSatisfy((port: number) => Number.isInteger(port) && port >= 1 && port <= 65_535);
		}),
	);
});
