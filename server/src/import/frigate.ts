/**
 * Cameras of a Frigate `config.yml`: docs.frigate.video, Cameras and Restream; frigate/config/camera/ffmpeg.py.
 * @module
 */
import { Go2rtcStreams } from "./go2rtc.ts";
import { buildCameras, type CameraDraft, type ImportedCamera } from "./imported-camera.ts";
import { type Notes, shownName } from "./notes.ts";
import { FFMPEG_STYLE, type FoundStream, MAX_ADDRESS_CHARS, readAddress } from "./source-address.ts";
import { type ImportVariables, type Substituted, substituteFrigate } from "./variables.ts";
import { entriesOf, fieldOf, isFalse, listOf, textOf, type YamlMap } from "./yaml-input.ts";

/**
 * `escape_special_characters` in frigate/util/builtin.py escapes the password for FFmpeg behind user names of these
 * letters: there it is written as it is, and an escape in it is none. Behind others FFmpeg decodes it.
 */
const ESCAPED_BY_FRIGATE = /:\/\/[\w-]+:\S+@/;

interface Input {
	readonly stream: FoundStream;
	readonly roles: ReadonlySet<unknown>;
}

interface Reading {
	readonly substitute: (text: string) => Substituted;
	readonly restreams: Go2rtcStreams;
	readonly notes: Notes;
	/** For inputs without `input_args` of their own, by who sets them. */
	readonly inputArgs: unknown;
}

/** @param taken ids that other cameras have already. */
export function importFrigate(
	root: YamlMap,
	variables: ImportVariables,
	taken: Iterable<string>,
	notes: Notes,
): ImportedCamera[] {
	const cameras = entriesOf(fieldOf(root, "cameras"));
	if (cameras.length === 0) notes.add("cameras", "section-empty");
	const known = { ...variables, ...ownVariables(root) };
	const substitute = (text: string): Substituted => substituteFrigate(text, known);
	const restreams = new Go2rtcStreams(fieldOf(root, "go2rtc"), "go2rtc.streams", substitute);
	const inputArgs = fieldOf(fieldOf(root, "ffmpeg"), "input_args");
	const drafts = cameras.flatMap(([key, camera]): CameraDraft[] => {
		const place = `cameras.${shownName(key)}`;
		if (isFalse(fieldOf(camera, "enabled"))) {
			notes.add(place, "disabled");
			return [];
		}
		const streams = chooseStreams(readInputs(camera, place, { substitute, restreams, notes, inputArgs }));
		return streams ? [{ key, name: textOf(camera, "friendly_name"), place, ...streams }] : [];
	});
	return buildCameras(drafts, taken, "cameras", notes);
}

/** The section `environment_vars`, which goes before the environment: frigate/config/env.py. */
function ownVariables(root: YamlMap): ImportVariables {
	const section = entriesOf(fieldOf(root, "environment_vars"));
	return Object.fromEntries(section.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function readInputs(camera: unknown, place: string, reading: Reading): Input[] {
	const ffmpeg = fieldOf(camera, "ffmpeg");
	const inputs = listOf(fieldOf(ffmpeg, "inputs"));
	if (inputs.length === 0) reading.notes.add(place, "no-source");
	const inputArgs = fieldOf(ffmpeg, "input_args") ?? reading.inputArgs;
	return inputs.flatMap((input, index): Input[] => {
		const where = `${place}.ffmpeg.inputs[${index}]`;
		const roles = new Set(listOf(fieldOf(input, "roles")));
		if (roles.size === 1 && roles.has("audio")) {
			reading.notes.add(where, "source-no-video");
			return [];
		}
		const stream = readInput(input, where, { ...reading, inputArgs });
		return stream ? [{ stream, roles }] : [];
	});
}

function readInput(input: unknown, place: string, reading: Reading): FoundStream | undefined {
	const { substitute, restreams, notes } = reading;
	const path = textOf(input, "path");
	if (path === undefined) {
		notes.add(place, "no-source");
		return undefined;
	}
	const address = substitute(path);
	const isLong = address.text.length > MAX_ADDRESS_CHARS;
	const style = { ...FFMPEG_STYLE, decodesEscapes: isLong || !ESCAPED_BY_FRIGATE.test(address.text) };
	const found = readAddress(address, style, place, notes);
	const behind = found && restreams.behind(found, place, notes);
	if (!found || behind !== "elsewhere") return behind === "elsewhere" ? undefined : behind;
	const args = fieldOf(input, "input_args") ?? reading.inputArgs;
	return usesUdp(args) ? { ...found, transport: "udp" } : found;
}

/** `input_args` is one text or a list; all other presets ask for TCP, which is tried first here anyway. */
function usesUdp(args: unknown): boolean {
	const text = listOf(args)
		.filter((entry) => typeof entry === "string")
		.join(" ");
	return text === "preset-rtsp-udp" || /-rtsp_transport\s+udp\b/.test(text);
}

/** What is recorded is the larger stream, what is looked at by the detector the smaller one. */
function chooseStreams(
	inputs: readonly Input[],
): { readonly main: FoundStream; readonly sub?: FoundStream } | undefined {
	const withRole = (role: string): FoundStream | undefined => inputs.find(({ roles }) => roles.has(role))?.stream;
	const main = withRole("record") ?? withRole("detect") ?? inputs[0]?.stream;
	const sub = withRole("detect");
	return main && { main, ...(sub && sub !== main && { sub }) };
}
