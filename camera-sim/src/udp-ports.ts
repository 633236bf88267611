/** The server's UDP ports for RTP and RTCP, shared by all sessions: the client's address tells them apart. @module */
import type { Socket } from "node:dgram";
import { createSocket } from "node:dgram";
import { once } from "node:events";

/** Whose sign of life a receiver report is. */
export interface UdpPeer {
	noteActivity(): void;
}

/** Tries to find an even port with a free one after it: RFC 3550 section 11. */
const MAX_BIND_ATTEMPTS = 50;
/** More than this waiting in the process: datagrams are dropped, as a network does it. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;

export class UdpPorts {
	readonly #rtp: Socket;
	readonly #rtcp: Socket;
	readonly #peers = new Map<string, UdpPeer>();
	/** RTP, RTCP. */
	readonly ports: readonly [number, number];

	private constructor(rtp: Socket, rtcp: Socket) {
		this.#rtp = rtp;
		this.#rtcp = rtcp;
		this.ports = [rtp.address().port, rtcp.address().port];
		for (const socket of [rtp, rtcp]) {
			// An ICMP answer to a client that is gone.
			socket.on("error", () => undefined);
			socket.on("message", (_bytes, from) => this.#peers.get(key(from.address, from.port))?.noteActivity());
		}
	}

	/** @throws Error when no pair of neighbouring ports is free. */
	static async open(host: string, family: "udp4" | "udp6"): Promise<UdpPorts> {
		for (let attempt = 0; attempt < MAX_BIND_ATTEMPTS; attempt++) {
			const rtp = await bind(family, 0, host);
			const port = rtp.address().port;
			const rtcp = port % 2 === 0 ? await bind(family, port + 1, host).catch(() => undefined) : undefined;
			if (rtcp) return new UdpPorts(rtp, rtcp);
			rtp.close();
		}
		throw new Error(`No pair of neighbouring UDP ports is free on ${host}.`);
	}

	sendRtp(datagram: Uint8Array, port: number, address: string): void {
		if (this.#rtp.getSendQueueSize() < MAX_QUEUED_BYTES) this.#rtp.send(datagram, port, address);
	}

	sendRtcp(datagram: Uint8Array, port: number, address: string): void {
		this.#rtcp.send(datagram, port, address);
	}

	/** What comes from these ports of the address is the peer's. */
	expect(peer: UdpPeer, address: string, ports: readonly [number, number]): void {
		for (const port of ports) this.#peers.set(key(address, port), peer);
	}

	forget(peer: UdpPeer): void {
		for (const [name, known] of this.#peers) if (known === peer) this.#peers.delete(name);
	}

	async close(): Promise<void> {
		await Promise.all(
			[this.#rtp, this.#rtcp].map(async (socket) => {
				const closed = once(socket, "close");
				socket.close();
				await closed;
			}),
		);
	}
}

function key(address: string, port: number): string {
	return `${address} ${port}`;
}

async function bind(family: "udp4" | "udp6", port: number, host: string): Promise<Socket> {
	const socket = createSocket(family);
	try {
		const listening = once(socket, "listening");
		socket.bind(port, host);
		await listening;
		return socket;
	} catch (error) {
		socket.close();
		throw error;
	}
}
