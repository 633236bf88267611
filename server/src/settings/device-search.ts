/** Finds cameras in the network for the page: by makers' paths, by ONVIF, and by asking the network. @module */
import {
	REASON_TEXTS,
	REASON_TEXTS_ES,
	type SettingsDescribe,
	type SettingsDescribeAnswer,
	type SettingsDiscoverAnswer,
	type SettingsFind,
	type SettingsFindAnswer,
} from "@vigia/api";
import { Credentials } from "../config/credentials.ts";
import { docOf, yamlCameraSchema } from "../config/schema.ts";
import { parseAddressRange } from "../discovery/address-range.ts";
import { describeDevice, type OnvifDevice, type OnvifStream } from "../discovery/describe-device.ts";
import { type DiscoverOptions, discover } from "../discovery/discover.ts";
import { isSerial } from "../discovery/moved-devices.ts";
import { DEVICE_SERVICE_PATH, type OnvifAddress, parseDeviceAddress } from "../discovery/onvif-address.ts";
import { OnvifError, onvifErrorText } from "../discovery/onvif-error.ts";
import { canBeWritten, urlOf } from "../import/source-address.ts";
import type { Clock } from "../platform/clock.ts";
import type { Sentence } from "../probe/advice-texts.ts";
import { type CandidateOutcome, probeCandidates } from "../probe/candidates.ts";
import { type LoginVerdict, TriedLogins } from "../probe/tried-logins.ts";
import { Places } from "./places.ts";
import { shownProblem } from "./problem-texts.ts";
import { invalidSettings, SettingsRefusal } from "./settings-refusal.ts";

/** One search takes up to a minute of one device's time; people look for one after the other. */
export const MAX_RUNNING_SEARCHES = 4;
/** Each sends to a whole network. */
const MAX_RUNNING_DISCOVERIES = 1;
/** What the settings allow for a name. */
const MAX_NAME_CHARS = 100;
/** Host names have up to 253 characters, and a port and a path behind them are short. */
const MAX_ADDRESS_CHARS = 256;
/** A device says of itself what it likes. */
const MAX_TEXT_CHARS = 100;

export interface DeviceSearchOptions {
	readonly clock: Clock;
	/** Ends what runs. */
	readonly signal: AbortSignal;
	/** For tests: which interfaces and port. */
	readonly discovery?: Pick<DiscoverOptions, "interfaces" | "port">;
}

export class DeviceSearch {
	readonly #options: DeviceSearchOptions;
	readonly #searches = new Places(MAX_RUNNING_SEARCHES);
	readonly #discoveries = new Places(MAX_RUNNING_DISCOVERIES);
	readonly #found: TriedLogins<CandidateOutcome>;
	/** Devices have other users for ONVIF than for RTSP, so that one says nothing of the other. */
	readonly #described: TriedLogins<OnvifDevice | OnvifError>;

	constructor(options: DeviceSearchOptions) {
		this.#options = options;
		this.#found = new TriedLogins(options.clock, verdictOfSearch);
		this.#described = new TriedLogins(options.clock, verdictOfDevice);
	}

	/** Tries the paths of likely makers. @throws {SettingsRefusal} */
	async find({ lang = "en", vendor, ...given }: SettingsFind): Promise<SettingsFindAnswer> {
		const { host, port } = readHost(given, lang);
		const credentials = credentialsOf(given);
		const { clock, signal } = this.#options;
		const search = { host, port, credentials, vendor: vendor || undefined, clock, signal };
		const outcome = await this.#searches.run(() => this.#found.use(host, credentials, () => probeCandidates(search)));
		if (!outcome) throw tooManySearches();
		if (outcome.type === "found") {
			const { template, port: foundPort } = outcome.candidate;
			return { found: { template, port: foundPort } };
		}
		const { code } = outcome.failure;
		return { failure: { code, text: (lang === "es" ? REASON_TEXTS_ES : REASON_TEXTS)[code] } };
	}

	/** Asks the network for some seconds; with a range for up to half a minute. @throws {SettingsRefusal} */
	async discover(range: string | undefined): Promise<SettingsDiscoverAnswer> {
		const addresses = range === undefined || range.trim() === "" ? [] : readRange(range);
		const { discovery, ...options } = this.#options;
		const found = await this.#discoveries.run(() => discover({ ...options, ...discovery, range: addresses }));
		if (!found) throw tooManySearches();
		const devices = found.devices.flatMap(({ addresses: [first], name, hardware }) => {
			const address = first && shownAddress(first);
			if (address === undefined || address.length > MAX_ADDRESS_CHARS) return [];
			return [{ address, ...(name !== undefined && { name }), ...(hardware !== undefined && { hardware }) }];
		});
		return { devices, interfaces: [...found.interfaces] };
	}

