/** The list of cameras out of its three forms: a recorder's channels, `CAMERA_n_*` variables, entries in YAML. @module */
import type { StreamName } from "@vigia/api";
import { DEFAULT_RTSP_PORT, DEFAULT_RTSPS_PORT, parseRtspUrl, RtspError } from "@vigia/rtsp";
import { expandTemplate, hasChannel, hasTwoStreams } from "./camera-template.ts";
import { Credentials } from "./credentials.ts";
import {
	cameraVariablesSchema,
	type CameraVariable,
	docOf,
	type SettingValues,
	type YamlCamera,
	yamlCameraSchema,
} from "./schema.ts";
import { unknownKey } from "./setting-layers.ts";
import type { CameraSettings, RtspTransport, StreamAddress, TlsPolicy } from "./settings.ts";
import type { SettingsProblem } from "./settings-error.ts";

type Streams = CameraSettings["streams"];

/** A policy that guards nothing would let somebody believe in a protection that is not there. */
const WITHOUT_TLS = "the address is rtsp, which is without TLS: this setting is for rtsps";

/** Adds a problem with what was set under this name. */
type Complain<Name extends string> = (name: Name, reason: string, example?: string) => void;

/** A value with the place that it came from. */
export interface Sourced {
	readonly value: string;
	readonly source: string;
}

/** `CAMERA_<number>_*`, by number. */
export type NumberedCameras = ReadonlyMap<number, Readonly<Partial<Record<CameraVariable, Sourced>>>>;

export interface CameraListInput {
	/** The checked settings: those of the recorder are among them. */
	readonly values: SettingValues;
	/** Where a setting was found, by its name in the environment; `undefined` where it was not set. */
	readonly sourceOf: (name: string) => string | undefined;
	readonly numbered: NumberedCameras;
	/** What stands under `cameras` in YAML. */
	readonly listed: unknown;
	readonly listSource: string;
	readonly problems: SettingsProblem[];
}

/**
 * The recorder's channels are cameras 1 to N; `CAMERA_n_*` changes or adds camera n; entries in YAML follow behind the
 * highest number. So an id stays the same when other cameras come and go elsewhere.
 */
export function buildCameraList(input: CameraListInput): CameraSettings[] {
	const numbers = new Map(recorderCameras(input).map((camera, index) => [index + 1, camera] as const));
	for (const [number, variables] of input.numbered) {
		const camera = numberedCamera(number, variables, numbers.get(number), input.problems);
		if (camera) numbers.set(number, camera);
	}
	const cameras = [...numbers.keys()].toSorted((a, b) => a - b).map((number) => numbers.get(number) as CameraSettings);
	return [...cameras, ...listedCameras(input, Math.max(0, ...numbers.keys()), new Set(cameras.map(({ id }) => id)))];
}

/** They need `CAM_IP`. */
const RECORDER_SETTINGS = [
	"CAM_USER",
	"CAM_PASS",
	"CAM_PORT",
	"CAM_SCHEME",
	"CAM_TLS",
	"TOTAL_CAMERAS",
	"CAM_TEMPLATE",
] as const;

function recorderCameras({ values, sourceOf, problems }: CameraListInput): CameraSettings[] {
	const { CAM_IP: host, CAM_TEMPLATE: template, TOTAL_CAMERAS: total, CAM_TLS: tls } = values;
	const complain: Complain<keyof SettingValues> = (name, reason, example) => {
		const source = sourceOf(name) ?? sourceOf("CAM_IP") ?? "not set";
		problems.push({ name, source, reason, ...(example !== undefined && { example }) });
	};
	if (host === undefined) {
		const orphan = RECORDER_SETTINGS.find((name) => sourceOf(name) !== undefined);
		if (orphan !== undefined && sourceOf("CAM_IP") === undefined) {
			complain("CAM_IP", `it is not set, but ${orphan} is, which belongs to it`, "CAM_IP=192.168.1.108");
		}
		return [];
	}
	if (total > 1 && !hasChannel(template)) {
		complain(
			"CAM_TEMPLATE",
			"with several channels it must have {channel} in it",
			"CAM_TEMPLATE=/live/{channel}/{main|sub}",
		);
		return [];
	}
	const credentials = makeCredentials(values.CAM_USER, values.CAM_PASS, (name, reason) =>
		complain(name === "user" ? "CAM_USER" : "CAM_PASS", reason, name === "user" ? "CAM_USER=admin" : "CAM_PASS=..."),
	);
	const device = deviceAt(values.CAM_SCHEME, host, values.CAM_PORT);
	if (tls && device.scheme === "rtsp") complain("CAM_TLS", WITHOUT_TLS, "CAM_SCHEME=rtsps");
	return Array.from({ length: total }, (_, index) => ({
		id: `cam${index + 1}`,
		name: `Camera ${index + 1}`,
		...(credentials && { credentials }),
		...(tls && { tls }),
		streams: templateStreams(template, device, index + 1),
	}));
}

