/** What a probe of a device says, and the lines with which it becomes a camera. Pure. @module */
import { DEFAULT_RTSP_PORT } from "@vigia/rtsp";
import { Scalar, stringify } from "yaml";
import { expandTemplate } from "../config/camera-template.ts";
import type { TemplateCandidate } from "../config/camera-template-candidates.ts";
import { findVendor } from "../config/camera-template-vendors.ts";
import type { Credentials } from "../config/credentials.ts";
import { urlOf } from "../import/source-address.ts";
import type { SourceFailure } from "../sources/source.ts";
import { adviceText, inLanguage, type ProbeLanguage } from "./advice-texts.ts";
import { formatReport } from "./format-report.ts";
import type { ProbedStream } from "./probe-device.ts";

const TEXTS = {
	trying: ["Trying {address}", "Probando {address}"],
	found: [
		"It answers like {template}, at port {port}. Looking at its streams...",
		"Responde como {template}, en el puerto {port}. Mirando sus flujos...",
	],
	sub: ["The stream for the grid: {address}", "El flujo para la cuadrícula: {address}"],
	main: ["The main stream: {address}", "El flujo principal: {address}"],
	yaml: [
		"To show it, put this into vigia.yaml, with its password:",
		"Para mostrarla, ponga esto en vigia.yaml, con su contraseña:",
	],
	yamlOpen: ["To show it, put this into vigia.yaml:", "Para mostrarla, ponga esto en vigia.yaml:"],
	env: [
		"Or this into .env, with another number if there is a camera 1 already:",
		"O esto en .env, con otro número si ya hay una cámara 1:",
	],
	none: ["No stream was found at {host}.", "No se encontró ningún flujo en {host}."],
	tried: ["Tried at port {port}: {paths}", "Se probó en el puerto {port}: {paths}"],
	notTried: ["Nothing was tried.", "No se probó nada."],
	stopped: ["No further path was tried with this password.", "No se probó ninguna otra ruta con esta contraseña."],
	noPath: [
		"None of the usual paths works. Look the RTSP address up in its manual, or ask it by ONVIF (vigia discover), and give the whole address: vigia probe rtsp://...",
		"Ninguna ruta habitual funciona. Busque la dirección RTSP en su manual, o pregúntela por ONVIF (vigia discover), y dé la dirección entera: vigia probe rtsp://...",
	],
	otherPort: [
		"If its RTSP port is another one, put it behind the address: {host}:8554",
		"Si su puerto RTSP es otro, póngalo detrás de la dirección: {host}:8554",
	],
	vendor: [
		"If its maker is known, name it with --vendor, and a recorder's channel with --channel.",
		"Si conoce el fabricante, indíquelo con --vendor, y el canal de un grabador con --channel.",
	],
} as const satisfies Record<string, readonly [en: string, es: string]>;

/** What was asked for. */
export interface AskedDevice {
	readonly host: string;
	readonly channel: number;
	readonly vendor: string | undefined;
	readonly credentials: Credentials | undefined;
}

/** One line before each path is asked for. */
export function formatTry(device: AskedDevice, candidate: TemplateCandidate, language: ProbeLanguage): string {
	return say("trying", language, { address: triedAddress(device, candidate) });
}

/** One line before the streams are looked at. */
export function formatFound({ template, port }: TemplateCandidate, language: ProbeLanguage): string {
	return say("found", language, { template, port });
}

/** The address of a path that is tried, without credentials. */
export function triedAddress({ host, channel }: AskedDevice, { path, port }: TemplateCandidate): string {
	return urlOf({ scheme: "rtsp", host, port, path: expandTemplate(path, channel, "main") });
}

/** The reports of the streams, and where one of them plays what to write into the settings. */
export function formatStreams(
	device: AskedDevice,
	candidate: TemplateCandidate,
	streams: readonly ProbedStream[],
	language: ProbeLanguage,
): string {
	const reports = streams.map(({ name, address, findings }) => {
		const isGrid = name === streams[0]?.name;
		const title = say(isGrid ? "sub" : "main", language, { address: urlOf(address) });
		return `${title}\n${formatReport(findings(language), language)}\n`;
	});
	const isSeen = streams.some(({ findings }) => findings(language).failure === undefined);
	return [...reports, ...(isSeen ? [settingsLines(device, candidate, streams, language)] : [])].join("\n");
}

