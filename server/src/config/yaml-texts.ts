/**
 * Single texts out of the YAML file of the settings, without the schema and what loading it costs: for programs that
 * need few and are started often.
 *
 * @module
 */
import { parseDocument } from "yaml";

/** The texts that stand under these keys of the file's outermost map. Never throws: what cannot be read is not there. */
export function readYamlTexts(text: string, keys: readonly string[]): Readonly<Record<string, string>> {
	// With a mistake further down, the server runs with what stood here before: the rest of it is still right.
	const document = parseDocument(text, { schema: "failsafe", prettyErrors: false });
	return Object.fromEntries(
		keys.flatMap((key) => {
			const value: unknown = document.get(key);
			return typeof value === "string" ? [[key, value]] : [];
		}),
	);
}
