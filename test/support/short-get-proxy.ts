/** A proxy that passes nothing but short GETs, as the filters of some company networks do. @module */
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface ShortGetProxyOptions {
	/** URL of the server behind it, without a path. */
	readonly upstream: string;
	/** Answers that are not complete after this long become 504. Default {@link LONGEST_MS}. */
	readonly longestMs?: number;
	/** Refuses pictures and sound that move with 403, by their content type: else LL-HLS passes. Default: it refuses. */
	readonly media?: "refused" | "passed";
}

/** Long enough for a file of the page from a busy machine, too short for any stream. */
const LONGEST_MS = 600;
/** An answer that is larger becomes 502. */
const LARGEST_BYTES = 2 << 20;
/** RFC 8216 section 4 names both types of a playlist. */
const MEDIA_TYPE = /^(video|audio)\/|mpegurl/i;
/** RFC 9110 section 7.6.1: they belong to one connection; the length is that of the whole answer. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "content-length"]);

export class ShortGetProxy implements AsyncDisposable {
	readonly url: string;
	/** How many requests ended with each status of the proxy's own: 403, 405, 502, 504. */
	readonly refused: ReadonlyMap<number, number>;
	readonly #close: () => Promise<void>;

	private constructor(url: string, refused: ReadonlyMap<number, number>, close: () => Promise<void>) {
		this.url = url;
		this.refused = refused;
		this.#close = close;
	}

	static async start(options: ShortGetProxyOptions): Promise<ShortGetProxy> {
		const refused = new Map<number, number>();
		const note = (status: number): void => void refused.set(status, (refused.get(status) ?? 0) + 1);
		const server = createServer((incoming, outgoing) => pass(incoming, outgoing, options, note));
		server.on("upgrade", (_incoming, socket: Socket) => {
			note(405);
			socket.end("HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const { port } = server.address() as AddressInfo;
		return new ShortGetProxy(`http://127.0.0.1:${port}`, refused, async () => {
			const closed = new Promise((resolve) => server.close(resolve));
			server.closeAllConnections();
			await closed;
		});
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#close();
	}
}

function pass(
	incoming: IncomingMessage,
	outgoing: ServerResponse,
	{ upstream, longestMs = LONGEST_MS, media = "refused" }: ShortGetProxyOptions,
	note: (status: number) => void,
): void {
	const refuse = (status: number): void => {
		if (outgoing.writableEnded) return;
		note(status);
		clearTimeout(limit);
		outgoing.writeHead(status, { "content-length": 0 }).end();
		asked.destroy();
	};
	const { host = "" } = incoming.headers;
	const headers = { ...incoming.headers, "x-forwarded-host": host, "x-forwarded-proto": "http" };
	const asked = request(new URL(incoming.url ?? "/", upstream), { method: incoming.method ?? "GET", headers });
	const limit = setTimeout(() => refuse(504), longestMs);
	outgoing.on("close", () => {
		clearTimeout(limit);
		asked.destroy();
	});
	asked.on("error", () => refuse(502));
	if (incoming.method !== "GET" && incoming.method !== "HEAD") return refuse(405);
	asked.on("response", (answer) => {
		if (media === "refused" && MEDIA_TYPE.test(answer.headers["content-type"] ?? "")) return refuse(403);
		const chunks: Buffer[] = [];
		let size = 0;
		answer.on("error", () => refuse(502));
		answer.on("data", (chunk: Buffer) => {
			size += chunk.length;
			if (size > LARGEST_BYTES) return refuse(502);
			chunks.push(chunk);
		});
		answer.on("end", () => {
			if (outgoing.writableEnded) return;
			clearTimeout(limit);
			const kept = Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.has(name));
			outgoing.writeHead(answer.statusCode ?? 502, { ...Object.fromEntries(kept), "content-length": size });
			outgoing.end(Buffer.concat(chunks));
		});
	});
	asked.end();
}