function settingsLines(
	{ host, channel, credentials }: AskedDevice,
	{ template, port }: TemplateCandidate,
	streams: readonly ProbedStream[],
	language: ProbeLanguage,
): string {
	const seen = streams.filter(({ findings }) => findings(language).failure === undefined);
	// Where one of two streams brings no picture, the camera does without it.
	const [only] = seen.length < streams.length ? seen : [];
	const [grid, main] = only ? [only] : streams;
	const user = shownUser(credentials);
	// Between quotes a password of digits stays what it is.
	const password = new Scalar("...");
	password.type = Scalar.QUOTE_SINGLE;
	const login = user === undefined ? {} : { user, password };
	const place = only
		? { url: urlOf(only.address) }
		: {
				host,
				...(port !== DEFAULT_RTSP_PORT && { port }),
				template,
				...(channel !== 1 && { channel }),
			};
	const yaml = stringify({ cameras: [{ ...place, ...login }] }, { lineWidth: 0 });
	const env = [
		`CAMERA_1_URL=${grid ? urlOf(grid.address) : ""}`,
		...(main ? [`CAMERA_1_MAIN_URL=${urlOf(main.address)}`] : []),
		...(user === undefined ? [] : [`CAMERA_1_USER=${user}`, "CAMERA_1_PASS=..."]),
	].join("\n");
	const how = say(user === undefined ? "yamlOpen" : "yaml", language);
	return `${how}\n\n${yaml}\n${say("env", language)}\n\n${env}\n`;
}

/** One that both files would read otherwise without quotes is left to whoever writes it. */
function shownUser(credentials: Credentials | undefined): string | undefined {
	const name = credentials?.reveal().username;
	return name === undefined || /^[\w.@-]+$/.test(name) ? name : "...";
}

/** What was tried, why nothing came of it, and what to do next. */
export function formatNone(
	device: AskedDevice,
	failure: SourceFailure,
	tried: readonly TemplateCandidate[],
	language: ProbeLanguage,
): string {
	const { host, channel, vendor } = device;
	const ports = new Set(tried.map(({ port }) => port));
	const lines = [...ports].map((port) => {
		const paths = tried.filter((candidate) => candidate.port === port);
		return say("tried", language, {
			port,
			paths: paths.map(({ path }) => expandTemplate(path, channel, "main")).join(" "),
		});
	});
	const notes = (vendor === undefined ? undefined : findVendor(vendor))?.notes.map((note) => note[language]) ?? [];
	return [
		say("none", language, { host }),
		...(lines.length === 0 ? [say("notTried", language)] : lines),
		...nextSteps(device, failure.code, language),
		...notes,
	].join("\n");
}

function nextSteps(
	{ host, vendor, credentials }: AskedDevice,
	code: SourceFailure["code"],
	language: ProbeLanguage,
): string[] {
	const advice = (name: Parameters<typeof adviceText>[0]["code"]): string =>
		adviceText({ code: name, values: {} }, language);
	const byVendor = vendor === undefined ? [say("vendor", language)] : [];
	switch (code) {
		case "auth-refused":
			if (!credentials) return [advice("credentials-missing")];
			// Some devices refuse paths that they do not know in this way too.
			return [advice("auth-refused"), say("stopped", language), advice("lockout"), ...byVendor];
		case "connection-refused":
		case "no-answer":
			return [advice(code), say("otherPort", language, { host: host.includes(":") ? `[${host}]` : host })];
		case "camera-full":
		case "address-unknown":
		case "no-route":
		case "certificate-untrusted":
		case "internal-error":
			return [advice(code)];
		default:
			return [...(code === "not-found" ? [] : [advice(code)]), say("noPath", language), ...byVendor];
	}
}

function say(
	key: keyof typeof TEXTS,
	language: ProbeLanguage,
	values: Readonly<Record<string, string | number>> = {},
): string {
	return inLanguage(TEXTS[key], language).replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}
