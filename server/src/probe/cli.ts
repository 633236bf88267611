/** `vigia probe`: arguments in, a report and an exit code out. @module */
import { cameraIdSchema, type ProbeReport, REASON_TEXTS, REASON_TEXTS_ES, type StreamName } from "@vigia/api";
import { parseRtspUrl, RtspError } from "@vigia/rtsp";
import { parseArgs } from "node:util";
import type { TemplateCandidate } from "../config/camera-template-candidates.ts";
import { CAMERA_VENDORS, findVendor } from "../config/camera-template-vendors.ts";
import { Credentials } from "../config/credentials.ts";
import { loadSettings } from "../config/load.ts";
import { docOf, yamlCameraSchema } from "../config/schema.ts";
import { formatProblems, SettingsError } from "../config/settings-error.ts";
import type { CameraSettings, RtspTransport, Settings, TlsPolicy } from "../config/settings.ts";
import { parseTlsPolicy, TLS_RULE } from "../config/tls-policy.ts";
import { systemClock } from "../platform/clock.ts";
import { inLanguage, PROBE_LANGUAGES, type ProbeLanguage } from "./advice-texts.ts";
import { cameraStream, type ProbeTarget } from "./camera-stream.ts";
import type { CandidateSearch } from "./candidates.ts";
import { type AskedDevice, formatFound, formatNone, formatStreams, formatTry, triedAddress } from "./format-device.ts";
import { formatReport } from "./format-report.ts";
import { parseHostPort } from "./host-port.ts";
import { type DeviceFindings, probeDevice } from "./probe-device.ts";
import { DEFAULT_PROBE_SECONDS, MAX_PROBE_SECONDS, runProbe } from "./run-probe.ts";

/**
 * No fault; there is a picture, and a warning; the wall shows no picture; the command is not understood
 * (sysexits.h); Ctrl-C, as shells count it.
 */
export const EXIT_CODES = { good: 0, works: 1, failed: 2, usage: 64, interrupted: 130 } as const;
/** A password in a file or from a tool ends with its line; more than this is none. */
const MAX_PASSWORD_BYTES = 4096;

const TRANSPORTS = ["auto", "tcp", "udp", "http"] as const satisfies readonly RtspTransport[];

const USAGE = `Looks at a camera and says what to do about it.

Usage: vigia probe <rtsp://...> [flags]           one stream
       vigia probe <id> [flags]                   a camera of the settings
       vigia probe <host>[:port] [flags]          finds the path: tries those of the makers, then looks at both
                                                  streams and says what to write into the settings. An IPv6
                                                  address stands between brackets: [fe80::1]:554

  --user NAME         User name, where the address holds none.
  --password-stdin    Reads the password from standard input, or asks for it: shells keep a history of arguments.
  --vendor NAME       With <host>: who made it; its paths are tried first.
  --channel N         With <host>: which channel of a recorder. Default: 1.
  --stream main|sub   Which stream of a camera in the settings. Default: the one of the grid.
  --transport T       ${TRANSPORTS.join(", ")}. Default: that of the settings.
  --tls POLICY        For rtsps://: ${TLS_RULE}.
  --seconds N         How long pictures are watched, at most ${MAX_PROBE_SECONDS}. Default: ${DEFAULT_PROBE_SECONDS}.
  --config FILE       Settings in YAML. Default: vigia.yaml, where it is there.
  --lang en|es        Language of the report.
  --json              The report as JSON.

Exit code: ${EXIT_CODES.good} good, ${EXIT_CODES.works} works with a warning, ${EXIT_CODES.failed} no picture on the wall, ${EXIT_CODES.usage} command not understood,
           ${EXIT_CODES.interrupted} called off by Ctrl-C.
`;

export interface CliIo {
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	readonly stdin: AsyncIterable<Uint8Array | string>;
	/** Somebody types on standard input: asks for a line that is not shown, `undefined` if it is called off. */
	readonly askHidden?: ((question: string) => Promise<string | undefined>) | undefined;
	readonly out: (text: string) => void;
	readonly error: (text: string) => void;
	readonly signal?: AbortSignal;
	/** For tests. */
	readonly lookup?: CandidateSearch["lookup"];
}

const CALLED_OFF = [
	"Called off: the camera was not watched to the end.",
	"Interrumpido: la cámara no se observó hasta el final.",
] as const;

const NO_ADDRESS =
	"This is no address: it is rtsp://..., or an IP address or a name, with :port behind it where it is not the usual one; IPv6 stands between brackets.";

/** Where the settings are not right: what that is has been said by then. */
const UNREAD_ID =
	"No device has this name. If it is a camera's id, correct the settings first; an address begins with rtsp:// or rtsps://.";

/** Says what is wrong with the command; never holds a value that may be a password. */
class UsageError extends Error {}

