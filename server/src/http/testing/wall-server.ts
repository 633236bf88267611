/** For tests: the wall's routes over real sockets, with cameras that the test plays; and pages for both carriers. @module */
import { randomBytes } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import fastifyWebsocket from "@fastify/websocket";
import {
	type ClientMessage,
	LINK_TEXT,
	LinkFrameReader,
	MAX_WALL_MESSAGE_BYTES,
	type MediaFrame,
	parseServerMessage,
	readMediaFrame,
	type ServerMessage,
	WALL_PROTOCOL_VERSION,
} from "@vigia/api";
import fastify from "fastify";
import { pino } from "pino";
import { WebSocket } from "ws";
import { Cameras } from "../../cameras/cameras.ts";
import { CmafFeeds } from "../../outputs/cmaf/cmaf-feed.ts";
import { ClipCamera, playable } from "../../outputs/cmaf/testing/clip-camera.ts";
import { Mse } from "../../outputs/mse/mse.ts";
import { openWebrtc } from "../../outputs/webrtc/webrtc.ts";
import { FakeClock } from "../../platform/fake-clock.ts";
import { HostGate } from "../../sources/host-gate.ts";
import { installErrorHandlers } from "../errors.ts";
import { registerMse } from "../mse-socket.ts";
import { StatusBroadcast } from "../status-broadcast.ts";
import { registerWall } from "../wall-routes.ts";

/** A server of `cam1`. Its clock stands still until the test moves it. */
export async function openWallServer() {
	const clock = new FakeClock();
	const camera = new ClipCamera(clock);
	const list = new Map([["cam1", camera]]);
	const streams = playable(list);
	const cameras = new Cameras({
		cameras: [],
		clock,
		random: () => 0.5,
		hostGate: new HostGate(clock),
		openSource: () => () => {
			throw new Error("there is no camera");
		},
		onChange: () => {},
		onReaderFailed: () => {},
	});
	const errors: unknown[] = [];
	const onError = (error: unknown): void => void errors.push(error);
	const feeds = new CmafFeeds({ streams, clock, onError });
	const mse = new Mse({ feeds, clock });
	const directory = { hasCamera: () => false, stream: () => undefined };
	const webrtc = await openWebrtc({
		settings: { webrtcPort: 0, webrtcHosts: [], iceServers: [] },
		directory,
		clock,
		onError,
	});
	const app = fastify({ forceCloseConnections: true, requestTimeout: 1000 });
	installErrorHandlers(app, pino({ level: "silent" }));
	await app.register(fastifyWebsocket, { options: { maxPayload: MAX_WALL_MESSAGE_BYTES } });
	const statuses = new StatusBroadcast(cameras, clock, () => false);
	registerWall(app, () => ({
		clock,
		statuses,
		welcome: () => ({
			type: "welcome",
			version: WALL_PROTOCOL_VERSION,
			serverId: "server",
			release: "0.0.0",
			demo: false,
			iceServers: [],
			protocol: "auto",
			ffmpeg: false,
			cameras: [],
		}),
		openViewer: (send) => webrtc.openViewer(send, undefined),
		openMse: (codecs, pipe) => mse.openViewer(codecs, pipe),
		onError,
	}));
	registerMse(app, { feeds, clock });
	await app.listen({ host: "127.0.0.1", port: 0 });
	const { port } = app.server.address() as AddressInfo;
	return {
		clock,
		camera,
		/** The camera is taken out of the settings. */
		removeCamera() {
			list.clear();
			feeds.endGone();
		},
		mse,
		errors,
		port,
		url: `http://127.0.0.1:${port}`,
		async [Symbol.asyncDispose]() {
			await app.close();
			webrtc.close();
		},
	};
}

export type WallServer = Awaited<ReturnType<typeof openWallServer>>;

export const HELLO: ClientMessage = {
	type: "hello",
	version: WALL_PROTOCOL_VERSION,
	webrtc: [],
	mse: ["h264", "opus"],
};

