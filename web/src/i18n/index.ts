/** The page's words in the reader's language. @module */
import { en } from "./en.ts";
import { es } from "./es.ts";

export type MessageKey = keyof typeof en;
export type Translate = (key: MessageKey, values?: Readonly<Record<string, string | number>>) => string;
export type Language = keyof typeof LANGUAGES;

export const LANGUAGES = { en, es } as const satisfies Record<string, Record<MessageKey, string>>;

/** The first language that is spoken here: `?lang=` before the browser's own; English otherwise. */
export function chooseLanguage(query: string, preferred: readonly string[]): Language {
	const asked = new URLSearchParams(query).get("lang");
	for (const tag of asked === null ? preferred : [asked, ...preferred]) {
		const language = tag.toLowerCase().split("-")[0];
		if (language === "en" || language === "es") return language;
	}
	return "en";
}

/** Messages of one language; `{name}` in them is replaced by the value of that name. */
export function createTranslate(language: Language): Translate {
	const messages: Record<MessageKey, string> = LANGUAGES[language];
	return (key, values = {}) => messages[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** An age or a wait in words: whole seconds below two minutes, minutes below two hours, then hours. */
export function formatAge(translate: Translate, ms: number): string {
	const seconds = Math.floor(ms / 1000);
	if (seconds < 120) return translate("age.seconds", { count: seconds });
	const minutes = Math.floor(seconds / 60);
	if (minutes < 120) return translate("age.minutes", { count: minutes });
	return translate("age.hours", { count: Math.floor(minutes / 60) });
}
