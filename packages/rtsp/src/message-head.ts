/** Start lines and header fields as peers write them: RFC 2326 sections 4 to 7 and 15.1. @module */
import type { RtspMessage } from "./message.ts";

/** A head up to its empty line, or `undefined` if its first line is not one of RTSP's. */
export function parseHead(text: string): RtspMessage | undefined {
	const lines = unfoldLines(text);
	const start = parseStartLine(lines[0] ?? "");
	if (!start) return undefined;
	const headers = new Map<string, string[]>();
	for (let index = 1; index < lines.length; index++) {
		const line = lines[index] ?? "";
		const colon = line.indexOf(":");
		// A line without a colon says nothing that could be used; cameras send some.
		if (colon < 1) continue;
		const name = line.slice(0, colon).trim().toLowerCase();
		const value = line.slice(colon + 1).trim();
		const values = headers.get(name);
		if (values) values.push(value);
		else headers.set(name, [value]);
	}
	return { ...start, headers, body: new Uint8Array(0) };
}

/** Lines without their ends; a line that begins with a blank continues the one before: RFC 2326 section 15.1. */
function unfoldLines(text: string): string[] {
	const lines: string[] = [];
	for (const raw of text.split("\n")) {
		// A carriage return is part of the line end (CR CR LF occurs) or, like NUL, of no use.
		const line = raw.replace(/[\r\0]/g, " ").trimEnd();
		if (line === "") continue;
		if (lines.length > 1 && /^[ \t]/.test(line)) lines[lines.length - 1] = `${lines.at(-1)} ${line.trimStart()}`;
		else lines.push(line);
	}
	return lines;
}

type StartLine =
	| { readonly type: "request"; readonly method: string; readonly target: string }
	| { readonly type: "response"; readonly status: number; readonly reason: string };

function parseStartLine(line: string): StartLine | undefined {
	// The reason phrase may be missing: RTSP/1.0 200.
	const response = /^RTSP\/\d+(?:\.\d+)?[ \t]+(\d{1,3})(?:[ \t]+(.*))?$/.exec(line);
	if (response) return { type: "response", status: Number(response[1]), reason: (response[2] ?? "").trim() };
	const request = /^([A-Z][A-Z_]*)[ \t]+(\S(?:.*\S)?)[ \t]+RTSP\/\d+(?:\.\d+)?$/.exec(line);
	if (request) return { type: "request", method: request[1] ?? "", target: request[2] ?? "" };
	return undefined;
}

/** RFC 2326 section 12.14; what is not a number counts as absent. */
export function contentLengthOf(head: RtspMessage): number | undefined {
	const value = head.headers.get("content-length")?.[0];
	if (value === undefined || !/^\d+$/.test(value)) return undefined;
	return Number(value);
}
