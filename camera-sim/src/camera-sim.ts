/** Simulated cameras: an RTSP server that plays the clips, with faults on demand. @module */
import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import type { DigestAlgorithm, PlainCredentials } from "@vigia/rtsp";
import { CAMERA_NAMES } from "./camera-names.ts";
import type { ChannelStatus } from "./channel.ts";
import { Channel } from "./channel.ts";
import type { StreamName } from "./clip-index.ts";
import { type ClipStore, loadClips } from "./clip-store.ts";
import type { ConnectionHost } from "./connection.ts";
import { Connection } from "./connection.ts";
import { CameraControl } from "./control.ts";
import { StreamClock } from "./stream-clock.ts";
import { cameraPath } from "./target.ts";
import { UdpPorts } from "./udp-ports.ts";

export interface CameraSimOptions {
	/** Cameras; more than there are clips for repeat them. Default 16. */
	readonly count?: number;
	/** Default 127.0.0.1. */
	readonly host?: string;
	/** Default 0: any free one. */
	readonly port?: number;
	/**
	 * `shared`: all cameras behind one port, as with a recorder. `separate`: camera n on `port + n - 1`, so that a
	 * stopped camera refuses TCP connections. Default `shared`.
	 */
	readonly ports?: "shared" | "separate";
	/** Asks for these by Digest; without them nobody is asked. */
	readonly credentials?: PlainCredentials;
	/** How Digest is offered; default MD5 without qop, as most cameras do it. */
	readonly digest?: { readonly algorithm?: DigestAlgorithm; readonly qopAuth?: boolean };
	/** Default: the clips of the repository. */
	readonly clipsDirectory?: string;
	/** Sessions per camera, main and sub together; one more gets 453. Default: any number. */
	readonly sessionLimit?: number;
	/** Default 60 s. */
	readonly sessionTimeoutS?: number;
	/** Cameras with a microphone: G.711 that beeps in step with the pictures. Default: none. */
	readonly sound?: "all" | readonly number[];
	/** Called when a picture is about to be handed to the network, for who measures delays. */
	readonly onPictureSent?: (picture: SentPicture) => void;
}

/** A picture on its way. */
export interface SentPicture {
	readonly channel: number;
	readonly stream: StreamName;
	/** Pictures since the stream's origin, over all loops. */
	readonly index: number;
	/** On the clock of `performance.now()`. */
	readonly sentAtMs: number;
}

/** Cameras that one process serves. */
export const MAX_CAMERAS = 1024;
/** The clips in the repository, made by `npm run clips`. */
export const DEFAULT_CLIPS_DIRECTORY = fileURLToPath(new URL("../clips", import.meta.url));
/** How often sessions are looked at for their timeout. */
const TIMEOUT_SWEEP_MS = 1000;
/** Cameras are not in step: each one's clock is this much behind the one before it. */
const PHASE_MS = 137;
const REALM = "Login to Vigia camera simulator";

/** Running cameras. Made by {@link startCameraSim}. */
export class CameraSim implements AsyncDisposable {
	readonly host: string;
	readonly count: number;
	/** Faults at run time. */
	readonly control: CameraControl;
	readonly #channels: readonly Channel[];
	readonly #clocks = new Map<string, StreamClock>();
	readonly #listeners: readonly Listener[];
	readonly #connections = new Set<Connection>();
	readonly #connectionHost: ConnectionHost;
	readonly #udp: UdpPorts;
	readonly #sweep: NodeJS.Timeout;
	#closing: Promise<void> | undefined;

