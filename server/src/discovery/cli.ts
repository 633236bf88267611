/** `vigia discover`: the ONVIF devices of the network, one a line, and how they become cameras. @module */
import { parseArgs } from "node:util";
import { findVendor } from "../config/camera-template-vendors.ts";
import type { Clock } from "../platform/clock.ts";
import { inLanguage, PROBE_LANGUAGES, type ProbeLanguage } from "../probe/advice-texts.ts";
import { parseAddressRange } from "./address-range.ts";
import type { DiscoveredDevice } from "./device-table.ts";
import { discover, type DiscoverOptions } from "./discover.ts";
import { isSerial } from "./moved-devices.ts";
import { OnvifError, onvifErrorText } from "./onvif-error.ts";

/** Devices were found; none was; the command is not understood (sysexits.h); Ctrl-C, as shells count it. */
export const EXIT_CODES = { found: 0, none: 1, usage: 64, interrupted: 130 } as const;

const USAGE = `Looks for ONVIF cameras and recorders in the networks of this machine.

Usage: vigia discover [range] [flags]

  range           Addresses that are asked one by one too, for networks behind a router and for containers:
                  192.168.1.0/24, 192.168.1.10-192.168.1.50 or a single one.
  --lang en|es    Language of the report.

Exit code: ${EXIT_CODES.found} something was found, ${EXIT_CODES.none} nothing was, ${EXIT_CODES.usage} command not understood,
           ${EXIT_CODES.interrupted} called off by Ctrl-C.
`;

const TEXTS = {
	asking: ["Asking for some seconds...", "Preguntando unos segundos..."],
	none: [
		"Nobody answered. Switch ONVIF on in the camera, or give the range of its network: vigia discover 192.168.1.0/24. In a container only the container's own network is asked without a range.",
		"Nadie respondió. Active ONVIF en la cámara, o indique el rango de su red: vigia discover 192.168.1.0/24. En un contenedor, sin rango solo se pregunta en la red del propio contenedor.",
	],
	how: [
		"To add one, put this into vigia.yaml with the camera's own user and password; a recorder has an entry for each channel (channel: 2). The makers' names: docs/settings.md.",
		"Para añadir una, ponga esto en vigia.yaml con el usuario y la contraseña de la propia cámara; un grabador lleva una entrada por canal (channel: 2). Los nombres de los fabricantes: docs/settings.md.",
	],
	maker: ["maker", "fabricante"],
} as const satisfies Record<string, readonly [en: string, es: string]>;

export interface DiscoverIo {
	readonly clock: Clock;
	readonly out: (text: string) => void;
	readonly error: (text: string) => void;
	/** Ends the search: what was found by then is told. */
	readonly signal: AbortSignal;
	/** For tests. */
	readonly discovery?: Pick<DiscoverOptions, "interfaces" | "port">;
}

/** @param args behind `discover`. @returns the exit code: {@link EXIT_CODES}. */
export async function discoverCommand(args: readonly string[], io: DiscoverIo): Promise<number> {
	const flags = readFlags(args);
	if (flags === "help") {
		io.out(USAGE);
		return EXIT_CODES.found;
	}
	if (!flags) {
		io.error("vigia discover takes one range of addresses at most: see vigia discover --help.\n");
		return EXIT_CODES.usage;
	}
	const { language } = flags;
	const say = (key: keyof typeof TEXTS): string => inLanguage(TEXTS[key], language);
	let range: readonly string[];
	try {
		range = flags.range === undefined ? [] : parseAddressRange(flags.range);
	} catch (error) {
		if (!(error instanceof OnvifError)) throw error;
		io.error(`${onvifErrorText(error.code, language)}\n`);
		return EXIT_CODES.usage;
	}
	io.error(`${say("asking")}\n`);
	const { clock, signal, discovery } = io;
	const onDevice = (device: DiscoveredDevice): void => io.out(`${lineOf(device)}\n`);
	const { devices } = await discover({ clock, signal, ...discovery, range, onDevice });
	const [first] = devices;
	if (first) io.out(`\n${say("how")}\n\n${entryOf(first, say("maker"))}`);
	else if (!signal.aborted) io.error(`${say("none")}\n`);
	if (signal.aborted) return EXIT_CODES.interrupted;
	return first ? EXIT_CODES.found : EXIT_CODES.none;
}

function lineOf(device: DiscoveredDevice): string {
	const { name, hardware, location, serial } = device;
	const hosts = new Set(device.addresses.map(({ host }) => host));
	const texts = new Set([name, hardware, location, serial].filter((text) => text !== undefined));
	const template = templateOf(device);
	return [[...hosts].join(", "), [...texts].join(", "), ...(template === undefined ? [] : [`template: ${template}`])]
		.filter((part) => part !== "")
		.join("  ");
}

/** Many devices have their maker in their name, or in front of their model: `HIKVISION DS-2CD2042WD`. */
function templateOf({ name = "", hardware = "" }: DiscoveredDevice): string | undefined {
	const candidates = [name, hardware].flatMap((text) => [text, ...text.split(/\s+/)]);
	const templates = candidates.flatMap((text) => findVendor(text)?.templates[0] ?? []);
	return templates[0];
}

function entryOf(device: DiscoveredDevice, maker: string): string {
	const [address] = device.addresses;
	const template = templateOf(device) ?? `<${maker}>`;
	const { serial } = device;
	const found = isSerial(serial) ? `    serial: '${serial.replaceAll("'", "''")}'\n` : "";
	const login = "    user: admin\n    password: '...'\n";
	return `cameras:\n  - host: ${address?.host ?? ""}\n    template: ${template}\n${login}${found}`;
}

function readFlags(
	args: readonly string[],
): { readonly range: string | undefined; readonly language: ProbeLanguage } | "help" | undefined {
	const { values, positionals } = parseArgs({
		args: [...args],
		strict: false,
		allowPositionals: true,
		options: { lang: { type: "string" }, help: { type: "boolean", short: "h" } },
	});
	if (values.help === true) return "help";
	const language = PROBE_LANGUAGES.find((known) => known === (values.lang ?? "en"));
	if (!language || positionals.length > 1 || Object.keys(values).some((name) => name !== "lang")) return undefined;
	return { range: positionals[0], language };
}
