/** A camera for tests: a real socket on loopback, its answers written out by each test so that they can be wrong. @module */
import { createHash } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { packetizeH264, RTP_HEADER_BYTES, writeRtpHeader } from "@vigia/rtp";
import {
	type ChallengeOffer,
	type HashFunctions,
	headerOf,
	makeChallenge,
	type PlainCredentials,
	RtspParser,
	type RtspRequest,
	verifyAuthorization,
	writeInterleavedHeader,
} from "@vigia/rtsp";

export const testHashes: HashFunctions = {
	md5: (bytes) => createHash("md5").update(bytes).digest("hex"),
	sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
};

/** 1280x720, as a Foscam promises it in its session description. */
export const SPS: Uint8Array = Buffer.from("Z00AH5WoFAFuQA==", "base64");
export const PPS: Uint8Array = Buffer.from("aO48gA==", "base64");
export const SPROP = "Z00AH5WoFAFuQA==,aO48gA==";

/** An IDR slice of a whole picture; `tag` tells pictures apart. */
export function idrSlice(tag: number, sizeBytes = 40): Uint8Array {
	return slice(0x65, 0x88, tag, sizeBytes);
}

/** A P slice of a whole picture. */
export function pSlice(tag: number, sizeBytes = 40): Uint8Array {
	return slice(0x41, 0x9a, tag, sizeBytes);
}

function slice(header: number, sliceHeader: number, tag: number, sizeBytes: number): Uint8Array {
	const bytes = new Uint8Array(sizeBytes).fill(0xa5);
	bytes.set([header, sliceHeader, tag]);
	return bytes;
}

/** `tag` of a picture made by {@link idrSlice} or {@link pSlice}. */
export function tagOf(nalUnits: readonly Uint8Array[]): number | undefined {
	return nalUnits.at(-1)?.[2];
}

/** The pictures a camera sends after PLAY when a test does not say otherwise. */
export const PICTURES: readonly (readonly Uint8Array[])[] = [
	[SPS, PPS, idrSlice(1, 4000)],
	[pSlice(2)],
	[pSlice(3)],
	[pSlice(4)],
];

export function sdpOf(mediaLines: string, sessionLines = "a=control:*"): string {
	return [
		"v=0",
		"o=- 1 1 IN IP4 192.0.2.1",
		"s=Session streamed by a test",
		"t=0 0",
		sessionLines,
		mediaLines,
		"",
	].join("\r\n");
}

export const VIDEO_MEDIA = [
	"m=video 0 RTP/AVP 96",
	"a=rtpmap:96 H264/90000",
	`a=fmtp:96 packetization-mode=1;sprop-parameter-sets=${SPROP}`,
	"a=control:trackID=1",
].join("\r\n");

export interface CameraScript {
	readonly sdp?: string;
	/** Header lines of the DESCRIBE answer, e.g. `Content-Base: ...`. */
	readonly describeLines?: readonly string[];
	/** The SETUP answer's Transport value; `null`: no such field. Default: as asked. */
	readonly transport?: string | null;
	/** The SETUP answer's Session value; `null`: no such field. */
	readonly session?: string | null;
	/** The channel that RTP is sent on; default 0. */
	readonly channel?: number;
	readonly pictures?: readonly (readonly Uint8Array[])[];
	/** Sets the marker bit: of this packet of an access unit of so many. Default: on the last one. */
	readonly marker?: (index: number, count: number, payload: Uint8Array) => boolean;
	readonly auth?: { readonly offers: readonly ChallengeOffer[]; readonly credentials: PlainCredentials };
	/** A whole answer of the test's own, `""` for none; `undefined`: the usual one. */
	readonly answer?: (request: RtspRequest, connection: CameraConnection) => string | undefined;
	/** Speaks TLS. */
	readonly tls?: TlsOptions;
	/** Rewrites every byte that is sent: splitting, line ends. */
	readonly write?: (socket: Socket, bytes: Uint8Array) => void;
}

/** One client's connection. */
export class CameraConnection {
	readonly socket: Socket;
	readonly #script: CameraScript;
	#sequenceNumber = 65_530;
	#timestamp = 0xffff_ff00;

	constructor(socket: Socket, script: CameraScript) {
		this.socket = socket;
		this.#script = script;
	}

	send(bytes: Uint8Array | string): void {
		const data = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
		if (this.#script.write) this.#script.write(this.socket, data);
		else this.socket.write(data);
	}

	/** Sends one picture as interleaved frames. */
	sendPicture(nalUnits: readonly Uint8Array[], channel = this.#script.channel ?? 0): void {
		const payloads = packetizeH264(nalUnits, 1400);
		this.#timestamp = (this.#timestamp + 3600) >>> 0;
		for (const [index, payload] of payloads.entries()) {
			const isLast = index === payloads.length - 1;
			const packet = new Uint8Array(RTP_HEADER_BYTES + payload.length);
			writeRtpHeader(packet, {
				payloadType: 96,
				marker: this.#script.marker?.(index, payloads.length, payload) ?? isLast,
				sequenceNumber: this.#sequenceNumber++ & 0xffff,
				timestamp: this.#timestamp,
				ssrc: 0x1234,
			});
			packet.set(payload, RTP_HEADER_BYTES);
			this.sendFrame(channel, packet);
		}
	}

	sendFrame(channel: number, payload: Uint8Array): void {
		this.send(Buffer.concat([writeInterleavedHeader(channel, payload.length), payload]));
	}
}

export class ScriptedCamera {
	readonly #server: Server;
	readonly #script: CameraScript;
	readonly requests: RtspRequest[] = [];
	/** Interleaved frames from the client. */
	readonly frames: { readonly channel: number; readonly payload: Uint8Array }[] = [];
	readonly connections: CameraConnection[] = [];
	/** Handshakes that came to nothing. */
	tlsRefusals = 0;

