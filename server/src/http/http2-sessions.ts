/** The end of a server of HTTP/2. @module */
import type { Http2SecureServer, ServerHttp2Session } from "node:http2";
import type { FastifyInstance } from "fastify";

/**
 * Has the connections of HTTP/2 end with the server. Fastify waits for the end of their streams, and a page's link and
 * its media have none.
 */
export function endHttp2Sessions(app: FastifyInstance): void {
	const sessions = new Set<ServerHttp2Session>();
	(app.server as unknown as Http2SecureServer).on("session", (session) => {
		sessions.add(session);
		session.once("close", () => sessions.delete(session));
	});
	app.addHook("preClose", async () => {
		for (const session of sessions) session.destroy();
	});
}
