/** A scripted camera: real sockets on loopback (TCP, TLS, UDP, RTSP through HTTP), its faults written out. @module */
import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { PlainCredentials, RtspRequest, RtspResponse } from "@vigia/rtsp";
import type { Clock } from "../../../server/src/platform/clock.ts";
import { CameraConnection, type CameraSession, socketLine } from "./camera-connection.ts";
import type { CameraScript, TrackScript } from "./camera-script.ts";
import { h264 } from "./h264-track.ts";

/** A session of live555 before 2017.06.04 lives for so long after its connection. */
const HOLD_MS = 65_000;
/** Pairs that are tried until both ports are free. */
const MAX_PAIR_TRIES = 50;
const MAX_HTTP_HEAD_BYTES = 8192;

interface UdpPair {
	readonly rtp: DatagramSocket;
	readonly rtcp: DatagramSocket;
	/** Not announced. */
	readonly otherPort: DatagramSocket;
	/** At 127.0.0.9. */
	readonly otherAddress: DatagramSocket;
}

export class QuirkCamera {
	readonly script: CameraScript;
	readonly clock: Clock;
	readonly credentials: PlainCredentials;
	readonly tracks: readonly TrackScript[];
	readonly connections: CameraConnection[] = [];
	readonly requests: RtspRequest[] = [];
	/** Answers of the server to the camera's own requests. */
	readonly responses: RtspResponse[] = [];
	readonly sessions: CameraSession[] = [];
	/** Datagrams that came to the announced ports. */
	readonly datagrams: { readonly track: number; readonly kind: "rtp" | "rtcp"; readonly payload: Uint8Array }[] = [];
	/** HTTP requests of tunnels, heads only. */
	readonly httpRequests: string[] = [];
	/** Its ends of all connections that were made. */
	readonly sockets: Socket[] = [];
	/** Further cameras of the scenario. */
	others: readonly QuirkCamera[] = [];
	/** Sessions that the camera ended because nobody kept them alive. */
	expired = 0;
	activity = 0;
	#server: Server | undefined;
	#port = 0;
	#held = 0;
	#nonces = 0;
	readonly #holdTimers: { cancel(): void }[] = [];
	readonly #tags: number[] = [];
	readonly #udp: UdpPair[] = [];
	readonly #tunnels = new Map<string, CameraConnection>();

	private constructor(script: CameraScript, clock: Clock, credentials: PlainCredentials) {
		this.script = script;
		this.clock = clock;
		this.credentials = credentials;
		this.tracks = script.tracks ?? [h264()];
	}

	static async open(script: CameraScript, clock: Clock, credentials: PlainCredentials): Promise<QuirkCamera> {
		const camera = new QuirkCamera(script, clock, credentials);
		await camera.comeUp();
		// Ports for all tracks, as far as UDP can be asked for at this address.
		for (const [index] of camera.host.includes(":") ? [] : camera.tracks.entries()) {
			camera.#udp.push(await camera.#openPair(index));
		}
		return camera;
	}

	get host(): string {
		return this.script.host ?? "127.0.0.1";
	}

	get port(): number {
		return this.#port;
	}

	get url(): string {
		return `rtsp://${this.host.includes(":") ? `[${this.host}]` : this.host}:${this.#port}`;
	}

	get methods(): string[] {
		return this.requests.map((request) => request.method);
	}

	get openSockets(): number {
		return this.sockets.filter((socket) => !socket.destroyed).length;
	}

	/** The newest connection that a request came on. */
	get connection(): CameraConnection {
		const connection = this.connections.at(-1);
		if (!connection) throw new Error("nobody has connected to the camera");
		return connection;
	}

	get sdp(): string {
		if (this.script.sdp !== undefined) return this.script.sdp;
		const lines = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=Session streamed by a test", "t=0 0"];
		lines.push(...(this.script.sessionLines ?? ["a=control:*"]));
		for (const { sdp, control } of this.tracks) lines.push(sdp, ...(control === null ? [] : [`a=control:${control}`]));
		return [...lines, ""].join("\r\n");
	}

