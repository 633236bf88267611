/** The command `vigia`: starts the server, or one of its tools. @module */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** As in `sysexits.h`: the command is not understood. */
const EXIT_USAGE = 64;

const [command = "", ...rest] = process.argv.slice(2);
if (command === "probe") {
	const { askHidden } = await import("./probe/ask-hidden.ts");
	const { probeCommand } = await import("./probe/cli.ts");
	const interrupt = new AbortController();
	// What is known by then is still printed, and the camera hears TEARDOWN.
	process.once("SIGINT", () => interrupt.abort());
	process.exitCode = await probeCommand(rest, {
		env: process.env,
		cwd: process.cwd(),
		stdin: process.stdin,
		askHidden: process.stdin.isTTY ? (question) => askHidden(question, interrupt.signal) : undefined,
		out: (text) => process.stdout.write(text),
		error: (text) => process.stderr.write(text),
		signal: interrupt.signal,
	});
	// Standard input that was not read to its end would keep the process waiting.
	process.stdin.destroy();
} else if (command === "import") {
	const { importCommand } = await import("./import/cli.ts");
	process.exitCode = importCommand(rest, {
		env: process.env,
		cwd: process.cwd(),
		out: (text) => process.stdout.write(text),
		error: (text) => process.stderr.write(text),
	});
} else if (command === "discover") {
	const { discoverCommand } = await import("./discovery/cli.ts");
	const { systemClock } = await import("./platform/clock.ts");
	const interrupt = new AbortController();
	process.once("SIGINT", () => interrupt.abort());
	process.exitCode = await discoverCommand(rest, {
		clock: systemClock,
		out: (text) => process.stdout.write(text),
		error: (text) => process.stderr.write(text),
		signal: interrupt.signal,
	});
} else if (command !== "" && !command.startsWith("-")) {
	process.stderr.write(
		"This is no command of vigia: it is vigia [flags] for the wall, vigia probe, vigia import or vigia discover; see --help.\n",
	);
	process.exitCode = EXIT_USAGE;
} else {
	const page = fileURLToPath(new URL("../../web/dist/index.html", import.meta.url));
	const shows = process.argv.some((argument) => ["--help", "-h", "--version"].includes(argument));
	if (shows || existsSync(page)) await import("./main.ts");
	else {
		process.stderr.write(
			"The page is not built yet: start by npm start, which builds it, or run npm run build once.\n",
		);
		process.exitCode = 1;
	}
}
