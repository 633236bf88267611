/** Lines of the server's log that tell of a mistake of its own: what its cameras do wrong is no error. @module */

const MISTAKE = /internal.error|unhandledRejection|uncaughtException|"level":"(?:error|fatal)"|^\s+at .*\.[jt]s:\d+/;

export function mistakesIn(output: string): string[] {
	return output.split("\n").filter((line) => MISTAKE.test(line));
}
