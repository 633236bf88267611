/**
 * The last guard before a log line leaves the process: known secrets become `***`, in whatever form they got there.
 * Nothing should ever reach it; a foreign library's error message might.
 *
 * @module
 */

const REPLACEMENT = "***";
/**
 * Shorter secrets are not looked for alone: they would blot out half of every line, and protect nothing. With their
 * user name in front of them they are.
 */
export const MIN_SECRET_CHARS = 4;

/** Credentials as the registering code holds them. */
export interface Secret {
	readonly username: string;
	readonly password: string;
}

export class Redactor {
	/** Source texts of patterns, the longest secret first, so that a part of it never goes before the whole. */
	readonly #patterns = new Map<string, number>();
	#expression: RegExp | undefined;

	/** From now on the password, and `user:password`, plain and in Base64 (RFC 7617), are replaced. */
	add({ username, password }: Secret): void {
		if (password === "") return;
		const pair = `${username}:${password}`;
		const base64 = [Buffer.from(pair, "utf8"), Buffer.from(pair, "latin1")].map((bytes) => bytes.toString("base64"));
		for (const text of [pair, password, ...base64, Buffer.from(password, "utf8").toString("base64")]) {
			if (text.length >= MIN_SECRET_CHARS) this.#patterns.set(patternOf(text), text.length);
		}
		const sources = [...this.#patterns].toSorted(([, a], [, b]) => b - a).map(([source]) => source);
		this.#expression = new RegExp(sources.join("|"), "g");
	}

	/** The text without any secret. */
	scrub(text: string): string {
		if (!this.#expression) return text;
		let scrubbed = text;
		// Again until nothing is left: what stands around a secret may make another one with the replacement.
		for (;;) {
			const next = scrubbed.replace(this.#expression, REPLACEMENT);
			if (next === scrubbed) return scrubbed;
			scrubbed = next;
		}
	}

	/** One line of JSON with every string in it scrubbed; it stays valid JSON, whatever the secrets are. */
	scrubJson(line: string): string {
		if (!this.#expression) return line;
		return line.replace(/"(?:[^"\\]|\\.)*"/g, (literal) => {
			const text = JSON.parse(literal) as string;
			const scrubbed = this.scrub(text);
			return scrubbed === text ? literal : JSON.stringify(scrubbed);
		});
	}
}

/** Any number of backslashes: how many one becomes depends on how often a text was quoted. */
const BACKSLASHES = "(?:\\\\|%5[cC]|u005[cC])+";

/** Matches a text whose characters may each be plain, percent-encoded, escaped or taken for Latin-1. */
function patternOf(text: string): string {
	let pattern = "";
	for (const character of text) {
		// Two quantifiers for backslashes never stand side by side: a long run of them would be tried in every split.
		const afterBackslashes = pattern.endsWith(BACKSLASHES);
		if (character !== "\\") pattern += (afterBackslashes ? "" : "\\\\*") + characterPattern(character);
		else if (!afterBackslashes) pattern += BACKSLASHES;
	}
	return pattern;
}

function characterPattern(character: string): string {
	const bytes = Buffer.from(character, "utf8");
	const percentEncoded = Array.from(bytes, (byte) => `%${hexPattern(byte, 2)}`).join("");
	// A character outside the basic plane is two escapes.
	const escaped = character.split("").map((unit) => `u${hexPattern(unit.charCodeAt(0), 4)}`);
	const latin1 = bytes.length > 1 ? [escape(bytes.toString("latin1"))] : [];
	return `(?:${[escape(character), percentEncoded, escaped.join("\\\\+"), ...latin1].join("|")})`;
}

function hexPattern(value: number, digits: number): string {
	const text = value.toString(16).padStart(digits, "0");
	return text.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function escape(text: string): string {
	return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
