/**
 * A way round a disagreement of Chromium and libjuice over TURN (docs/design/0007-turn.md): Chromium's checks over a relay
 * have a tie-breaker of 0, which libjuice takes for none at all. A door stands between libdatachannel and one relay, passes
 * datagrams on in both directions, and puts the checks right.
 *
 * It sends only what libdatachannel has sent to it, and only to its relay: a page cannot make the server send anywhere
 * that ICE would not have sent to by itself.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import { createSocket, type Socket, type SocketType } from "node:dgram";
import { once } from "node:events";
import { mendTieBreaker, replaceMappedAddress, type SignStun, type StunAddress } from "@vigia/rtp";

export const LOOPBACK = "127.0.0.1";
/** Key frames of all tiles come at once, while the process is busy with others. The system may grant less. */
const RECEIVE_BUFFER_BYTES = 1_048_576;

export interface RelayDoorOptions {
	/** What the TURN server gave to the page. */
	readonly relay: RelayAddress;
	/** libdatachannel's UDP port. */
	readonly mediaPort: number;
	/** Of our own description: RFC 8839 section 5.4. */
	readonly icePassword: string;
}

/** A unicast address and a port. */
export interface RelayAddress {
	readonly address: string;
	readonly family: "ipv4" | "ipv6";
	readonly port: number;
}

export class RelayDoor {
	/** On loopback: where libdatachannel finds the relay. */
	readonly port: number;
	/** Connected sockets: the system drops what others send to them. */
	readonly #inside: Socket;
	readonly #outside: Socket;
	#closed = false;

	private constructor(inside: Socket, outside: Socket, icePassword: string) {
		this.#inside = inside;
		this.#outside = outside;
		this.port = inside.address().port;
		const { address, port } = outside.remoteAddress();
		const relay: StunAddress = { bytes: addressBytes(address), port };
		const sign: SignStun = (bytes) => createHmac("sha1", icePassword).update(bytes).digest();
		// An ICMP answer to what was sent, or no room: as with any datagram that is lost.
		for (const socket of [inside, outside]) socket.on("error", () => undefined);
		this.#pass(outside, inside, (datagram) => mendTieBreaker(datagram, sign));
		// The first check is lost: libjuice sends it again after half a second, and a pair without a relay goes before.
		inside.once("message", () => this.#pass(inside, outside, (bytes) => replaceMappedAddress(bytes, relay, sign)));
	}

	/** @throws Error when the system gives no sockets, or has no road to the relay. */
	static async open({ relay, mediaPort, icePassword }: RelayDoorOptions): Promise<RelayDoor> {
		const inside = await openSocket("udp4", LOOPBACK, LOOPBACK, mediaPort);
		try {
			const type = relay.family === "ipv4" ? "udp4" : "udp6";
			return new RelayDoor(inside, await openSocket(type, undefined, relay.address, relay.port), icePassword);
		} catch (error) {
			inside.close();
			throw error;
		}
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#inside.close();
		this.#outside.close();
	}

	#pass(from: Socket, to: Socket, change: (datagram: Uint8Array) => Uint8Array | undefined): void {
		const remote = from.remoteAddress();
		from.on("message", (datagram, { address, port }) => {
			// Of before the socket was connected.
			if (this.#closed || port !== remote.port || address !== remote.address) return;
			to.send(change(datagram) ?? datagram);
		});
	}
}

async function openSocket(
	type: SocketType,
	address: string | undefined,
	remoteAddress: string,
	remotePort: number,
): Promise<Socket> {
	const socket = createSocket(type);
	try {
		socket.bind({ port: 0, exclusive: true, ...(address === undefined ? {} : { address }) });
		await once(socket, "listening");
		socket.connect(remotePort, remoteAddress);
		await once(socket, "connect");
	} catch (error) {
		socket.close();
		throw error;
	}
	try {
		socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
	} catch {
		// The system's own size does for most walls.
	}
	return socket;
}

/** In network order, of the spelling that the system gives: RFC 5952. */
function addressBytes(address: string): Uint8Array {
	if (!address.includes(":")) return Uint8Array.from(address.split("."), Number);
	const [head = [], tail = []] = address.split("::").map((half) => half.split(":").filter((group) => group !== ""));
	const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
	const groups = [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
	return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}
