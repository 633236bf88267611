/**
 * Cameras of a `go2rtc.yaml`, and of the section `go2rtc` of Frigate: github.com/AlexxIT/go2rtc, internal/streams and
 * internal/rtsp.
 * @module
 */
import type { RtspTransport } from "../config/settings.ts";
import { buildCameras, type CameraDraft, type ImportedCamera } from "./imported-camera.ts";
import { type Notes, shownName } from "./notes.ts";
import { type AddressStyle, FFMPEG_STYLE, type FoundStream, kindOf, readAddress } from "./source-address.ts";
import { joinPairs } from "./stream-pairs.ts";
import type { Substituted } from "./variables.ts";
import { entriesOf, fieldOf, listOf, textOf, type YamlMap } from "./yaml-input.ts";

/** pkg/tcp/dial.go: one port for all, and no look at the certificate where the address is an IP address. */
const GO2RTC_STYLE: AddressStyle = { decodesEscapes: true, rtspsPort: 554, trustsAnyCertificate: true };
/** Before an address, or the name of another stream: it is read by FFmpeg. internal/ffmpeg/ffmpeg.go. */
const BY_FFMPEG = "ffmpeg:";
const DEFAULT_LISTEN_PORT = 8554;
/** Streams that read one another, in a row. */
const MAX_RESTREAMS = 8;
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|localhost|0\.0\.0\.0)$/i;

/** What go2rtc serves, to be asked by name. */
export class Go2rtcStreams {
	readonly #streams: ReadonlyMap<string, unknown>;
	readonly #port: number;
	readonly #section: string;
	readonly #substitute: (text: string) => Substituted;
	/** Those that were asked for, so that each note is made once; a stream that reads itself finds nothing. */
	readonly #found = new Map<string, FoundStream | undefined>();
	/** The stream at which an address stands. */
	readonly #nameOf = new Map<FoundStream, string>();
	#depth = 0;

	/**
	 * @param root the map in which `streams` and `rtsp` are.
	 * @param section place of its streams: `streams`, `go2rtc.streams`.
	 */
	constructor(root: unknown, section: string, substitute: (text: string) => Substituted) {
		this.#streams = new Map(entriesOf(fieldOf(root, "streams")));
		this.#port = Number(/:(\d{1,5})$/.exec(textOf(fieldOf(root, "rtsp"), "listen") ?? "")?.[1] ?? DEFAULT_LISTEN_PORT);
		this.#section = section;
		this.#substitute = substitute;
	}