type Device = Omit<StreamAddress, "path">;

function deviceAt(scheme: "rtsp" | "rtsps", host: string, port: number | undefined): Device {
	return { scheme, host, port: port ?? (scheme === "rtsps" ? DEFAULT_RTSPS_PORT : DEFAULT_RTSP_PORT) };
}

function templateStreams(template: string, device: Device, channel: number): Streams {
	const address = (stream: StreamName): StreamAddress => ({
		...device,
		path: expandTemplate(template, channel, stream),
	});
	return hasTwoStreams(template) ? { main: address("main"), sub: address("sub") } : { main: address("main") };
}

function numberedCamera(
	number: number,
	variables: Readonly<Partial<Record<CameraVariable, Sourced>>>,
	recorder: CameraSettings | undefined,
	problems: SettingsProblem[],
): CameraSettings | undefined {
	const source = Object.values(variables)[0]?.source ?? "not set";
	const complain: Complain<CameraVariable> = (name, reason, example) => {
		const shown = example === undefined ? {} : { example: `CAMERA_${number}_${name}=${example}` };
		problems.push({ name: `CAMERA_${number}_${name}`, source: variables[name]?.source ?? source, reason, ...shown });
	};
	for (const [name, found] of Object.entries(variables) as [CameraVariable, Sourced][]) {
		const schema = cameraVariablesSchema.shape[name];
		const { rule, example } = docOf(schema);
		if (!schema.safeParse(found.value).success) complain(name, `must be ${rule}`, example);
	}
	if (!recorder && !variables.URL && !variables.MAIN_URL) {
		complain("URL", "it is not set: this camera has no address", docOf(cameraVariablesSchema.shape.URL).example);
		return undefined;
	}
	const urls = readUrls(variables.URL?.value, variables.MAIN_URL?.value, (name, reason) =>
		complain(name === "sub" ? "URL" : "MAIN_URL", reason, docOf(cameraVariablesSchema.shape.URL).example),
	);
	const streams = variables.URL ? urls.streams : { ...recorder?.streams, ...urls.streams };
	const tls = cameraVariablesSchema.shape.TLS.safeParse(variables.TLS?.value).data;
	if (tls && !usesTls(streams)) complain("TLS", WITHOUT_TLS);
	const given = makeCredentials(
		variables.USER?.value ?? urls.username,
		variables.PASS?.value ?? urls.password,
		(name, reason) => complain(name === "user" ? "USER" : "PASS", reason, name === "user" ? "admin" : "..."),
	);
	// The recorder's password goes to the recorder only, not to a camera with an address of its own; so does its pin.
	const inherited = variables.URL ? undefined : recorder;
	const transport = cameraVariablesSchema.shape.TRANSPORT.safeParse(variables.TRANSPORT?.value).data;
	return {
		id: `cam${number}`,
		name: variables.NAME?.value ?? recorder?.name ?? `Camera ${number}`,
		...connectionOf(given ?? inherited?.credentials, transport, tls ?? inherited?.tls),
		streams,
	};
}

/** What of these was set: the contract's optional properties are absent, not `undefined`. */
function connectionOf(
	credentials: Credentials | undefined,
	transport: RtspTransport | undefined,
	tls: TlsPolicy | undefined,
): Pick<CameraSettings, "credentials" | "transport" | "tls"> {
	return { ...(credentials && { credentials }), ...(transport && { transport }), ...(tls && { tls }) };
}

function usesTls(streams: Streams): boolean {
	return Object.values(streams).some(({ scheme }) => scheme === "rtsps");
}

interface ReadUrls {
	readonly streams: Streams;
	readonly username: string | undefined;
	readonly password: string | undefined;
}

/** One URL alone is the main stream: the grid takes it where there is no other. */
function readUrls(grid: string | undefined, main: string | undefined, complain: Complain<StreamName>): ReadUrls {
	const parsed = (
		[
			["sub", grid],
			["main", main],
		] as const
	).flatMap(([name, text]) => {
		const url = text === undefined ? undefined : readUrl(text, (reason) => complain(name, reason));
		return url ? [{ name, ...url }] : [];
	});
	const streams: Partial<Record<StreamName, StreamAddress>> = {};
	for (const { name, scheme, host, port, path } of parsed) {
		streams[main === undefined ? "main" : name] = { scheme, host, port, path };
	}
	const withUser = parsed.find(({ username }) => username !== undefined);
	return { streams, username: withUser?.username, password: withUser?.password };
}

