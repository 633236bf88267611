/**
 * WHEP (draft-ietf-wish-whep-03) for one camera: any standard player posts an offer and gets the answer. The rules for
 * sessions are those of WHIP (RFC 9725 sections 4.2 to 4.4), which the draft takes over.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { type IceServer, WEBRTC_ENGINE_HEADER } from "@vigia/api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Player, PlayerEngine } from "../outputs/webrtc/player-engine.ts";
import type { StreamDirectory } from "../streams/reader.ts";
import { answerOffer, MAX_SDP_BYTES, RETRY_AFTER_SECONDS } from "./answer-offer.ts";
import { sendError } from "./errors.ts";
import { hostOf } from "./origin.ts";

/** Candidates of one fragment; a browser sends a handful. */
const MAX_FRAGMENT_CANDIDATES = 64;
const SDP_TYPE = "application/sdp";
/** RFC 8840 section 9. */
const FRAGMENT_TYPE = "application/trickle-ice-sdpfrag";
const ENDPOINT_METHODS = "POST, OPTIONS";
const SESSION_METHODS = "PATCH, DELETE, OPTIONS";

export interface WhepOptions {
	readonly engine: PlayerEngine;
	readonly directory: StreamDirectory;
	/** Passed to the players: draft section 4.6. */
	readonly iceServers: readonly IceServer[];
}

interface Session {
	readonly cameraId: string;
	/** The entity tag of the ICE session, with its quotes. It never changes, because ICE restarts are not offered. */
	readonly etag: string;
	readonly player: Player;
}

type EndpointRequest = FastifyRequest<{ Params: { id: string }; Querystring: { stream?: string } }>;
type SessionRequest = FastifyRequest<{ Params: { id: string; session: string } }>;

/** Adds `/api/cameras/:id/whep` and its sessions. Needs the requests' `visitor`. */
export async function registerWhep(app: FastifyInstance, options: WhepOptions): Promise<void> {
	const sessions = new Map<string, Session>();
	const links = options.iceServers.flatMap(iceServerLinks).join(", ");
	await app.register(async (scope) => {
		scope.removeAllContentTypeParsers();
		scope.addContentTypeParser(
			[SDP_TYPE, FRAGMENT_TYPE],
			{ parseAs: "string", bodyLimit: MAX_SDP_BYTES },
			(_request, body, done) => done(null, body),
		);
		scope.addHook("onRequest", async (request, reply) => allowOrigin(request, reply));

		const endpoint = "/api/cameras/:id/whep";
		scope.post(endpoint, (request: EndpointRequest, reply) => openSession(request, reply, options, sessions, links));
		scope.options(endpoint, (_request, reply) => preflight(reply, ENDPOINT_METHODS));
		scope.route({
			method: ["GET", "HEAD", "PUT", "PATCH", "DELETE"],
			url: endpoint,
			exposeHeadRoute: false,
			handler: (_request, reply) => wrongMethod(reply, ENDPOINT_METHODS),
		});

		const resource = "/api/cameras/:id/whep/:session";
		scope.patch(resource, (request: SessionRequest, reply) => patchSession(request, reply, sessions));
		scope.delete(resource, (request: SessionRequest, reply) => {
			const session = findSession(request, sessions);
			if (!session) return unknownSession(reply);
			session.player.close();
			return reply.code(200).send();
		});
		scope.options(resource, (_request, reply) => preflight(reply, SESSION_METHODS));
		scope.route({
			method: ["GET", "HEAD", "PUT", "POST"],
			url: resource,
			exposeHeadRoute: false,
			handler: (_request, reply) => wrongMethod(reply, SESSION_METHODS),
		});
	});
}

async function openSession(
	request: EndpointRequest,
	reply: FastifyReply,
	options: WhepOptions,
	sessions: Map<string, Session>,
	links: string,
): Promise<FastifyReply> {
	if (mediaType(request) !== SDP_TYPE) {
		return sendError(reply, 415, "media-type-unsupported", `The offer must come as Content-Type ${SDP_TYPE}.`);
	}
	const { id } = request.params;
	const { stream = "main" } = request.query;
	// Before the answer is out nobody knows the id, so the session can only end by itself then.
	const sessionId = randomUUID();
	const offer = {
		cameraId: id,
		stream,
		offerSdp: typeof request.body === "string" ? request.body : "",
		pageHost: hostOf(request.visitor.host),
		onClose: () => void sessions.delete(sessionId),
	};
	const answer = await answerOffer(offer, options);
	if (!answer.ok) {
		if (answer.status === 503) reply.header("retry-after", RETRY_AFTER_SECONDS);
		return sendError(reply, answer.status, answer.code, answer.message);
	}
	const { player } = answer;
	const session: Session = { cameraId: id, etag: `"${randomUUID()}"`, player };
	sessions.set(sessionId, session);
	return (
		reply
			.code(201)
			// Relative to the endpoint: whatever path a proxy put before it, the player knows it.
			.headers({ location: `whep/${sessionId}`, etag: session.etag })
			.headers(links !== "" ? { link: links } : {})
			.headers(player.engine ? { [WEBRTC_ENGINE_HEADER]: player.engine } : {})
			.type(SDP_TYPE)
			.send(player.answerSdp)
	);
}

