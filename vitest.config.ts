import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
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
				test: {
					name: "system",
					include: ["test/{interop,e2e,fuzz,soak,support,net}/**/*.test.ts"],
					// They share one machine's ports, browser and processors, or watch their time: one file after the other.
					fileParallelism: false,
					testTimeout: 120_000,
					hookTimeout: 120_000,
				},
			},
		],
	},
});
