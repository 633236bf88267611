/** Why something was not done in the settings, as the API answers it. @module */
import type { SettingsProblem as ShownProblem } from "@vigia/api";
import type { SettingsFileError } from "../config/settings-file.ts";
import { inLanguage, type ProbeLanguage, type Sentence } from "../probe/advice-texts.ts";

/** Neither its message nor its problems ever hold a value that was sent or set. */
export class SettingsRefusal extends Error {
	/** Of HTTP. */
	readonly status: number;
	/** Stable, for programs. */
	readonly code: string;
	readonly problems: readonly ShownProblem[] | undefined;
	readonly #sentence: Sentence;

	constructor(status: number, code: string, sentence: Sentence, problems?: readonly ShownProblem[]) {
		super(sentence[0]);
		this.name = "SettingsRefusal";
		this.status = status;
		this.code = code;
		this.problems = problems;
		this.#sentence = sentence;
	}

	text(language: ProbeLanguage): string {
		return inLanguage(this.#sentence, language);
	}
}

export function badRequest(sentence: Sentence): SettingsRefusal {
	return new SettingsRefusal(400, "bad-request", sentence);
}

export function invalidSettings(problems: readonly ShownProblem[]): SettingsRefusal {
	return new SettingsRefusal(
		422,
		"settings-invalid",
		[
			"The settings are not right, and nothing was written: see problems.",
			"La configuración no es correcta y no se escribió nada: vea problems.",
		],
		problems,
	);
}

/** The file is written, and the reload has found something else wrong; `name` as in {@link fileRefusal}. */
export function notApplied(name: string): SettingsRefusal {
	return new SettingsRefusal(500, "not-applied", [
		`${name} was written, but the settings as a whole are not right, so that the old ones stay: the log says why.`,
		`Se escribió ${name}, pero la configuración en conjunto no es correcta y sigue la anterior: el registro dice por qué.`,
	]);
}

const NOT_OURS: Sentence = [
	"may not be written by the user that Vigía runs as: give that user its folder (chown), or change it by hand",
	"no lo puede escribir el usuario con el que funciona Vigía: haga suya la carpeta (chown) o cámbielo a mano",
];

/** What to do about a file that cannot be written, by the system's own code; behind the file's name. */
const NOT_WRITABLE: Readonly<Record<string, Sentence>> = {
	EBUSY: [
		"is mounted into the container by itself and so cannot be replaced: mount the folder that it is in instead, as docker-compose.yml does, or change the file by hand",
		"está montado él solo en el contenedor y por eso no se puede sustituir: monte la carpeta en la que está, como hace docker-compose.yml, o cambie el archivo a mano",
	],
	EROFS: [
		"is on a read-only file system: mount its folder writable, or change the file by hand where it is kept",
		"está en un sistema de archivos de solo lectura: monte su carpeta con escritura o cambie el archivo a mano donde se guarda",
	],
	EACCES: NOT_OURS,
	EPERM: NOT_OURS,
	ENOSPC: [
		"cannot be written because the disk is full: free some space",
		"no se puede escribir porque el disco está lleno: libere espacio",
	],
	EDQUOT: [
		"cannot be written because the disk quota is used up: free some space",
		"no se puede escribir porque la cuota de disco está agotada: libere espacio",
	],
	ENOENT: [
		"cannot be written because its folder is not there: create it",
		"no se puede escribir porque su carpeta no existe: créela",
	],
};

/** In a container, whose user is set from outside. */
export interface ContainerFolder {
	/** The owner of the file's folder, and its group. */
	readonly uid: number;
	readonly gid: number;
	/** The user that the server runs as. */
	readonly own: number | undefined;
}

/**
 * A failure of the settings file as an answer.
 *
 * @param name the file's, without its folder.
 * @param folder only in a container.
 */
export function fileRefusal(
	{ problem, cause }: SettingsFileError,
	name: string,
	folder?: ContainerFolder,
): SettingsRefusal {
	switch (problem) {
		case "changed-meanwhile":
			return new SettingsRefusal(409, problem, [
				`${name} was changed meanwhile, and nothing was written: load the list again and repeat the change.`,
				`${name} ha cambiado mientras tanto y no se escribió nada: cargue de nuevo la lista y repita el cambio.`,
			]);
		case "not-readable":
			return new SettingsRefusal(500, problem, [
				`${name} cannot be read as YAML with a list of cameras, or names in it (&name, *name) stand in the way: mend it by hand; the log of a start says where.`,
				`${name} no se puede leer como YAML con una lista de cámaras, o lo impiden nombres que contiene (&nombre, *nombre): corríjalo a mano; el registro de un arranque dice dónde.`,
			]);
		case "not-writable": {
			const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
			const isForbidden = NOT_WRITABLE[code] === NOT_OURS;
			if (isForbidden && folder && folder.uid !== folder.own) {
				return new SettingsRefusal(500, problem, otherOwner(name, folder));
			}
			const [en, es] = NOT_WRITABLE[code] ?? [
				`cannot be written (${code}): check its folder`,
				`no se puede escribir (${code}): revise su carpeta`,
			];
			return new SettingsRefusal(500, problem, [`${name} ${en}.`, `${name} ${es}.`]);
		}
	}
}

/** `chown` in a container reaches neither the folder of the machine nor whoever Compose starts it as. */
function otherOwner(name: string, { uid, gid, own }: ContainerFolder): Sentence {
	const lines = `VIGIA_UID=${uid} and VIGIA_GID=${gid}`;
	return [
		`${name} may not be written, because its folder belongs to user ${uid} and the container runs as user ${own}: write ${lines} into .env beside docker-compose.yml, then run docker compose up -d.`,
		`${name} no se puede escribir, porque su carpeta es del usuario ${uid} y el contenedor funciona como el usuario ${own}: escriba ${lines.replace("and", "y")} en .env, junto a docker-compose.yml, y ejecute docker compose up -d.`,
	];
}
