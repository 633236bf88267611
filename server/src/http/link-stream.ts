/**
 * `/api/wall/stream/{id}`: the wall protocol where a proxy refuses Upgrade. The server's messages are one endless
 * response, those of the page come by POST: `link-frame.ts` of `@vigia/api`.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import { LINK_BINARY, LINK_ID, LINK_TEXT, linkFrameHeader, MAX_WALL_MESSAGE_BYTES } from "@vigia/api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sendError } from "./errors.ts";
import type { WallLink } from "./wall-link.ts";
import { WallSession, type WallSessionOptions } from "./wall-session.ts";

/** Of all pages together: each holds a connection and a few kB. */
export const MAX_STREAM_LINKS = 256;
/** One message of the largest size in its array, or several small ones. */
const MAX_POST_BYTES = MAX_WALL_MESSAGE_BYTES + 1024;
/** A page's ICE candidates come in a bunch; the rate limit bounds the rest. */
const MAX_POST_MESSAGES = 64;
/** Seconds that a page should wait when the server is full. */
const RETRY_AFTER_SECONDS = 10;

interface OpenLink {
	readonly link: StreamLink;
	readonly session: WallSession;
}

type LinkRequest = FastifyRequest<{ Params: { id: string } }>;

/** Adds the routes. `sessionOptions` is asked once for each link. */
export function registerLinkStream(
	app: FastifyInstance,
	sessionOptions: (request: FastifyRequest) => WallSessionOptions,
): void {
	const links = new Map<string, OpenLink>();
	const url = "/api/wall/stream/:id";
	// A HEAD request would open a link that nobody reads.
	app.get(url, { exposeHeadRoute: false }, (request: LinkRequest, reply) => {
		const { id } = request.params;
		if (!LINK_ID.test(id)) {
			return sendError(reply, 400, "bad-link-id", "The id of a link is 32 random hexadecimal digits in lower case.");
		}
		if (links.has(id)) return sendError(reply, 409, "link-exists", "This link is open already: take another id.");
		if (links.size >= MAX_STREAM_LINKS) {
			reply.header("retry-after", RETRY_AFTER_SECONDS);
			return sendError(reply, 503, "too-many-viewers", "The server has as many viewers as it takes: try again later.");
		}
		const link = new StreamLink(startResponse(reply));
		const session = new WallSession(link, sessionOptions(request));
		links.set(id, { link, session });
		reply.raw.on("error", () => link.terminate());
		reply.raw.on("close", () => {
			links.delete(id);
			session.end();
		});
		return reply;
	});
	app.post(url, { bodyLimit: MAX_POST_BYTES }, (request: LinkRequest, reply) => {
		const open = links.get(request.params.id);
		if (!open) return sendError(reply, 404, "unknown-link", "This link is not open: open it with GET first.");
		const texts = messagesOf(request.body);
		if (!texts) {
			const message = `The body must be a JSON array of at most ${MAX_POST_MESSAGES} messages.`;
			return sendError(reply, 400, "bad-request", message);
		}
		for (const text of texts) open.session.receive(text);
		return reply.code(204).header("cache-control", "no-store").send();
	});
}

/** Each message as text again, because that is what sessions read; a page posts a few times a second. */
function messagesOf(body: unknown): string[] | undefined {
	if (!Array.isArray(body) || body.length > MAX_POST_MESSAGES) return undefined;
	try {
		return body.map((message) => JSON.stringify(message));
	} catch {
		// Nested deeper than the stack: no message of ours.
		return undefined;
	}
}

/** Begins the endless response: its head goes out at once, and asks proxies to hold nothing back. */
function startResponse(reply: FastifyReply): ServerResponse {
	reply.headers({
		"content-type": "application/octet-stream",
		// No-transform keeps compressing proxies off (RFC 9111 section 5.2.2.6).
		"cache-control": "no-store, no-transform",
		// nginx and those that follow it.
		"x-accel-buffering": "no",
	});
	const response = reply.raw;
	for (const [name, value] of Object.entries(reply.getHeaders())) {
		if (value !== undefined) response.setHeader(name, value);
	}
	reply.hijack();
	response.writeHead(200);
	response.flushHeaders();
	return response;
}

class StreamLink implements WallLink {
	readonly #response: ServerResponse;
	#begun = false;
	#flushedBytes = -1;

	/**
	 * Some proxies keep the head of a response until there is something behind it, and the page does not speak before it
	 * has the head. So the first byte goes out at once: that of a message's length, which is always 0.
	 */
	constructor(response: ServerResponse) {
		this.#response = response;
		response.write(Uint8Array.of(0));
	}

	get isOpen(): boolean {
		return !this.#response.writableEnded && !this.#response.destroyed;
	}

	get bufferedBytes(): number {
		return this.#response.writableLength;
	}

	sendText(text: string): void {
		this.#write(LINK_TEXT, Buffer.from(text));
	}

	sendBinary(bytes: Uint8Array): void {
		this.#write(LINK_BINARY, bytes);
	}

	/** The page learns the reason by the `error` before it. */
	close(): void {
		this.#response.end();
	}

	terminate(): void {
		this.#response.destroy();
	}

	/** There is nothing like a ping: alive is whose connection takes bytes while some wait. */
	checkAlive(): boolean {
		const { socket } = this.#response;
		if (!socket || this.bufferedBytes === 0) return true;
		const flushedBytes = socket.bytesWritten - socket.writableLength;
		const moved = flushedBytes !== this.#flushedBytes;
		this.#flushedBytes = flushedBytes;
		return moved;
	}

	#write(type: typeof LINK_TEXT | typeof LINK_BINARY, bytes: Uint8Array): void {
		if (!this.isOpen) return;
		const header = linkFrameHeader(type, bytes.length);
		this.#response.cork();
		this.#response.write(this.#begun ? header : header.subarray(1));
		this.#begun = true;
		this.#response.write(bytes);
		this.#response.uncork();
	}
}
