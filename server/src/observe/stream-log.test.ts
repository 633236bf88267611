import { expect, test } from "vitest";
import type { SupervisorStatus } from "../sources/supervisor.ts";
import { createLogger } from "./log.ts";
import { Redactor } from "./redactor.ts";
import { StreamLog } from "./stream-log.ts";

const well = (state: SupervisorStatus["state"]): SupervisorStatus => ({
	state,
	sinceWallMs: 0,
	failure: undefined,
	retryAtMs: undefined,
});
const down = (state: SupervisorStatus["state"], code: "no-route" | "auth-refused"): SupervisorStatus => ({
	...well(state),
	failure: { code, detail: "" },
});

test("an outage is said once for each reason, and so is its end", () => {
	const lines: string[] = [];
	const write = (line: string): void => {
		const { level, state, reason } = JSON.parse(line) as Record<string, string>;
		lines.push(`${level} ${state}${reason ? ` ${reason}` : ""}`);
	};
	const log = new StreamLog(createLogger({ level: "info", redactor: new Redactor(), readable: false, write }));
	const states = [
		well("connecting"),
		well("live"),
		down("stalled", "no-route"),
		down("waiting", "no-route"),
		down("connecting", "no-route"),
		down("waiting", "no-route"),
		down("refused", "auth-refused"),
		well("live"),
		down("waiting", "no-route"),
	];
	for (const status of states) log.note("cam1", "sub", status);
	expect(lines).toEqual([
		"info connecting",
		"info live",
		"warn stalled no-route",
		"warn refused auth-refused",
		"info live",
		"warn waiting no-route",
	]);
});
