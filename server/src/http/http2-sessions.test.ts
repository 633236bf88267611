import { once } from "node:events";
import { connect } from "node:http2";
import type { AddressInfo } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { expect, test } from "vitest";
import { CAMERA_CERTIFICATE } from "../sources/testing/test-certificates.ts";
import { endHttp2Sessions } from "./http2-sessions.ts";

test("the end of the server waits for no response that never ends", async () => {
	const { key, cert } = CAMERA_CERTIFICATE;
	const app = fastify({ http2: true, https: { key, cert, allowHTTP1: true } }) as unknown as FastifyInstance;
	endHttp2Sessions(app);
	app.get("/endless", (_request, reply) => {
		reply.hijack();
		reply.raw.writeHead(200).write("...");
	});
	await app.listen({ host: "127.0.0.1", port: 0 });
	const { port } = app.server.address() as AddressInfo;
	const client = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
	client.on("error", () => undefined);
	const stream = client.request({ ":path": "/endless" });
	stream.on("error", () => undefined);
	const ended = once(stream, "close");
	await once(stream, "data");
	await app.close();
	await ended;
	expect(client.destroyed).toBe(true);
});
