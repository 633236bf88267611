/** Everything that is fuzzed. @module */
import type { FuzzTarget } from "../target.ts";

/** By module, so that a thread loads no more than it runs: looking at the coverage takes the longer, the more is loaded. */
const MODULES = [
	"rtp.ts",
	"formats.ts",
	"clocks.ts",
	"rtsp-sessions.ts",
	"rtsp-server.ts",
	"rtsp-text.ts",
	"server.ts",
];

export interface ListedTarget {
	readonly target: FuzzTarget;
	/** URL of the module that exports it in `TARGETS`. */
	readonly module: string;
}

export const LISTED_TARGETS: readonly ListedTarget[] = (
	await Promise.all(
		MODULES.map(async (file) => {
			const module = new URL(file, import.meta.url).href;
			const { TARGETS } = (await import(module)) as { readonly TARGETS: readonly FuzzTarget[] };
			return TARGETS.map((target) => ({ target, module }));
		}),
	)
).flat();
