/** `npm run cameras`: simulated cameras from the command line. @module */
import { parseArgs } from "node:util";
import type { PlainCredentials } from "@vigia/rtsp";
import { CAMERA_NAMES } from "./camera-names.ts";
import { startCameraSim } from "./camera-sim.ts";
import { startControlServer } from "./control-http.ts";

const USAGE = `Simulated RTSP cameras.

  npm run cameras -- [options]

  --count N             cameras, default 16
  --host ADDRESS        default 127.0.0.1
  --port N              RTSP port, default 8554
  --ports MODE          shared (default) or separate: camera n on port + n - 1
  --user NAME           ask for this user name ...
  --password TEXT       ... and this password,
  --password-env NAME   or the password in this environment variable
  --digest KIND         md5 (default), md5-qop or sha-256
  --session-limit N     sessions per camera
  --sound CAMERAS       all, or numbers such as 1,3: with G.711 sound
  --clips DIRECTORY     other clips than those of the repository
  --control-port N      also serve the control API on this port of 127.0.0.1
  --help`;

const DIGESTS = {
	md5: {},
	"md5-qop": { qopAuth: true },
	"sha-256": { algorithm: "SHA-256", qopAuth: true },
} as const;

function fail(message: string): never {
	console.error(`${message}\n\n${USAGE}`);
	process.exit(2);
}

function readFlags() {
	try {
		return parseArgs({
			options: {
				count: { type: "string", default: "16" },
				host: { type: "string", default: "127.0.0.1" },
				port: { type: "string", default: "8554" },
				ports: { type: "string", default: "shared" },
				user: { type: "string" },
				password: { type: "string" },
				"password-env": { type: "string" },
				digest: { type: "string", default: "md5" },
				"session-limit": { type: "string" },
				sound: { type: "string" },
				clips: { type: "string" },
				"control-port": { type: "string" },
				help: { type: "boolean", default: false },
			},
		}).values;
	} catch (error) {
		return fail(error instanceof Error ? error.message : String(error));
	}
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
	const value = Number(text);
	if (text === "" || !Number.isInteger(value) || value < min || value > max)
		fail(`--${name} must be a whole number from ${min} to ${max}, not "${text}".`);
	return value;
}

function readCredentials(flags: ReturnType<typeof readFlags>): PlainCredentials | undefined {
	const { user, password, "password-env": variable } = flags;
	if (password !== undefined && variable !== undefined) fail("Use --password or --password-env, not both.");
	const secret = variable === undefined ? password : process.env[variable];
	if (variable !== undefined && secret === undefined) fail(`The environment variable ${variable} is not set.`);
	if (user === undefined && secret === undefined) return undefined;
	if (user === undefined || secret === undefined) return fail("--user and a password go together.");
	return { username: user, password: secret };
}

function readSound(text: string): "all" | readonly number[] {
	return text === "all" ? "all" : text.split(",").map((number) => wholeNumber("sound", number, 1, 1024));
}

async function main(): Promise<void> {
	const flags = readFlags();
	if (flags.help) return console.log(USAGE);
	const { host, ports, digest } = flags;
	if (ports !== "shared" && ports !== "separate") fail(`--ports must be shared or separate, not "${ports}".`);
	if (!Object.hasOwn(DIGESTS, digest)) fail(`--digest must be ${Object.keys(DIGESTS).join(", ")}, not "${digest}".`);
	const credentials = readCredentials(flags);
	const limit = flags["session-limit"];
	const controlPort = flags["control-port"];
	await using stack = new AsyncDisposableStack();
	const sim = stack.use(
		await startCameraSim({
			host,
			ports,
			count: wholeNumber("count", flags.count, 1, 1024),
			port: wholeNumber("port", flags.port, 0, 65_535),
			digest: DIGESTS[digest as keyof typeof DIGESTS],
			...(credentials ? { credentials } : {}),
			...(limit === undefined ? {} : { sessionLimit: wholeNumber("session-limit", limit, 1, 1_000_000) }),
			...(flags.sound === undefined ? {} : { sound: readSound(flags.sound) }),
			...(flags.clips === undefined ? {} : { clipsDirectory: flags.clips }),
		}),
	);
	console.log(`${sim.count} simulated cameras${credentials ? ", asking for a password" : ""}:`);
	for (let channel = 1; channel <= sim.count; channel++) {
		const name = CAMERA_NAMES[(channel - 1) % CAMERA_NAMES.length]?.en ?? "";
		console.log(`  ${String(channel).padStart(3)}  ${name.padEnd(14)}  ${sim.url(channel, "sub")}`);
	}
	console.log("subtype=1 is 640x360 at 15 pictures a second, subtype=0 is 1280x720 at 25.");
	if (controlPort !== undefined) {
		const port = wholeNumber("control-port", controlPort, 0, 65_535);
		// It has no password: it stays on this machine, wherever the cameras listen.
		const control = stack.use(await startControlServer(sim, { port }));
		console.log(`Control API: http://${control.host}:${control.port}/cameras`);
	}
	console.log("Stop with Ctrl+C.");
	await new Promise<void>((resolve) => {
		process.once("SIGINT", resolve);
		process.once("SIGTERM", resolve);
	});
}

try {
	await main();
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
}