function readUrl(text: string, complain: (reason: string) => void): ReturnType<typeof parseRtspUrl> | undefined {
	if (/[\s\p{Cc}]/u.test(text.trim())) {
		complain("must be an RTSP address without spaces in it");
		return undefined;
	}
	try {
		return parseRtspUrl(text);
	} catch (error) {
		if (!(error instanceof RtspError)) throw error;
		complain(error.message);
		return undefined;
	}
}

function makeCredentials(
	user: string | undefined,
	password: string | undefined,
	complain: Complain<"user" | "password">,
): Credentials | undefined {
	if (user === undefined && password === undefined) return undefined;
	if (user === undefined) complain("user", "it is not set, but the password is");
	else if (password === undefined)
		complain("password", "it is not set, but the user name is; an empty password is set empty");
	return new Credentials(user ?? "", password ?? "");
}

function listedCameras(input: CameraListInput, last: number, taken: Set<string>): CameraSettings[] {
	const { listed, listSource: source, problems } = input;
	if (listed === undefined || listed === null || listed === "") return [];
	if (!Array.isArray(listed)) {
		problems.push({
			name: "cameras",
			source,
			reason: "must be a list",
			example: `\n        cameras:\n          - url: rtsp://...`,
		});
		return [];
	}
	return (listed as unknown[]).flatMap((entry, index) => {
		const camera = listedCamera(entry, `cameras[${index}]`, last + index + 1, input);
		if (!camera) return [];
		if (taken.has(camera.id)) {
			problems.push({ name: `cameras[${index}].id`, source, reason: `another camera has the id ${camera.id} already` });
		}
		taken.add(camera.id);
		return [camera];
	});
}

function listedCamera(
	entry: unknown,
	where: string,
	number: number,
	input: CameraListInput,
): CameraSettings | undefined {
	const complain: Complain<string> = (name, reason, example) => {
		const full = name === "" ? where : `${where}.${name}`;
		const shown = example === undefined ? {} : { example: `${name}: ${example}` };
		input.problems.push({ name: full, source: input.listSource, reason, ...shown });
	};
	const result = yamlCameraSchema.safeParse(entry);
	if (!result.success) {
		for (const issue of result.error.issues) {
			if (issue.code === "unrecognized_keys") {
				for (const key of issue.keys) complain(key, unknownKey(key, Object.keys(yamlCameraSchema.shape)));
				continue;
			}
			const key = issue.path[0] as keyof typeof yamlCameraSchema.shape | undefined;
			if (key === undefined) complain("", "must be a map with url or host in it");
			else
				complain(key, `must be ${docOf(yamlCameraSchema.shape[key]).rule}`, docOf(yamlCameraSchema.shape[key]).example);
		}
		return undefined;
	}
	const camera = result.data;
	const { streams: listed, username, password } = listedStreams(camera, complain);
	const streams = markFound(listed, camera.found_at);
	if (Object.keys(streams).length === 0) return undefined;
	if (camera.tls && !usesTls(streams)) complain("tls", WITHOUT_TLS);
	const credentials = makeCredentials(camera.user ?? username, camera.password ?? password, complain);
	return {
		id: camera.id ?? `cam${number}`,
		name: camera.name ?? `Camera ${number}`,
		...connectionOf(credentials, camera.transport, camera.tls),
		...(camera.serial !== undefined && { serial: camera.serial }),
		streams,
	};
}

/** Each stream for itself: another may be at a host that was entered by hand. */
function markFound(streams: Streams, found: string | undefined): Streams {
	const mark = (address: StreamAddress): StreamAddress =>
		address.host.toLowerCase() === found?.toLowerCase() ? { ...address, isFound: true } : address;
	return Object.fromEntries(Object.entries(streams).map(([name, address]) => [name, mark(address)]));
}

function listedStreams(camera: YamlCamera, complain: Complain<string>): ReadUrls {
	const none: ReadUrls = { streams: {}, username: undefined, password: undefined };
	if (camera.host === undefined) {
		const stray = (["port", "scheme", "template", "channel"] as const).find((name) => camera[name] !== undefined);
		if (stray !== undefined) complain(stray, "belongs to host, which is not set");
		if (camera.url === undefined && camera.main === undefined) {
			complain("", "this camera has no address: it needs url or host");
			return none;
		}
		return readUrls(camera.url, camera.main, (name, reason) => complain(name === "sub" ? "url" : "main", reason));
	}
	if (camera.url !== undefined || camera.main !== undefined) {
		complain("host", "a camera has either host or url, not both");
		return none;
	}
	const template = camera.template ?? "/cam/realmonitor?channel={channel}&subtype={0|1}";
	const device = deviceAt(camera.scheme ?? "rtsp", camera.host, camera.port);
	return { ...none, streams: templateStreams(template, device, camera.channel ?? 1) };
}
