/** Cameras of a `mediamtx.yml`: github.com/bluenviron/mediamtx, the sample file's comments are its reference. @module */
import { DEFAULT_RTSPS_PORT } from "@vigia/rtsp";
import type { RtspTransport } from "../config/settings.ts";
import { buildCameras, type CameraDraft, type ImportedCamera } from "./imported-camera.ts";
import { type Notes, shownName } from "./notes.ts";
import { type AddressStyle, type FoundStream, kindOf, readAddress } from "./source-address.ts";
import { joinPairs } from "./stream-pairs.ts";
import { substituteMediamtx } from "./variables.ts";
import { entriesOf, fieldOf, isTrue, textOf, type YamlMap } from "./yaml-input.ts";

const MEDIAMTX_STYLE: AddressStyle = {
	decodesEscapes: true,
	rtspsPort: DEFAULT_RTSPS_PORT,
	trustsAnyCertificate: false,
};
/** Paths for all names that no other path has. */
const ALL_OTHERS: ReadonlySet<string> = new Set(["all", "all_others"]);

/** @param taken ids that other cameras have already. */
export function importMediamtx(root: YamlMap, taken: Iterable<string>, notes: Notes): ImportedCamera[] {
	const paths = entriesOf(fieldOf(root, "paths"));
	if (paths.length === 0) notes.add("paths", "section-empty");
	const defaults = fieldOf(root, "pathDefaults");
	const drafts = paths.flatMap(([name, settings]): CameraDraft[] => {
		const place = `paths.${shownName(name)}`;
		const read: ReadSetting = (...keys) =>
			[settings, defaults].flatMap((map) => keys.map((key) => textOf(map, key))).find((text) => text !== undefined);
		const main = readPath(name, read, place, notes);
		return main ? [{ key: name, place, main }] : [];
	});
	return buildCameras(joinPairs(drafts), taken, "paths", notes);
}

/** The first that is set, of the path itself before the defaults of all. */
type ReadSetting = (...keys: readonly string[]) => string | undefined;

function readPath(name: string, read: ReadSetting, place: string, notes: Notes): FoundStream | undefined {
	const source = read("source");
	if (ALL_OTHERS.has(name) || name.startsWith("~")) {
		// The sample file has an empty path for all others: nobody misses that one.
		if (source !== undefined) notes.add(place, "path-pattern");
		return undefined;
	}
	if (source === undefined || source === "publisher") {
		notes.add(place, "publisher");
		return undefined;
	}
	const kind = kindOf(source);
	const tunnelled = kind === "rtsp+http" || kind === "rtsps+http";
	const address = tunnelled ? source.replace(/\+http/i, "") : source;
	const found = readAddress(substituteMediamtx(address), MEDIAMTX_STYLE, place, notes);
	if (!found) return undefined;
	if (isTrue(read("sourceOnDemand"))) notes.add(place, "on-demand");
	const fingerprint = read("sourceFingerprint");
	const pinned = found.address.scheme === "rtsps" && /^[0-9a-f]{64}$/i.test(fingerprint ?? "");
	return {
		...found,
		...(pinned && { tls: `sha256:${fingerprint?.toLowerCase()}` }),
		...(tunnelled ? { transport: "http" as const } : transportOf(read, place, notes)),
	};
}

/** `sourceProtocol` is its name in older releases. */
function transportOf(read: ReadSetting, place: string, notes: Notes): { readonly transport?: RtspTransport } {
	const text = read("rtspTransport", "sourceProtocol");
	if (text === undefined || text === "automatic") return {};
	if (text === "tcp" || text === "udp") return { transport: text };
	notes.add(place, "transport-unknown", { transport: text });
	return {};
}
