/** A bare RTSP client for tests: one request at a time, and the packets that come. @module */
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { createConnection } from "node:net";
import type { HeaderInit, PlainCredentials, RtspResponse } from "@vigia/rtsp";
import { digestResponse, headerOf, makeRequest, parseChallenges, RtspParser, serializeRequest } from "@vigia/rtsp";

export interface Frame {
	readonly channel: number;
	readonly payload: Uint8Array;
}

export class TestClient implements AsyncDisposable {
	readonly socket: Socket;
	readonly frames: Frame[] = [];
	readonly #target: string;
	readonly #waiting: ((response: RtspResponse | undefined) => void)[] = [];
	#cseq = 0;
	#session: string | undefined;
	closed = false;

	private constructor(socket: Socket, target: string) {
		this.socket = socket;
		this.#target = target;
		const parser = new RtspParser({
			onMessage: (message) => {
				if (message.type === "response") this.#waiting.shift()?.(message);
			},
			onInterleaved: (channel, payload) => this.frames.push({ channel, payload: payload.slice() }),
		});
		socket.on("data", (bytes: Buffer) => parser.push(bytes));
		socket.on("error", () => undefined);
		socket.on("close", () => {
			this.closed = true;
			for (const resolve of this.#waiting.splice(0)) resolve(undefined);
		});
	}

	/** @throws Error when the connection is refused. */
	static async connect(target: string): Promise<TestClient> {
		const url = new URL(target);
		const socket = createConnection(Number(url.port), url.hostname);
		await once(socket, "connect");
		return new TestClient(socket, target);
	}

	/** The answer, or `undefined` when the connection ended instead. */
	async request(method: string, headers: HeaderInit = {}, suffix = ""): Promise<RtspResponse | undefined> {
		if (this.closed) return undefined;
		const response = await new Promise<RtspResponse | undefined>((resolve) => {
			this.#waiting.push(resolve);
			this.socket.write(
				serializeRequest(
					makeRequest(method, this.#target + suffix, { CSeq: ++this.#cseq, Session: this.#session, ...headers }),
				),
			);
		});
		this.#session ??= response && headerOf(response, "session")?.split(";")[0];
		return response;
	}

	/** DESCRIBE, SETUP, PLAY over TCP without a password; the status of the first request that failed, else 200. */
	async play(): Promise<number | undefined> {
		const described = await this.request("DESCRIBE");
		if (described?.status !== 200) return described?.status;
		const setup = await this.request("SETUP", { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" }, "/trackID=0");
		if (setup?.status !== 200) return setup?.status;
		return (await this.request("PLAY"))?.status;
	}

	/** Answers the challenge of a response for one more request of the same method. */
	async authorize(method: string, challenged: RtspResponse, credentials: PlainCredentials) {
		const challenge = parseChallenges(challenged.headers.get("www-authenticate") ?? [])[0];
		if (challenge?.scheme !== "digest") throw new Error("There is no digest challenge.");
		const qop = challenge.qopAuth ? { nc: "00000001", cnonce: "abcdef" } : undefined;
		const response = digestResponse(
			{ ...challenge, credentials, method, uri: this.#target, ...(qop ? { qop } : {}) },
			{
				md5: (bytes) => createHash("md5").update(bytes).digest("hex"),
				sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
			},
		);
		const fields = [
			`username="${credentials.username}"`,
			`realm="${challenge.realm}"`,
			`nonce="${challenge.nonce}"`,
			`uri="${this.#target}"`,
			`response="${response}"`,
			...(challenge.algorithmText === undefined ? [] : [`algorithm=${challenge.algorithmText}`]),
			...(qop ? [`qop=auth, nc=${qop.nc}, cnonce="${qop.cnonce}"`] : []),
		];
		return this.request(method, { Authorization: `Digest ${fields.join(", ")}` });
	}

	/** Frames since the last call, by channel: pictures' packets on 0, reports on 1. */
	takeFrames(channel: number): Uint8Array[] {
		const taken = this.frames.filter((frame) => frame.channel === channel).map((frame) => frame.payload);
		this.frames.splice(0, this.frames.length, ...this.frames.filter((frame) => frame.channel !== channel));
		return taken;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.closed) return;
		const closed = once(this.socket, "close");
		this.socket.destroy();
		await closed;
	}
}
