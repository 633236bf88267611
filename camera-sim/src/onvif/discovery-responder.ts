/** A simulated device's half of WS-Discovery: answers Probes over UDP. @module */
import { randomUUID } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { textOf } from "./onvif-authentication.ts";
import type { OnvifDeviceOptions, OnvifDiscoveryFault } from "./onvif-options.ts";
import { probeMatches } from "./onvif-xml.ts";

const DISCOVERY_GROUP = "239.255.255.250";
const FLOOD_ANSWERS = 3000;
const OVERSIZED_BYTES = 60_000;

export interface ResponderOptions {
	readonly device: OnvifDeviceOptions;
	readonly endpoint: string;
	readonly scopes: readonly string[];
	readonly serviceAddress: string;
}

export class DiscoveryResponder {
	readonly #socket: Socket;
	readonly #options: ResponderOptions;
	fault: OnvifDiscoveryFault | undefined;
	/** Probes received, those that do not match included. */
	probes = 0;

	private constructor(socket: Socket, options: ResponderOptions) {
		this.#socket = socket;
		this.#options = options;
		socket.on("message", (bytes, from) => this.#onProbe(bytes.toString("utf8"), from));
		// An ICMP answer to a client that is gone.
		socket.on("error", () => undefined);
	}

	/** @throws Error when the port is taken, or the group cannot be joined. */
	static async open(options: ResponderOptions): Promise<DiscoveryResponder> {
		const { host = "127.0.0.1", discoveryPort = 0, multicastInterface } = options.device;
		const socket = createSocket({ type: "udp4", reuseAddr: multicastInterface !== undefined });
		try {
			const listening = once(socket, "listening");
			socket.bind(discoveryPort, multicastInterface === undefined ? host : undefined);
			await listening;
			if (multicastInterface !== undefined) socket.addMembership(DISCOVERY_GROUP, multicastInterface);
		} catch (error) {
			socket.close();
			throw error;
		}
		return new DiscoveryResponder(socket, options);
	}

	get port(): number {
		return this.#socket.address().port;
	}

	async close(): Promise<void> {
		const closed = once(this.#socket, "close");
		this.#socket.close();
		await closed;
	}

	#onProbe(text: string, from: RemoteInfo): void {
		if (!/<(?:\w+:)?Probe[\s>]/.test(text)) return;
		this.probes++;
		const types = this.#options.device.types ?? ["NetworkVideoTransmitter", "Device"];
		const wanted = (textOf(text, "Types") ?? "").split(/\s+/).map((type) => type.replace(/^.*:/, ""));
		if (!wanted.every((type) => types.some((own) => own === type))) return;
		const relatesTo = this.fault === "unrelated" ? `urn:uuid:${randomUUID()}` : (textOf(text, "MessageID") ?? "");
		for (const answer of this.#answers(relatesTo, types)) this.#socket.send(answer, from.port, from.address);
	}

	#answers(relatesTo: string, types: readonly string[]): string[] {
		const { endpoint, scopes, serviceAddress } = this.#options;
		const answer = probeMatches({ relatesTo, endpoint, types, scopes, serviceAddress });
		if (this.fault === "truncated") return [answer.slice(0, answer.length / 2)];
		if (this.fault === "oversized") return [answer.replace("<d:Scopes>", `<d:Scopes>${" ".repeat(OVERSIZED_BYTES)}`)];
		if (this.fault !== "flood") return [answer];
		return Array.from({ length: FLOOD_ANSWERS }, (_, index) => {
			const other = serviceAddress.replace("/onvif/", `/onvif/${index}/`);
			return probeMatches({ relatesTo, endpoint: randomUUID(), types, scopes, serviceAddress: other });
		});
	}
}
