/** Found streams as cameras of this house: ids, names, and the form that vigia.yaml has. @module */
import { cameraIdSchema } from "@vigia/api";
import type { z } from "zod";
import type { Credentials } from "../config/credentials.ts";
import type { yamlCameraSchema } from "../config/schema.ts";
import type { RtspTransport, StreamAddress } from "../config/settings.ts";
import type { Notes } from "./notes.ts";
import { type FoundStream, urlOf } from "./source-address.ts";

/** As many as one server takes: config/schema.ts. */
export const MAX_IMPORTED_CAMERAS = 256;
/** {@link cameraIdSchema} allows 64; the rest is for the number of a second camera of the same name. */
const MAX_ID_CHARS = 56;
/** What the settings allow for a name. */
const MAX_NAME_CHARS = 100;

/** A camera that was found. It holds no plain password: {@link toYamlCamera} writes it out. */
export interface ImportedCamera {
	readonly id: string;
	readonly name: string;
	/** Where it stands in the file. */
	readonly place: string;
	readonly streams: { readonly main: StreamAddress; readonly sub?: StreamAddress };
	readonly credentials?: Credentials;
	/** Known while the password is not: the camera needs both. */
	readonly username?: string;
	readonly transport?: RtspTransport;
	/** As `tls` is written in YAML. */
	readonly tls?: string;
}

/** What an import of a file gives. */
export interface CameraDraft {
	/** The name that the file has for it. */
	readonly key: string;
	/** What people call it, where the file says so. */
	readonly name?: string | undefined;
	readonly place: string;
	readonly main: FoundStream;
	readonly sub?: FoundStream | undefined;
}

/** An entry of `cameras` in YAML, all of it text. */
export type YamlCameraEntry = z.input<typeof yamlCameraSchema>;

/**
 * The entry with which vigia.yaml gets the camera. It holds the password in plain text: it is for a file of mode 600.
 * A camera whose password is missing gets no user either, since the settings take only both.
 */
export function toYamlCamera(camera: ImportedCamera): YamlCameraEntry {
	const { id, name, streams, credentials, transport, tls } = camera;
	const login = credentials?.reveal();
	return {
		id,
		name,
		url: urlOf(streams.sub ?? streams.main),
		...(streams.sub && { main: urlOf(streams.main) }),
		...(login && { user: login.username, password: login.password }),
		...(transport && { transport }),
		...(tls !== undefined && { tls }),
	};
}

/** @param taken ids that other cameras have already. */
export function buildCameras(
	drafts: readonly CameraDraft[],
	taken: Iterable<string>,
	section: string,
	notes: Notes,
): ImportedCamera[] {
	if (drafts.length > MAX_IMPORTED_CAMERAS) notes.add(section, "too-many", { count: MAX_IMPORTED_CAMERAS });
	const ids = new Set(taken);
	return drafts.slice(0, MAX_IMPORTED_CAMERAS).map((draft) => {
		const id = freeId(draft.key, ids);
		ids.add(id);
		return buildCamera(draft, id, notes);
	});
}

function buildCamera({ key, name, place, main, sub }: CameraDraft, id: string, notes: Notes): ImportedCamera {
	const streams = sub && urlOf(sub.address) !== urlOf(main.address) ? [main, sub] : [main];
	const oneDevice = streams.every((stream) => sameDevice(stream, main));
	if (!oneDevice) notes.add(place, "streams-differ");
	const chosen = oneDevice ? main : (sub ?? main);
	const transports = new Set(streams.map(({ transport }) => transport));
	const [transport] = transports.size === 1 ? transports : [];
	const { address, credentials, username, tls } = chosen;
	return {
		id,
		name: shortName(name ?? nameOf(key)) || id,
		place,
		streams: { main: address, ...(oneDevice && sub && streams.length === 2 && { sub: sub.address }) },
		...(credentials && { credentials }),
		...(username !== undefined && { username }),
		...(tls !== undefined && { tls }),
		...(transport && { transport }),
	};
}

/** A camera of the settings has one login and one TLS policy for its two streams; no other device may get them. */
export function sameDevice(a: FoundStream, b: FoundStream): boolean {
	return a.address.host === b.address.host && a.tls === b.tls && loginKey(a) === loginKey(b);
}

function loginKey({ credentials, username }: FoundStream): string {
	return JSON.stringify(credentials?.reveal() ?? username ?? null);
}

/** `front_door` as `Front door`. */
function nameOf(key: string): string {
	const words = key.replace(/[_\s]+/g, " ").trim();
	return words.charAt(0).toUpperCase() + words.slice(1);
}

function shortName(name: string): string {
	// A half of a character beyond UTF-16's 16 bits would be none.
	return name
		.replace(/\p{Cc}/gu, "")
		.trim()
		.slice(0, MAX_NAME_CHARS)
		.replace(/[\ud800-\udbff]$/, "");
}

/** The key in the letters that ids have; a number behind it where another camera has that one. The same every time. */
function freeId(key: string, taken: ReadonlySet<string>): string {
	const plain = key
		.slice(0, MAX_NAME_CHARS)
		.normalize("NFD")
		.replace(/\p{M}/gu, "")
		.replace(/[^A-Za-z0-9_-]+/g, "-")
		.replace(/^[-_]+|-+$/g, "")
		.slice(0, MAX_ID_CHARS);
	const base = cameraIdSchema.safeParse(plain).success ? plain : "camera";
	if (!taken.has(base)) return base;
	for (let number = 2; ; number++) if (!taken.has(`${base}-${number}`)) return `${base}-${number}`;
}
