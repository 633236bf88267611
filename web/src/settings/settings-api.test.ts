import { expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { SettingsApi } from "./settings-api.ts";
import { json, refusal } from "./testing/settings-server.ts";

const NEVER = new AbortController().signal;

function apiWith(fetch: (address: string, init: RequestInit) => Promise<Response>): [SettingsApi, FakeClock] {
	const clock = new FakeClock();
	return [new SettingsApi({ base: "http://h/wall/", language: "es", clock, fetch }), clock];
}
const answering = (response: Response) => apiWith(() => Promise.resolve(response))[0];

test("requests are below the page's own folder, in JSON, and say the language", async () => {
	const asked: unknown[] = [];
	const [api] = apiWith((address, { method, body }) => {
		asked.push([method, address, body]);
		return Promise.resolve(json({ devices: [], interfaces: ["10.0.0.2"] }));
	});
	expect(await api.discover("10.0.0.0/24", NEVER)).toEqual({
		ok: true,
		value: { devices: [], interfaces: ["10.0.0.2"] },
	});
	expect(asked).toEqual([["POST", "http://h/wall/api/settings/discover", '{"range":"10.0.0.0/24","lang":"es"}']]);
});

test("an error is its code, its message, when to come back, and its problems", async () => {
	const problems = [{ camera: 2, field: "port", text: "from 1 to 65535" }, { camera: "x" }, 7];
	const response = refusal(422, "settings-invalid", { problems });
	response.headers.set("retry-after", "7");
	expect(await answering(response).cameras()).toEqual({
		ok: false,
		problem: {
			code: "settings-invalid",
			text: "about settings-invalid",
			retryAfterMs: 7000,
			problems: [{ camera: 2, field: "port", text: "from 1 to 65535" }],
		},
	});
});

test.each([
	["a proxy's page", new Response("<html>", { status: 200 })],
	["another shape", json({ revision: 7 })],
	["an error without a code", new Response("Bad Gateway", { status: 502 })],
	["an error of another kind", json([], 500)],
])("%s is an answer that is not understood", async (_, response) => {
	expect(await answering(response).cameras()).toMatchObject({ ok: false, problem: { code: "bad-answer" } });
});

test("no answer, and one that never ends, are a server that does not answer", async () => {
	const [gone] = apiWith(() => Promise.reject(new TypeError("network")));
	expect(await gone.cameras()).toMatchObject({ ok: false, problem: { code: "unreachable" } });
	const [silent, clock] = apiWith(
		(_, { signal }) =>
			new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted")))),
	);
	const asked = silent.cameras();
	clock.advance(120_000);
	expect(await asked).toMatchObject({ ok: false, problem: { code: "unreachable" } });
	expect(clock.pending).toBe(0);
});

test("a token that is taken is answered with nothing", async () => {
	expect(await answering(new Response(null, { status: 204 })).unlock("abc")).toEqual({ ok: true, value: undefined });
});
