/** One RTSP connection of a client: its socket, its session, and the media that the session plays. RFC 2326. @module */
import { createHash, randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import {
	DEFAULT_SESSION_TIMEOUT_S,
	type HashFunctions,
	type RtpInfo,
	type RtspAuthentication,
	type RtspDescription,
	type RtspRefusal,
	type RtspServerHandler,
	RtspServerSession,
	type RtspSetup,
	type RtspSetupAnswer,
	type ServerTransport,
} from "@vigia/rtsp";
import type { Credentials } from "../../config/credentials.ts";
import type { Clock, Timer } from "../../platform/clock.ts";
import type { ReadableStreamSource, StreamDirectory } from "../../streams/reader.ts";
import type { RtspOutputCounters } from "./counters.ts";
import { describeStream, type StreamDescription, writeDescription } from "./description.ts";
import { FirstPicture } from "./first-picture.ts";
import { InterleavedPipe } from "./interleaved-pipe.ts";
import type { MediaCarrier } from "./media-carrier.ts";
import type { QueueBudget } from "./media-queue.ts";
import { LATE_REFUSAL_MS, type PasswordGuard } from "./password-guard.ts";
import { SessionMedia } from "./session-media.ts";
import { type OutputTarget, parseTarget, trackUrl } from "./target.ts";
import { UdpCarrier } from "./udp-carrier.ts";
import type { UdpPorts } from "./udp-ports.ts";

/** A client that does not take the last answer within this, in ms, does without it. */
const END_TIMEOUT_MS = 1000;
/** For the client's people: which password is meant. */
const REALM = "Vigia";
const SERVER_NAME = "Vigia";

const NO_CAMERA: RtspRefusal = { refuse: 404, reason: "No Such Camera" };
const NO_PICTURES: RtspRefusal = { refuse: 503, reason: "Camera Has No Pictures Yet" };
const TOO_MANY_SESSIONS: RtspRefusal = { refuse: 453, reason: "Too Many Sessions" };
const GUESSED_TOO_OFTEN: RtspRefusal = { refuse: 503, reason: "Too Many Wrong Passwords" };

/** What a connection needs of the server. */
export interface ConnectionHost {
	readonly directory: StreamDirectory;
	readonly clock: Clock;
	/** Absent: nobody is asked. */
	readonly credentials: Credentials | undefined;
	readonly guard: PasswordGuard;
	readonly udp: UdpPorts;
	readonly counters: RtspOutputCounters;
	readonly budget: QueueBudget;
	/** @returns whether there may be one session more; each is given back once. */
	takeSession(): boolean;
	releaseSession(): void;
	onClosed(connection: RtspConnection): void;
	/** A mistake of ours: the connection is closed. */
	onError(error: unknown): void;
}

/** A camera's stream as a request names it. */
interface Found {
	readonly target: OutputTarget;
	readonly source: ReadableStreamSource;
}

const hashes: HashFunctions = {
	md5: (bytes) => createHash("md5").update(bytes).digest("hex"),
	sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
};

export class RtspConnection implements RtspServerHandler {
	/** The client's, as the system writes it. */
	readonly address: string;
	readonly #socket: Socket;
	readonly #host: ConnectionHost;
	readonly #session: RtspServerSession;
	readonly #pipe: InterleavedPipe;
	#timeoutTimer: Timer | undefined;
	#lateRefusal: Timer | undefined;
	/** A request on this connection proved the password. */
	#proven = false;
	#waiting: FirstPicture | undefined;
	/** What this client was told last. */
	#described: { readonly source: ReadableStreamSource; readonly description: StreamDescription } | undefined;
	#media: { readonly playing: SessionMedia; readonly target: OutputTarget } | undefined;
	readonly #stopListening: (() => void)[] = [];
	#closed = false;

	constructor(socket: Socket, host: ConnectionHost) {
		this.address = socket.remoteAddress ?? "";
		this.#socket = socket;
		this.#host = host;
		const { clock } = host;
		this.#pipe = new InterleavedPipe({
			socket,
			clock,
			onRoom: () => this.#media?.playing.pump(),
			onStalled: () => this.#onStalled(),
		});
		this.#session = new RtspServerSession(
			{
				hashes,
				serverName: SERVER_NAME,
				nonce: randomBytes(16).toString("hex"),
				makeSessionId: () => randomBytes(8).toString("hex"),
			},
			this,
			clock.nowMs(),
		);
		socket.on("data", (bytes: Buffer) => this.#onInput(bytes));
		socket.on("error", () => undefined);
		socket.on("end", () => this.#hangUp());
		socket.on("close", () => this.#onClosed());
		this.#watch();
	}

	/** Ends the session and the connection at once. */
	close(): void {
		this.#onClosed();
		this.#socket.destroy();
	}

	transmit(bytes: Uint8Array): void {
		this.#pipe.write(bytes);
	}

	disconnect(): void {
		this.#hangUp();
	}

	onRequest(): void {}

	authentication(): RtspAuthentication | RtspRefusal | undefined {
		const { credentials, guard } = this.#host;
		if (!credentials) return undefined;
		// Who has proved it once is not kept out for what others behind the same address do.
		if (!this.#proven && !guard.admits(this.address)) return GUESSED_TOO_OFTEN;
		// Clients that know MD5 only take the last challenge.
		return { realm: REALM, algorithm: ["SHA-256", "MD5"], qopAuth: true, credentials: credentials.reveal() };
	}

	onWrongCredentials(): "now" | "later" {
		const { counters, guard, clock } = this.#host;
		counters.wrongPasswords++;
		const when = guard.noteWrong(this.address);
		if (when === "later") this.#lateRefusal = clock.after(LATE_REFUSAL_MS, () => this.#session.refuseLate());
		return when;
	}

	describe(url: string): RtspDescription | RtspRefusal | undefined {
		this.#proven = true;
		const found = this.#find(url);
		if (!found) return NO_CAMERA;
		const { source } = found;
		this.#waiting?.cancel();
		const waiting = new FirstPicture({
			source,
			clock: this.#host.clock,
			onDone: (description) => {
				this.#waiting = undefined;
				this.#session.answerDescribe(description ? this.#describe(found, description) : NO_PICTURES);
				this.#begin();
			},
		});
		if (waiting.description) return this.#describe(found, waiting.description);
		this.#waiting = waiting;
		return undefined;
	}

	setup({ target: url, transport }: RtspSetup): RtspSetupAnswer | RtspRefusal {
		this.#proven = true;
		const found = this.#find(url);
		if (!found) return NO_CAMERA;
		const description = this.#descriptionOf(found.source);
		if (!description) return NO_PICTURES;
		const kind = found.target.track ?? "video";
		const media = kind === "video" ? description.video : description.audio?.media;
		if (!media) return { refuse: 404 };
		// One session is one presentation: RFC 2326 section 10.4.
		if (this.#media && this.#media.playing.source !== found.source) return { refuse: 459 };
		if (this.#media?.playing.has(kind)) return { refuse: 455 };
		const playing = this.#media?.playing ?? this.#openMedia(found, description);
		if (!playing) return TOO_MANY_SESSIONS;
		const ssrc = playing.add(kind, media.payloadType, this.#carrier(transport));
		return transport.type === "udp" ? { ssrc, serverPort: this.#host.udp.ports } : { ssrc };
	}

	play(): readonly RtpInfo[] | RtspRefusal {
		const { playing, target } = this.#media ?? {};
		if (!playing || !target) return { refuse: 455 };
		return playing.play().map(({ kind, ...start }) => ({ url: trackUrl(target, kind), ...start }));
	}

	pause(): void {
		this.#media?.playing.pause();
	}

	end(): void {
		if (!this.#media) return;
		this.#media.playing.pause();
		this.#media = undefined;
		for (const stop of this.#stopListening.splice(0)) stop();
		this.#host.releaseSession();
	}

	/** Receiver reports: that they come is all that counts, and the session has noted it. */
	onInterleaved(): void {}

	#onInput(bytes: Buffer): void {
		if (this.#closed) return;
		try {
			this.#session.handleInput(bytes, this.#host.clock.nowMs());
			this.#begin();
		} catch (error) {
			this.#host.onError(error);
			this.close();
		}
	}

	/** Media follows the answer to PLAY. */
	#begin(): void {
		this.#media?.playing.begin();
	}

	#find(url: string): Found | undefined {
		const target = parseTarget(url);
		const { directory } = this.#host;
		const source = target && directory.stream(target.cameraId, target.stream);
		return target && source && { target, source };
	}

	#describe({ target, source }: Found, description: StreamDescription): RtspDescription {
		this.#described = { source, description };
		const { localAddress = "", localFamily } = this.#socket;
		const origin = {
			id: this.#host.clock.wallMs(),
			address: localFamily === "IPv4" ? localAddress : "127.0.0.1",
		};
		return { sdp: writeDescription(description, target, origin), contentBase: `${target.presentationUrl}/` };
	}

	/** What the client was told of this stream; of one that it never asked about, what it is now. */
	#descriptionOf(source: ReadableStreamSource): StreamDescription | undefined {
		if (this.#described?.source === source) return this.#described.description;
		const [first] = source.currentGop();
		return first && describeStream(first, source.audioFormat);
	}

	#openMedia({ target, source }: Found, description: StreamDescription): SessionMedia | undefined {
		const { directory, clock, counters, budget } = this.#host;
		if (!this.#host.takeSession()) return undefined;
		counters.sessions++;
		const playing = new SessionMedia({
			source,
			description,
			clock,
			counters,
			budget,
			random32: () => randomBytes(4).readUInt32BE(),
			isCurrent: () => directory.stream(target.cameraId, target.stream) === source,
			onEnd: () => this.#hangUp(),
		});
		this.#media = { playing, target };
		return playing;
	}

	#carrier(transport: ServerTransport): MediaCarrier {
		if (transport.type === "interleaved") return this.#pipe.carrier(transport.channels);
		const { udp, clock } = this.#host;
		const { address } = this;
		const { clientPort } = transport;
		this.#stopListening.push(udp.listen(address, clientPort, () => this.#session.noteActivity(clock.nowMs())));
		return new UdpCarrier({ ports: udp, address, clientPort, clock, onRoom: () => this.#media?.playing.pump() });
	}

	/** One timer a connection, set anew only when it fires. */
	#watch(): void {
		const { clock } = this.#host;
		this.#timeoutTimer = clock.after(Math.max(0, this.#session.deadlineMs - clock.nowMs()), () => {
			// Who takes packets on the connection is alive, even if it never says so.
			const takenAtMs = this.#pipe.takenAtMs ?? Number.NEGATIVE_INFINITY;
			if (takenAtMs > this.#session.deadlineMs - DEFAULT_SESSION_TIMEOUT_S * 1000) {
				this.#session.noteActivity(takenAtMs);
			}
			this.#session.handleTimeout(clock.nowMs());
			if (!this.#closed) this.#watch();
		});
	}

	#onStalled(): void {
		if (this.#closed) return;
		this.#host.counters.stalledClients++;
		this.close();
	}

	/** Ends the session, and the connection once the last answer is sent. */
	#hangUp(): void {
		if (this.#closed) return;
		this.#onClosed();
		this.#socket.destroySoon();
		const timer = this.#host.clock.after(END_TIMEOUT_MS, () => this.#socket.destroy());
		this.#socket.on("close", () => timer.cancel());
	}

	#onClosed(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#timeoutTimer?.cancel();
		this.#lateRefusal?.cancel();
		this.#waiting?.cancel();
		this.#waiting = undefined;
		this.#pipe.close();
		this.#session.handleConnectionClosed();
		this.#host.onClosed(this);
	}
}
