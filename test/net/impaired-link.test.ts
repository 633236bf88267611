import { createSocket } from "node:dgram";
import { once } from "node:events";
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Child } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { ImpairedLink, NETWORK_IS_POSSIBLE } from "./impaired-link.ts";

/** Few enough to fit the receiver's socket while this process is held up. */
const PACKETS = 200;
/** Says so many numbers to a port, one a millisecond, then ends. */
const SPEAKER = `
import socket, sys, time
host, port, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
speaker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(count):
    speaker.sendto(str(time.time()).encode().ljust(size), (host, port))
    time.sleep(0.001)
`;

const socket = createSocket("udp4");
let link: ImpairedLink;

beforeAll(async () => {
	if (!NETWORK_IS_POSSIBLE) return;
	socket.bind(0);
	await once(socket, "listening");
	link = await ImpairedLink.open();
});

afterAll(async () => {
	await link?.[Symbol.asyncDispose]();
	socket.close();
});

/** How long each packet from behind the link was under way, in ms, in the order of arrival. */
async function hear(count: number, size: number): Promise<number[]> {
	const latencies: number[] = [];
	const note = (data: Buffer): void => void latencies.push(Date.now() - Number(data.toString()) * 1000);
	socket.on("message", note);
	const { port } = socket.address();
	const [command = "", ...args] = link.behind(
		"/usr/bin/python3",
		"-c",
		SPEAKER,
		link.serverAddress,
		`${port}`,
		`${count}`,
		`${size}`,
	);
	await using speaker = new Child(command, args);
	expect(await speaker.exited).toBe(0);
	let heard = -1;
	await eventually("the link is empty", () => heard === (heard = latencies.length));
	socket.off("message", note);
	return latencies;
}

test.skipIf(!NETWORK_IS_POSSIBLE)("a link without faults passes everything at once", async () => {
	const latencies = await hear(PACKETS, 100);
	expect(latencies).toHaveLength(PACKETS);
	expect(latencies.toSorted((a, b) => a - b)[PACKETS / 2]).toBeLessThan(60);
});

test.skipIf(!NETWORK_IS_POSSIBLE)("loss, delay and jitter are what was asked for", async () => {
	await link.apply({ lossPercent: 20, delayMs: 100, jitterMs: 50 });
	const latencies = await hear(PACKETS, 100);
	const { passed, lost } = await link.apply({});
	// Six standard deviations of the binomial distribution around the mean.
	expect(Math.abs(PACKETS - latencies.length - PACKETS * 0.2)).toBeLessThan(34);
	expect(passed + lost).toBeGreaterThanOrEqual(PACKETS);
	expect(Math.min(...latencies)).toBeGreaterThanOrEqual(99);
	expect(latencies.toSorted((a, b) => a - b)[latencies.length >> 1]).toBeGreaterThan(110);
});

test.skipIf(!NETWORK_IS_POSSIBLE)("a slow link queues, then drops", async () => {
	await link.apply({ rateKbps: 256, queueMs: 200 });
	const latencies = await hear(PACKETS, 1000);
	const { full } = await link.apply({});
	expect(full).toBeGreaterThan(PACKETS / 2);
	// 200 ms of queue and one packet of 1028 bytes, which takes 32 ms.
	expect(Math.max(...latencies)).toBeGreaterThan(200);
	// The network's own packets, neighbour discovery and the like, can be among those that were dropped.
	expect(latencies.length).toBeGreaterThanOrEqual(PACKETS - full);
});

test.skipIf(!NETWORK_IS_POSSIBLE)("a cut link passes nothing, and its device is gone with it", async () => {
	await link.apply({ cut: true });
	expect(await hear(PACKETS, 100)).toHaveLength(0);
	await link.apply({});
	expect(await hear(5, 100)).toHaveLength(5);
	await link[Symbol.asyncDispose]();
	expect(spawnSync("ip", ["address"], { encoding: "utf8" }).stdout).not.toContain(link.serverAddress);
});
