/** Addresses pasted as a list, one a line, with or without a name before. @module */
import { type AddressProblem, readAddress, type TypedAddress } from "./rtsp-address.ts";

/** A file may hold this many cameras; what is pasted beyond it is one problem instead of thousands. */
export const MAX_PASTED_LINES = 256;
/** The settings' limit of a camera's name, in characters. */
const MAX_NAME_LENGTH = 100;

export interface PastedCamera {
	/** Of the text, from 1. */
	readonly line: number;
	readonly name: string | undefined;
	readonly address: TypedAddress;
}

export interface PastedProblem {
	readonly line: number;
	readonly problem: AddressProblem | "name-too-long" | "two-addresses" | "too-many";
}

export interface Pasted {
	readonly cameras: readonly PastedCamera[];
	readonly problems: readonly PastedProblem[];
}

/**
 * Reads `rtsp://...`, `Name, rtsp://...` and `Name = rtsp://...`, also as list items of YAML (`- rtsp://...`,
 * `name: rtsp://...`); skips empty lines and those that begin with `#`.
 */
export function parsePaste(text: string): Pasted {
	const cameras: PastedCamera[] = [];
	const problems: PastedProblem[] = [];
	let read = 0;
	for (const [index, raw] of text.split(/\r\n|\r|\n/).entries()) {
		const line = index + 1;
		const content = raw.trim();
		if (content === "" || content.startsWith("#")) continue;
		read += 1;
		if (read > MAX_PASTED_LINES) {
			problems.push({ line, problem: "too-many" });
			break;
		}
		const result = parseLine(content);
		if (typeof result === "string") problems.push({ line, problem: result });
		else cameras.push({ line, ...result });
	}
	return { cameras, problems };
}

function parseLine(content: string): Omit<PastedCamera, "line"> | PastedProblem["problem"] {
	const start = content.search(/[a-z][a-z0-9+.-]*:\/\//i);
	if (start < 0) return "no-address";
	const name = unquoted(
		content
			.slice(0, start)
			.replace(/^-\s/, "")
			.replace(/['"]?$/, "")
			.replace(/[\s,;=:|]+$/, ""),
	);
	if (name.length > MAX_NAME_LENGTH) return "name-too-long";
	const opening = content[start - 1];
	const written = content.slice(start).replace(/[\s,;]+$/, "");
	const address = opening === '"' || opening === "'" ? written.replace(new RegExp(`${opening}$`), "") : written;
	if (/[\s,;]rtsps?:\/\//i.test(address)) return "two-addresses";
	const result = readAddress(address);
	return result.ok ? { name: name === "" ? undefined : name, address: result.address } : result.problem;
}

function unquoted(text: string): string {
	return text
		.trim()
		.replace(/^(["'])(.*)\1$/, "$2")
		.trim();
}
