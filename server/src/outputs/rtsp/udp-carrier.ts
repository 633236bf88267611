/** A track over UDP: paced, because a GOP at once overflows a client's receive buffer. @module */
import type { Clock, Timer } from "../../platform/clock.ts";
import type { MediaCarrier } from "./media-carrier.ts";
import type { UdpPorts } from "./udp-ports.ts";

/** 32 Mbit/s in bytes per ms: a cached GOP of 10 s at 4 Mbit/s in little more than a second. */
export const PACE_BYTES_PER_MS = 4000;
/** What may go at once, in bytes: some 50 packets, half of what Linux lets a socket hold. */
export const MAX_CREDIT_BYTES = 64_000;
const TICK_MS = 1;

export interface UdpCarrierOptions {
	readonly ports: UdpPorts;
	/** The client's, as the system writes it. */
	readonly address: string;
	/** The client's for RTP and RTCP. */
	readonly clientPort: readonly [number, number];
	readonly clock: Clock;
	/** Packets are taken again. */
	readonly onRoom: () => void;
}

export class UdpCarrier implements MediaCarrier {
	readonly #options: UdpCarrierOptions;
	#creditBytes = MAX_CREDIT_BYTES;
	#creditAtMs: number;
	#timer: Timer | undefined;

	constructor(options: UdpCarrierOptions) {
		this.#options = options;
		this.#creditAtMs = options.clock.nowMs();
	}

	isFull(): boolean {
		return this.#creditBytes <= 0;
	}

	sendRtp(packet: Uint8Array): void {
		const { ports, address, clientPort } = this.#options;
		this.#earn();
		this.#creditBytes -= packet.length;
		ports.send("rtp", packet, address, clientPort[0]);
	}

	sendRtcp(packet: Uint8Array): void {
		const { ports, address, clientPort } = this.#options;
		ports.send("rtcp", packet, address, clientPort[1]);
	}

	flush(): void {
		if (!this.isFull() || this.#timer) return;
		this.#timer = this.#options.clock.after(TICK_MS, () => {
			this.#timer = undefined;
			this.#earn();
			if (this.isFull()) this.flush();
			else this.#options.onRoom();
		});
	}

	#earn(): void {
		const nowMs = this.#options.clock.nowMs();
		const earned = (nowMs - this.#creditAtMs) * PACE_BYTES_PER_MS;
		this.#creditBytes = Math.min(MAX_CREDIT_BYTES, this.#creditBytes + earned);
		this.#creditAtMs = nowMs;
	}
}