/** @param args behind `probe`. @returns the exit code: {@link EXIT_CODES}. */
export async function probeCommand(args: readonly string[], io: CliIo): Promise<number> {
	try {
		const flags = readFlags(args);
		if (flags.help) {
			io.out(USAGE);
			return EXIT_CODES.good;
		}
		const target = await resolveTarget(flags, io);
		if ("host" in target) return await lookAtDevice(target, flags, io);
		const { signal } = io;
		const findings = await runProbe({
			...target,
			clock: systemClock,
			seconds: flags.seconds,
			...(signal && { signal }),
		});
		const report = findings(flags.language);
		const wasCalledOff = signal?.aborted === true;
		if (wasCalledOff) io.error(`${inLanguage(CALLED_OFF, flags.language)}\n`);
		// Without a picture it is not known yet what a probe that is called off would have found.
		if (!wasCalledOff || report.video) {
			io.out(`${flags.json ? JSON.stringify(report, null, "\t") : formatReport(report, flags.language)}\n`);
		}
		return wasCalledOff ? EXIT_CODES.interrupted : EXIT_CODES[report.result];
	} catch (error) {
		if (io.signal?.aborted === true) return EXIT_CODES.interrupted;
		if (!(error instanceof UsageError || error instanceof SettingsError)) throw error;
		io.error(`${error.message}\n`);
		return EXIT_CODES.usage;
	}
}

interface DeviceTarget extends AskedDevice {
	readonly port: number | undefined;
	/** It may have been meant as an id: what to say where there is no such device. */
	readonly unknownId: string | undefined;
}

async function lookAtDevice(device: DeviceTarget, flags: Flags, io: CliIo): Promise<number> {
	const { language, json, seconds, transport = "auto" } = flags;
	const { signal, lookup } = io;
	const tried: TemplateCandidate[] = [];
	const findings = await probeDevice({
		...device,
		transport,
		seconds,
		clock: systemClock,
		lookup,
		...(signal && { signal }),
		onTry(candidate) {
			tried.push(candidate);
			io.error(`${formatTry(device, candidate, language)}\n`);
		},
		onFound: (candidate) => io.error(`${formatFound(candidate, language)}\n`),
	});
	const wasCalledOff = signal?.aborted === true;
	if (wasCalledOff) io.error(`${inLanguage(CALLED_OFF, language)}\n`);
	if (findings.type === "none") {
		if (wasCalledOff) return EXIT_CODES.interrupted;
		if (device.unknownId !== undefined && findings.failure.code === "address-unknown") {
			throw new UsageError(device.unknownId);
		}
		io.out(
			json ? jsonOf(device, tried, findings, language) : `${formatNone(device, findings.failure, tried, language)}\n`,
		);
		return EXIT_CODES.failed;
	}
	const { candidate, streams } = findings;
	const reports = streams.map((stream) => stream.findings(language));
	if (!wasCalledOff || reports.some(({ video }) => video)) {
		io.out(json ? jsonOf(device, tried, findings, language) : formatStreams(device, candidate, streams, language));
	}
	return wasCalledOff ? EXIT_CODES.interrupted : EXIT_CODES[resultOf(reports)];
}

/** Where one of two streams brings a picture, the wall has one. */
function resultOf(reports: readonly ProbeReport[]): ProbeReport["result"] {
	if (reports.every(({ result }) => result === "good")) return "good";
	return reports.every(({ result }) => result === "failed") ? "failed" : "works";
}

function jsonOf(
	device: DeviceTarget,
	tried: readonly TemplateCandidate[],
	findings: DeviceFindings,
	language: ProbeLanguage,
): string {
	const { host, channel } = device;
	const addresses = { tried: tried.map((candidate) => triedAddress(device, candidate)) };
	if (findings.type === "none") {
		const { code } = findings.failure;
		const text = (language === "es" ? REASON_TEXTS_ES : REASON_TEXTS)[code];
		return `${JSON.stringify({ failure: { code, text }, ...addresses }, null, "\t")}\n`;
	}
	const { template, port } = findings.candidate;
	const streams = findings.streams.map(({ name, findings: report }) => ({ stream: name, report: report(language) }));
	return `${JSON.stringify({ found: { host, port, template, channel }, ...addresses, streams }, null, "\t")}\n`;
}

interface Flags {
	readonly target: string;
	readonly user: string | undefined;
	readonly passwordFromStdin: boolean;
	readonly vendor: string | undefined;
	readonly channel: number | undefined;
	readonly stream: StreamName | undefined;
	readonly transport: RtspTransport | undefined;
	readonly tls: TlsPolicy | undefined;
	readonly seconds: number;
	readonly config: string | undefined;
	readonly language: ProbeLanguage;
	readonly json: boolean;
	readonly help: boolean;
}