	/** The channels of an ONVIF device. @throws {SettingsRefusal} */
	async describe({ address: text, ...given }: SettingsDescribe): Promise<SettingsDescribeAnswer> {
		try {
			const address = parseDeviceAddress(text);
			const credentials = credentialsOf(given);
			const { clock, signal } = this.#options;
			const ask = (): Promise<OnvifDevice> => describeDevice({ address, credentials, clock, signal });
			const device = await this.#searches.run(() =>
				this.#described.use(address.host, credentials, () => orError(ask())),
			);
			if (!device) throw tooManySearches();
			if (device instanceof OnvifError) throw device;
			return shownDevice(device);
		} catch (error) {
			if (!(error instanceof OnvifError)) throw error;
			const status = error.code === "address-invalid" ? 400 : 502;
			throw new SettingsRefusal(status, error.code, sentenceOf(error));
		}
	}
}

function tooManySearches(): SettingsRefusal {
	return new SettingsRefusal(503, "too-many-searches", [
		"Another search is running: try again in some seconds.",
		"Hay otra búsqueda en marcha: inténtelo de nuevo en unos segundos.",
	]);
}

async function orError(answer: Promise<OnvifDevice>): Promise<OnvifDevice | OnvifError> {
	try {
		return await answer;
	} catch (error) {
		if (error instanceof OnvifError) return error;
		throw error;
	}
}

function verdictOfSearch(outcome: CandidateOutcome): LoginVerdict {
	if (outcome.type === "found") return "accepted";
	return outcome.failure.code === "auth-refused" ? "refused" : "unknown";
}

function verdictOfDevice(device: OnvifDevice | OnvifError): LoginVerdict {
	if (!(device instanceof OnvifError)) return "accepted";
	return device.code === "auth-refused" ? "refused" : "unknown";
}

/** A name without a password has an empty one, as the password alone has no place to go. */
function credentialsOf({ user, password }: Pick<SettingsFind, "user" | "password">): Credentials | undefined {
	return user === undefined || user === "" ? undefined : new Credentials(user, password ?? "");
}

/** By the rules of the settings, so that what was found can be saved. */
function readHost(
	given: Omit<SettingsFind, "lang" | "vendor">,
	language: "en" | "es",
): { readonly host: string; readonly port: number | undefined } {
	const fields = Object.entries(given).filter(([key, value]) => value !== "" || key === "host" || key === "password");
	const { shape } = yamlCameraSchema;
	const problems = fields.flatMap(([field, value]) => {
		const schema = shape[field as keyof typeof shape];
		if (schema.safeParse(value).success) return [];
		return [shownProblem({ field, text: `must be ${docOf(schema).rule}` }, language)];
	});
	if (problems.length > 0) throw invalidSettings(problems);
	const { host = "", port } = yamlCameraSchema.pick({ host: true, port: true }).parse({
		host: given.host,
		port: given.port || undefined,
	});
	return { host, port };
}

function readRange(text: string): string[] {
	try {
		return parseAddressRange(text);
	} catch (error) {
		if (!(error instanceof OnvifError)) throw error;
		throw new SettingsRefusal(400, "bad-range", sentenceOf(error));
	}
}

function sentenceOf({ code }: OnvifError): Sentence {
	return [onvifErrorText(code, "en"), onvifErrorText(code, "es")];
}

/** As `parseDeviceAddress` reads it again: the whole address only where a part of it is unusual. */
function shownAddress({ scheme, host, port, path }: OnvifAddress): string {
	const bracketed = host.includes(":") ? `[${host}]` : host;
	const isUsual = port === (scheme === "https" ? 443 : 80);
	const hostAndPort = isUsual ? bracketed : `${bracketed}:${port}`;
	return scheme === "http" && path === DEVICE_SERVICE_PATH ? hostAndPort : `${scheme}://${hostAndPort}${path}`;
}

function shownDevice(device: OnvifDevice): SettingsDescribeAnswer {
	const manufacturer = shownText(device.manufacturer);
	const model = shownText(device.model);
	const name = shownText([manufacturer, model].filter((word) => word !== undefined).join(" "));
	const cameras = device.channels.flatMap(({ streams: { main, sub } }, index) => {
		if (![main, ...(sub ? [sub] : [])].every(mayBeShown)) return [];
		const number = device.channels.length === 1 ? "" : ` ${index + 1}`;
		const url = urlOf((sub ?? main).address);
		const camera = { name: `${(name ?? "ONVIF").slice(0, MAX_NAME_CHARS - number.length)}${number}`, url };
		return [{ ...camera, ...(sub && { main: urlOf(main.address) }) }];
	});
	return {
		...(manufacturer !== undefined && { manufacturer }),
		...(model !== undefined && { model }),
		...(isSerial(device.serial) && { serial: device.serial }),
		cameras,
		withheld: device.channels.length - cameras.length,
	};
}

/** A path with `@` in it can make another host of what is written out, which would then get the password. */
function mayBeShown({ hasSecretPath, address }: OnvifStream): boolean {
	return !hasSecretPath && canBeWritten(address);
}

function shownText(text: string | undefined): string | undefined {
	const clean = (text ?? "")
		.replace(/\p{Cc}/gu, "")
		.trim()
		.slice(0, MAX_TEXT_CHARS)
		.replace(/[\ud800-\udbff]$/, "");
	return clean === "" ? undefined : clean;
}