	private constructor(script: CameraScript) {
		this.#script = script;
		const onConnection = (socket: Socket): void => this.#onConnection(socket);
		this.#server = script.tls
			? createTlsServer({ noDelay: true, ...script.tls }, onConnection)
			: createServer({ noDelay: true }, onConnection);
		// A client that refuses the certificate breaks off the handshake.
		this.#server.on("tlsClientError", () => this.tlsRefusals++);
	}

	static async open(script: CameraScript = {}): Promise<ScriptedCamera> {
		const camera = new ScriptedCamera(script);
		const { promise, resolve } = Promise.withResolvers<void>();
		camera.#server.listen(0, "127.0.0.1", resolve);
		await promise;
		return camera;
	}

	get port(): number {
		const address = this.#server.address();
		return typeof address === "object" && address ? address.port : 0;
	}

	get methods(): string[] {
		return this.requests.map((request) => request.method);
	}

	request(method: string): RtspRequest | undefined {
		return this.requests.findLast((request) => request.method === method);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const { socket } of this.connections) socket.destroy();
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#server.close(() => resolve());
		await promise;
	}

	#onConnection(socket: Socket): void {
		const connection = new CameraConnection(socket, this.#script);
		this.connections.push(connection);
		socket.on("error", () => socket.destroy());
		const parser = new RtspParser({
			onMessage: (message) => {
				if (message.type === "request") this.#onRequest(message, connection);
			},
			onInterleaved: (channel, payload) => this.frames.push({ channel, payload: payload.slice() }),
		});
		socket.on("data", (chunk: Buffer) => {
			try {
				parser.push(chunk);
			} catch {
				// HTTP, or whatever else it may be.
				socket.destroy();
			}
		});
	}

	#onRequest(request: RtspRequest, connection: CameraConnection): void {
		this.requests.push(request);
		const own = this.#script.answer?.(request, connection);
		if (own !== undefined) {
			if (own !== "") connection.send(own);
			return;
		}
		if (!this.#isAuthorized(request)) {
			const challenges = this.#script.auth?.offers.map((offer) => `WWW-Authenticate: ${makeChallenge(offer)}`) ?? [];
			connection.send(answerTo(request, "401 Unauthorized", challenges));
			return;
		}
		this.#answer(request, connection);
	}

	#isAuthorized(request: RtspRequest): boolean {
		const { auth } = this.#script;
		if (!auth) return true;
		const authorization = headerOf(request, "authorization");
		const { method, target } = request;
		return verifyAuthorization({ authorization, method, target, ...auth }, testHashes) === "accepted";
	}

	#answer(request: RtspRequest, connection: CameraConnection): void {
		const script = this.#script;
		const session = script.session === undefined ? "12345678;timeout=60" : script.session;
		const sessionLines = session === null ? [] : [`Session: ${session}`];
		switch (request.method) {
			case "OPTIONS":
				connection.send(
					answerTo(request, "200 OK", ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"]),
				);
				return;
			case "DESCRIBE": {
				const lines = ["Content-Type: application/sdp", ...(script.describeLines ?? [])];
				connection.send(answerTo(request, "200 OK", lines, script.sdp ?? sdpOf(VIDEO_MEDIA)));
				return;
			}
			case "SETUP": {
				const transport = script.transport === undefined ? headerOf(request, "transport") : script.transport;
				const lines = transport === null ? [] : [`Transport: ${transport ?? ""}`];
				connection.send(answerTo(request, "200 OK", [...lines, ...sessionLines]));
				return;
			}
			case "PLAY":
				connection.send(answerTo(request, "200 OK", sessionLines));
				for (const picture of script.pictures ?? PICTURES) connection.sendPicture(picture);
				return;
			case "TEARDOWN":
				connection.send(answerTo(request, "200 OK", []));
				return;
			default:
				connection.send(answerTo(request, "200 OK", sessionLines));
		}
	}
}

/** The text of an answer; `status` with its reason. */
export function answerTo(request: RtspRequest, status: string, lines: readonly string[], body = ""): string {
	const head = [`RTSP/1.0 ${status}`, `CSeq: ${headerOf(request, "cseq") ?? ""}`, ...lines];
	if (body !== "") head.push(`Content-Length: ${Buffer.byteLength(body)}`);
	return `${head.join("\r\n")}\r\n\r\n${body}`;
}
