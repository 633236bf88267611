/** What the views of the settings share. @module */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Language, Translate } from "../i18n/index.ts";
import type { SettingsStore } from "./settings-store.ts";

export interface SettingsViews {
	readonly store: SettingsStore;
	readonly t: Translate;
	readonly language: Language;
	/** Closes the dialog, whatever is unsaved. */
	readonly close: () => void;
}

export const SettingsContext = createContext<SettingsViews | undefined>(undefined);

export function useSettings(): SettingsViews {
	const views = useContext(SettingsContext);
	if (!views) throw new Error("The views of the settings are used inside SettingsContext.");
	return views;
}
