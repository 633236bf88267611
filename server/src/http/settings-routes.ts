/** The cameras of the settings over HTTP: packages/api/src/settings.ts is the contract. @module */
import {
	settingsDescribeSchema,
	settingsDiscoverSchema,
	settingsFindSchema,
	settingsImportSchema,
	settingsPutSchema,
	settingsTestSchema,
	settingsTokenSchema,
} from "@vigia/api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { inLanguage, type Sentence } from "../probe/advice-texts.ts";
import { importInto } from "../settings/camera-import.ts";
import type { CameraListEditor } from "../settings/camera-list-editor.ts";
import type { CameraTest } from "../settings/camera-test.ts";
import type { DeviceSearch } from "../settings/device-search.ts";
import { badRequest, SettingsRefusal } from "../settings/settings-refusal.ts";
import { sendError } from "./errors.ts";
import { isLoopbackHost } from "./visitor.ts";
import { isOwnOrigin, SETTINGS_PATH, type SettingsAccess, WRONG_WINDOW_MS } from "./settings-access.ts";

/** A list of 256 cameras with addresses of some hundred characters. */
const MAX_LIST_BYTES = 512 * 1024;
/** A file of 256 KiB, as JSON. */
const MAX_IMPORT_BYTES = 300 * 1024;
/** Seconds after which a place is free again: a probe takes about ten. */
const RETRY_AFTER_SECONDS = 10;

const LOCKED: Sentence = [
	"The settings are locked: open this page on the machine itself (http://localhost and its port), or open the address with #settings= that the server printed at its start, which is good for one browser; a restart prints a new one.",
	"La configuración está bloqueada: abra esta página en el propio equipo (http://localhost y su puerto), o abra la dirección con #settings= que el servidor mostró al arrancar, que vale para un navegador; un reinicio muestra otra.",
];
/** For whoever is there already, which says nothing where the server is in a container or behind a proxy. */
const LOCKED_AT_LOCALHOST: Sentence = [
	"The settings are locked, at localhost too, because Vigía runs in a container or behind a proxy: open the address with #settings= that it printed at its start (docker compose logs vigia, or its log), which is good for one browser; a restart prints a new one.",
	"La configuración está bloqueada, también en localhost, porque Vigía funciona en un contenedor o detrás de un proxy: abra la dirección con #settings= que mostró al arrancar (docker compose logs vigia, o su registro), que vale para un navegador; un reinicio muestra otra.",
];
const TOO_MANY_TESTS: Sentence = [
	"Other cameras are being tested: try again in some seconds.",
	"Se están probando otras cámaras: inténtelo de nuevo en unos segundos.",
];

export interface SettingsRoutesOptions {
	readonly access: SettingsAccess;
	readonly editor: CameraListEditor;
	readonly cameraTest: CameraTest;
	readonly devices: DeviceSearch;
}

/** Adds `/api/settings/...`. */
export async function registerSettings(app: FastifyInstance, options: SettingsRoutesOptions): Promise<void> {
	await app.register(
		async (scope) => {
			// A form of another site can send text, but no JSON.
			scope.removeContentTypeParser("text/plain");
			scope.addHook("onRequest", async (request, reply) => {
				reply.header("cache-control", "no-store");
				if (!isOwnOrigin(request)) {
					return sendError(reply, 403, "origin-not-allowed", "Only the wall's own page may use the settings.");
				}
				return undefined;
			});
			addAccess(scope, options.access);
			await scope.register(async (locked) => {
				locked.addHook("onRequest", async (request, reply) => {
					if (options.access.isAllowed(request)) return undefined;
					const text = isLoopbackHost(request.visitor.host) ? LOCKED_AT_LOCALHOST : LOCKED;
					// The body, which may say the language, is not read for whoever is not let in.
					return sendError(reply, 403, "settings-locked", inLanguage(text, languageOf(request)));
				});
				addCameras(locked, options);
				addDevices(locked, options.devices);
			});
		},
		{ prefix: SETTINGS_PATH },
	);
}

