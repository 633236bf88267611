import { networkInterfaces } from "node:os";
import { expect, test } from "vitest";
import { MAX_DOORS, RelayDoors, takeRelays } from "./relay-doors.ts";

const RELAY = "candidate:1 1 udp 41885439 192.0.2.7 49170 typ relay raddr 0.0.0.0 rport 0 generation 0 ufrag aB+/";

test("the candidates of relays are taken out of a description, each with its media section", () => {
	const sections = [
		"v=0\r\n",
		`m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=candidate:2 1 udp 2122260223 192.0.2.1 5000 typ host\r\na=${RELAY}\r\na=mid:0\r\n`,
		`m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:sound\r\na=${RELAY}\r\n`,
	];
	const { rest, relays } = takeRelays(sections.join(""));
	expect(relays).toEqual([
		{ candidate: RELAY, mid: "0" },
		{ candidate: RELAY, mid: "sound" },
	]);
	expect(rest).toBe(sections.join("").replaceAll(`a=${RELAY}\r\n`, ""));
	expect(takeRelays(rest)).toEqual({ rest, relays: [] });
});

test("only relays at unicast addresses get a door, and only once there is a password", () => {
	const added: string[] = [];
	const options = { mediaPort: 9, add: (candidate: string) => added.push(candidate) };
	const doors = new RelayDoors({ ...options, icePassword: () => "password" });
	for (const candidate of [
		RELAY.replace("typ relay", "typ host"),
		RELAY.replace("udp", "tcp"),
		RELAY.replace("49170", "0"),
		RELAY.replace("49170", "65536"),
		...[
			"127.0.0.1",
			"0.0.0.0",
			"224.0.0.1",
			"255.255.255.255",
			"::",
			"::1",
			"::ffff:127.0.0.1",
			"::ffff:7f00:1",
			"ff02::1",
			"fe80::1",
			"fe80::1%lo",
			"relay.example.org",
			"1.2.3",
		].map((address) => RELAY.replace("192.0.2.7", address)),
		"",
		"candidate:",
	]) {
		expect(doors.take(candidate, "0"), candidate).toBe(false);
	}
	expect(new RelayDoors({ ...options, icePassword: () => undefined }).take(RELAY, "0")).toBe(false);
	expect(added).toEqual([]);
});

test("a relay's candidate is added once, with its door's address and behind it with its own, and so many at the most", async ({
	skip,
}) => {
	const own = Object.values(networkInterfaces())
		.flatMap((infos) => infos ?? [])
		.find(({ internal, family }) => !internal && family === "IPv4");
	if (!own) return skip("no network here");
	const added: string[] = [];
	const doors = new RelayDoors({
		mediaPort: 9,
		icePassword: () => "password",
		add: (candidate, mid) => added.push(`${mid} ${candidate}`),
	});
	const relayAt = (port: number): string => RELAY.replace("192.0.2.7 49170", `${own.address} ${port}`);
	for (let port = 1; port <= MAX_DOORS; port++) expect(doors.take(relayAt(port), "0")).toBe(true);
	expect(doors.take(relayAt(1), "1")).toBe(true);
	expect(doors.take(relayAt(MAX_DOORS + 1), "0")).toBe(false);
	await expect.poll(() => added.length).toBe(2 * MAX_DOORS);
	const end = String.raw`typ relay raddr 0\.0\.0\.0 rport 0 generation 0 ufrag aB\+/$`;
	for (const [index, text] of added.entries()) {
		const where = index % 2 === 0 ? String.raw`2 127\.0\.0\.1` : `1 ${own.address}`;
		expect(text).toMatch(new RegExp(String.raw`^0 candidate:1 1 udp ${where} \d+ ${end}`));
	}
	doors.close();
	expect(doors.take(relayAt(1), "0")).toBe(false);
});
