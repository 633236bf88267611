/** The Transport field: RFC 2326 section 12.39, and what cameras make of it. @module */

/** One transport. Numbers that cannot be read are left out: they are hints. */
export interface TransportSpec {
	/** `RTP/AVP` or `RTP/AVP/TCP` and the like, in capitals. */
	readonly protocol: string;
	/** Carried on the RTSP connection: `/TCP`, or an `interleaved` pair. */
	readonly interleaved: readonly [number, number] | undefined;
	readonly clientPort: readonly [number, number] | undefined;
	readonly serverPort: readonly [number, number] | undefined;
	readonly multicast: boolean;
	/** 32 bits; a hint only. */
	readonly ssrc: number | undefined;
	/** As written, without quotes; never trusted for an address. */
	readonly source: string | undefined;
	readonly destination: string | undefined;
	/** In lower case: `play`, `record`. */
	readonly mode: string | undefined;
}

export interface TransportInit {
	readonly protocol: "RTP/AVP/TCP" | "RTP/AVP";
	readonly interleaved?: readonly [number, number];
	readonly clientPort?: readonly [number, number];
	readonly serverPort?: readonly [number, number];
	readonly ssrc?: number;
}

/** Transports of one field that are read. */
const MAX_TRANSPORTS = 16;

/** All transports of a field, in order; tolerates blanks, quotes, any order and a comma in place of a semicolon. */
export function parseTransport(value: string): TransportSpec[] {
	const specs: TransportSpec[] = [];
	// A comma starts a new transport only before a protocol: Victure writes `40000-40001,ssrc=...`.
	for (const part of value.split(/,(?=\s*[A-Za-z]+\/)/)) {
		const spec = parseSpec(part);
		if (spec && specs.length < MAX_TRANSPORTS) specs.push(spec);
	}
	return specs;
}

function parseSpec(text: string): TransportSpec | undefined {
	const fields = new Map<string, string>();
	let protocol = "";
	for (const part of text.split(/[;,]/)) {
		const equals = part.indexOf("=");
		const name = (equals < 0 ? part : part.slice(0, equals)).trim();
		const content =
			equals < 0
				? ""
				: part
						.slice(equals + 1)
						.trim()
						.replace(/^"(.*)"$/, "$1")
						.trim();
		if (protocol === "" && equals < 0 && name.includes("/")) protocol = name.toUpperCase();
		else if (name !== "" && !fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), content);
	}
	if (protocol === "" && fields.size === 0) return undefined;
	const ssrc = /^[0-9a-f]{1,8}$/i.exec(fields.get("ssrc") ?? "");
	return {
		protocol,
		interleaved: parsePair(fields.get("interleaved"), 255),
		clientPort: parsePair(fields.get("client_port"), 65_535),
		serverPort: parsePair(fields.get("server_port"), 65_535),
		multicast: fields.has("multicast"),
		ssrc: ssrc ? Number.parseInt(ssrc[0], 16) : undefined,
		source: fields.get("source") || undefined,
		destination: fields.get("destination") || undefined,
		mode: fields.get("mode")?.toLowerCase(),
	};
}

/** `n-m`, or a single n, which stands for n and n+1. */
function parsePair(text: string | undefined, max: number): readonly [number, number] | undefined {
	const match = /^\s*(\d{1,5})\s*(?:-\s*(\d{1,5}))?/.exec(text ?? "");
	if (!match) return undefined;
	const first = Number(match[1]);
	const second = match[2] === undefined ? first + 1 : Number(match[2]);
	return first <= max && second <= max ? [first, second] : undefined;
}

/** The value of a Transport field, unicast. No `mode`: some cameras refuse it. */
export function writeTransport(init: TransportInit): string {
	let value = `${init.protocol};unicast`;
	if (init.interleaved) value += `;interleaved=${init.interleaved.join("-")}`;
	if (init.clientPort) value += `;client_port=${init.clientPort.join("-")}`;
	if (init.serverPort) value += `;server_port=${init.serverPort.join("-")}`;
	if (init.ssrc !== undefined) value += `;ssrc=${init.ssrc.toString(16).toUpperCase().padStart(8, "0")}`;
	return value;
}