const VALUE_FLAGS = ["user", "vendor", "channel", "stream", "transport", "tls", "seconds", "config", "lang"] as const;
const SWITCHES = ["password-stdin", "json", "help"] as const;

function readFlags(args: readonly string[]): Flags {
	const { tokens } = parseArgs({
		args: [...args],
		strict: false,
		tokens: true,
		options: {
			...Object.fromEntries(VALUE_FLAGS.map((flag) => [flag, { type: "string" as const }])),
			...Object.fromEntries(SWITCHES.map((flag) => [flag, { type: "boolean" as const }])),
			help: { type: "boolean", short: "h" },
		},
	});
	const given = new Map<string, string | undefined>();
	const targets: string[] = [];
	for (const token of tokens) {
		if (token.kind === "positional") targets.push(token.value);
		if (token.kind !== "option") continue;
		if (/^(pass|password|pw)$/i.test(token.name)) {
			throw new UsageError("A password is no argument, because others can read arguments: use --password-stdin.");
		}
		if (![...VALUE_FLAGS, ...SWITCHES].some((name) => name === token.name)) {
			throw new UsageError(`${token.rawName} is no flag of vigia probe: see vigia probe --help.`);
		}
		given.set(token.name, token.value);
	}
	const [target = ""] = targets;
	if (!given.has("help") && (targets.length !== 1 || target === "")) {
		throw new UsageError(
			"vigia probe needs one address (rtsp://... or a host) or one camera's id: see vigia probe --help.",
		);
	}
	return {
		target,
		user: valueOf(given, "user", (text) => text, "a user name"),
		passwordFromStdin: given.has("password-stdin"),
		vendor: valueOf(given, "vendor", (text) => findVendor(text)?.id, `one of ${vendorNames()}`),
		channel: valueOf(given, "channel", parseChannel, docOf(yamlCameraSchema.shape.channel).rule),
		stream: valueOf(given, "stream", (text) => oneOf(["main", "sub"] as const, text), "main or sub"),
		transport: valueOf(given, "transport", (text) => oneOf(TRANSPORTS, text), TRANSPORTS.join(", ")),
		tls: valueOf(given, "tls", parseTlsPolicy, TLS_RULE),
		seconds:
			valueOf(given, "seconds", parseSeconds, `a whole number from 1 to ${MAX_PROBE_SECONDS}`) ?? DEFAULT_PROBE_SECONDS,
		config: valueOf(given, "config", (text) => text, "a file"),
		language: valueOf(given, "lang", (text) => oneOf(PROBE_LANGUAGES, text), PROBE_LANGUAGES.join(" or ")) ?? "en",
		json: given.has("json"),
		help: given.has("help"),
	};
}

function valueOf<T>(
	given: ReadonlyMap<string, string | undefined>,
	flag: (typeof VALUE_FLAGS)[number],
	parse: (text: string) => T | undefined,
	rule: string,
): T | undefined {
	if (!given.has(flag)) return undefined;
	const text = given.get(flag) ?? "";
	const value = text === "" ? undefined : parse(text);
	if (value === undefined) throw new UsageError(`--${flag} must be ${rule}.`);
	return value;
}

function oneOf<T extends string>(words: readonly T[], text: string): T | undefined {
	return words.find((word) => word === text);
}

/** Whole seconds from 1 to {@link MAX_PROBE_SECONDS}. */
function parseSeconds(text: string): number | undefined {
	const seconds = /^\d{1,3}$/.test(text) ? Number(text) : 0;
	return seconds >= 1 && seconds <= MAX_PROBE_SECONDS ? seconds : undefined;
}

function parseChannel(text: string): number | undefined {
	return yamlCameraSchema.shape.channel.safeParse(text).data;
}

function vendorNames(): string {
	return CAMERA_VENDORS.map(({ id }) => id).join(", ");
}

async function resolveTarget(flags: Flags, io: CliIo): Promise<ProbeTarget | DeviceTarget> {
	const found = flags.target.includes("://") ? addressTarget(flags, io) : cameraTarget(flags, io);
	if ("host" in found) return { ...found, credentials: await givenCredentials(flags, undefined, io) };
	if (flags.vendor !== undefined || flags.channel !== undefined) {
		throw new UsageError("--vendor and --channel are for a host alone: this one has its path already.");
	}
	const { transport = found.transport, tls = found.tls } = flags;
	if (flags.tls && found.address.scheme === "rtsp") {
		throw new UsageError("--tls is for rtsps addresses: this one is rtsp, which is without TLS.");
	}
	return { ...found, transport, tls, credentials: await givenCredentials(flags, found.credentials, io) };
}

