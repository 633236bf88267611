/** All HTTP of this process: the page, the API, the wall's link, WHEP, MSE, HLS, stills. @module */
import fastifyHelmet from "@fastify/helmet";
import fastifyStatic from "@fastify/static";
import fastifyWebsocket from "@fastify/websocket";
import { type Codec, MAX_WALL_MESSAGE_BYTES, type ServerMessage } from "@vigia/api";
import fastify, { type FastifyInstance } from "fastify";
import type { Cameras } from "../cameras/cameras.ts";
import { healthOf } from "../observe/health.ts";
import type { Logger } from "../observe/log.ts";
import type { HlsOutput } from "../outputs/hls/hls-output.ts";
import type { CmafFeeds } from "../outputs/cmaf/cmaf-feed.ts";
import type { MediaPipe, MseViewer } from "../outputs/mse/mse-viewer.ts";
import type { Snapshots } from "../outputs/snapshot/snapshots.ts";
import type { WallViewer } from "../outputs/webrtc/wall-viewer.ts";
import type { Clock } from "../platform/clock.ts";
import type { ProbeService } from "../probe/probe-service.ts";
import { installErrorHandlers, sendError } from "./errors.ts";
import { redirectToBasePath, withoutBasePath } from "./base-path.ts";
import { endHttp2Sessions } from "./http2-sessions.ts";
import { hostOf, isAllowedOrigin } from "./origin.ts";
import type { TlsMaterial } from "./tls-files.ts";
import type { StatusBroadcast } from "./status-broadcast.ts";
import { registerProbe } from "./probe.ts";
import { registerHls } from "./hls.ts";
import { registerMse } from "./mse-socket.ts";
import { registerSnapshot } from "./snapshot.ts";
import { installVisitors } from "./visitor.ts";
import { registerWall } from "./wall-routes.ts";

/** No route takes a large body; WHEP sets its own limit. */
const MAX_BODY_BYTES = 16 * 1024;
/** From the first byte to the last of a request's head and body. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface AppOptions {
	readonly cameras: Cameras;
	readonly statuses: StatusBroadcast;
	readonly clock: Clock;
	readonly log: Logger;
	/** With it the page is served over HTTPS and HTTP/2. */
	readonly tls?: TlsMaterial | undefined;
	/** The built page. */
	readonly webDirectory: string;
	readonly release: string;
	/** Addresses and networks of the proxies whose word counts. */
	readonly trustProxy: readonly string[];
	/** The path below which a proxy serves the wall and which it passes on; empty: none. */
	readonly basePath: string;
	/** Further origins whose pages may use the API from a browser. */
	readonly allowOrigins: readonly string[];
	readonly welcome: () => Extract<ServerMessage, { type: "welcome" }>;
	readonly openViewer: (send: (message: ServerMessage) => void, pageHost: string | undefined) => WallViewer | undefined;
	/** @param codecs what the page decodes by Media Source Extensions. */
	readonly openMse: (codecs: readonly Codec[], pipe: MediaPipe) => MseViewer;
	readonly feeds: CmafFeeds;
	readonly hls: HlsOutput;
	readonly snapshots: Snapshots;
	/** Prometheus text. */
	readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
	readonly probes: ProbeService;
	/** Adds what players of other programs ask for: WHEP, and the API of go2rtc. */
	readonly registerPlayers: (app: FastifyInstance) => Promise<void>;
	/** Adds the routes of the settings. */
	readonly registerSettings: (app: FastifyInstance) => Promise<void>;
}