	/** The power is on: listens at its address, at the same port as before. */
	async comeUp(): Promise<void> {
		const server = createServer({ noDelay: true }, (socket) => this.#onSocket(socket));
		this.#server = server;
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		server.once("error", reject);
		server.listen(this.#port, this.host, resolve);
		await promise;
		this.#port = (server.address() as AddressInfo).port;
	}

	/** The power goes: every connection breaks, new ones are refused. */
	async goDown(how: "end" | "reset" = "reset"): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#server?.close(() => resolve());
		for (const connection of this.connections) connection.close(how);
		for (const socket of this.sockets) socket.destroy();
		await promise;
		// Nobody remembers a session.
		this.#held = 0;
		for (const timer of this.#holdTimers.splice(0)) timer.cancel();
	}

	async close(): Promise<void> {
		await this.goDown();
		for (const pair of this.#udp) for (const socket of Object.values(pair)) (socket as DatagramSocket).close();
	}

	newSession(): CameraSession {
		const session: CameraSession = {
			id: String(12_345_678 + this.sessions.length),
			senders: new Map(),
			announced: false,
			endedBy: undefined,
		};
		this.sessions.push(session);
		return session;
	}

	isFull(): boolean {
		const { maxSessions = Number.POSITIVE_INFINITY } = this.script;
		const running = this.sessions.filter((session) => session.endedBy === undefined).length;
		return running + this.#held >= maxSessions;
	}

	/** A session whose client went without TEARDOWN takes a place for a while. */
	holdSession(session: CameraSession): void {
		if (this.script.maxSessions === undefined || session.endedBy === undefined) return;
		this.#held++;
		this.#holdTimers.push(
			this.clock.after(this.script.holdMs ?? HOLD_MS, () => {
				this.#held--;
			}),
		);
	}

	nonceBase(): number {
		this.#nonces += 1000;
		return this.#nonces;
	}

	nextTag(track: number): number {
		const tag = (this.#tags[track] ?? 0) + 1;
		this.#tags[track] = tag;
		return tag;
	}

	/** Units that a track has sent so far. */
	sent(track = 0): number {
		return this.#tags[track] ?? 0;
	}

	/** The track that a SETUP's URL names, else the next one. */
	trackOf(target: string, next: number): number {
		const named = this.tracks.findIndex(
			({ control }) => control !== null && control !== "" && target.endsWith(control),
		);
		return named >= 0 ? named : next;
	}

	udpPort(track: number): number {
		return this.#udp[track]?.rtp.address().port ?? 0;
	}

	sendDatagram(track: number, kind: "rtp" | "rtcp", packet: Uint8Array, port: number, address: string): void {
		const pair = this.#udp[track];
		const { from = "announced", silent = false, stranger } = this.script.udp ?? {};
		if (!pair || (typeof silent === "function" ? silent(this) : silent)) return;
		this.activity++;
		if (stranger && kind === "rtp") pair.otherAddress.send(stranger(packet), port, address);
		const other = from === "other-port" ? pair.otherPort : pair.otherAddress;
		(from === "announced" ? pair[kind] : other).send(packet, port, address);
	}

	#onSocket(socket: Socket): void {
		this.activity++;
		this.sockets.push(socket);
		// Connection and socket end on their own; what a broken one reports is of no interest here.
		socket.on("error", () => socket.destroy());
		const { tls, tunnel } = this.script;
		if (tls) {
			const secure = new TLSSocket(socket, { isServer: true, ...tls });
			secure.on("error", () => socket.destroy());
			if (tunnel) this.#sniff(secure, socket);
			else this.#serve(secure, socket);
		} else if (tunnel) this.#sniff(socket, socket);
		else this.#serve(socket, socket);
	}

	#serve(source: Socket, socket: Socket): CameraConnection {
		const connection = new CameraConnection(this, socketLine(source, socket));
		this.connections.push(connection);
		source.on("data", (chunk: Buffer) => connection.receive(chunk));
		source.on("end", () => {
			connection.closed();
			socket.end();
		});
		socket.on("close", () => connection.closed());
		return connection;
	}

	/** Tells HTTP from RTSP by its first word. */
	#sniff(socket: Socket, raw: Socket): void {
		let head = "";
		const onData = (chunk: Buffer): void => {
			head += chunk.toString("latin1");
			const end = head.indexOf("\r\n\r\n");
			if (end < 0 && head.length < MAX_HTTP_HEAD_BYTES) return;
			socket.off("data", onData);
			const rest = Buffer.from(head.slice(end + 4), "latin1");
			if (head.startsWith("GET ") || head.startsWith("POST ")) this.#onHttp(socket, raw, head.slice(0, end), rest);
			else if (this.script.tunnel?.plainToo === true) {
				this.#serve(socket, raw).receive(Buffer.from(head, "latin1"));
			} else socket.destroy();
		};
		socket.on("data", onData);
	}