/** Trickle ICE: RFC 9725 section 4.3.1 and RFC 8840. */
function patchSession(request: SessionRequest, reply: FastifyReply, sessions: Map<string, Session>): FastifyReply {
	const session = findSession(request, sessions);
	if (!session) return unknownSession(reply);
	if (mediaType(request) !== FRAGMENT_TYPE) {
		return sendError(reply, 415, "media-type-unsupported", `Candidates must come as Content-Type ${FRAGMENT_TYPE}.`);
	}
	const ifMatch = request.headers["if-match"];
	if (ifMatch === undefined) {
		return sendError(reply, 428, "if-match-required", "Send the session's ETag in If-Match.");
	}
	// RFC 9725 section 4.3.1.3: "*" announces an ICE restart.
	const restart = ifMatch === "*";
	if (!restart && ifMatch !== session.etag) {
		return sendError(reply, 412, "etag-mismatch", "If-Match is not the ETag of this session.");
	}
	const fragment = readFragment(typeof request.body === "string" ? request.body : "");
	if (!fragment) return sendError(reply, 400, "bad-fragment", "The body is not a valid trickle ICE SDP fragment.");
	if (restart || (fragment.iceUfrag !== undefined && fragment.iceUfrag !== session.player.iceUfrag)) {
		return sendError(reply, 422, "ice-restart-unsupported", "ICE cannot be restarted here: open a new session.");
	}
	for (const { mid, candidate } of fragment.candidates) session.player.addCandidate(mid, candidate);
	return reply.code(204).send();
}

interface Fragment {
	readonly iceUfrag: string | undefined;
	readonly candidates: readonly { readonly mid: string; readonly candidate: string }[];
}

/** `undefined` when it holds a line that is no SDP, nothing of ICE at all, or too much. */
function readFragment(body: string): Fragment | undefined {
	let iceUfrag: string | undefined;
	let mid = "";
	let known = false;
	const candidates: { mid: string; candidate: string }[] = [];
	for (const line of body.split(/\r?\n/)) {
		if (line === "") continue;
		if (!/^[a-z]=/.test(line)) return undefined;
		const [, name, value = ""] = /^a=(mid|ice-ufrag|ice-pwd|candidate|end-of-candidates)(?::(.*))?$/.exec(line) ?? [];
		known ||= name !== undefined;
		if (name === "mid") mid = value;
		else if (name === "ice-ufrag") iceUfrag = value;
		else if (name === "candidate") candidates.push({ mid, candidate: `candidate:${value}` });
	}
	return known && candidates.length <= MAX_FRAGMENT_CANDIDATES ? { iceUfrag, candidates } : undefined;
}

function findSession(request: SessionRequest, sessions: Map<string, Session>): Session | undefined {
	const session = sessions.get(request.params.session);
	return session?.cameraId === request.params.id ? session : undefined;
}

function mediaType(request: FastifyRequest): string | undefined {
	return request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
}

function unknownSession(reply: FastifyReply): FastifyReply {
	return sendError(reply, 404, "unknown-session", "This session has ended or never was: open a new one.");
}

function wrongMethod(reply: FastifyReply, methods: string): FastifyReply {
	reply.header("allow", methods);
	return sendError(reply, 405, "method-not-allowed", `This address takes ${methods}.`);
}

/** Players run on other sites too. Origins that may not use this server were refused before. */
function allowOrigin(request: FastifyRequest, reply: FastifyReply): void {
	reply.headers({
		"access-control-allow-origin": request.headers.origin ?? "*",
		"access-control-expose-headers": "Location, ETag, Link, Accept-Post, Retry-After",
		vary: "Origin",
		"cache-control": "no-store",
	});
}

function preflight(reply: FastifyReply, methods: string): FastifyReply {
	return reply
		.code(204)
		.headers({
			allow: methods,
			"accept-post": SDP_TYPE,
			"access-control-allow-methods": methods,
			"access-control-allow-headers": "Authorization, Content-Type, If-Match",
			"access-control-max-age": "86400",
		})
		.send();
}

/** One link per URL: draft section 4.6. A value that a header cannot carry leaves its server out. */
function iceServerLinks(server: IceServer): string[] {
	const { urls, username, credential } = server;
	let parameters = "";
	if (username !== undefined && credential !== undefined) {
		if (!isHeaderText(username) || !isHeaderText(credential)) return [];
		parameters = `; username=${quote(username)}; credential=${quote(credential)}; credential-type="password"`;
	}
	return urls.map((url) => `<${url}>; rel="ice-server"${parameters}`);
}

/** RFC 9110 section 5.5: printable ASCII; other bytes are opaque to a player. */
function isHeaderText(value: string): boolean {
	return /^[\x20-\x7e]*$/.test(value);
}

/** RFC 9110 section 5.6.4. */
function quote(value: string): string {
	return `"${value.replace(/["\\]/g, "\\$&")}"`;
}