/** What a page has heard on its link, whatever the carrier. */
abstract class Page {
	readonly messages: ServerMessage[] = [];
	readonly frames: MediaFrame[] = [];
	mediaBytes = 0;
	closed = false;
	/** The close code, where the carrier has one. */
	closeCode: number | undefined;

	protected takeText(text: string): void {
		const parsed = parseServerMessage(text);
		if (!parsed.ok) throw new Error(parsed.problem);
		this.messages.push(parsed.message);
	}

	protected takeBinary(bytes: Uint8Array): void {
		const frame = readMediaFrame(bytes);
		if (!frame) throw new Error("no media frame");
		this.frames.push(frame);
		this.mediaBytes += bytes.length;
	}

	of<T extends ServerMessage["type"]>(type: T): Extract<ServerMessage, { type: T }>[] {
		return this.messages.filter((message) => message.type === type) as Extract<ServerMessage, { type: T }>[];
	}

	say(message: ClientMessage): void {
		this.sayText(JSON.stringify(message));
	}

	/** One message as text, whatever it is. */
	sayText(text: string): void {
		this.sayAll([text]);
	}

	abstract sayAll(texts: readonly string[]): void;
	/** Stops reading, so that the server's bytes pile up. */
	abstract pause(): void;
	/** Goes without a word. */
	abstract leave(): void;
}

export class SocketPage extends Page {
	readonly #socket: WebSocket;

	constructor(socket: WebSocket) {
		super();
		this.#socket = socket;
		socket.on("message", (data: Buffer, isBinary) => {
			if (isBinary) this.takeBinary(new Uint8Array(data));
			else this.takeText(data.toString("utf8"));
		});
		socket.on("close", (code) => {
			this.closed = true;
			this.closeCode = code;
		});
		socket.on("error", () => {});
	}

	static async open(url: string): Promise<SocketPage> {
		const socket = new WebSocket(`${url.replace("http", "ws")}/api/wall`);
		const page = new SocketPage(socket);
		await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
		return page;
	}

	sayAll(texts: readonly string[]): void {
		for (const text of texts) this.#socket.send(text);
	}

	send(data: Uint8Array | string): void {
		this.#socket.send(data);
	}

	pause(): void {
		this.#socket.pause();
	}

	leave(): void {
		this.#socket.terminate();
	}
}

export class StreamPage extends Page {
	readonly link: string;
	readonly #response: IncomingMessage;
	#posts: Promise<unknown> = Promise.resolve();

	constructor(link: string, response: IncomingMessage) {
		super();
		this.link = link;
		this.#response = response;
		const reader = new LinkFrameReader((type, bytes) => {
			if (type === LINK_TEXT) this.takeText(Buffer.from(bytes).toString("utf8"));
			else this.takeBinary(bytes);
		});
		response.on("data", (piece: Buffer) => reader.push(piece));
		response.on("close", () => {
			this.closed = true;
		});
		response.on("error", () => {});
	}

	static async open(url: string, id = newLinkId()): Promise<StreamPage> {
		const link = `${url}/api/wall/stream/${id}`;
		const response = await new Promise<IncomingMessage>((resolve, reject) => {
			request(link, resolve).on("error", reject).end();
		});
		if (response.statusCode !== 200) throw new Error(`refused with ${response.statusCode}`);
		return new StreamPage(link, response);
	}

	get headers(): IncomingMessage["headers"] {
		return this.#response.headers;
	}

	/** One POST after the other, as a page does. */
	sayAll(texts: readonly string[]): void {
		this.#posts = this.#posts.then(() => post(this.link, `[${texts.join(",")}]`)).catch(() => {});
	}

	pause(): void {
		this.#response.pause();
	}

	leave(): void {
		this.#response.destroy();
	}
}

export const newLinkId = (): string => randomBytes(16).toString("hex");

export function post(link: string, body: string, type = "application/json"): Promise<Response> {
	return fetch(link, { method: "POST", body, headers: { "content-type": type } });
}
