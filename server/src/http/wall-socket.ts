/** `WS /api/wall`: the wall protocol over WebSocket. @module */
import type { WebSocket } from "ws";
import type { WallLink } from "./wall-link.ts";
import { WallSession, type WallSessionOptions } from "./wall-session.ts";

/** Serves one socket until it closes. */
export function serveWallSocket(socket: WebSocket, options: WallSessionOptions): void {
	const link = new SocketLink(socket);
	const session = new WallSession(link, options);
	socket.on("pong", () => link.noteLife());
	socket.on("message", (data: Buffer, isBinary: boolean) => {
		link.noteLife();
		if (isBinary) session.refuse("bad-message", "messages are JSON text");
		else session.receive(data.toString("utf8"));
	});
	// ws reports broken frames and over-long messages here and closes by itself.
	socket.on("error", () => socket.terminate());
	socket.on("close", () => session.end());
}

class SocketLink implements WallLink {
	readonly #socket: WebSocket;
	#alive = true;

	constructor(socket: WebSocket) {
		this.#socket = socket;
	}

	get isOpen(): boolean {
		return this.#socket.readyState === this.#socket.OPEN;
	}

	get bufferedBytes(): number {
		return this.#socket.bufferedAmount;
	}

	sendText(text: string): void {
		if (this.isOpen) this.#socket.send(text);
	}

	sendBinary(bytes: Uint8Array): void {
		if (this.isOpen) this.#socket.send(bytes);
	}

	close(code: number, reason: string): void {
		this.#socket.close(code, reason);
	}

	terminate(): void {
		this.#socket.terminate();
	}

	checkAlive(): boolean {
		const wasAlive = this.#alive;
		this.#alive = false;
		if (this.isOpen) this.#socket.ping();
		return wasAlive;
	}

	noteLife(): void {
		this.#alive = true;
	}
}