export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
	const { cameras, log, basePath } = options;
	const common = {
		bodyLimit: MAX_BODY_BYTES,
		requestTimeout: REQUEST_TIMEOUT_MS,
		forceCloseConnections: true,
		logger: false,
		routerOptions: { maxParamLength: 128 },
		...(basePath !== "" && { rewriteUrl: withoutBasePath(basePath) }),
	} as const;
	const { tls } = options;
	// WebSockets and older programs come over HTTP/1.1.
	const app = tls
		? (fastify({ ...common, http2: true, https: { ...tls, allowHTTP1: true } }) as unknown as FastifyInstance)
		: fastify(common);
	if (tls) endHttp2Sessions(app);
	installErrorHandlers(app, log);
	installVisitors(app, options);
	await app.register(fastifyHelmet, {
		contentSecurityPolicy: {
			useDefaults: false,
			directives: {
				defaultSrc: ["'self'"],
				// Some browsers do not count ws: to the same host as 'self'.
				connectSrc: ["'self'", "ws:", "wss:"],
				imgSrc: ["'self'", "data:", "blob:"],
				mediaSrc: ["'self'", "blob:", "mediastream:"],
				objectSrc: ["'none'"],
				baseUri: ["'none'"],
			},
		},
		// The wall is served over plain HTTP in a LAN and shown in the frames of dashboards, where its settings do not open.
		strictTransportSecurity: false,
		crossOriginOpenerPolicy: false,
		originAgentCluster: false,
		xFrameOptions: false,
	});
	await app.register(fastifyWebsocket, { options: { maxPayload: MAX_WALL_MESSAGE_BYTES } });

	app.addHook("onRequest", async (request, reply) => {
		const { origin } = request.headers;
		const { host, hasUntrustedProxy } = request.visitor;
		const rules = { host, allowed: options.allowOrigins };
		if (isAllowedOrigin(origin, rules)) {
			if (origin !== undefined) reply.headers({ "access-control-allow-origin": origin, vary: "Origin" });
			return;
		}
		const proxy = "; behind a proxy, let it keep Host, or name its address in TRUST_PROXY";
		const message = `Pages of ${origin} may not use this server: add that origin to ALLOW_ORIGINS${hasUntrustedProxy ? proxy : ""}.`;
		return sendError(reply, 403, "origin-not-allowed", message);
	});
	if (basePath !== "") redirectToBasePath(app, basePath);

	app.get("/health", (_request, reply) => {
		const health = healthOf(cameras.statuses(), options.release, process.uptime());
		return reply
			.code(health.status === "ok" ? 200 : 503)
			.header("cache-control", "no-store")
			.send(health);
	});
	app.get("/metrics", async (_request, reply) => {
		const { contentType, text } = await options.metrics();
		return reply.header("cache-control", "no-store").type(contentType).send(text);
	});
	app.get("/api/cameras", (_request, reply) => reply.header("cache-control", "no-store").send(cameras.statuses()));
	app.get<{ Params: { id: string } }>("/api/cameras/:id", (request, reply) => {
		const status = cameras.statuses().find((camera) => camera.id === request.params.id);
		if (!status) return sendError(reply, 404, "unknown-camera", "There is no camera with this id: see /api/cameras.");
		return reply.header("cache-control", "no-store").send(status);
	});
	registerWall(app, ({ visitor }) => ({
		clock: options.clock,
		statuses: options.statuses,
		welcome: options.welcome,
		openViewer: (send) => options.openViewer(send, hostOf(visitor.host)),
		openMse: options.openMse,
		onError: (error) => log.error({ error: String(error) }, "wall message failed"),
	}));
	registerMse(app, { feeds: options.feeds, clock: options.clock });
	registerHls(app, { output: options.hls });
	registerSnapshot(app, { snapshots: options.snapshots });
	registerProbe(app, options.probes);
	await options.registerPlayers(app);
	await options.registerSettings(app);
	await app.register(fastifyStatic, {
		root: options.webDirectory,
		cacheControl: false,
		setHeaders: (reply, path) => {
			// Vite names assets by their content; everything else may change with a release.
			const immutable = path.includes("/assets/");
			reply.header("cache-control", immutable ? "public, max-age=31536000, immutable" : "no-cache");
		},
	});
	return app;
}
