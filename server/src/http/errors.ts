/** One shape for every error that an HTTP route answers. @module */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Logger } from "../observe/log.ts";

/** What clients get: a stable code and a sentence that says what to do. */
export interface ErrorBody {
	readonly error: { readonly code: string; readonly message: string };
}

export function sendError(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
	return reply
		.code(status)
		.type("application/json; charset=utf-8")
		.send({ error: { code, message } } satisfies ErrorBody);
}

/** Plain words for what fastify refuses before a route sees it. */
const REFUSALS: Record<number, readonly [code: string, message: string]> = {
	400: ["bad-request", "The request is not valid: check its body and its parameters."],
	413: ["body-too-large", "The request's body is too large for this address."],
	414: ["url-too-long", "The request's URL is too long."],
	415: ["media-type-unsupported", "This address does not take that Content-Type."],
	431: ["headers-too-large", "The request's headers are too large."],
};

/** Answers unknown addresses and refused requests; logs what is our own fault. */
export function installErrorHandlers(app: FastifyInstance, log: Logger): void {
	app.setNotFoundHandler((request, reply) =>
		sendError(reply, 404, "not-found", `There is nothing at ${request.method} ${pathOnly(request.url)}.`),
	);
	app.setErrorHandler((error: { statusCode?: number; message: string; stack?: string }, request, reply) => {
		const status = error.statusCode ?? 500;
		if (status < 500) {
			const [code, message] = REFUSALS[status] ?? ["refused", "The request was refused."];
			return sendError(reply, status, code, message);
		}
		log.error(
			{ method: request.method, path: pathOnly(request.url), error: error.stack ?? error.message },
			"request failed",
		);
		return sendError(reply, status, "internal-error", "Vigía made a mistake; its log says more.");
	});
}

/** Queries may carry what should not be repeated. */
function pathOnly(url: string): string {
	return url.split("?", 1)[0] as string;
}
