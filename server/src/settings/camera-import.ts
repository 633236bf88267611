/** Cameras out of another program's settings, which the page sends as text. @module */
import type { SettingsImport, SettingsImportAnswer } from "@vigia/api";
import type { CameraEntry } from "../config/settings-file.ts";
import { importCameras } from "../import/import-cameras.ts";
import { toYamlCamera } from "../import/imported-camera.ts";
import { knownAs } from "../import/known-cameras.ts";
import { noteText } from "../import/notes.ts";
import type { CameraListEditor } from "./camera-list-editor.ts";
import { showCamera } from "./shown-camera.ts";

/**
 * What can be made of the text; cameras that are there already are left out. With `add` they are cameras of the file
 * when this resolves. Variables in the text have no values here: those of the server's environment are not the sender's.
 * @throws {SettingsRefusal}
 */
export async function importInto(editor: CameraListEditor, request: SettingsImport): Promise<SettingsImportAnswer> {
	const { text, add, revision, lang = "en" } = request;
	const present = editor.present();
	const { kind, cameras, notes } = importCameras(text, { taken: present.ids });
	const findKnown = knownAs(present.cameras);
	const entries = cameras
		.filter((camera) => !findKnown(camera))
		.map((camera): CameraEntry => toYamlCamera(camera) as CameraEntry);
	if (add && entries.length > 0) await editor.append(entries, { revision, lang });
	return {
		...(kind !== undefined && { kind }),
		cameras: entries.map(showCamera),
		notes: notes.map((note) => noteText(note, lang)),
	};
}
