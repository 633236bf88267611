/** What is wrong with the settings, all of it at once, in words that somebody can act on. @module */

/** One thing to correct. No field ever holds a value that was set: it may be a password. */
export interface SettingsProblem {
	/** As it is written where it was found: `PORT`, `--port`, `cameras[2].url`. */
	readonly name: string;
	/** Where it was found: `environment`, `.env`, `vigia.yaml`, `command line`. */
	readonly source: string;
	readonly reason: string;
	/** A right one, as it would be written there. */
	readonly example?: string;
}

/** The settings cannot be used. The message is {@link formatProblems}'s text. */
export class SettingsError extends Error {
	readonly problems: readonly SettingsProblem[];

	constructor(problems: readonly SettingsProblem[]) {
		super(formatProblems(problems));
		this.name = "SettingsError";
		this.problems = problems;
	}
}

/** The problems as a text for the terminal, without a closing line break. `opening` is what comes of them. */
export function formatProblems(problems: readonly SettingsProblem[], opening = "Vigía does not start"): string {
	const count = problems.length === 1 ? "1 setting is" : `${problems.length} settings are`;
	const entries = problems.map(({ name, source, reason, example }) =>
		[`  ${name} (${source}): ${reason}`, ...(example === undefined ? [] : [`      for example: ${example}`])].join(
			"\n",
		),
	);
	return [`${opening}: ${count} not right.`, ...entries, "All settings: docs/settings.md"].join("\n\n");
}
