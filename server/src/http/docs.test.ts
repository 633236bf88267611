/** Holds docs/http-api.md to the codes that the server answers. */
import { readFileSync } from "node:fs";
import { REASON_TEXTS } from "@vigia/api";
import { expect, test } from "vitest";

test("docs/http-api.md explains every reason, each once, and no other", () => {
	const text = readFileSync(new URL("../../../docs/http-api.md", import.meta.url), "utf8");
	const [, section = ""] = /### Reasons\n([^]*?)\n## /.exec(text) ?? [];
	const rows = section.split("\n").filter((line) => line.startsWith("| `"));
	const codes = rows.flatMap((row) =>
		[...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code),
	);
	expect(codes.toSorted()).toEqual(Object.keys(REASON_TEXTS).toSorted());
});
