/** A wall below a path of a site, where the proxy in front of it passes that path on. @module */
import type { FastifyInstance } from "fastify";

/**
 * Takes the path away before the routes see it, of WebSockets' requests too. Addresses without it stay as they are, so
 * that the machine itself and proxies that take the path away find everything as well.
 *
 * @param basePath begins with `/` and does not end with one: `BASE_PATH`.
 */
export function withoutBasePath(basePath: string): (request: { readonly url?: string | undefined }) => string {
	return ({ url = "/" }) => (url.startsWith(`${basePath}/`) ? url.slice(basePath.length) : url);
}

/** The page finds everything relative to its own address, which therefore has to end with a `/`. */
export function redirectToBasePath(app: FastifyInstance, basePath: string): void {
	const folder = `${basePath.slice(basePath.lastIndexOf("/") + 1)}/`;
	app.addHook("onRequest", async (request, reply) => {
		const { originalUrl } = request;
		const [path, query] = splitOnce(originalUrl, "?");
		// Relative, because a proxy further out may have a path of its own.
		if (path === basePath) return reply.redirect(query === undefined ? folder : `${folder}?${query}`, 308);
	});
}

function splitOnce(text: string, separator: string): [before: string, after: string | undefined] {
	const at = text.indexOf(separator);
	return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
