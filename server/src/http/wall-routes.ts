/** The link of a wall's page: over WebSocket, or over HTTP alone. @module */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { registerLinkStream } from "./link-stream.ts";
import type { WallSessionOptions } from "./wall-session.ts";
import { serveWallSocket } from "./wall-socket.ts";

/** Adds `/api/wall` and `/api/wall/stream/{id}`. Needs @fastify/websocket. */
export function registerWall(
	app: FastifyInstance,
	sessionOptions: (request: FastifyRequest) => WallSessionOptions,
): void {
	app.get("/api/wall", { websocket: true }, (socket, request) => serveWallSocket(socket, sessionOptions(request)));
	registerLinkStream(app, sessionOptions);
}
