import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createLogger, type Logger } from "./log.ts";
import { MIN_SECRET_CHARS, Redactor } from "./redactor.ts";

const secret = { username: "admin", password: "p@ss:w#rd%/ñ" };

function logTo(options: { readonly readable?: boolean; readonly level?: "info" | "silent" } = {}): {
	log: Logger;
	lines: string[];
} {
	const lines: string[] = [];
	const redactor = new Redactor();
	redactor.add(secret);
	const { readable = false, level = "info" } = options;
	return { lines, log: createLogger({ level, redactor, readable, write: (line) => lines.push(line) }) };
}

test("a line is one JSON object with time, level, message and fields", () => {
	const { log, lines } = logTo();
	log.child({ camera: "cam1" }).warn({ attempt: 2 }, "no route");
	expect(lines).toHaveLength(1);
	expect(lines[0]?.endsWith("}\n")).toBe(true);
	expect(JSON.parse(lines[0] ?? "")).toEqual({
		level: "warn",
		time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
		camera: "cam1",
		attempt: 2,
		message: "no route",
	});
});

test("lines below the level are not written", () => {
	const { log, lines } = logTo();
	log.debug({}, "not seen");
	logTo({ level: "silent" }).log.error({}, "not seen");
	expect(lines).toEqual([]);
});

test("an error is logged with its stack and its cause", () => {
	const { log, lines } = logTo();
	log.error({ error: new Error("outer", { cause: new Error("inner") }) }, "failed");
	expect(lines[0]).toMatch(/Error: outer.*log\.test\.ts.*caused by Error: inner/);
});

test("on a terminal a line is for people, without control characters of others", () => {
	const { log, lines } = logTo({ readable: true });
	log.info({ camera: "cam1", detail: "a \u001b[31mb", count: 3 }, "camera is live");
	expect(lines[0]).toMatch(
		/^\d\d:\d\d:\d\d\.\d{3} INFO {2}camera is live camera=cam1 detail="a \\u001b\[31mb" count=3\n$/,
	);
});

test("a secret is in no line, wherever it was put", () => {
	for (const readable of [false, true]) {
		const { log, lines } = logTo({ readable });
		const error = new TypeError(`Invalid URL rtsp://admin:${secret.password}@h`, { cause: new Error(secret.password) });
		log
			.child({ bound: secret.password })
			.error({ error, [secret.password]: [{ deep: secret.password }] }, secret.password);
		log.info({ header: `Basic ${Buffer.from(`admin:${secret.password}`).toString("base64")}` }, "sent");
		expect(lines.join("")).toContain("***");
		expect(lines.join("")).not.toMatch(/p@ss|YWRtaW46/);
	}
});

test("no registered secret survives in any line, whatever it is", () => {
	const passwords = fc.string({ unit: "binary", minLength: MIN_SECRET_CHARS, maxLength: 12 });
	fc.assert(
		fc.property(passwords, fc.string(), (password, around) => {
			// Not the names of the fields and levels themselves.
			fc.pre(!["time", "info", "level", "message", "field"].some((name) => name.includes(password)));
			const lines: string[] = [];
			const redactor = new Redactor();
			redactor.add({ username: "admin", password });
			const log = createLogger({ level: "info", redactor, readable: false, write: (line) => lines.push(line) });
			log.info({ field: around + password + around }, around + encodeURIComponent(password.toWellFormed()));
			const { field, message } = JSON.parse(lines[0] ?? "") as Record<string, string>;
			expect(field).not.toContain(password);
			expect(message).not.toContain(password);
			expect(message).not.toContain(encodeURIComponent(password.toWellFormed()));
		}),
	);
});

test("where nobody takes the lines any more the program goes on", () => {
	const log = JSON.stringify(new URL("log.ts", import.meta.url).href);
	const redactor = JSON.stringify(new URL("redactor.ts", import.meta.url).href);
	const program = `
		const { createLogger } = await import(${log});
		const { Redactor } = await import(${redactor});
		const logger = createLogger({ level: "info", redactor: new Redactor(), readable: false });
		for (let line = 0; line < 3; line++) logger.info({}, "to a full disk");
		setImmediate(() => process.exit(42));`;
	const full = openSync("/dev/full", "w");
	const ended = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
		stdio: ["ignore", full, "pipe"],
		encoding: "utf8",
	});
	closeSync(full);
	expect(ended).toMatchObject({ status: 42, stderr: "" });
});
