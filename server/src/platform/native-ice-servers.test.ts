import { expect, test } from "vitest";
import { nativeIceServers } from "./native-ice-servers.ts";

test("STUN and TURN over UDP are used, with the default port where none is given", () => {
	const servers = [
		{ urls: ["stun:stun.example.org", "STUN:[2001:db8::1]:3479"] },
		{ urls: ["turn:turn.example.org?transport=udp"], username: "vigia", credential: "p@ss:w#rd%/ñ" },
	];
	expect(nativeIceServers(servers)).toEqual([
		"stun:stun.example.org:3478",
		"stun:[2001:db8::1]:3479",
		{
			hostname: "turn.example.org",
			port: 3478,
			username: "vigia",
			password: "p@ss:w#rd%/ñ",
			relayType: "TurnUdp",
		},
	]);
});

test("what only a browser can speak is left to the browser", () => {
	const urls = ["turns:turn.example.org", "turn:turn.example.org?transport=tcp", "stuns:stun.example.org", "http://x"];
	expect(nativeIceServers([{ urls, username: "a", credential: "b" }])).toEqual([]);
});
