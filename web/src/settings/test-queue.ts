/** Tests of cameras, two at a time, and none more on a device that refused the password. @module */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { SettingsTestAnswer } from "@vigia/api";
import type { Clock } from "../clock.ts";
import type { ApiProblem, ApiResult } from "./settings-api.ts";

/** A recorder has few sessions to spare beside the wall's own. */
export const TESTS_AT_A_TIME = 2;
/** A server that has no test free is asked again after this, in milliseconds, where it does not say when. */
export const BUSY_WAIT_MS = 3000;
/** It is believed up to here, in milliseconds. */
const LONGEST_BUSY_WAIT_MS = 30_000;
/** A test that the server has not begun after so many tries has failed: together they take some minutes. */
export const MAX_TRIES = 20;

export type TestState =
	| { readonly kind: "waiting" }
	| { readonly kind: "running" }
	/** Not begun: its device refused the same user and password to another. */
	| { readonly kind: "held" }
	| { readonly kind: "done"; readonly answer: SettingsTestAnswer }
	| { readonly kind: "failed"; readonly problem: ApiProblem };

export interface TestJob {
	readonly key: number;
	/** Jobs with the same login go to one device with one password: the first of them goes alone. */
	readonly login: string;
}

export interface TestQueueOptions {
	readonly clock: Clock;
	readonly run: (key: number, signal: AbortSignal) => Promise<ApiResult<SettingsTestAnswer>>;
}

export interface Progress {
	readonly done: number;
	readonly total: number;
}

export class TestQueue {
	/** By key; a camera that was not tested is absent. */
	readonly states: Signal<ReadonlyMap<number, TestState>> = signal(new Map());
	/** Of the tests since none was under way; absent while none is. */
	readonly progress: ReadonlySignal<Progress | undefined>;
	readonly #options: TestQueueOptions;
	readonly #batch = signal(0);
	readonly #logins = new Map<number, string>();
	readonly #tries = new Map<number, number>();
	readonly #running = new Map<number, AbortController>();
	/** Logins that the first test got through with. */
	readonly #proved = new Set<string>();
	#pausedUntilMs = 0;

	constructor(options: TestQueueOptions) {
		this.#options = options;
		this.progress = computed(() => {
			let left = 0;
			for (const { kind } of this.states.value.values()) if (kind === "waiting" || kind === "running") left += 1;
			const total = Math.max(this.#batch.value, left);
			return left === 0 ? undefined : { done: total - left, total };
		});
	}

	/** Tests these, also those that were tested before; what is under way goes on. */
	start(jobs: readonly TestJob[]): void {
		if (!this.progress.peek()) this.#batch.value = 0;
		const states = new Map(this.states.peek());
		for (const { key, login } of jobs) {
			const kind = states.get(key)?.kind;
			if (kind === "waiting" || kind === "running") continue;
			this.#logins.set(key, login);
			this.#tries.delete(key);
			this.#proved.delete(login);
			states.set(key, { kind: "waiting" });
			this.#batch.value += 1;
		}
		this.states.value = states;
		this.#fill();
	}

	/** Takes back a test and its result: the camera is another now, or gone. */
	forget(key: number): void {
		if (!this.states.peek().has(key)) return;
		const states = new Map(this.states.peek());
		const kind = states.get(key)?.kind;
		if (kind === "waiting" || kind === "running") this.#batch.value -= 1;
		states.delete(key);
		this.states.value = states;
		this.#running.get(key)?.abort();
		this.#running.delete(key);
		this.#fill();
	}

	/** Stops what waits and what is under way; results stay. */
	stop(): void {
		for (const [key, { kind }] of this.states.peek()) if (kind === "waiting") this.forget(key);
		for (const key of this.#running.keys()) this.forget(key);
	}

	#fill(): void {
		const { clock } = this.#options;
		if (clock.nowMs() < this.#pausedUntilMs) return;
		for (const [key, { kind }] of this.states.peek()) {
			if (this.#running.size >= TESTS_AT_A_TIME) return;
			if (kind === "waiting" && this.#mayStart(this.#logins.get(key) ?? "")) void this.#run(key);
		}
	}

	#mayStart(login: string): boolean {
		if (this.#proved.has(login)) return true;
		for (const key of this.#running.keys()) if (this.#logins.get(key) === login) return false;
		return true;
	}

	async #run(key: number): Promise<void> {
		const controller = new AbortController();
		this.#running.set(key, controller);
		this.#set(key, { kind: "running" });
		this.#tries.set(key, (this.#tries.get(key) ?? 0) + 1);
		const result = await this.#options.run(key, controller.signal);
		if (this.#running.get(key) !== controller) return;
		this.#running.delete(key);
		const login = this.#logins.get(key) ?? "";
		if (!result.ok) this.#failed(key, result.problem);
		else {
			this.#set(key, { kind: "done", answer: result.value });
			if (isRefused(result.value)) this.#hold(login);
			else this.#proved.add(login);
		}
		this.#fill();
	}

	#failed(key: number, problem: ApiProblem): void {
		const { clock } = this.#options;
		if (problem.code !== "too-many-probes" || (this.#tries.get(key) ?? 0) >= MAX_TRIES) {
			this.#set(key, { kind: "failed", problem });
			return;
		}
		this.#set(key, { kind: "waiting" });
		const waitMs = Math.min(problem.retryAfterMs ?? BUSY_WAIT_MS, LONGEST_BUSY_WAIT_MS);
		this.#pausedUntilMs = clock.nowMs() + waitMs;
		clock.after(waitMs, () => this.#fill());
	}

	#hold(login: string): void {
		this.#proved.delete(login);
		for (const [key, { kind }] of this.states.peek()) {
			if (kind === "waiting" && this.#logins.get(key) === login) this.#set(key, { kind: "held" });
		}
	}

	#set(key: number, state: TestState): void {
		this.states.value = new Map(this.states.peek()).set(key, state);
	}
}

/** The camera refused the user or the password on one of its streams. */
export function isRefused(answer: SettingsTestAnswer): boolean {
	return answer.streams.some(({ report }) => report.failure?.code === "auth-refused");
}

/** No stream of the camera has a picture that the wall can show. */
export function hasNoPicture(answer: SettingsTestAnswer): boolean {
	return answer.streams.every(({ report }) => report.result === "failed");
}
