/** One simulated camera: its faults, its counters and the sessions that it serves. @module */
import type { PlainCredentials } from "@vigia/rtsp";
import type { CameraName } from "./camera-names.ts";

/** `all`: nothing comes any more; `video`: pictures stop, sender reports go on. In both cases TCP stays. */
export type Freeze = "none" | "all" | "video";

/** How a stopped camera meets a request: the connection is cut, or it is told a status as a recorder would. */
export type StoppedAnswer = "cut" | 404 | 503;

/** What a channel's connections do when a fault wants it. */
export interface ChannelConnection {
	/** Ends it at once with a reset, as a camera does that loses power. */
	cut(): void;
	/** Neither reads nor writes any more and does not close either. */
	goSilent(): void;
	readonly silent: boolean;
	/** A session is set up. */
	readonly inSession: boolean;
}

export interface ChannelFaults {
	stopped: StoppedAnswer | undefined;
	freeze: Freeze;
	/** Connections are silent: they stay open and nothing is read or written. */
	halfOpen: boolean;
	refusePasswords: boolean;
	/** Sessions of this channel at a time, main and sub together; `undefined`: any number. */
	sessionLimit: number | undefined;
}

/** A copy of what a channel is and did, for tests and the control API. Never a credential. */
export interface ChannelStatus {
	readonly channel: number;
	readonly name: CameraName;
	readonly faults: Readonly<ChannelFaults>;
	readonly connections: number;
	readonly activeSessions: number;
	/** Sessions set up since the start. */
	readonly sessions: number;
	readonly teardowns: number;
	/** Requests by method. */
	readonly requests: Readonly<Record<string, number>>;
	readonly picturesSent: number;
	/** Packets of sound. */
	readonly soundsSent: number;
	/** Pictures that a slow client was not sent. */
	readonly picturesDropped: number;
	/** Clients that took nothing for so long that they were cut off. */
	readonly slowClientsCut: number;
}

/** Method names that are counted one by one; the rest of what clients make up counts as `other`. */
const MAX_METHODS = 16;

export class Channel {
	readonly number: number;
	readonly name: CameraName;
	readonly hasSound: boolean;
	readonly faults: ChannelFaults;
	readonly connections: Set<ChannelConnection> = new Set();
	readonly counters = {
		sessions: 0,
		teardowns: 0,
		picturesSent: 0,
		soundsSent: 0,
		picturesDropped: 0,
		slowClientsCut: 0,
	};
	/** `undefined`: no password is asked for. */
	credentials: PlainCredentials | undefined;
	readonly #requests = new Map<string, number>();
	readonly #defaultSessionLimit: number | undefined;

	constructor(options: {
		readonly number: number;
		readonly name: CameraName;
		readonly credentials: PlainCredentials | undefined;
		readonly sessionLimit: number | undefined;
		readonly hasSound: boolean;
	}) {
		this.number = options.number;
		this.name = options.name;
		this.hasSound = options.hasSound;
		this.credentials = options.credentials;
		this.#defaultSessionLimit = options.sessionLimit;
		this.faults = {
			stopped: undefined,
			freeze: "none",
			halfOpen: false,
			refusePasswords: false,
			sessionLimit: options.sessionLimit,
		};
	}

	/** No fault any more. Connections that went silent are cut: their network is back, but they are not. */
	heal(): void {
		this.faults.stopped = undefined;
		this.faults.freeze = "none";
		this.faults.halfOpen = false;
		this.faults.refusePasswords = false;
		this.faults.sessionLimit = this.#defaultSessionLimit;
		for (const connection of this.connections) if (connection.silent) connection.cut();
	}

	/** Ends every connection, as a camera does that loses power. */
	cutAll(): void {
		for (const connection of this.connections) connection.cut();
	}

	countRequest(method: string): void {
		const name = this.#requests.has(method) || this.#requests.size < MAX_METHODS ? method : "other";
		this.#requests.set(name, (this.#requests.get(name) ?? 0) + 1);
	}

	get activeSessions(): number {
		let count = 0;
		for (const connection of this.connections) if (connection.inSession) count++;
		return count;
	}

	status(): ChannelStatus {
		return {
			channel: this.number,
			name: this.name,
			faults: { ...this.faults },
			connections: this.connections.size,
			activeSessions: this.activeSessions,
			requests: Object.fromEntries(this.#requests),
			...this.counters,
		};
	}
}
