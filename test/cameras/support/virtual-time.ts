/** Virtual time over real sockets: the hands move only while nothing is on its way between camera and server. @module */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Socket } from "node:net";
import { FakeClock } from "../../../server/src/platform/fake-clock.ts";

/** One turn of the hands: finer than any time that is asserted. */
const STEP_MS = 20;
/** Turns of the event loop without anything happening that count as rest. */
const QUIET_TURNS = 4;
/** Sockets that cannot be looked into (UDP, TLS) get this much real time at each step. */
const BLIND_MS = 1;
/** Real time for bytes to get from one socket of this process to another: only a fault takes so long. */
const MAX_UNREST_MS = 5_000;

/** One end of a TCP connection, as far as it matters here. */
interface End {
	readonly bytesRead: number;
	readonly bytesWritten: number;
	readonly destroyed: boolean;
	readonly localPort?: number | undefined;
	readonly remotePort?: number | undefined;
}

/** The server's clock and the camera's, which turn together. */
export class VirtualTime {
	readonly server = new FakeClock();
	readonly camera = new FakeClock();
	/** There are sockets that cannot be looked into: those of UDP, and those that TLS has taken over. */
	blind: false | "udp" | "tls" = false;
	readonly #activity: () => number;
	readonly #cameraEnds: () => readonly End[];
	readonly #clientEnds: Socket[] = [];
	readonly #onSocket = (message: unknown): void => {
		if (typeof message === "object" && message && "socket" in message && message.socket instanceof Socket) {
			this.#clientEnds.push(message.socket);
		}
	};

	/**
	 * @param activity grows whenever something happens at either side.
	 * @param cameraEnds the camera's ends of all connections that were made.
	 */
	constructor(activity: () => number, cameraEnds: () => readonly End[]) {
		this.#activity = activity;
		this.#cameraEnds = cameraEnds;
		subscribe("net.client.socket", this.#onSocket);
	}

	get nowMs(): number {
		return this.server.nowMs();
	}

	/** Sockets that the server opened and has not closed. */
	get openClientSockets(): number {
		return this.#clientEnds.filter((socket) => !socket.destroyed).length;
	}

	/** Lets everything happen that needs no time. */
	async settle(): Promise<void> {
		const startMs = performance.now();
		let before = this.#activity();
		for (let quiet = 0; quiet < QUIET_TURNS; ) {
			await new Promise((resolve) => setImmediate(resolve));
			const now = this.#activity();
			const passedMs = performance.now() - startMs;
			const atRest = now === before && !this.#isInFlight() && (this.blind === false || passedMs >= BLIND_MS);
			quiet = atRest || passedMs > MAX_UNREST_MS ? quiet + 1 : 0;
			before = now;
		}
	}

	async pass(forMs: number, stepMs: number = STEP_MS): Promise<void> {
		await this.settle();
		for (let leftMs = forMs; leftMs > 0; leftMs -= stepMs) {
			const byMs = Math.min(stepMs, leftMs);
			// The server first: what a camera sends at the end of a step then arrives at that time and not a step before.
			this.server.advance(byMs);
			await this.settle();
			this.camera.advance(byMs);
			await this.settle();
		}
	}

	/** Turns the hands until `condition` holds, `limitMs` of virtual time at most; tells whether it came to hold. */
	async until(condition: () => boolean, limitMs: number, stepMs: number = STEP_MS): Promise<boolean> {
		await this.settle();
		for (let passedMs = 0; !condition(); passedMs += stepMs) {
			if (passedMs >= limitMs) return false;
			await this.pass(stepMs, stepMs);
		}
		return true;
	}

	[Symbol.dispose](): void {
		unsubscribe("net.client.socket", this.#onSocket);
	}

	/** A connection is being made, or one end has bytes coming that it has not read. */
	#isInFlight(): boolean {
		if (this.blind === "tls") return this.#clientEnds.some((client) => client.connecting);
		const cameraEnds = this.#cameraEnds();
		return this.#clientEnds.some((client) => {
			if (client.destroyed) return false;
			if (client.connecting) return true;
			const camera = cameraEnds.find((end) => end.remotePort === client.localPort);
			if (!camera || camera.destroyed) return false;
			return client.bytesWritten > camera.bytesRead || camera.bytesWritten > client.bytesRead;
		});
	}
}
