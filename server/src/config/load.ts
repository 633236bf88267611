/** Reads, merges and checks the settings: flags before environment before `.env` before YAML before defaults. @module */
import { Credentials } from "./credentials.ts";
import { buildCameraList, type NumberedCameras, type Sourced } from "./camera-list.ts";
import { cameraVariablesSchema, type CameraVariable, docOf, settingsSchema } from "./schema.ts";
import { ENV_FILE, type Layer, readCommandLine, readEnvironment, readYaml, SETTING_NAMES } from "./setting-layers.ts";
import type { Settings } from "./settings.ts";
import { SettingsError, type SettingsProblem } from "./settings-error.ts";
import { nearestName } from "./suggest.ts";

export interface LoadOptions {
	/** The arguments behind the program's name. */
	readonly argv: readonly string[];
	readonly env: NodeJS.ProcessEnv;
	/** Where `.env` and `vigia.yaml` are looked for. */
	readonly cwd: string;
	/** Read as if the YAML file had this text, whatever it has: so a change is checked before it is written. */
	readonly yamlText?: string;
}

export type Loaded =
	| { readonly type: "settings"; readonly settings: Settings; readonly warnings: readonly string[] }
	/** `--help`: print the text and end. */
	| { readonly type: "help"; readonly text: string }
	/** `--version`: print the release and end. */
	| { readonly type: "version" };

const CAMERA_VARIABLES = Object.keys(cameraVariablesSchema.shape) as CameraVariable[];
const CAMERA_VARIABLE = new RegExp(`^CAMERA_([1-9]\\d{0,2})_(${CAMERA_VARIABLES.join("|")})$`);
/** Names of the environment shorter than this are too like other programs' to be taken for mistyped ones. */
const MIN_MISTYPED_LENGTH = 7;
/** An empty password is one; any other empty value counts as not set, as docker-compose passes on what is not. */
const MAY_BE_EMPTY = /^(CAM_PASS|RTSP_PASS|CAMERA_\d+_PASS)$/;

/**
 * Loads the settings.
 * @throws {SettingsError} with all that is wrong; it never holds a value that was set.
 */
export function loadSettings({ argv, env, cwd, yamlText }: LoadOptions): Loaded {
	const problems: SettingsProblem[] = [];
	const warnings: string[] = [];
	const commandLine = readCommandLine(argv, problems);
	if (commandLine.help) return { type: "help", text: helpText() };
	if (commandLine.version) return { type: "version" };
	const environment = readEnvironment(env, cwd, problems, warnings);
	const yaml = readYaml(commandLine.configFile, cwd, problems, yamlText);
	warnings.push(...environment.flatMap(mistypedNames));

	const layers = [commandLine.layer, ...environment, yaml.layer];
	const find = (name: string): Layer | undefined => layers.find(({ values }) => isSet(name, values[name]));
	const raw = Object.fromEntries(SETTING_NAMES.map((name) => [name, find(name)?.values[name]]));
	const result = settingsSchema.safeParse(raw);
	if (!result.success) {
		const names = new Set(result.error.issues.map((issue) => issue.path[0] as keyof typeof settingsSchema.shape));
		for (const name of names) problems.push(invalid(name, find(name)));
	}
	// With a wrong setting among them the cameras are checked all the same, by the defaults: all problems at once.
	const wrong = new Set(result.success ? [] : result.error.issues.map((issue) => issue.path[0]));
	const right = Object.fromEntries(Object.entries(raw).filter(([name]) => !wrong.has(name)));
	const values = result.success ? result.data : settingsSchema.parse(right);
	for (const [name, partner] of [
		["TLS_CERT", "TLS_KEY"],
		["TLS_KEY", "TLS_CERT"],
		["RTSP_USER", "RTSP_PASS"],
		["RTSP_PASS", "RTSP_USER"],
		["RTSP_USER", "RTSP_PORT"],
	] as const) {
		const source = find(name)?.source;
		if (values[name] === undefined || values[partner] !== undefined || wrong.has(partner) || !source) continue;
		const { example } = docOf(settingsSchema.shape[partner]);
		problems.push({
			name: partner,
			source,
			reason: `it is not set, but ${name} is, which belongs to it`,
			example: `${partner}=${example}`,
		});
	}
	const cameras = buildCameraList({
		values,
		sourceOf: (name) => find(name)?.source,
		numbered: numberedCameras(environment),
		listed: yaml.cameras,
		listSource: yaml.layer.source,
		problems,
	});
	if (problems.length > 0) throw new SettingsError(problems);
	return {
		type: "settings",
		settings: {
			host: values.HOST,
			port: values.PORT,
			...(values.TLS_CERT !== undefined &&
				values.TLS_KEY !== undefined && { tls: { certFile: values.TLS_CERT, keyFile: values.TLS_KEY } }),
			webrtcPort: values.WEBRTC_PORT,
			webrtcHosts: values.WEBRTC_HOSTS,
			iceServers: values.ICE_SERVERS,
			allowOrigins: values.ALLOW_ORIGINS,
			trustProxy: values.TRUST_PROXY,
			basePath: values.BASE_PATH,
			protocol: values.PROTOCOL,
			rtspTransport: values.RTSP_TRANSPORT,
			...(values.RTSP_PORT !== undefined && {
				rtspOutput: {
					port: values.RTSP_PORT,
					...(values.RTSP_USER !== undefined && {
						credentials: new Credentials(values.RTSP_USER, values.RTSP_PASS ?? ""),
					}),
				},
			}),
			transcodeMax: values.TRANSCODE_MAX,
			ffmpeg: values.FFMPEG,
			...(values.GO2RTC_URL && { go2rtc: values.GO2RTC_URL }),
			webrtcEngine: values.WEBRTC_ENGINE,
			go2rtcBin: values.GO2RTC_BIN,
			logLevel: values.LOG_LEVEL,
			cameras,
		},
		warnings,
	};
}