function addAccess(scope: FastifyInstance, access: SettingsAccess): void {
	scope.get("/access", async (request) => ({ allowed: access.isAllowed(request) }));
	scope.post(
		"/access",
		answer(async (request, reply) => {
			const { token } = read(settingsTokenSchema, request);
			const redeemed = access.redeem(token, request.visitor.isSecure);
			if ("cookie" in redeemed) return reply.code(204).header("set-cookie", redeemed.cookie).send();
			if (redeemed.problem === "token-wrong") {
				const message =
					"This token is not right, or was used already: it is good for one browser. Restart the server for a new one.";
				return sendError(reply, 403, redeemed.problem, message);
			}
			reply.header("retry-after", WRONG_WINDOW_MS / 1000);
			return sendError(reply, 429, redeemed.problem, "Too many wrong tokens: wait a minute.");
		}),
	);
}

function addCameras(scope: FastifyInstance, { editor, cameraTest }: SettingsRoutesOptions): void {
	scope.get(
		"/cameras",
		answer(async (request) => editor.list(languageOf(request))),
	);
	scope.put(
		"/cameras",
		{ bodyLimit: MAX_LIST_BYTES },
		answer(async (request) => {
			const put = read(settingsPutSchema, request);
			await editor.put(put);
			return editor.list(put.lang ?? "en");
		}),
	);
	scope.post(
		"/test",
		answer(async (request) => {
			const { camera, revision, lang = "en" } = read(settingsTestSchema, request);
			const result = await cameraTest.run(editor.draft(camera, revision, lang), lang);
			if (!("refusal" in result)) return result;
			throw new SettingsRefusal(503, result.refusal, TOO_MANY_TESTS);
		}),
	);
	scope.post(
		"/import",
		{ bodyLimit: MAX_IMPORT_BYTES },
		answer((request) => importInto(editor, read(settingsImportSchema, request))),
	);
}

function addDevices(scope: FastifyInstance, devices: DeviceSearch): void {
	scope.post(
		"/find",
		answer((request) => devices.find(read(settingsFindSchema, request))),
	);
	scope.post(
		"/discover",
		answer((request) => {
			const { range } = read(settingsDiscoverSchema, request);
			return devices.discover(range);
		}),
	);
	scope.post(
		"/describe",
		answer((request) => devices.describe(read(settingsDescribeSchema, request))),
	);
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** The handler's value as the answer, and its refusal as an error with what is wrong. */
function answer(handle: Handler): Handler {
	return async (request, reply) => {
		try {
			return await handle(request, reply);
		} catch (error) {
			if (!(error instanceof SettingsRefusal)) throw error;
			const { status, code, problems } = error;
			const message = error.text(languageOf(request));
			if (status === 503) reply.header("retry-after", RETRY_AFTER_SECONDS);
			return reply.code(status).send({ error: { code, message, ...(problems && { problems }) } });
		}
	};
}

interface BodySchema<T> {
	safeParse(body: unknown):
		| { readonly success: true; readonly data: T }
		| {
				readonly success: false;
				readonly error: { readonly issues: readonly { readonly path: readonly PropertyKey[] }[] };
		  };
}

/** @throws {SettingsRefusal} that names the place, and no value. */
function read<T>(schema: BodySchema<T>, { body }: FastifyRequest): T {
	const parsed = schema.safeParse(body);
	if (parsed.success) return parsed.data;
	const [first] = parsed.error.issues;
	const place = first?.path.join(".") ?? "";
	const [at, en] = place === "" ? ["", ""] : [` at ${place}`, ` en ${place}`];
	throw badRequest([
		`The body is not the JSON that this address takes${at}: see docs/http-api.md.`,
		`El cuerpo no es el JSON que admite esta dirección${en}: vea docs/http-api.md.`,
	]);
}

/** As it is asked for: by a query where there is no body. */
function languageOf({ query, body }: FastifyRequest): "en" | "es" {
	const { lang } = (body ?? query) as { readonly lang?: unknown };
	return lang === "es" ? "es" : "en";
}
