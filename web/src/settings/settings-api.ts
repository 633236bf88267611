/** `/api/settings/...` of the server: answers are checked, and failures are values with a code. @module */
import {
	type SettingsCameras,
	type SettingsDescribe,
	type SettingsDescribeAnswer,
	type SettingsDiscoverAnswer,
	type SettingsFind,
	type SettingsFindAnswer,
	type SettingsImportAnswer,
	type SettingsProblem,
	type SettingsPut,
	type SettingsTest,
	type SettingsTestAnswer,
	settingsCamerasSchema,
	settingsDescribeAnswerSchema,
	settingsDiscoverAnswerSchema,
	settingsFindAnswerSchema,
	settingsImportAnswerSchema,
	settingsProblemSchema,
	settingsTestAnswerSchema,
} from "@vigia/api";
import type { Clock } from "../clock.ts";
import type { Language } from "../i18n/index.ts";

/** No answer may take longer, in milliseconds: a test of a silent camera takes a minute on the server. */
const ANSWER_LIMIT_MS = 120_000;
/** Problems of one answer that are read: as many as a file may have cameras. */
const MAX_PROBLEMS = 256;

export interface ApiProblem {
	/** The server's; or `unreachable` (no answer came), `bad-answer` (one that nobody understands). */
	readonly code: string;
	/** The server's message; may be empty. */
	readonly text: string;
	readonly retryAfterMs: number | undefined;
	readonly problems: readonly SettingsProblem[];
}

export type ApiResult<T> =
	| { readonly ok: true; readonly value: T }
	| { readonly ok: false; readonly problem: ApiProblem };

export interface SettingsApiOptions {
	/** Absolute address of the page's folder, with `/` at its end. */
	readonly base: string;
	readonly language: Language;
	readonly clock: Clock;
	readonly fetch: (address: string, init: RequestInit) => Promise<Response>;
}

/** Of a schema of the contract. */
interface Reads<T> {
	safeParse(value: unknown): { success: true; data: T } | { success: false };
}

const NOTHING: Reads<undefined> = { safeParse: () => ({ success: true, data: undefined }) };

export class SettingsApi {
	readonly #options: SettingsApiOptions;

	constructor(options: SettingsApiOptions) {
		this.#options = options;
	}

	cameras(): Promise<ApiResult<SettingsCameras>> {
		return this.#ask("GET", `cameras?lang=${this.#options.language}`, undefined, settingsCamerasSchema);
	}

	save(put: SettingsPut): Promise<ApiResult<SettingsCameras>> {
		return this.#ask("PUT", "cameras", { ...put, lang: this.#options.language }, settingsCamerasSchema);
	}

	test(test: SettingsTest, signal: AbortSignal): Promise<ApiResult<SettingsTestAnswer>> {
		return this.#ask("POST", "test", { ...test, lang: this.#options.language }, settingsTestAnswerSchema, signal);
	}

	find(find: SettingsFind, signal: AbortSignal): Promise<ApiResult<SettingsFindAnswer>> {
		return this.#ask("POST", "find", { ...find, lang: this.#options.language }, settingsFindAnswerSchema, signal);
	}

	discover(range: string, signal: AbortSignal): Promise<ApiResult<SettingsDiscoverAnswer>> {
		const body = { ...(range !== "" && { range }), lang: this.#options.language };
		return this.#ask("POST", "discover", body, settingsDiscoverAnswerSchema, signal);
	}

	describe(device: SettingsDescribe, signal: AbortSignal): Promise<ApiResult<SettingsDescribeAnswer>> {
		const body = { ...device, lang: this.#options.language };
		return this.#ask("POST", "describe", body, settingsDescribeAnswerSchema, signal);
	}

	/** With `add` its cameras are saved at once. */
	import(revision: string, text: string, add: boolean): Promise<ApiResult<SettingsImportAnswer>> {
		const body = { revision, text, add, lang: this.#options.language };
		return this.#ask("POST", "import", body, settingsImportAnswerSchema);
	}

	/** Gives the token that the server printed at its start, for a cookie. */
	unlock(token: string): Promise<ApiResult<undefined>> {
		return this.#ask("POST", "access", { token }, NOTHING);
	}

	async #ask<T>(
		method: string,
		path: string,
		body: unknown,
		schema: Reads<T>,
		signal?: AbortSignal,
	): Promise<ApiResult<T>> {
		const { base, fetch, clock } = this.#options;
		const controller = new AbortController();
		const abort = () => controller.abort();
		signal?.addEventListener("abort", abort);
		if (signal?.aborted === true) abort();
		const limit = clock.after(ANSWER_LIMIT_MS, abort);
		try {
			const response = await fetch(`${base}api/settings/${path}`, {
				method,
				cache: "no-store",
				signal: controller.signal,
				...(body !== undefined && {
					headers: { "content-type": "application/json" },
					body: JSON.stringify(body),
				}),
			});
			const text = await response.text();
			if (!response.ok) return { ok: false, problem: problemOf(response, text) };
			const read = schema.safeParse(jsonOf(text));
			return read.success ? { ok: true, value: read.data } : failure("bad-answer");
		} catch {
			return failure("unreachable");
		} finally {
			limit.cancel();
			signal?.removeEventListener("abort", abort);
		}
	}
}

function failure(code: string): { readonly ok: false; readonly problem: ApiProblem } {
	return { ok: false, problem: { code, text: "", retryAfterMs: undefined, problems: [] } };
}

function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function problemOf(response: Response, text: string): ApiProblem {
	const body = jsonOf(text);
	const error = property(body, "error");
	const code = property(error, "code");
	const message = property(error, "message");
	const listed = property(error, "problems");
	const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
	return {
		code: typeof code === "string" ? code : "bad-answer",
		text: typeof message === "string" ? message : "",
		retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined,
		problems: (Array.isArray(listed) ? (listed as unknown[]).slice(0, MAX_PROBLEMS) : []).flatMap((entry) => {
			const read = settingsProblemSchema.safeParse(entry);
			return read.success ? [read.data] : [];
		}),
	};
}

function property(value: unknown, name: string): unknown {
	return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
