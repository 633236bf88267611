/** Probes over HTTP: of a camera in the settings for everybody, of any address for this machine only. @module */
import { parseRtspUrl } from "@vigia/rtsp";
import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import { Credentials } from "../config/credentials.ts";
import { parseTlsPolicy, TLS_RULE } from "../config/tls-policy.ts";
import { PROBE_LANGUAGES, type ProbeLanguage } from "../probe/advice-texts.ts";
import type { ProbeTarget } from "../probe/camera-stream.ts";
import type { ProbeAnswer, ProbeRefusal, ProbeService } from "../probe/probe-service.ts";
import { sendError } from "./errors.ts";

/** Seconds after which a place is free again: a probe takes about ten. */
const RETRY_AFTER_SECONDS = 10;

const language = z.enum(PROBE_LANGUAGES).default("en");
const cameraQuerySchema = z.object({ stream: z.enum(["main", "sub"]).optional(), lang: language });

/** Neither name nor password has a place for line breaks in a header field. */
const credential = z.string().regex(/^\P{Cc}*$/u);
const addressSchema = z
	.strictObject({
		url: z.string(),
		user: credential.optional(),
		password: credential.optional(),
		transport: z.enum(["auto", "tcp", "udp", "http"]).default("auto"),
		tls: z.string().optional(),
		lang: language,
	})
	.refine(({ user, password }) => user !== undefined || password === undefined);

const REFUSALS: Readonly<Record<ProbeRefusal, readonly [status: number, message: string]>> = {
	"unknown-camera": [404, "There is no camera with this id: see /api/cameras."],
	"unknown-stream": [404, "This camera has no such stream: use main or sub, or none for the one of the grid."],
	"probe-running": [409, "This camera's other stream is being probed: try again in some seconds."],
	"too-many-probes": [503, "So many cameras are being probed that one more has to wait: try again in some seconds."],
};

/** Adds `POST /api/cameras/:id/probe` and `POST /api/probe`. Needs the requests' `visitor`. */
export function registerProbe(app: FastifyInstance, probes: ProbeService): void {
	app.post<{ Params: { id: string } }>("/api/cameras/:id/probe", async (request, reply) => {
		const query = cameraQuerySchema.safeParse(request.query);
		if (!query.success) return sendError(reply, 400, "bad-request", "Use stream=main or sub, and lang=en or es.");
		const { stream, lang } = query.data;
		return send(reply, await probes.probeCamera(request.params.id, stream), lang);
	});
	app.post("/api/probe", async (request, reply) => {
		if (!request.visitor.isLocal) {
			const message =
				"Addresses are probed for this machine only, because the server connects to whatever it is told: ask on the machine itself at http://localhost and not through a proxy, run `vigia probe` there (with TRUST_PROXY or BASE_PATH set this is the only way), or put the camera into the settings.";
			return sendError(reply, 403, "local-only", message);
		}
		const probe = readAddressProbe(request.body);
		if (typeof probe === "string") return sendError(reply, 400, "bad-request", probe);
		return send(reply, await probes.probeAddress(probe.target), probe.language);
	});
}

function send(reply: FastifyReply, answer: ProbeAnswer, language: ProbeLanguage): FastifyReply {
	if ("findings" in answer) return reply.header("cache-control", "no-store").send(answer.findings(language));
	const [status, message] = REFUSALS[answer.refusal];
	if (status !== 404) reply.header("retry-after", RETRY_AFTER_SECONDS);
	return sendError(reply, status, answer.refusal, message);
}

/** @returns what is wrong, without any value of the request. */
function readAddressProbe(body: unknown): { target: ProbeTarget; language: ProbeLanguage } | string {
	const request = addressSchema.safeParse(body);
	if (!request.success) {
		return "The body must be JSON: url, and where needed user with password, transport (auto, tcp, udp, http), tls, lang.";
	}
	const { url, user, password, transport, lang } = request.data;
	const tls = parseTlsPolicy(request.data.tls ?? "verify");
	if (!tls) return `tls must be ${TLS_RULE}.`;
	const parsed = readUrl(url);
	if (!parsed) return "url must be an RTSP address, such as rtsp://192.168.1.20:554/stream2.";
	if (request.data.tls !== undefined && parsed.scheme === "rtsp")
		return "tls is for rtsps addresses: this one is rtsp.";
	const { username = user, password: fromUrl, ...address } = parsed;
	const name = user ?? username;
	const credentials = name === undefined ? undefined : new Credentials(name, password ?? fromUrl ?? "");
	return { target: { address, credentials, transport, tls, use: undefined }, language: lang };
}

function readUrl(text: string): ReturnType<typeof parseRtspUrl> | undefined {
	if (/[\s\p{Cc}]/u.test(text.trim())) return undefined;
	try {
		return parseRtspUrl(text);
	} catch {
		return undefined;
	}
}
