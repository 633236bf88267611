/** The server's UDP ports for RTP and RTCP, shared by all sessions: the client's address tells them apart. @module */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isRtcp } from "@vigia/rtp";

/** Tries to find an even port with a free one after it: RFC 3550 section 11. */
const MAX_BIND_ATTEMPTS = 50;
/** More than this waiting in the process: datagrams are dropped, as a network does it. */
const MAX_QUEUED_BYTES = 1024 * 1024;

export class UdpPorts {
	readonly #rtp: Socket;
	readonly #rtcp: Socket;
	/** Who is to be told that a client's ports are alive. */
	readonly #listeners = new Map<string, () => void>();
	/** RTP, RTCP. */
	readonly ports: readonly [number, number];

	private constructor(rtp: Socket, rtcp: Socket) {
		this.#rtp = rtp;
		this.#rtcp = rtcp;
		this.ports = [rtp.address().port, rtcp.address().port];
		for (const socket of [rtp, rtcp]) {
			// An ICMP answer of a client that is gone.
			socket.on("error", () => undefined);
			socket.on("message", (bytes, from) => {
				if (isRtcp(bytes)) this.#listeners.get(key(from.address, from.port))?.();
			});
		}
	}

	/** @throws Error when no pair of neighbouring ports is free. */
	static async open(address: string, family: "udp4" | "udp6"): Promise<UdpPorts> {
		for (let attempt = 0; attempt < MAX_BIND_ATTEMPTS; attempt++) {
			const first = await bind(family, 0, address);
			const { port } = first.address();
			// RTP on the even port, RTCP on the odd one above it: whichever came, its neighbour is asked for.
			const second = await bind(family, port % 2 === 0 ? port + 1 : port - 1, address).catch(() => undefined);
			if (second) return port % 2 === 0 ? new UdpPorts(first, second) : new UdpPorts(second, first);
			first.close();
		}
		throw new Error("No pair of neighbouring UDP ports is free");
	}

	/** `kind` is the port it is sent from. The bytes are copied. */
	send(kind: "rtp" | "rtcp", packet: Uint8Array, address: string, port: number): void {
		const socket = kind === "rtp" ? this.#rtp : this.#rtcp;
		if (socket.getSendQueueSize() >= MAX_QUEUED_BYTES) return;
		// Without a callback, which would be made and queued for each packet: what does not go is lost, as in a network.
		socket.send(Buffer.from(packet), port, address);
	}

	/**
	 * Calls `onReport` for every report from these ports of the address.
	 * @returns how to stop that.
	 */
	listen(address: string, ports: readonly [number, number], onReport: () => void): () => void {
		const keys = ports.map((port) => key(address, port));
		for (const one of keys) this.#listeners.set(one, onReport);
		return () => {
			// A client that came again on the same ports has its own.
			for (const one of keys) if (this.#listeners.get(one) === onReport) this.#listeners.delete(one);
		};
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

async function bind(family: "udp4" | "udp6", port: number, address: string): Promise<Socket> {
	const socket = createSocket(family);
	try {
		const listening = once(socket, "listening");
		socket.bind(port, address);
		await listening;
		return socket;
	} catch (error) {
		socket.close();
		throw error;
	}
}
