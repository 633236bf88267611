/** The link of a wall's page: over WebSocket, or over HTTP alone. @module */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { registerLinkStream } from "./link-stream.ts";
import type { WallSessionOptions } from "./wall-session.ts";
import { serveWallSocket } from "./wall-socket.ts";

/** Adds `/api/wall`, `/api/wall/stream/{id}` and `/api/wall/welcome`. Needs @fastify/websocket. */
export function registerWall(
	app: FastifyInstance,
	sessionOptions: (request: FastifyRequest) => WallSessionOptions,
): void {
	app.get("/api/wall", { websocket: true }, (socket, request) => serveWallSocket(socket, sessionOptions(request)));
	registerLinkStream(app, sessionOptions);
	// For pages behind proxies that let nothing else through: what a link begins with, and /api/cameras goes on.
	app.get("/api/wall/welcome", (request, reply) =>
		reply.header("cache-control", "no-store").send(sessionOptions(request).welcome()),
	);
}
