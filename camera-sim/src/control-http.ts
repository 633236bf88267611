/** The control API: faults over HTTP with JSON. Documented in camera-sim/README.md. @module */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { CameraSim } from "./camera-sim.ts";
import type { ChannelSelector } from "./control.ts";

/** A running control API. It has no password of its own: keep it on the loopback interface. */
export interface ControlServer extends AsyncDisposable {
	readonly host: string;
	readonly port: number;
	close(): Promise<void>;
}

/** A request body: a few short fields. */
const MAX_BODY_BYTES = 4096;
const CAMERA_PATH = /^\/cameras\/([^/]+)$/;
const ACTION_PATH = /^\/cameras\/([^/]+)\/([a-z-]+)$/;

type Body = Readonly<Record<string, unknown>>;
type Action = (sim: CameraSim, selector: ChannelSelector, body: Body) => Promise<void> | void;

/** What a client is told. */
class HttpError extends Error {
	readonly status: number;

	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

const ACTIONS: Readonly<Record<string, Action>> = {
	start: (sim, selector) => sim.control.start(selector),
	stop: (sim, selector, body) => sim.control.stop(selector, stoppedAnswer(body)),
	restart: (sim, selector, body) => sim.control.restart(selector, numberField(body, "delayMs")),
	freeze: (sim, selector, body) => sim.control.freeze(selector, { rtcp: booleanField(body, "rtcp") }),
	"drop-silently": (sim, selector) => sim.control.dropSilently(selector),
	"abandon-connections": (sim, selector) => sim.control.abandonConnections(selector),
	"refuse-passwords": (sim, selector) => sim.control.refusePasswords(selector),
	"change-password": (sim, selector, body) => sim.control.changePassword(selector, stringField(body, "password")),
	"limit-sessions": (sim, selector, body) => sim.control.limitSessions(selector, numberField(body, "limit")),
};

/** @throws Error when the port is taken. */
export async function startControlServer(
	sim: CameraSim,
	options: { readonly host?: string; readonly port?: number } = {},
): Promise<ControlServer> {
	const host = options.host ?? "127.0.0.1";
	const server = createServer((request, response) => {
		handle(sim, request).then(
			(answer) => send(response, 200, answer),
			(error: unknown) => {
				if (error instanceof HttpError) send(response, error.status, { error: error.message });
				else if (error instanceof RangeError) send(response, 400, { error: error.message });
				else send(response, 500, { error: "The simulator failed. This is a bug." });
			},
		);
	});
	server.listen(options.port ?? 0, host);
	await once(server, "listening");
	const close = async (): Promise<void> => {
		if (!server.listening) return;
		const closed = once(server, "close");
		server.close();
		server.closeAllConnections();
		await closed;
	};
	return { host, port: (server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close };
}

async function handle(sim: CameraSim, request: IncomingMessage): Promise<unknown> {
	const path = (request.url ?? "/").split("?")[0] ?? "/";
	if (path === "/cameras") {
		requireMethod(request, "GET");
		return sim.statuses();
	}
	const camera = CAMERA_PATH.exec(path);
	if (camera) {
		requireMethod(request, "GET");
		const selector = parseSelector(sim, camera[1] ?? "");
		return selector === "all" ? sim.statuses() : sim.status(selector);
	}
	const match = ACTION_PATH.exec(path);
	const name = match?.[2] ?? "";
	const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
	if (!match || !action) throw new HttpError(404, `There is no ${path}. Actions: ${Object.keys(ACTIONS).join(", ")}.`);
	requireMethod(request, "POST");
	const selector = parseSelector(sim, match[1] ?? "");
	await action(sim, selector, await readBody(request));
	return selector === "all" ? sim.statuses() : sim.status(selector);
}

function requireMethod(request: IncomingMessage, method: string): void {
	if (request.method !== method) throw new HttpError(405, `Use ${method}.`);
}

function parseSelector(sim: CameraSim, text: string): ChannelSelector {
	if (text === "all") return "all";
	const channel = /^\d{1,4}$/.test(text) ? Number(text) : 0;
	if (channel < 1 || channel > sim.count)
		throw new HttpError(404, `There is no camera "${text}": use 1-${sim.count} or all.`);
	return channel;
}

async function readBody(request: IncomingMessage): Promise<Body> {
	const chunks: Buffer[] = [];
	let sizeBytes = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		sizeBytes += chunk.length;
		if (sizeBytes > MAX_BODY_BYTES) throw new HttpError(413, `The body must be at most ${MAX_BODY_BYTES} bytes.`);
		chunks.push(chunk);
	}
	if (sizeBytes === 0) return {};
	// A page in a browser cannot send this type across origins without asking first.
	if (!/^application\/json\b/i.test(request.headers["content-type"] ?? ""))
		throw new HttpError(415, "Send the body as application/json.");
	let value: unknown;
	try {
		value = JSON.parse(Buffer.concat(chunks).toString("utf8"));
	} catch {
		throw new HttpError(400, "The body is not JSON.");
	}
	if (typeof value !== "object" || value === null || Array.isArray(value))
		throw new HttpError(400, "The body must be a JSON object.");
	return { ...value };
}

function numberField(body: Body, name: string): number {
	const value = body[name];
	if (typeof value !== "number") throw new HttpError(400, `"${name}" must be a number.`);
	return value;
}

function booleanField(body: Body, name: string): boolean {
	const value = body[name];
	if (typeof value !== "boolean") throw new HttpError(400, `"${name}" must be true or false.`);
	return value;
}

function stringField(body: Body, name: string): string {
	const value = body[name];
	if (typeof value !== "string") throw new HttpError(400, `"${name}" must be a text.`);
	return value;
}

function stoppedAnswer(body: Body): "cut" | 404 | 503 {
	const value = body["answer"] ?? "cut";
	if (value !== "cut" && value !== 404 && value !== 503)
		throw new HttpError(400, '"answer" must be "cut", 404 or 503.');
	return value;
}

function send(response: ServerResponse, status: number, answer: unknown): void {
	response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
	response.end(`${JSON.stringify(answer)}\n`);
}
