/** The UDP ports that one session's tracks arrive at: RFC 2326 section 12.39, RFC 3550 section 11. @module */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { isRtcp, RTP_HEADER_BYTES } from "@vigia/rtp";
import type { Peer } from "./connection.ts";

/** Tries to find an even port with a free one after it. */
const MAX_BIND_ATTEMPTS = 20;
/** A key frame of a 4K camera comes at once, while the process is busy with others. The system may grant less. */
const RECEIVE_BUFFER_BYTES = 1_048_576;
const RTP_VERSION = 2;

export type PortKind = "rtp" | "rtcp";

/** Hot path. The bytes are the receiver's from now on. */
export type OnDatagram = (pair: number, bytes: Uint8Array) => void;

/** Where the camera sends from and listens at, of one of our ports. */
interface Remote {
	/** Its port as it was announced, or as its first valid packet showed. */
	port: number | undefined;
	/** A packet came: no other port counts any more. */
	latched: boolean;
}

interface Pair {
	readonly sockets: Readonly<Record<PortKind, Socket>>;
	readonly remotes: Readonly<Record<PortKind, Remote>>;
}

export class UdpReceiver {
	readonly #peer: Peer;
	/** The camera's address in the spelling that packets bring it in, without zone. */
	readonly #address: string;
	readonly #pairs: readonly Pair[];
	readonly #onDatagram: OnDatagram;
	#closed = false;
	/** Datagrams from other addresses, from other ports than the camera's, and such as are neither RTP nor RTCP. */
	ignoredDatagrams = 0;

	private constructor(peer: Peer, sockets: readonly Pair["sockets"][], onDatagram: OnDatagram) {
		this.#peer = peer;
		this.#address = withoutZone(peer.address);
		this.#onDatagram = onDatagram;
		this.#pairs = sockets.map((pair) => ({
			sockets: pair,
			remotes: { rtp: { port: undefined, latched: false }, rtcp: { port: undefined, latched: false } },
		}));
		for (const [index, { sockets: pair }] of this.#pairs.entries()) {
			for (const kind of ["rtp", "rtcp"] as const) {
				// An ICMP answer to what was sent: the camera's port is not open yet, or never will be (quirk 77).
				pair[kind].on("error", () => undefined);
				pair[kind].on("message", (bytes, from) => this.#onMessage(index, kind, bytes, from));
			}
		}
	}

	/**
	 * Opens so many pairs of ports for packets of this camera.
	 * @throws Error when no neighbouring ports are free.
	 */
	static async open(peer: Peer, pairs: number, onDatagram: OnDatagram): Promise<UdpReceiver> {
		const sockets: Pair["sockets"][] = [];
		try {
			while (sockets.length < pairs) sockets.push(await bindPair(peer.family === "IPv6" ? "udp6" : "udp4"));
		} catch (error) {
			for (const { rtp, rtcp } of sockets) {
				rtp.close();
				rtcp.close();
			}
			throw error;
		}
		return new UdpReceiver(peer, sockets, onDatagram);
	}

	/** Our ports, a pair (RTP, RTCP) each. */
	get ports(): readonly (readonly [number, number])[] {
		return this.#pairs.map(({ sockets }) => [sockets.rtp.address().port, sockets.rtcp.address().port] as const);
	}

	/** The ports that the camera announced, if it did: where to send to until a packet shows better. */
	expect(pair: number, serverPort: readonly [number, number] | undefined): void {
		const remotes = this.#pairs[pair]?.remotes;
		if (!remotes || !serverPort) return;
		for (const [kind, port] of [
			["rtp", serverPort[0]],
			["rtcp", serverPort[1]],
		] as const) {
			// Some cameras announce port 0 or 1, which means none (quirk 76).
			if (!remotes[kind].latched && port > 1) remotes[kind].port = port;
		}
	}

	/** Sends a datagram to the camera's port if it is known by now. */
	send(pair: number, kind: PortKind, bytes: Uint8Array): void {
		const { sockets, remotes } = this.#pairs[pair] ?? {};
		const port = remotes?.[kind].port;
		if (this.#closed || port === undefined) return;
		sockets?.[kind].send(bytes, port, this.#peer.address, () => undefined);
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		for (const { sockets } of this.#pairs) {
			sockets.rtp.close();
			sockets.rtcp.close();
		}
	}

	#onMessage(index: number, kind: PortKind, bytes: Buffer, from: RemoteInfo): void {
		const remote = this.#pairs[index]?.remotes[kind];
		if (this.#closed || !remote) return;
		const isCamera = withoutZone(from.address) === this.#address && (!remote.latched || from.port === remote.port);
		if (!isCamera || !(isRtcp(bytes) || looksLikeRtp(bytes))) {
			this.ignoredDatagrams++;
			return;
		}
		remote.latched = true;
		remote.port = from.port;
		// A Buffer's slice() would be a view where a Uint8Array's is a copy.
		this.#onDatagram(index, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
	}
}

function looksLikeRtp(bytes: Uint8Array): boolean {
	return bytes.length >= RTP_HEADER_BYTES && (bytes[0] ?? 0) >> 6 === RTP_VERSION;
}

/** `fe80::1%eth0` and `fe80::1` are one camera here: the socket that connected to it chose the interface. */
function withoutZone(address: string): string {
	return address.split("%")[0] ?? address;
}

async function bindPair(type: "udp4" | "udp6"): Promise<Pair["sockets"]> {
	for (let attempt = 0; attempt < MAX_BIND_ATTEMPTS; attempt++) {
		const first = await bind(type, 0);
		const { port } = first.address();
		// RTP on the even port, RTCP on the odd one above it: whichever came, its neighbour is asked for.
		const second = await bind(type, port % 2 === 0 ? port + 1 : port - 1).catch(() => undefined);
		if (second) return port % 2 === 0 ? { rtp: first, rtcp: second } : { rtp: second, rtcp: first };
		first.close();
	}
	throw new Error("No pair of neighbouring UDP ports is free");
}

async function bind(type: "udp4" | "udp6", port: number): Promise<Socket> {
	const socket = createSocket(type);
	try {
		socket.bind(port);
		await once(socket, "listening");
	} catch (error) {
		socket.close();
		throw error;
	}
	try {
		socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
	} catch {
		// The system's own size does for most streams.
	}
	return socket;
}