	private constructor(options: CameraSimOptions, clips: ClipStore, udp: UdpPorts) {
		this.host = options.host ?? "127.0.0.1";
		this.count = options.count ?? CAMERA_NAMES.length;
		this.#udp = udp;
		this.#channels = Array.from({ length: this.count }, (_, index) => makeChannel(index + 1, options));
		const nowMs = performance.now();
		for (const channel of this.#channels) {
			for (const stream of ["main", "sub"] as const) {
				const clip = clips.find(channel.number, stream);
				const note = options.onPictureSent;
				const onSent =
					note && ((index: number) => note({ channel: channel.number, stream, index, sentAtMs: performance.now() }));
				const clock = clip && new StreamClock(clip, nowMs - channel.number * PHASE_MS, onSent);
				if (clock) this.#clocks.set(`${channel.number}-${stream}`, clock);
			}
		}
		this.#connectionHost = {
			findChannel: (number) => this.#channels[number - 1],
			clockOf: (channel, stream) => this.#clocks.get(`${channel}-${stream}`),
			digest: { realm: REALM, ...options.digest },
			sessionTimeoutS: options.sessionTimeoutS,
			udp,
			onClosed: (connection) => this.#connections.delete(connection),
		};
		const served = options.ports === "separate" ? this.#channels : [undefined];
		this.#listeners = served.map(
			(channel) =>
				new Listener(this.host, (socket) => {
					this.#connections.add(new Connection(socket, this.#connectionHost, channel));
				}),
		);
		this.control = new CameraControl(this.#channels, {
			onStop: async (channel) => {
				if (options.ports === "separate") await this.#listeners[channel.number - 1]?.close();
			},
			onStart: async (channel) => {
				if (options.ports === "separate") await this.#listeners[channel.number - 1]?.open();
			},
		});
		this.#sweep = setInterval(() => {
			for (const connection of this.#connections) connection.handleTimeout(performance.now());
		}, TIMEOUT_SWEEP_MS);
	}

	/** @internal Use {@link startCameraSim}. */
	static async open(options: CameraSimOptions): Promise<CameraSim> {
		checkOptions(options);
		const clips = await loadClips(options.clipsDirectory ?? DEFAULT_CLIPS_DIRECTORY);
		const host = options.host ?? "127.0.0.1";
		const udp = await UdpPorts.open(host, host.includes(":") ? "udp6" : "udp4");
		const sim = new CameraSim(options, clips, udp);
		try {
			const port = options.port ?? 0;
			for (const [index, listener] of sim.#listeners.entries()) await listener.open(port === 0 ? 0 : port + index);
		} catch (error) {
			await sim.close();
			throw error;
		}
		return sim;
	}

	/** The RTSP port; with separate ports that of the first camera. */
	get port(): number {
		return this.portOf(1);
	}

	portOf(channel: number): number {
		return (this.#listeners[channel - 1] ?? this.#listeners[0])?.port ?? 0;
	}

	/** The URL of a camera's stream, without user name and password. */
	url(channel: number, stream: StreamName): string {
		const host = this.host.includes(":") ? `[${this.host}]` : this.host;
		return `rtsp://${host}:${this.portOf(channel)}${cameraPath(channel, stream)}`;
	}

	/** @throws RangeError when there is no such camera. */
	status(channel: number): ChannelStatus {
		const found = this.#channels[channel - 1];
		if (!found) throw new RangeError(`There is no camera ${channel}: use 1-${this.count}.`);
		return found.status();
	}

	statuses(): ChannelStatus[] {
		return this.#channels.map((channel) => channel.status());
	}

	/** Open connections, silent ones included. */
	get connections(): number {
		return this.#connections.size;
	}

	/** Sessions that are set up. */
	get sessions(): number {
		return this.#channels.reduce((sum, channel) => sum + channel.activeSessions, 0);
	}

	/** Streams that somebody watches: each keeps one timer. */
	get tickingStreams(): number {
		return [...this.#clocks.values()].filter((clock) => clock.ticking).length;
	}

	/** Ends everything at once: connections are reset, ports are free when it resolves. Safe to call twice. */
	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	async #close(): Promise<void> {
		clearInterval(this.#sweep);
		this.control.cancelRestarts();
		const closed = this.#listeners.map((listener) => listener.close());
		for (const connection of this.#connections) connection.cut();
		await Promise.all([...closed, this.#udp.close()]);
	}
}

/**
 * Starts simulated cameras.
 * @throws RangeError for impossible options, Error when there are no clips or a port is taken.
 */
export async function startCameraSim(options: CameraSimOptions = {}): Promise<CameraSim> {
	return CameraSim.open(options);
}

/** A TCP listener that can be closed and opened again on the same port. */
class Listener {
	readonly #host: string;
	readonly #onConnection: (socket: Socket) => void;
	#server: Server | undefined;
	port = 0;

	constructor(host: string, onConnection: (socket: Socket) => void) {
		this.#host = host;
		this.#onConnection = onConnection;
	}

	async open(port: number = this.port): Promise<void> {
		if (this.#server) return;
		const server = createServer(this.#onConnection);
		this.#server = server;
		try {
			server.listen(port, this.#host);
			await once(server, "listening");
		} catch (error) {
			this.#server = undefined;
			throw error;
		}
		this.port = (server.address() as AddressInfo).port;
	}

	/** Resolves when the port is free; the connections must be ended by their owner. */
	async close(): Promise<void> {
		const server = this.#server;
		this.#server = undefined;
		if (!server?.listening) return;
		await new Promise<void>((resolve) => {
			server.close(() => resolve());
		});
	}
}

function makeChannel(number: number, options: CameraSimOptions): Channel {
	const name = CAMERA_NAMES[(number - 1) % CAMERA_NAMES.length] ?? { en: "Camera", es: "Cámara" };
	const { credentials, sessionLimit, sound = [] } = options;
	const hasSound = sound === "all" || sound.includes(number);
	return new Channel({ number, name, credentials, sessionLimit, hasSound });
}

function checkOptions(options: CameraSimOptions): void {
	const { count = CAMERA_NAMES.length, port = 0, sessionLimit = 1, sessionTimeoutS = 1 } = options;
	if (!Number.isInteger(count) || count < 1 || count > MAX_CAMERAS)
		throw new RangeError(`The count of cameras must be 1-${MAX_CAMERAS}, not ${count}.`);
	const lastPort = options.ports === "separate" && port > 0 ? port + count - 1 : port;
	if (!Number.isInteger(port) || port < 0 || lastPort > 65_535)
		throw new RangeError(`The port must be 0-65535, the last camera's too, not ${lastPort}.`);
	if (!Number.isInteger(sessionLimit) || sessionLimit < 1)
		throw new RangeError(`The session limit must be 1 or more, not ${sessionLimit}.`);
	if (!(sessionTimeoutS > 0)) throw new RangeError(`The session timeout must be above 0 s, not ${sessionTimeoutS}.`);
}
