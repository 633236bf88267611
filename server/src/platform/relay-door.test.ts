import { createHmac } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { expect, test } from "vitest";
import { RelayDoor } from "./relay-door.ts";

const PASSWORD = "of-our-description";
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const ICE_CONTROLLED = 0x8029;
const XOR_MAPPED_ADDRESS = 0x0020;

test("after the first check media passes in both directions, and nothing that strangers send", async () => {
	await using network = await Network.open();
	const { door, media, relay, stranger } = network;
	media.send("lost", door.port);
	media.send("one", door.port);
	const [sent, { port: outsidePort }] = await once(relay, "message");
	expect(String(sent)).toBe("one");
	stranger.send("forged", outsidePort);
	stranger.send("forged", door.port);
	relay.send("two", outsidePort);
	expect(await next(media)).toBe("two");
	media.send("three", door.port);
	expect(await next(relay)).toBe("three");
});

test("a check of the relay gets a tie-breaker, and its answer the relay's address", async () => {
	await using network = await Network.open();
	const { door, media, relay } = network;
	for (const check of ["lost", "first"]) media.send(check, door.port);
	const [, { port: outsidePort }] = await once(relay, "message");
	relay.send(message(BINDING_REQUEST, ICE_CONTROLLED, Buffer.alloc(8)), outsidePort);
	const [check] = await once(media, "message");
	expect(Buffer.from(check).subarray(24, 32)).toEqual(Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]));

	media.send(message(BINDING_SUCCESS, XOR_MAPPED_ADDRESS, Buffer.from([0, 1, 9, 9, 9, 9, 9, 9])), door.port);
	const [answer] = await once(relay, "message");
	const value = Buffer.from(answer).subarray(24, 32);
	expect(value.readUInt16BE(2) ^ 0x2112).toBe(relay.address().port);
	expect((value.readUInt32BE(4) ^ 0x2112a442) >>> 0).toBe(0x7f000001);
});

test("a relay that nobody listens at does no harm, and a closed door passes nothing on", async () => {
	await using network = await Network.open();
	const { door, media, relay } = network;
	for (const check of ["lost", "one"]) media.send(check, door.port);
	await once(relay, "message");
	const { port } = relay.address();
	relay.close();
	await once(relay, "close");
	// Each is answered by ICMP, which the next one hears of.
	for (let count = 0; count < 3; count++) media.send("lost", door.port);
	network.relay = await bound(port);
	media.send("two", door.port);
	await expect.poll(() => network.received.at(-1)).toBe("two");
	door.close();
	door.close();
});

/** What libdatachannel, the relay and somebody else would be, and the door between the first two. */
class Network implements AsyncDisposable {
	readonly received: string[] = [];
	readonly media: Socket;
	readonly stranger: Socket;
	readonly door: RelayDoor;
	#relay: Socket;

	private constructor(media: Socket, relay: Socket, stranger: Socket, door: RelayDoor) {
		this.media = media;
		this.#relay = relay;
		this.stranger = stranger;
		this.door = door;
	}

	static async open(): Promise<Network> {
		const [media, relay, stranger] = [await bound(), await bound(), await bound()];
		const door = await RelayDoor.open({
			relay: { address: "127.0.0.1", family: "ipv4", port: relay.address().port },
			mediaPort: media.address().port,
			icePassword: PASSWORD,
		});
		return new Network(media, relay, stranger, door);
	}

	get relay(): Socket {
		return this.#relay;
	}

	set relay(relay: Socket) {
		this.#relay = relay;
		relay.on("message", (bytes) => this.received.push(String(bytes)));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.door.close();
		for (const socket of [this.media, this.#relay, this.stranger]) {
			const closed = once(socket, "close");
			socket.close();
			await closed;
		}
	}
}

async function bound(port = 0): Promise<Socket> {
	const socket = createSocket("udp4");
	socket.bind(port, "127.0.0.1");
	await once(socket, "listening");
	return socket;
}

async function next(socket: Socket): Promise<string> {
	const [bytes] = await once(socket, "message");
	return String(bytes);
}

/** A STUN message with one attribute, signed with the password. */
function message(type: number, attribute: number, value: Buffer): Buffer {
	const head = Buffer.alloc(24 + value.length);
	head.writeUInt16BE(type);
	head.writeUInt16BE(4 + value.length + 24, 2);
	head.writeUInt32BE(0x2112a442, 4);
	head.writeUInt16BE(attribute, 20);
	head.writeUInt16BE(value.length, 22);
	head.set(value, 24);
	const integrity = createHmac("sha1", PASSWORD).update(head).digest();
	return Buffer.concat([head, Buffer.from([0, 8, 0, 20]), integrity]);
}
