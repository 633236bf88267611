/** Settings files that hold a secret and that others than their owner can read or change. @module */
import { type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { getuid } from "node:process";
import { isInContainer } from "../platform/container.ts";
import type { LoadOptions } from "./load.ts";
import { configFileOf, ENV_FILE, readEnvironment, readYaml } from "./setting-layers.ts";

/** Of the mode: what group and others may read or write. */
const READABLE = 0o044;
const WRITABLE = 0o022;

/**
 * A warning, with the command that mends it, for each of `.env` and the YAML file that is exposed. Others that write it
 * choose where the passwords are sent.
 */
export function exposedFiles({ argv, cwd, env }: LoadOptions): string[] {
	const configFile = configFileOf(argv);
	// What is wrong in them is told by whoever loads the settings.
	const [, dotEnv] = readEnvironment({}, cwd, [], []);
	const yaml = readYaml(configFile, cwd, []);
	return [
		[ENV_FILE, dotEnv?.values] as const,
		[configFile, { ...yaml.layer.values, cameras: yaml.cameras }] as const,
	].flatMap(([file, values]) => {
		const path = resolve(cwd, file);
		const stats = statSync(path, { throwIfNoEntry: false });
		if (!stats || (stats.mode & (READABLE | WRITABLE)) === 0 || !holdsSecret("", values)) return [];
		const act = [(stats.mode & READABLE) !== 0 && "read", (stats.mode & WRITABLE) !== 0 && "change"];
		const can = act.filter((verb) => verb !== false).join(" and ");
		const remedy = remedyFor({
			name: file,
			owner: stats.uid,
			folder: statSync(dirname(path)),
			own: getuid?.() ?? stats.uid,
			isInContainer: isInContainer(env),
		});
		return [`${file} holds passwords, and other users of this machine can ${can} it: ${remedy}`];
	});
}

export interface ExposedFile {
	readonly name: string;
	readonly owner: number;
	readonly folder: Pick<Stats, "uid" | "gid">;
	/** As whom the server runs. */
	readonly own: number;
	readonly isInContainer: boolean;
}

/** What makes the file its owner's alone, who is the server afterwards: with that mode nobody else reads it. */
export function remedyFor({ name, owner, folder, own, isInContainer: isInside }: ExposedFile): string {
	const quoted = /^[\w./-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
	if (own === owner || own === 0) return `chmod 600 ${quoted}`;
	if (!isInside) return `chown ${own} ${quoted} && chmod 600 ${quoted}`;
	// As the folder's owner it can save cameras, too.
	const user = folder.uid === own ? "" : `VIGIA_UID=${folder.uid} and VIGIA_GID=${folder.gid} in .env; `;
	return `${user}on the machine itself sudo chown ${folder.uid} ${quoted} && sudo chmod 600 ${quoted}; then docker compose up -d`;
}

/** @param name of the setting, or the key in the YAML file. */
function holdsSecret(name: string, value: unknown): boolean {
	if (typeof value === "object" && value !== null) {
		return Object.entries(value).some(([key, inner]) => holdsSecret(Array.isArray(value) ? name : key, inner));
	}
	if (typeof value !== "string" || value === "") return false;
	if (/(?:^|_)pass(?:word)?$/i.test(name)) return true;
	// User information in an address; TURN servers always have a password.
	return /^ice_servers$/i.test(name) ? /turn/i.test(value) : /:\/\/.*@/.test(value);
}
