/**
 * The log: one JSON object a line on standard output, or lines for people where that is a terminal. Every line passes
 * the redactor.
 *
 * @module
 */
import { pino } from "pino";
import type { Settings } from "../config/settings.ts";
import type { Redactor } from "./redactor.ts";

type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** What the server's parts need of a log. Fields come first, then a message in plain words without values in it. */
export interface Logger {
	readonly trace: LogMethod;
	readonly debug: LogMethod;
	readonly info: LogMethod;
	readonly warn: LogMethod;
	readonly error: LogMethod;
	/** A log that adds these fields to every line. */
	child(fields: Readonly<Record<string, unknown>>): Logger;
}

export interface LoggerOptions {
	readonly level: Settings["logLevel"];
	readonly redactor: Redactor;
	/** Lines for people instead of JSON. By default where standard output is a terminal. */
	readonly readable?: boolean;
	/** Takes one line with its line break. By default standard output, written at once. */
	readonly write?: (line: string) => void;
}

/** Characters that wait for an output that takes nothing; what comes above them is lost. */
const MAX_UNWRITTEN = 1 << 20;

export function createLogger(options: LoggerOptions): Logger {
	const { level, redactor, readable = process.stdout.isTTY } = options;
	const destination =
		options.write === undefined ? pino.destination({ fd: 1, sync: true, maxLength: MAX_UNWRITTEN }) : undefined;
	// A closed terminal, an ended reader, a full disk: that nobody takes the lines ends no picture.
	destination?.on("error", () => undefined);
	const write = options.write ?? ((line: string) => void destination?.write(line));
	return pino(
		{
			level,
			base: null,
			timestamp: pino.stdTimeFunctions.isoTime,
			messageKey: "message",
			formatters: { level: (label) => ({ level: label }) },
			serializers: { error: describeError },
		},
		{
			write(line: string): void {
				const scrubbed = redactor.scrubJson(line);
				write(readable ? formatLine(scrubbed) : scrubbed);
			},
		},
	);
}

/** What {@link createLogger} puts into every line. */
interface LineHead {
	readonly time: string;
	readonly level: string;
	readonly message?: string;
}

/** An error as text: its stack, and those of its causes. */
function describeError(error: unknown): unknown {
	if (!(error instanceof Error)) return error;
	const cause = error.cause === undefined ? "" : `\ncaused by ${String(describeError(error.cause))}`;
	return `${error.stack ?? error.message}${cause}`;
}

/** `12:34:56.789 WARN  message key=value`, values as JSON where they are not plain words. */
function formatLine(line: string): string {
	const { time, level, message = "", ...fields } = JSON.parse(line) as Record<string, unknown> & LineHead;
	const clock = time.slice(11, 23);
	const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${formatValue(value)}`);
	return `${clock} ${level.toUpperCase().padEnd(5)} ${printable(message)}${pairs.join("")}\n`;
}

function formatValue(value: unknown): string {
	return typeof value === "string" && /^[\w.:/@%+-]+$/.test(value) ? value : printable(JSON.stringify(value));
}

/** Control characters from a camera must not reach the terminal. */
function printable(text: string): string {
	return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
