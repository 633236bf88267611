import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UdpPorts } from "./udp-ports.ts";

const LOOPBACK = "127.0.0.1";
/** Of RFC 768: a length of 16 bits, with the headers. */
const TOO_LARGE_BYTES = 65_536;

let ports: UdpPorts;
let client: Socket;

beforeEach(async () => {
	ports = await UdpPorts.open(LOOPBACK, "udp4");
	client = createSocket("udp4");
	client.bind(0, LOOPBACK);
	await once(client, "listening");
});

afterEach(async () => {
	client.close();
	await ports.close();
});

async function nextDatagram(): Promise<[byte: number | undefined, port: number]> {
	const [bytes, from] = (await once(client, "message")) as [Buffer, RemoteInfo];
	return [bytes[0], from.port];
}

test("packets come from the port of their kind, as they were when they were sent", async () => {
	expect(ports.ports[0] % 2).toBe(0);
	const packet = new Uint8Array([1]);
	for (const [kind, port] of [
		["rtp", ports.ports[0]],
		["rtcp", ports.ports[1]],
	] as const) {
		packet[0] = 1;
		const received = nextDatagram();
		ports.send(kind, packet, LOOPBACK, client.address().port);
		packet[0] = 2;
		expect(await received).toEqual([1, port]);
	}
});

test("a packet that the system refuses is lost, and the next one goes", async () => {
	const received = nextDatagram();
	ports.send("rtp", new Uint8Array(TOO_LARGE_BYTES), LOOPBACK, client.address().port);
	ports.send("rtp", new Uint8Array([7]), LOOPBACK, client.address().port);
	expect(await received).toEqual([7, ports.ports[0]]);
});
