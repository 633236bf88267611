/** Puts RTSP through HTTP in front of a scripted camera, as Apple's tunnelling describes it. @module */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

export interface TunnelScript {
	/** The camera behind it. */
	readonly port: number;
	/** The answer to a GET, with its head's end; the socket ends after one that is not 200. Default: 200. */
	readonly answerGet?: (head: string) => string;
	/** Ends each POST's connection after so many bytes of its body. */
	readonly postBodyBytes?: number;
	/** It ends them by a reset. */
	readonly resetsPost?: boolean;
	/** Speaks TLS. */
	readonly tls?: TlsOptions;
}

const OK = "HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\nx-server-ip-address: 127.0.0.1\r\n\r\n";

export class TunnelCamera implements AsyncDisposable {
	readonly #server: Server;
	readonly #script: TunnelScript;
	readonly #sockets = new Set<Socket>();
	/** By cookie: what leads to the camera. */
	readonly #upstream = new Map<string, Socket>();
	/** Heads of the requests. */
	readonly heads: string[] = [];

	private constructor(script: TunnelScript) {
		this.#script = script;
		const onConnection = (socket: Socket): void => this.#onConnection(socket);
		this.#server = script.tls
			? createTlsServer(script.tls, onConnection)
			: createServer({ noDelay: true }, onConnection);
	}

	static async open(script: TunnelScript): Promise<TunnelCamera> {
		const camera = new TunnelCamera(script);
		camera.#server.listen(0, "127.0.0.1");
		await once(camera.#server, "listening");
		return camera;
	}

	get port(): number {
		const address = this.#server.address();
		return typeof address === "object" && address ? address.port : 0;
	}

	methods(): string[] {
		return this.heads.map((head) => head.split(" ")[0] ?? "");
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		const closed = once(this.#server, "close");
		this.#server.close();
		await closed;
	}

	#keep(socket: Socket): void {
		this.#sockets.add(socket);
		socket.on("error", () => socket.destroy());
		socket.on("close", () => this.#sockets.delete(socket));
	}

	#onConnection(socket: Socket): void {
		this.#keep(socket);
		let text = "";
		const onHead = (chunk: Buffer): void => {
			text += chunk.toString("latin1");
			const end = text.indexOf("\r\n\r\n");
			if (end < 0) return;
			socket.off("data", onHead);
			const head = text.slice(0, end);
			this.heads.push(head);
			const cookie = /^x-sessioncookie: (.*)$/m.exec(head)?.[1]?.trim() ?? "";
			if (head.startsWith("GET ")) this.#onGet(socket, head, cookie);
			else this.#onPost(socket, text.slice(end + 4), cookie);
		};
		socket.on("data", onHead);
	}

	#onGet(socket: Socket, head: string, cookie: string): void {
		const answer = this.#script.answerGet?.(head) ?? OK;
		socket.write(answer);
		if (!/^HTTP\/1\.. 200/.test(answer)) {
			socket.end();
			return;
		}
		const upstream = connect(this.#script.port, "127.0.0.1");
		this.#keep(upstream);
		this.#upstream.set(cookie, upstream);
		upstream.on("data", (chunk: Buffer) => socket.write(chunk));
		upstream.on("close", () => socket.end());
		socket.on("close", () => upstream.destroy());
	}

	#onPost(socket: Socket, rest: string, cookie: string): void {
		let body = "";
		let taken = 0;
		const onBody = (text: string): void => {
			body += text;
			taken += text.length;
			// Each piece is padded for itself.
			const whole = body.length - (body.length % 4);
			for (const piece of body.slice(0, whole).match(/[^=]+={0,2}/g) ?? []) {
				this.#upstream.get(cookie)?.write(Buffer.from(piece, "base64"));
			}
			body = body.slice(whole);
			if (taken < (this.#script.postBodyBytes ?? Number.POSITIVE_INFINITY)) return;
			if (this.#script.resetsPost === true) socket.resetAndDestroy();
			else socket.end();
		};
		onBody(rest);
		socket.on("data", (chunk: Buffer) => onBody(chunk.toString("latin1")));
	}
}