function addressTarget({ target, stream }: Flags, io: CliIo): ProbeTarget {
	if (stream) throw new UsageError("--stream is for cameras of the settings: an address names its stream itself.");
	try {
		const { username, password, ...address } = parseRtspUrl(target);
		if (password !== undefined && password !== "") {
			io.error("The address holds a password, and shells keep a history: prefer --user and --password-stdin.\n");
		}
		const credentials = username === undefined ? undefined : new Credentials(username, password ?? "");
		return { address, credentials, transport: "auto", tls: { mode: "verify" }, use: undefined };
	} catch (error) {
		if (error instanceof RtspError) throw new UsageError(`This is no RTSP address: ${error.message}.`);
		throw error;
	}
}

/** An id of the settings goes before a host of the same name. Ids have no dots and no colons. */
function cameraTarget(flags: Flags, io: CliIo): ProbeTarget | DeviceTarget {
	const { target, stream } = flags;
	if (!cameraIdSchema.safeParse(target).success) return deviceTarget(flags, undefined);
	const settings = settingsOf(flags, io);
	if (!settings) return deviceTarget(flags, UNREAD_ID);
	const { cameras, rtspTransport } = settings;
	const camera = cameras.find(({ id }) => id === target);
	if (!camera) {
		const known = cameras.length === 0 ? "there are none in the settings" : `there are ${idList(cameras)}`;
		const unknownId = `No camera has this id: ${known}. No device has this name either; an address begins with rtsp:// or rtsps://.`;
		if (stream) throw new UsageError(unknownId);
		return deviceTarget(flags, unknownId);
	}
	const found = cameraStream(camera, stream, rtspTransport);
	if (!found) throw new UsageError(`The camera ${camera.id} has no ${stream} stream: leave --stream out.`);
	return found;
}

/** `undefined` and a remark where they are not right, and what is meant may be a host, which needs none. */
function settingsOf({ config, target, stream }: Flags, { env, cwd, error: remark }: CliIo): Settings | undefined {
	try {
		const loaded = loadSettings({ argv: config === undefined ? [] : ["--config", config], env, cwd });
		if (loaded.type !== "settings") throw new Error("the settings were not read");
		return loaded.settings;
	} catch (error) {
		if (stream || !(error instanceof SettingsError)) throw error;
		remark(`${formatProblems(error.problems, `${target} is taken for a host, and for no camera's id`)}\n\n`);
		return undefined;
	}
}

function deviceTarget(flags: Flags, unknownId: string | undefined): DeviceTarget {
	const { target, stream, tls, vendor, channel } = flags;
	const place = parseHostPort(target);
	if (!place) throw new UsageError(unknownId ?? NO_ADDRESS);
	if (stream) throw new UsageError("--stream is for cameras of the settings: of a host both streams are looked at.");
	if (tls) throw new UsageError("--tls is for rtsps addresses: give the whole address, rtsps://...");
	return { ...place, channel: channel ?? 1, vendor, credentials: undefined, unknownId };
}

function idList(cameras: readonly CameraSettings[]): string {
	return cameras.map(({ id }) => id).join(", ");
}

async function givenCredentials(
	{ user, passwordFromStdin }: Flags,
	known: Credentials | undefined,
	io: CliIo,
): Promise<Credentials | undefined> {
	if (!passwordFromStdin) {
		if (user === undefined) return known;
		throw new UsageError("--user needs a password: add --password-stdin and give it on standard input.");
	}
	const username = user ?? known?.reveal().username;
	if (username === undefined) throw new UsageError("--password-stdin needs a user name: add --user.");
	return new Credentials(username, await readPassword(io));
}

/** An empty line is an empty password, which some cameras have; nothing at all is a mistake. */
async function readPassword({ stdin, askHidden, signal }: CliIo): Promise<string> {
	const called = Promise.withResolvers<undefined>();
	const callOff = (): void => called.resolve(undefined);
	signal?.addEventListener("abort", callOff);
	const reading = askHidden ? askHidden("Password: ") : readLine(stdin);
	const line = await Promise.race([reading, called.promise]);
	signal?.removeEventListener("abort", callOff);
	if (line === undefined) throw new UsageError("There is no password on standard input.");
	return line;
}

/** The first line, `undefined` if there is nothing at all. */
async function readLine(input: AsyncIterable<Uint8Array | string>): Promise<string | undefined> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of input) {
		const bytes = typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk);
		chunks.push(bytes);
		length += bytes.length;
		if (bytes.includes(0x0a) || length > MAX_PASSWORD_BYTES) break;
	}
	if (length === 0) return undefined;
	const [line = ""] = Buffer.concat(chunks).toString("utf8").split(/\r?\n/, 1);
	if (length > MAX_PASSWORD_BYTES) throw new UsageError("The password on standard input is too long.");
	return line;
}