	#onHttp(socket: Socket, raw: Socket, head: string, rest: Buffer): void {
		this.activity++;
		this.httpRequests.push(head);
		const { challengesGet = false } = this.script.tunnel ?? {};
		if (challengesGet === "always" || (challengesGet && !/^Authorization: *\S/im.test(head))) {
			socket.end('HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="r"\r\nConnection: close\r\n\r\n');
			return;
		}
		const cookie = /^x-sessioncookie:\s*(\S+)/im.exec(head)?.[1] ?? "";
		if (head.startsWith("GET ")) {
			socket.write(
				"HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\nCache-Control: no-store\r\nPragma: no-cache\r\n\r\n",
			);
			const connection = new CameraConnection(this, socketLine(socket, raw), true);
			this.connections.push(connection);
			this.#tunnels.set(cookie, connection);
			socket.on("data", () => {});
			socket.on("end", () => socket.end());
			socket.on("close", () => connection.closed());
			return;
		}
		const connection = this.#tunnels.get(cookie);
		if (!connection) {
			socket.end("HTTP/1.0 404 Not Found\r\n\r\n");
			return;
		}
		let pending = "";
		const receive = (chunk: Buffer): void => {
			pending += chunk.toString("latin1").replace(/\s/g, "");
			// Each request may be padded on its own: RTSP through HTTP, Apple's technical note of 2001.
			for (;;) {
				const quad = pending.slice(0, 4);
				if (quad.length < 4) return;
				pending = pending.slice(4);
				connection.receive(Buffer.from(quad, "base64"));
			}
		};
		receive(rest);
		socket.on("data", receive);
		// Another POST may go on where this one ends: the GET's connection is the session's.
		socket.on("end", () => socket.end());
	}

	async #openPair(track: number): Promise<UdpPair> {
		const otherAddress = await bind("127.0.0.9", 0);
		const otherPort = await bind(this.host, 0);
		for (let tries = 0; ; tries++) {
			const rtp = await bind(this.host, 0);
			try {
				const { port } = rtp.address();
				if (port % 2 !== 0) throw new Error("an odd port");
				const rtcp = await bind(this.host, port + 1);
				const note = (kind: "rtp" | "rtcp") => (payload: Buffer) => {
					this.activity++;
					this.datagrams.push({ track, kind, payload });
				};
				rtp.on("message", note("rtp"));
				rtcp.on("message", note("rtcp"));
				return { rtp, rtcp, otherPort, otherAddress };
			} catch (error) {
				rtp.close();
				if (tries >= MAX_PAIR_TRIES) throw error;
			}
		}
	}
}

async function bind(address: string, port: number): Promise<DatagramSocket> {
	const socket = createSocket("udp4");
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	socket.once("error", reject);
	socket.bind(port, address, resolve);
	try {
		await promise;
	} catch (error) {
		socket.close();
		throw error;
	}
	// Answers to packets that nobody takes any more come back as errors.
	socket.on("error", () => {});
	return socket;
}
