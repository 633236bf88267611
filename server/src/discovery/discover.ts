/** Looks for ONVIF devices in the networks of this machine and in a given range of addresses. @module */
import { randomUUID } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import type { Clock, Timer } from "../platform/clock.ts";
import { DeviceTable, type DiscoveredDevice } from "./device-table.ts";
import { DISCOVERY_GROUP, DISCOVERY_PORT, PROBE_TYPES, probeMessage, readProbeMatches } from "./ws-discovery.ts";

/** SOAP-over-UDP section 3.4: a second time, for what the network lost. */
const REPEATS = 2;
/** Between repetitions: SOAP-over-UDP section 3.4 has 50 to 250 ms. */
const REPEAT_AFTER_MS = 250;
/** Between addresses of a range: a hundred a second neither fill the table of neighbours nor a slow line. */
export const RANGE_INTERVAL_MS = 10;
/** After the last Probe. Devices may wait half a second (WS-Discovery section 3.1.3), and slow ones take two. */
export const ANSWER_WAIT_MS = 3000;
/** WS-Discovery section 2.4: the group stays on the link. */
const MULTICAST_TTL = 1;
/** A ProbeMatch is 1 to 4 KB. */
export const MAX_ANSWER_BYTES = 16_384;
/** Of all devices together: a thousand, to both types, repeated. */
const MAX_ANSWERS = 4096;
/** Of one IP address: two types, repeated, multicast and unicast, and several devices behind one router. */
export const MAX_ANSWERS_PER_HOST = 64;

export interface DiscoverOptions {
	readonly clock: Clock;
	/** IPv4 addresses of this machine from which the group is asked. Default: those of {@link localAddresses}. */
	readonly interfaces?: readonly string[];
	/** Addresses that are asked one by one: see `parseAddressRange`. Default: none. */
	readonly range?: readonly string[];
	/** Default: 3702. */
	readonly port?: number;
	/** A device was heard for the first time. */
	readonly onDevice?: (device: DiscoveredDevice) => void;
	/** Ends the search; what was found so far is the result. */
	readonly signal?: AbortSignal;
}

export interface Discovery {
	/** In the order in which they answered, at most 1024. */
	readonly devices: readonly DiscoveredDevice[];
	/** The addresses of this machine from which the group was asked. In a container these are the container's. */
	readonly interfaces: readonly string[];
}

/** IPv4 addresses of this machine, one per interface and network, without loopback. */
export function localAddresses(): string[] {
	const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
	return interfaces.flatMap(({ family, internal, address }) => (family === "IPv4" && !internal ? [address] : []));
}

/**
 * Asks and listens for some seconds. Nobody but the group and the range is contacted. Never rejects: an interface that
 * cannot be used is left out.
 */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
	await using search = new Search(options);
	return await search.run();
}

/** One kind of Probe: devices ignore a message id that they have answered, so multicast and unicast have their own. */
interface ProbeSet {
	readonly ids: readonly string[];
	readonly messages: readonly Buffer[];
}

function makeProbes(): ProbeSet {
	const ids = PROBE_TYPES.map(() => randomUUID());
	return { ids, messages: PROBE_TYPES.map((type, index) => Buffer.from(probeMessage(type, ids[index] ?? ""))) };
}

class Search implements AsyncDisposable {
	readonly #options: DiscoverOptions;
	readonly #table = new DeviceTable();
	readonly #toGroup = makeProbes();
	readonly #toRange = makeProbes();
	readonly #sockets: Socket[] = [];
	readonly #answersByHost = new Map<string, number>();
	readonly #timers = new Set<Timer>();
	#answers = 0;

	constructor(options: DiscoverOptions) {
		this.#options = options;
	}

	async run(): Promise<Discovery> {
		const { interfaces = localAddresses(), range = [] } = this.#options;
		const opened = await Promise.all(interfaces.map((address) => this.#open(address)));
		const used = interfaces.filter((_, index) => opened[index] !== undefined);
		const [unicast] = range.length > 0 ? [await this.#open(undefined)] : [];
		await Promise.all([
			this.#askGroup(opened.filter((socket) => socket !== undefined)),
			unicast && this.#askRange(unicast, range),
		]);
		await this.#wait(ANSWER_WAIT_MS);
		return { devices: this.#table.devices, interfaces: used };
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const timer of this.#timers) timer.cancel();
		await Promise.all(
			this.#sockets.map(async (socket) => {
				const closed = once(socket, "close");
				socket.close();
				await closed;
			}),
		);
	}

	/** A socket for the group on one interface, or for the range on none. */
	async #open(address: string | undefined): Promise<Socket | undefined> {
		const socket = createSocket("udp4");
		try {
			const listening = once(socket, "listening");
			socket.bind({ port: 0, ...(address !== undefined && { address }), exclusive: true });
			await listening;
			if (address !== undefined) {
				socket.setMulticastInterface(address);
				socket.setMulticastTTL(MULTICAST_TTL);
			}
		} catch {
			socket.close();
			return undefined;
		}
		// An ICMP answer of a machine that has no such port: normal in a range.
		socket.on("error", () => undefined);
		socket.on("message", (bytes, { address: from }) => this.#onAnswer(bytes, from));
		this.#sockets.push(socket);
		return socket;
	}

	async #askGroup(sockets: readonly Socket[]): Promise<void> {
		for (let repeat = 0; repeat < REPEATS && sockets.length > 0; repeat++) {
			if (repeat > 0) await this.#wait(REPEAT_AFTER_MS);
			for (const socket of sockets) this.#send(socket, this.#toGroup, DISCOVERY_GROUP);
		}
	}

	/** The whole range, and then again: the first datagram to an address often goes while its MAC is looked up. */
	async #askRange(socket: Socket, range: readonly string[]): Promise<void> {
		for (let repeat = 0; repeat < REPEATS; repeat++) {
			for (const address of range) {
				if (this.#options.signal?.aborted === true) return;
				this.#send(socket, this.#toRange, address);
				await this.#wait(RANGE_INTERVAL_MS);
			}
		}
	}

	#send(socket: Socket, probes: ProbeSet, address: string): void {
		if (this.#options.signal?.aborted === true) return;
		// What cannot be sent is like what is lost.
		for (const message of probes.messages) {
			socket.send(message, this.#options.port ?? DISCOVERY_PORT, address, () => undefined);
		}
	}

	#onAnswer(bytes: Buffer, from: string): void {
		const fromHost = (this.#answersByHost.get(from) ?? 0) + 1;
		if (bytes.length > MAX_ANSWER_BYTES || fromHost > MAX_ANSWERS_PER_HOST || this.#answers >= MAX_ANSWERS) return;
		this.#answers++;
		this.#answersByHost.set(from, fromHost);
		const ids = [...this.#toGroup.ids, ...this.#toRange.ids];
		for (const match of readProbeMatches(bytes.toString("utf8"), ids, from)) {
			const found = this.#table.add(match);
			if (found) this.#options.onDevice?.(found);
		}
	}

	/** Until the time is over or the search is cancelled. */
	#wait(delayMs: number): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<undefined>();
		const { signal, clock } = this.#options;
		if (signal?.aborted === true) return Promise.resolve();
		const timer = clock.after(delayMs, () => resolve(undefined));
		const onAbort = (): void => resolve(undefined);
		this.#timers.add(timer);
		signal?.addEventListener("abort", onAbort);
		return promise.finally(() => {
			timer.cancel();
			this.#timers.delete(timer);
			signal?.removeEventListener("abort", onAbort);
		});
	}
}