/** {@link loadSettings} for a program: prints help, release or all that is wrong, and ends the process. */
export function loadSettingsOrExit(
	options: LoadOptions & { readonly release: string },
): Extract<Loaded, { type: "settings" }> {
	try {
		const loaded = loadSettings(options);
		if (loaded.type === "settings") return loaded;
		process.stdout.write(`${loaded.type === "help" ? loaded.text : options.release}\n`);
		process.exit(0);
	} catch (error) {
		if (!(error instanceof SettingsError)) throw error;
		process.stderr.write(`${error.message}\n`);
		process.exit(1);
	}
}

function isSet(name: string, value: unknown): boolean {
	return value !== undefined && (value !== "" || MAY_BE_EMPTY.test(name));
}

function invalid(name: keyof typeof settingsSchema.shape, layer: Layer | undefined): SettingsProblem {
	const { rule, example } = docOf(settingsSchema.shape[name]);
	const shown = layer?.nameOf(name) ?? name;
	const separator = shown.startsWith("--") ? " " : shown === name ? "=" : ": ";
	return {
		name: shown,
		source: layer?.source ?? "default",
		reason: `must be ${rule}`,
		example: `${shown}${separator}${example}`,
	};
}

function numberedCameras(layers: readonly Layer[]): NumberedCameras {
	const cameras = new Map<number, Partial<Record<CameraVariable, Sourced>>>();
	for (const { source, values } of layers) {
		for (const [name, value] of Object.entries(values)) {
			const match = CAMERA_VARIABLE.exec(name);
			if (!match || typeof value !== "string" || !isSet(name, value)) continue;
			const camera = cameras.get(Number(match[1])) ?? {};
			cameras.set(Number(match[1]), camera);
			camera[match[2] as CameraVariable] ??= { value, source };
		}
	}
	return cameras;
}

/** Names that are nearly a setting's, or look like a camera's: they do nothing, which should not go unnoticed. */
function mistypedNames({ source, values }: Layer): string[] {
	return Object.keys(values).flatMap((name) => {
		if (CAMERA_VARIABLE.test(name) || (SETTING_NAMES as string[]).includes(name)) return [];
		const near = nearSetting(name, source === ENV_FILE ? 0 : MIN_MISTYPED_LENGTH);
		if (near !== undefined) return [`${source}: ${name} is not a setting and is ignored; did you mean ${near}?`];
		return /^(CAM|CAMERA)_/.test(name) ? [`${source}: ${name} is not a setting and is ignored`] : [];
	});
}

function nearSetting(name: string, minLength: number): string | undefined {
	const numbered = /^CAMERA_?([1-9]\d{0,2})_?(.+)$/.exec(name);
	const names = [...SETTING_NAMES, ...CAMERA_VARIABLES.map((variable) => `CAMERA_${numbered?.[1] ?? "1"}_${variable}`)];
	return name.length < minLength ? undefined : nearestName(name, names);
}

function helpText(): string {
	const flags = SETTING_NAMES.flatMap((name) => {
		const { flag, summary, defaultText } = docOf(settingsSchema.shape[name]);
		const preset = defaultText === undefined ? "" : ` Default: ${defaultText}.`;
		return flag === undefined ? [] : [`  ${`--${flag} VALUE`.padEnd(22)}${summary.replaceAll("`", "")}${preset}`];
	});
	return [
		"Vigía shows many RTSP cameras as one live wall in a browser.",
		"",
		"Usage: npm start -- [flags]",
		"       npx vigia probe <rtsp://..., a host or a camera's id>   looks at one camera and says what to do about it",
		"       npx vigia import <file>   takes over the cameras of Frigate, go2rtc or MediaMTX",
		"       npx vigia discover [range]   looks for ONVIF cameras in the network",
		"",
		...flags,
		`  ${"--config FILE".padEnd(22)}Settings in YAML. Default: vigia.yaml, where it is there.`,
		`  ${"--version".padEnd(22)}Prints the release.`,
		`  ${"--help".padEnd(22)}Prints this.`,
		"",
		"Flags count before the environment, the environment before .env, .env before YAML. Cameras and all other",
		"settings: docs/settings.md",
	].join("\n");
}
