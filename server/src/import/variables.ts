/** Variables in addresses of foreign files. A value that is not given leaves a mark that no address can have. @module */

/** Values by name; never the whole environment of a server that somebody else may send a file to. */
export type ImportVariables = Readonly<Record<string, string | undefined>>;

/** A private-use character: in an address it means that a variable's value is missing here. */
export const MISSING = "\u{f8ff}";

export interface Substituted {
	readonly text: string;
	/** As they are written: `{FRIGATE_RTSP_PASSWORD}`. */
	readonly missing: readonly string[];
}

/** Longer names are none: what is between braces is then something else. */
const MAX_NAME_CHARS = 100;

/** Frigate takes no other variables, so that a file cannot ask for everything in the environment. */
const FRIGATE_NAME = /^FRIGATE_/;

/** Frigate formats addresses as Python's `str.format` does: `{NAME}`, and `{{` for a brace. */
export function substituteFrigate(text: string, variables: ImportVariables): Substituted {
	const missing: string[] = [];
	const result = text.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (whole, name: string | undefined) => {
		if (name === undefined) return whole.charAt(0);
		return valueOf(name, whole, undefined, FRIGATE_NAME.test(name) ? variables : {}, missing);
	});
	return { text: result, missing };
}

/** go2rtc: `${NAME}`, and `${NAME:default}`. */
export function substituteGo2rtc(text: string, variables: ImportVariables): Substituted {
	const missing: string[] = [];
	const result = text.replace(/\$\{([^{}]+)\}/g, (whole, inner: string) => {
		const colon = inner.indexOf(":");
		const name = colon > 0 ? inner.slice(0, colon) : inner;
		return valueOf(name, whole, colon > 0 ? inner.slice(colon + 1) : undefined, variables, missing);
	});
	return { text: result, missing };
}

/** MediaMTX: `$G1` of a pattern and `$MTX_QUERY` of whoever reads have values only there. */
export function substituteMediamtx(text: string): Substituted {
	const missing: string[] = [];
	const result = text.replace(/\$(?:G\d+|MTX_QUERY)/g, (whole) => {
		missing.push(whole);
		return MISSING;
	});
	return { text: result, missing };
}

function valueOf(
	name: string,
	written: string,
	preset: string | undefined,
	variables: ImportVariables,
	missing: string[],
): string {
	const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
	if (value !== undefined) return value;
	if (preset !== undefined) return preset;
	missing.push(written.slice(0, MAX_NAME_CHARS));
	return MISSING;
}
