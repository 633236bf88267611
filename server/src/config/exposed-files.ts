/** Settings files that hold a secret and that others than their owner can read or change. @module */
import { type Stats, statSync } from "node:fs";
import { resolve } from "node:path";
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
		const stats = statSync(resolve(cwd, file), { throwIfNoEntry: false });
		if (!stats || (stats.mode & (READABLE | WRITABLE)) === 0 || !holdsSecret("", values)) return [];
		const act = [(stats.mode & READABLE) !== 0 && "read", (stats.mode & WRITABLE) !== 0 && "change"];
		const can = act.filter((verb) => verb !== false).join(" and ");
		return [`${file} holds passwords, and other users of this machine can ${can} it: ${remedyFor(file, stats, env)}`];
	});
}

function remedyFor(file: string, { uid }: Stats, env: NodeJS.ProcessEnv): string {
	const name = /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
	const own = getuid?.() ?? uid;
	// With that mode only its owner still reads it.
	const needsOwner = own !== uid && own !== 0;
	if (needsOwner && isInContainer(env)) return `VIGIA_UID=${uid} in .env, docker compose up -d, and chmod 600 ${name}`;
	return `${needsOwner ? `chown ${own} ${name} && ` : ""}chmod 600 ${name}`;
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
