/** `npm test`: sees to what the tests need, builds the page, runs all tests. Arguments go to vitest. @module */
import { ensureAiortc } from "./aiortc.ts";
import { ensureGoServers } from "./go-servers.ts";
import { ensurePrerequisites } from "./prerequisites.ts";
import { run } from "./run.ts";

/** The first Node that has all that the server uses. */
const NODE_VERSION = [24, 15] as const;

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
	return await run("vitest", ["run", ...process.argv.slice(2)]);
}

process.exitCode = await main();
