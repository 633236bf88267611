import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakePeer, installFakeDom, settle } from "../testing/fake-dom.ts";
import { PeerLink } from "./peer-link.ts";

let told: string[];
let link: PeerLink;
const offer = (connection: number) => ({
	type: "offer" as const,
	connection,
	negotiation: 1,
	sdp: `a=${connection}/0 b=${connection}/1`,
	slots: [
		{ slot: 0, mid: "a" },
		{ slot: 1, mid: "b" },
	],
});
const peer = (index: number) => FakePeer.made[index] as FakePeer;
const video = (entry: object) => ({ type: "inbound-rtp", kind: "video", ...entry });

beforeEach(() => {
	installFakeDom();
	told = [];
	link = new PeerLink({
		send: (message) => told.push(message.type),
		onSound: () => {},
		onTrack: (slot) => told.push(`track ${slot}`),
		onAnswered: () => told.push("answered"),
		onFailed: () => told.push("failed"),
		onUnplayable: () => told.push("unplayable"),
	});
});

afterEach(() => vi.unstubAllGlobals());

test("the answer goes out before the tracks are shown", async () => {
	expect(link.offered(offer(1), [])).toBe(true);
	await settle();
	expect(told).toEqual(["answer", "track 0", "track 1", "answered"]);
	expect(link.trackOf(1)?.id).toBe("1/1");
});

test("a report that never comes does not hold up the next connection's", async () => {
	link.offered(offer(1), []);
	await settle();
	void link.poll();
	expect(await link.poll()).toBe(false);
	link.offered(offer(2), []);
	await settle();
	peer(1).report = () => Promise.resolve(new Map());
	expect(await link.poll()).toBe(true);
});

test("counters are found by media section, or by track where the browser does not tell it", async () => {
	link.offered(offer(1), []);
	await settle();
	peer(0).report = () =>
		Promise.resolve(
			new Map([
				["x", video({ mid: "a", framesDecoded: 3 })],
				["y", video({ trackIdentifier: "1/1", framesDecoded: 4 })],
				["z", video({ trackIdentifier: "unknown", framesDecoded: 5 })],
			]),
		);
	expect(await link.poll()).toBe(true);
	expect([link.inboundOf(0)?.framesDecoded, link.inboundOf(1)?.framesDecoded, link.inboundOf(2)]).toEqual([
		3,
		4,
		undefined,
	]);
});

test("a browser that refuses every track is told of", async () => {
	FakePeer.refusesAll = true;
	link.offered(offer(1), []);
	await settle();
	expect(told).toContain("unplayable");
});
