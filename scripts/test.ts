/** `npm test`: sees to what the tests need, builds the page, runs all tests. Arguments go to vitest. @module */
import { ensureAiortc } from "./aiortc.ts";
import { ensureGoServers } from "./go-servers.ts";
import { ensurePrerequisites } from "./prerequisites.ts";
import { run } from "./run.ts";

/** The first Node that has all that the server uses. */
const NODE_VERSION = [24, 15] as const;

/**
 * What runs together, and so many files at a time: most tests wait for sockets and timers most of the time, so that more
 * of them at once than a small machine has processors is quicker. Browsers watch their time: they come last, alone.
 */
const STAGES = [
	["--project", "unit", "--project", "cameras", "--maxWorkers", "3"],
	["--project", "interop", "--maxWorkers", "2"],
	["--project", "e2e"],
];

async function main(): Promise<number> {
	const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
	if (major < NODE_VERSION[0] || (major === NODE_VERSION[0] && minor < NODE_VERSION[1])) {
		console.error(
			`This is Node ${process.versions.node}; run "npm test", which brings Node ${NODE_VERSION.join(".")} or newer.`,
		);
		return 1;
	}
	if (!(await ensurePrerequisites())) return 1;
	await ensureGoServers();
	await ensureAiortc();
	const built = await run("vite", ["build", "web", "--logLevel", "warn"]);
	if (built !== 0) return built;
	const chosen = process.argv.slice(2);
	if (chosen.length > 0) return await run("vitest", ["run", ...chosen]);
	let failed = 0;
	for (const stage of STAGES) failed = (await run("vitest", ["run", ...stage])) || failed;
	return failed;
}

process.exitCode = await main();
