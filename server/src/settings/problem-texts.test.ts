import { expect, test } from "vitest";
import { docOf, yamlCameraSchema } from "../config/schema.ts";
import { shownProblem } from "./problem-texts.ts";

test("every rule of a camera's fields is there in Spanish, with its example", () => {
	for (const [field, schema] of Object.entries(yamlCameraSchema.shape)) {
		const { rule, example } = docOf(schema);
		const { text } = shownProblem({ field, text: `must be ${rule}; for example: ${example}` }, "es");
		expect(text).toMatch(/^debe /);
		expect(text.endsWith(`; por ejemplo: ${example}`)).toBe(true);
	}
});

test("what is not known stays as it is, and English too", () => {
	const problem = { camera: 1, field: "url", text: "something new; for example: x" };
	expect(shownProblem(problem, "es")).toEqual(problem);
	expect(shownProblem({ text: "must be rtsp or rtsps" }, "en")).toEqual({ text: "must be rtsp or rtsps" });
});