	get names(): readonly string[] {
		return [...this.#streams.keys()];
	}

	placeOf(name: string): string {
		return `${this.#section}.${shownName(name)}`;
	}

	/** Whether the stream of this name has its own address, and is no other one's, converted or under another name. */
	isOwn(name: string, found: FoundStream): boolean {
		return this.#nameOf.get(found) === name;
	}

	/** The first RTSP source of a stream; `undefined`, with notes, where it has none. */
	find(name: string, notes: Notes): FoundStream | undefined {
		if (this.#found.has(name) || this.#depth >= MAX_RESTREAMS) return this.#found.get(name);
		this.#found.set(name, undefined);
		this.#depth++;
		const found = this.#findFirst(name, this.placeOf(name), notes);
		this.#depth--;
		this.#found.set(name, found);
		return found;
	}

	/**
	 * The camera behind `rtsp://127.0.0.1:8554/name`.
	 * @returns `"elsewhere"` if the address is none of go2rtc's own; `undefined`, with notes, where there is no camera.
	 */
	behind({ address }: FoundStream, place: string, notes: Notes): FoundStream | undefined | "elsewhere" {
		if (!LOOPBACK.test(address.host) || address.port !== this.#port) return "elsewhere";
		const stream = decoded(address.path.slice(1).replace(/\?[^]*$/, ""));
		return this.#readOther(stream, place, notes);
	}

	#findFirst(name: string, place: string, notes: Notes): FoundStream | undefined {
		const value = this.#streams.get(name);
		// A map with `url` is the older way: internal/streams/stream.go.
		const sources = listOf(fieldOf(value, "url") ?? value).filter((entry) => typeof entry === "string");
		if (sources.length === 0) notes.add(place, "no-source");
		let found: FoundStream | undefined;
		for (const [index, source] of sources.entries()) {
			const where = sources.length === 1 ? place : `${place}[${index}]`;
			const text = source.trim();
			// A conversion of the stream itself: here nobody has to write that down.
			if (text === `ffmpeg:${name}` || text.startsWith(`ffmpeg:${name}#`)) continue;
			const kind = kindOf(text.replace(/^ffmpeg:(?=rtsps?:)/, ""));
			if (!found) found = this.#read(name, text, where, notes);
			else if (/^rtsp[sx]?$/.test(kind)) notes.add(where, "source-further");
			else notes.add(where, "source-kind", { kind });
		}
		return found;
	}

	#read(name: string, source: string, place: string, notes: Notes): FoundStream | undefined {
		const byFfmpeg = source.startsWith(BY_FFMPEG);
		// What follows the first # are options, also where somebody meant it as a piece of the password.
		const [address = "", ...options] = source.slice(byFfmpeg ? BY_FFMPEG.length : 0).split("#");
		const values = new Map(options.map((option) => [option.split("=", 1)[0], option.slice(option.indexOf("=") + 1)]));
		const other = byFfmpeg && this.#streams.has(address) ? address : undefined;
		// How FFmpeg converts a camera does not matter: here it is asked itself.
		if (byFfmpeg && other === undefined && !/^rtsps?:/.test(address)) {
			notes.add(place, "source-kind", { kind: "ffmpeg" });
			return undefined;
		}
		if (values.get("media") === "audio" || (byFfmpeg && values.has("audio") && !values.has("video"))) {
			notes.add(place, "source-no-video");
			return undefined;
		}
		if (other !== undefined) return this.#readOther(other, place, notes);
		const found = readAddress(this.#substitute(address), byFfmpeg ? FFMPEG_STYLE : GO2RTC_STYLE, place, notes);
		if (!found) return undefined;
		const behind = this.behind(found, place, notes);
		if (behind !== "elsewhere") return behind;
		const udp = byFfmpeg && values.get("input") === "rtsp/udp";
		const stream = { ...found, ...transportOf(udp ? "udp" : values.get("transport"), place, notes) };
		this.#nameOf.set(stream, name);
		return stream;
	}

	#readOther(stream: string, place: string, notes: Notes): FoundStream | undefined {
		const found = this.#streams.has(stream) ? this.find(stream, notes) : undefined;
		if (!found) notes.add(place, "restream-unknown", { stream });
		return found;
	}
}

function transportOf(text: string | undefined, place: string, notes: Notes): { readonly transport?: RtspTransport } {
	if (text === undefined || text === "") return {};
	if (text === "tcp" || text === "udp") return { transport: text };
	notes.add(place, "transport-unknown", { transport: kindOf(`${text}:`) });
	return {};
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** @param taken ids that other cameras have already. */
export function importGo2rtc(
	root: YamlMap,
	substitute: (text: string) => Substituted,
	taken: Iterable<string>,
	notes: Notes,
): ImportedCamera[] {
	const streams = new Go2rtcStreams(root, "streams", substitute);
	if (streams.names.length === 0) notes.add("streams", "section-empty");
	const drafts = streams.names.flatMap((name): CameraDraft[] => {
		const main = streams.find(name, notes);
		if (!main) return [];
		const place = streams.placeOf(name);
		if (streams.isOwn(name, main)) return [{ key: name, place, main }];
		notes.add(place, "same-stream");
		return [];
	});
	return buildCameras(joinPairs(drafts), taken, "streams", notes);
}
