import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Takes minutes, alone on its worker: what is begun last is waited for at the end. */
const LONGEST = /\/leaks\.test\.ts$/;

class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const sorted = await super.sort(files);
		return sorted.toSorted((a, b) => Number(LONGEST.test(b.moduleId)) - Number(LONGEST.test(a.moduleId)));
	}
}

export default defineConfig({
	test: {
		sequence: { sequencer: LongestFirst },
		projects: [
			{
				test: {
					name: "unit",
					include: ["{packages/*,server,web,camera-sim}/src/**/*.test.ts", "scripts/**/*.test.ts"],
					testTimeout: 20_000,
				},
			},
			{
				// Scripted cameras: real sockets, virtual time, so that the files may run side by side.
				test: { name: "cameras", include: ["test/cameras/**/*.test.ts"], testTimeout: 60_000 },
			},
			{
				// Other people's servers, memory, hours: they need more than a processor's share, and watch few milliseconds.
				test: {
					name: "interop",
					include: ["test/{interop,fuzz,soak,support,net,deploy}/**/*.test.ts", "test/e2e/leaks.test.ts"],
					testTimeout: 120_000,
					hookTimeout: 120_000,
				},
			},
			{
				test: {
					name: "e2e",
					include: ["test/e2e/**/*.test.ts"],
					exclude: ["test/e2e/leaks.test.ts"],
					// A browser with a wall needs all of a small machine: one file after the other.
					fileParallelism: false,
					testTimeout: 120_000,
					hookTimeout: 120_000,
				},
			},
		],
	},
});
