/** The cameras of `vigia.yaml` for the page: shown without secrets, changed only into what the loader takes. @module */
import { statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { getuid } from "node:process";
import type { SettingsCameraInput, SettingsCameras, SettingsProblem, SettingsPut } from "@vigia/api";
import { type LoadOptions, loadSettings } from "../config/load.ts";
import type { CameraSettings } from "../config/settings.ts";
import { SettingsError } from "../config/settings-error.ts";
import { type CameraEntries, type CameraEntry, SettingsFile, SettingsFileError } from "../config/settings-file.ts";
import { configFileOf } from "../config/setting-layers.ts";
import { isInContainer } from "../platform/container.ts";
import { serialKey } from "../discovery/moved-devices.ts";
import type { Sentence } from "../probe/advice-texts.ts";
import { idsOf, type PlacedCamera, withStableIds } from "./camera-ids.ts";
import type { DeviceMove } from "./moved-cameras.ts";
import { Places } from "./places.ts";
import { shownProblem } from "./problem-texts.ts";
import {
	badRequest,
	type ContainerFolder,
	fileRefusal,
	invalidSettings,
	notApplied,
	SettingsRefusal,
} from "./settings-refusal.ts";
import { mergeCamera, moveCamera, showCamera } from "./shown-camera.ts";
import { vendorList } from "./vendor-list.ts";

type Language = "en" | "es";

/** The most cameras that one server takes: config/schema.ts. */
const MAX_CAMERAS = 256;
/** Changes that wait for the one before, which takes a moment: people make one after the other. */
const MAX_WAITING_CHANGES = 8;

const SAME_PLACE: Sentence = ["Two cameras have the same place in was.", "Dos cámaras tienen el mismo lugar en was."];
const NO_SUCH_PLACE: Sentence = [
	"There is no camera at a place that was names.",
	"No hay ninguna cámara en un lugar que indica was.",
];
const TOO_MANY_CHANGES: Sentence = [
	"Other changes are being written: try again in some seconds.",
	"Se están escribiendo otros cambios: inténtelo de nuevo en unos segundos.",
];

export interface CameraListEditorOptions {
	/** As the server's own settings were loaded. */
	readonly load: LoadOptions;
	/** Takes up the file as it is now. @returns whether it was taken. */
	readonly reload: () => Promise<boolean>;
}

export class CameraListEditor {
	readonly #load: LoadOptions;
	readonly #reload: () => Promise<boolean>;
	readonly #file: SettingsFile;
	readonly #changes = new Places(MAX_WAITING_CHANGES);
	#turn: Promise<unknown> = Promise.resolve();

	constructor({ load, reload }: CameraListEditorOptions) {
		this.#load = load;
		this.#reload = reload;
		this.#file = new SettingsFile(resolve(load.cwd, configFileOf(load.argv)));
	}

	/** @throws {SettingsRefusal} */
	list(language: Language): SettingsCameras {
		const { cameras, revision } = this.#read();
		const elsewhere = this.#elsewhere(revision);
		return {
			revision,
			file: this.#name,
			cameras: cameras.map(showCamera),
			ids: idsOf(cameras, elsewhere),
			elsewhere: elsewhere.length,
			vendors: vendorList(language),
		};
	}

	/** Makes these the cameras, and resolves when they are taken up. @throws {SettingsRefusal} and nothing is written. */
	put({ revision, cameras, lang = "en" }: SettingsPut): Promise<void> {
		return this.#change(() => {
			const before = this.#readAs(revision).cameras;
			const places = cameras.flatMap(({ was }) => was ?? []);
			if (new Set(places).size < places.length) throw badRequest(SAME_PLACE);
			const merged = cameras.map((camera) => merge(camera, before));
			const problems = merged.flatMap((one, camera) => one.problems.map((problem) => ({ camera, ...problem })));
			if (problems.length > 0) throw invalidSettings(problems.map((problem) => shownProblem(problem, lang)));
			return {
				placed: merged.map(({ entry }, index) => ({ entry, was: cameras[index]?.was })),
				before,
				revision,
				lang,
			};
		});
	}

	/** Adds cameras behind the others, as {@link put} does. @throws {SettingsRefusal} */
	append(
		entries: readonly CameraEntry[],
		{ revision, lang = "en" }: Pick<SettingsPut, "revision" | "lang">,
	): Promise<void> {
		return this.#change(() => {
			const before = this.#readAs(revision).cameras;
			const kept = before.map((entry, was): PlacedCamera => ({ entry, was }));
			return { placed: [...kept, ...entries.map((entry) => ({ entry, was: undefined }))], before, revision, lang };
		});
	}

	/** Gives the cameras of a device that has moved its new address. @throws {SettingsRefusal} and nothing is written. */
	move({ serial, from, to }: DeviceMove): Promise<void> {
		return this.#change(() => {
			const { cameras: before, revision } = this.#read();
			const isOfDevice = (entry: CameraEntry): boolean => serialKey(entry.serial) === serialKey(serial);
			const placed = before.map(
				(entry, was): PlacedCamera => ({
					entry: isOfDevice(entry) ? moveCamera(entry, from, to) : entry,
					was,
				}),
			);
			return { placed, before, revision, lang: "en" };
		});
	}

	/**
	 * All cameras that there are and their ids, for whoever adds some; ids alone while the settings are not right.
	 * @throws {SettingsRefusal}
	 */
	present(): { readonly cameras: readonly CameraSettings[]; readonly ids: readonly string[] } {
		const { cameras, revision } = this.#read();
		const elsewhere = this.#elsewhere(revision);
		return {
			cameras: this.#camerasWith(cameras, revision),
			ids: [...elsewhere, ...idsOf(cameras, elsewhere)],
		};
	}

	/** A camera as it would be in the settings; nothing is written. @throws {SettingsRefusal} */
	draft(camera: SettingsCameraInput, revision: string, language: Language): CameraSettings {
		const before = camera.was === undefined ? this.#read() : this.#readAs(revision);
		const { entry, problems } = merge(camera, before.cameras);
		if (problems.length > 0) throw invalidSettings(problems.map((problem) => shownProblem(problem, language)));
		// Its place among the others does not matter here, and neither does its id.
		const nameless = Object.fromEntries(Object.entries(entry).filter(([key]) => key !== "id"));
		const text = this.#compose([{ entry: nameless, was: undefined }], before.revision);
		const made = this.#check(text, language, "one").at(-1);
		if (!made) throw new Error("the loader has lost a camera");
		return made;
	}

	get #name(): string {
		return basename(this.#file.path);
	}

	/** One change after the other; each sees the file as the one before has left it. */
	async #change(prepare: () => PreparedChange): Promise<void> {
		const done = await this.#changes.run(async () => {
			const change = this.#turn.then(() => this.#write(prepare()));
			this.#turn = change.catch(() => undefined);
			await change;
			return true;
		});
		if (done) return;
		throw new SettingsRefusal(503, "too-many-changes", TOO_MANY_CHANGES);
	}

	async #write({ placed, before, revision, lang }: PreparedChange): Promise<void> {
		if (placed.length > MAX_CAMERAS) {
			throw invalidSettings([shownProblem({ text: `there may be at most ${MAX_CAMERAS} cameras` }, lang)]);
		}
		const entries = withStableIds(placed, { before, elsewhere: this.#elsewhere(revision) });
		const text = this.#compose(
			entries.map((entry, index) => ({ entry, was: placed[index]?.was })),
			revision,
		);
		this.#check(text, lang, "all");
		this.#onFile(() => this.#file.replace(text, revision));
		if (await this.#reload()) return;
		throw notApplied(this.#name);
	}

	#read(): CameraEntries {
		return this.#onFile(() => this.#file.read());
	}

	#readAs(revision: string): CameraEntries {
		const entries = this.#read();
		if (entries.revision !== revision) throw fileRefusal(new SettingsFileError("changed-meanwhile"), this.#name);
		return entries;
	}

	#compose(cameras: readonly PlacedCamera[], revision: string): string {
		const entries = cameras.map(({ entry }) => entry);
		const was = cameras.map((camera) => camera.was);
		return this.#onFile(() => this.#file.compose(entries, revision, was));
	}

	#onFile<T>(act: () => T): T {
		try {
			return act();
		} catch (error) {
			throw error instanceof SettingsFileError ? fileRefusal(error, this.#name, this.#containerFolder()) : error;
		}
	}

	#containerFolder(): ContainerFolder | undefined {
		if (!isInContainer(this.#load.env)) return undefined;
		try {
			const { uid, gid } = statSync(dirname(this.#file.realPath()));
			return { uid, gid, own: getuid?.() };
		} catch {
			// Whoever may not even look at the folder does not learn its owner.
			return undefined;
		}
	}

	/** What the loader makes of the text. @throws {SettingsRefusal} with all that it finds wrong. */
	#check(text: string, language: Language, cameras: "all" | "one"): readonly CameraSettings[] {
		try {
			const loaded = loadSettings({ ...this.#load, yamlText: text });
			return loaded.type === "settings" ? loaded.settings.cameras : [];
		} catch (error) {
			if (!(error instanceof SettingsError)) throw error;
			const problems = error.problems.map((problem): SettingsProblem => {
				const { camera, ...rest } = shownProblem(placedProblem(problem), language);
				return camera === undefined || cameras === "one" ? rest : { camera, ...rest };
			});
			throw invalidSettings(problems);
		}
	}

	/** Ids of the cameras that are not in the file. */
	#elsewhere(revision: string): string[] {
		return this.#camerasWith([], revision).map(({ id }) => id);
	}

	/** All cameras if the file had these; none where the rest of the settings is not right just now. */
	#camerasWith(entries: readonly CameraEntry[], revision: string): readonly CameraSettings[] {
		try {
			const loaded = loadSettings({
				...this.#load,
				yamlText: this.#compose(
					entries.map((entry, was) => ({ entry, was })),
					revision,
				),
			});
			return loaded.type === "settings" ? loaded.settings.cameras : [];
		} catch (error) {
			if (error instanceof SettingsError) return [];
			throw error;
		}
	}
}

interface PreparedChange {
	readonly placed: readonly PlacedCamera[];
	readonly before: readonly CameraEntry[];
	readonly revision: string;
	readonly lang: Language;
}

function merge(camera: SettingsCameraInput, before: readonly CameraEntry[]): ReturnType<typeof mergeCamera> {
	const known = camera.was === undefined ? undefined : before[camera.was];
	if (camera.was !== undefined && !known) throw badRequest(NO_SUCH_PLACE);
	return mergeCamera(camera, known);
}

/** `cameras[2].url` as place and field; what is wrong elsewhere keeps its name in the text. */
function placedProblem({ name, source, reason, example }: SettingsError["problems"][number]): SettingsProblem {
	const [, place, field] = /^cameras\[(\d+)\](?:\.(\w+))?$/.exec(name) ?? [];
	if (place === undefined) return { text: `${name} (${source}): ${reason}` };
	const shown = example?.replace(`${field}: `, "");
	return {
		camera: Number(place),
		...(field !== undefined && { field }),
		text: shown === undefined ? reason : `${reason}; for example: ${shown}`,
	};
}
