/** Why something was not done in the settings, as the API answers it. @module */
import type { SettingsProblem as ShownProblem } from "@vigia/api";
import type { SettingsFileError } from "../config/settings-file.ts";

/** Neither its message nor its problems ever hold a value that was sent or set. */
export class SettingsRefusal extends Error {
	/** Of HTTP. */
	readonly status: number;
	/** Stable, for programs. */
	readonly code: string;
	readonly problems: readonly ShownProblem[] | undefined;

	constructor(status: number, code: string, message: string, problems?: readonly ShownProblem[]) {
		super(message);
		this.name = "SettingsRefusal";
		this.status = status;
		this.code = code;
		this.problems = problems;
	}
}

export function badRequest(message: string): SettingsRefusal {
	return new SettingsRefusal(400, "bad-request", message);
}

export function invalidSettings(problems: readonly ShownProblem[]): SettingsRefusal {
	return new SettingsRefusal(
		422,
		"settings-invalid",
		"The settings are not right, and nothing was written: see problems.",
		problems,
	);
}

/** What to do about a file that cannot be written, by the system's own code. */
const NOT_WRITABLE: Readonly<Record<string, string>> = {
	EBUSY:
		"is mounted into the container by itself and so cannot be replaced: mount the folder that it is in instead, as docker-compose.yml does, or change the file by hand",
	EROFS: "is on a read-only file system: mount its folder writable, or change the file by hand where it is kept",
	EACCES: "may not be written by the user that Vigía runs as: give that user its folder (chown), or change it by hand",
	EPERM: "may not be written by the user that Vigía runs as: give that user its folder (chown), or change it by hand",
	ENOSPC: "cannot be written because the disk is full: free some space",
	EDQUOT: "cannot be written because the disk quota is used up: free some space",
	ENOENT: "cannot be written because its folder is not there: create it",
};

/** A failure of the settings file as an answer; `name` is the file's, without its folder. */
export function fileRefusal({ problem, cause }: SettingsFileError, name: string): SettingsRefusal {
	switch (problem) {
		case "changed-meanwhile":
			return new SettingsRefusal(
				409,
				problem,
				`${name} was changed meanwhile, and nothing was written: load the list again and repeat the change.`,
			);
		case "not-readable":
			return new SettingsRefusal(
				500,
				problem,
				`${name} cannot be read as YAML with a list of cameras, or names in it (&name, *name) stand in the way: mend it by hand; the log of a start says where.`,
			);
		case "not-writable": {
			const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
			const what = NOT_WRITABLE[code] ?? `cannot be written (${code}): check its folder`;
			return new SettingsRefusal(500, problem, `${name} ${what}.`);
		}
	}
}
