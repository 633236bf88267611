import fc from "fast-check";
import { expect, test } from "vitest";
import { parseIceServers } from "./ice-servers.ts";

test("a short list and JSON say the same", () => {
	const servers = [
		{ urls: ["stun:stun.example.org:3478"] },
		{ urls: ["turn:turn.example.org:3478?transport=tcp"], username: "user", credential: "p@ss:w#rd%/ñ" },
	];
	expect(
		parseIceServers("stun:stun.example.org:3478, turn:user:p@ss:w#rd%/ñ@turn.example.org:3478?transport=tcp"),
	).toEqual(servers);
	expect(parseIceServers(JSON.stringify(servers))).toEqual(servers);
	expect(parseIceServers('[{"urls":"stun:a"}]')).toEqual([{ urls: ["stun:a"] }]);
	expect(parseIceServers(" ")).toEqual([]);
});

test.each([
	["http://stun.example.org"],
	["stun:"],
	["stun:a b:c"],
	["turn:turn.example.org"],
	["turn:user@turn.example.org"],
	["[{]"],
	['[{"urls":[]}]'],
	['[{"urls":"stun:a","password":"x"}]'],
	['[{"urls":"turn:a","username":"x"}]'],
	['{"urls":"stun:a"}'],
])("refuses %s", (text) => {
	expect(parseIceServers(text)).toBeUndefined();
});

test("never throws", () => {
	fc.assert(
		fc.property(fc.string(), (text) => {
			parseIceServers(text);
			parseIceServers(`[${text}`);
		}),
	);
});
