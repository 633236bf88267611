/** The cameras of the settings while somebody changes them, as signals, and what can be done about them. @module */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { SettingsCameras, SettingsTestAnswer, SettingsVendor } from "@vigia/api";
import type { Clock } from "../clock.ts";
import { AddForms } from "./add-forms.ts";
import {
	type CameraField,
	connectionOf,
	type Draft,
	fieldsOf,
	freeName,
	isDirty,
	loginOf,
	moved,
	type NewCamera,
	reverted,
	tidied,
	toInput,
	typedLoginOf,
	withField,
	withPassword,
} from "./draft.ts";
import { lostPassword, rebase } from "./rebase.ts";
import type { ApiProblem, ApiResult, SettingsApi } from "./settings-api.ts";
import { hasNoPicture, isRefused, TestQueue } from "./test-queue.ts";

/** What the page shows. */
export type SettingsView =
	| { readonly kind: "loading" }
	/** The server wants its token first; `problem` of the last try with one. */
	| { readonly kind: "locked"; readonly problem: ApiProblem | undefined }
	| { readonly kind: "failed"; readonly problem: ApiProblem }
	/** They are not shown inside a frame; `token` that the page was opened with. */
	| { readonly kind: "framed"; readonly token: string | undefined }
	| { readonly kind: "list" }
	| { readonly kind: "add" };

/** Above the list. */
export type SettingsNotice =
	| { readonly kind: "problem"; readonly problem: ApiProblem }
	/** Somebody else saved; `passwords`: cameras whose password has to be typed again. */
	| { readonly kind: "changed-meanwhile"; readonly passwords: readonly string[] }
	| { readonly kind: "imported"; readonly count: number };

/** At a field of a camera; without `field` about the whole camera. */
export interface FieldProblem {
	readonly field: string | undefined;
	readonly text: string;
}

export interface SettingsStoreOptions {
	readonly api: SettingsApi;
	readonly clock: Clock;
	/** Of new cameras: `Camera` gives `Camera 1`, `Camera 2`, ... */
	readonly namePrefix: string;
	/** The page stands in a frame of another one, which could cover it and lead clicks to its buttons. */
	readonly framed: boolean;
	/** The wall has these many cameras of the file now. */
	readonly saved: (count: number) => void;
}

/** Lives as long as the dialog. */
export class SettingsStore {
	readonly view: Signal<SettingsView> = signal({ kind: "loading" });
	readonly notice: Signal<SettingsNotice | undefined> = signal(undefined);
	readonly drafts: Signal<readonly Draft[]> = signal([]);
	readonly problems: Signal<ReadonlyMap<number, readonly FieldProblem[]>> = signal(new Map());
	/** The camera whose fields are open. */
	readonly opened: Signal<number | undefined> = signal(undefined);
	readonly file = signal("");
	readonly elsewhere = signal(0);
	readonly vendors: Signal<readonly SettingsVendor[]> = signal([]);
	/** To add cameras with. */
	readonly forms: AddForms;
	readonly saving = signal(false);
	readonly changed: ReadonlySignal<boolean>;
	readonly dirty: ReadonlySignal<boolean>;
	/** Cameras that were refused or held back, and share the login that is to be corrected: one login at a time. */
	readonly refused: ReadonlySignal<readonly Draft[]>;
	/** New cameras that are chosen and whose test showed no picture. */
	readonly withoutPicture: ReadonlySignal<readonly Draft[]>;
	readonly api: SettingsApi;
	readonly tests: TestQueue;
	readonly #options: SettingsStoreOptions;
	readonly #inFile = signal(0);
	/** What the cameras of the file are called on the wall. */
	readonly #ids: Signal<readonly string[]> = signal([]);
	#revision = "";
	#lastKey = 0;

	constructor(options: SettingsStoreOptions) {
		this.#options = options;
		this.api = options.api;
		this.forms = new AddForms(options.api, (problem) => this.lockedBy(problem));
		this.tests = new TestQueue({ clock: options.clock, run: (key, abort) => this.#test(key, abort) });
		this.changed = computed(() => isDirty(this.drafts.value, this.#inFile.value));
		this.dirty = computed(() => this.changed.value || this.forms.typed.value);
		this.refused = computed(() => {
			const states = this.tests.states.value;
			const all = this.drafts.value.filter(({ key, removed }) => {
				const state = states.get(key);
				return !removed && (state?.kind === "held" || (state?.kind === "done" && isRefused(state.answer)));
			});
			const [first] = all;
			return first ? all.filter((draft) => typedLoginOf(draft) === typedLoginOf(first)) : [];
		});
		this.withoutPicture = computed(() => {
			const states = this.tests.states.value;
			return this.drafts.value.filter(({ key, removed, original }) => {
				const state = states.get(key);
				return !removed && !original && state?.kind === "done" && hasNoPicture(state.answer);
			});
		});
	}

	get revision(): string {
		return this.#revision;
	}

	/** Reads the file; what was typed before stays. `token` is given first. */
	async load(token?: string): Promise<void> {
		if (this.#options.framed) {
			this.view.value = { kind: "framed", token };
			return;
		}
		this.view.value = { kind: "loading" };
		// A token that was used already does not matter to the browser that has used it.
		const unlocked = token === undefined ? undefined : await this.api.unlock(token);
		const result = await this.api.cameras();
		if (result.ok) {
			this.#take(result.value, false);
			this.view.value = { kind: "list" };
		} else if (this.lockedBy(result.problem)) {
			if (unlocked?.ok === false) this.view.value = { kind: "locked", problem: unlocked.problem };
		} else this.view.value = { kind: "failed", problem: result.problem };
	}

	/** Adds cameras at the end of the list, and tests them. Those without a name get one. */
	add(cameras: readonly NewCamera[]): void {
		const taken = new Set(this.drafts.peek().map(({ fields }) => (fields.name ?? "").toLowerCase()));
		let number = this.drafts.peek().length + 1;
		const added = cameras.map((camera): Draft => {
			const name = camera.fields.name ?? freeName(this.#options.namePrefix, number, taken);
			number += 1;
			taken.add(name.toLowerCase());
			return { ...camera, fields: { ...camera.fields, name }, key: this.#newKey(), removed: false };
		});
		this.drafts.value = [...this.drafts.peek(), ...added];
		this.forms.clear();
		this.view.value = { kind: "list" };
		this.notice.value = undefined;
		this.test(added.map(({ key }) => key));
	}

	/** What a channel of a recorder is called: by its number, or the next one where another camera has that name. */
	nameOf(channel: number): string {
		const names = this.drafts.peek().map(({ fields }) => (fields.name ?? "").toLowerCase());
		return freeName(this.#options.namePrefix, channel, new Set(names));
	}

	change(key: number, field: CameraField, value: string): void {
		this.#update(key, (draft) => withField(draft, field, value));
		this.#clearProblems(key, field);
	}

	/** An address was typed to its end: a user and a password in it go to their own fields. */
	tidy(key: number): void {
		this.#update(key, tidied);
	}

	changePassword(key: number, password: string): void {
		this.#update(key, (draft) => withPassword(draft, password === "" ? undefined : password));
		this.#clearProblems(key, "password");
	}

	/** The camera of the wall that this one is; none where it is new, or is reached in another way than the saved one. */
	onWall(draft: Draft): string | undefined {
		const { original } = draft;
		if (!original || connectionOf(draft) !== connectionOf(reverted(draft))) return undefined;
		return this.#ids.value[original.at];
	}

	/** Leaves a camera out of the next save, or takes it in again. */
	setRemoved(key: number, removed: boolean): void {
		if (removed) this.tests.forget(key);
		this.#update(key, (draft) => ({ ...draft, removed }));
		if (removed && this.opened.peek() === key) this.opened.value = undefined;
	}

	/** As it stands in the file. */
	revert(key: number): void {
		this.#update(key, reverted);
		this.problems.value = new Map([...this.problems.peek()].filter(([of]) => of !== key));
	}

	move(key: number, to: number): void {
		const from = this.drafts.peek().findIndex((draft) => draft.key === key);
		this.drafts.value = moved(this.drafts.peek(), from, to);
	}

	/** Tests these cameras, or all. */
	test(keys?: readonly number[]): void {
		const chosen = this.drafts.peek().filter(({ key, removed }) => !removed && (keys?.includes(key) ?? true));
		this.tests.start(chosen.map((draft) => ({ key: draft.key, login: loginOf(draft) })));
	}

	/** Another login for the cameras that refused theirs, and their test again. */
	correctLogin(user: string, password: string): void {
		const keys = this.refused.peek().map(({ key }) => key);
		for (const key of keys) {
			this.#update(key, (draft) => withPassword(withField(draft, "user", user), password));
		}
		this.test(keys);
	}

	/** Leaves out the new cameras that have no picture. */
	leaveOutWithoutPicture(): void {
		for (const { key } of this.withoutPicture.peek()) this.#update(key, (draft) => ({ ...draft, removed: true }));
	}

	/** Writes the list; answers whether it was taken. */
	async save(): Promise<boolean> {
		if (this.saving.peek()) return false;
		this.saving.value = true;
		this.notice.value = undefined;
		this.problems.value = new Map();
		this.drafts.value = this.drafts.peek().map(tidied);
		const sent = this.drafts.peek().filter(({ removed }) => !removed);
		const result = await this.api.save({ revision: this.#revision, cameras: sent.map(toInput) });
		if (result.ok) {
			this.tests.stop();
			this.drafts.value = [];
			this.#take(result.value, false);
			this.#options.saved(result.value.cameras.length);
		} else await this.#notSaved(result.problem, sent);
		this.saving.value = false;
		return result.ok;
	}

	/** Takes the cameras of another program's file into ours, at once. */
	async import(text: string): Promise<void> {
		const result = await this.api.import(this.#revision, text, true);
		if (result.ok) {
			const before = new Set(this.drafts.peek().map(({ key }) => key));
			await this.load();
			this.test(this.drafts.peek().flatMap(({ key }) => (before.has(key) ? [] : [key])));
			this.forms.clear();
			this.notice.value = { kind: "imported", count: result.value.cameras.length };
			return;
		}
		if (result.problem.code === "changed-meanwhile") {
			// Nothing of it depends on the list: the next try goes with what is there now.
			const read = await this.api.cameras();
			if (read.ok) this.#take(read.value, true);
		}
		if (!this.lockedBy(result.problem)) this.forms.problem.value = result.problem;
	}

	/** Shows the page that asks for the token where that is the problem. */
	lockedBy(problem: ApiProblem): boolean {
		if (problem.code !== "settings-locked") return false;
		this.view.value = { kind: "locked", problem: undefined };
		return true;
	}

	/** Nothing goes on behind the closed dialog. */
	close(): void {
		this.forms.stop();
		this.tests.stop();
	}

	async #notSaved(problem: ApiProblem, sent: readonly Draft[]): Promise<void> {
		if (this.lockedBy(problem)) return;
		if (problem.code === "changed-meanwhile") {
			const result = await this.api.cameras();
			if (result.ok) this.#take(result.value, true);
			else this.notice.value = { kind: "problem", problem: result.problem };
			return;
		}
		const problems = new Map<number, FieldProblem[]>();
		const others: string[] = [];
		for (const { camera, field, text } of problem.problems) {
			const key = camera === undefined ? undefined : sent[camera]?.key;
			if (key === undefined) others.push(text);
			else problems.set(key, [...(problems.get(key) ?? []), { field, text }]);
		}
		this.problems.value = problems;
		this.opened.value = [...problems.keys()][0] ?? this.opened.peek();
		const text = others.length > 0 ? others.join(" ") : problem.text;
		this.notice.value = { kind: "problem", problem: { ...problem, text } };
	}

	/** The file as it is now, with what was typed on top. */
	#take(answer: SettingsCameras, told: boolean): void {
		const before = this.drafts.peek();
		const after =
			before.length === 0
				? answer.cameras.map((camera, at): Draft => {
						return { key: this.#newKey(), original: { at, camera }, fields: fieldsOf(camera), removed: false };
					})
				: rebase(before, answer.cameras, () => this.#newKey());
		this.#revision = answer.revision;
		this.file.value = answer.file;
		this.elsewhere.value = answer.elsewhere;
		this.vendors.value = answer.vendors;
		this.#inFile.value = answer.cameras.length;
		this.#ids.value = answer.ids;
		this.drafts.value = after;
		for (const draft of before)
			this.#forgetIfOther(
				draft,
				after.find(({ key }) => key === draft.key),
			);
		if (!told) return;
		const lost = before.filter((draft) => {
			const now = after.find(({ key }) => key === draft.key);
			return now && lostPassword(draft, now);
		});
		this.notice.value = { kind: "changed-meanwhile", passwords: lost.map(({ fields }) => fields.name ?? "?") };
	}

	async #test(key: number, abort: AbortSignal): Promise<ApiResult<SettingsTestAnswer>> {
		const result = await this.#testOnce(key, abort);
		if (result.ok || abort.aborted) return result;
		if (result.problem.code !== "changed-meanwhile") {
			this.lockedBy(result.problem);
			return result;
		}
		const read = await this.api.cameras();
		if (read.ok && !abort.aborted) this.#take(read.value, true);
		return abort.aborted ? result : await this.#testOnce(key, abort);
	}

	async #testOnce(key: number, abort: AbortSignal): Promise<ApiResult<SettingsTestAnswer>> {
		const draft = this.drafts.peek().find((candidate) => candidate.key === key);
		return await this.api.test({ revision: this.#revision, camera: draft ? toInput(draft) : {} }, abort);
	}

	#update(key: number, change: (draft: Draft) => Draft): void {
		this.drafts.value = this.drafts.peek().map((draft) => {
			if (draft.key !== key) return draft;
			const next = change(draft);
			this.#forgetIfOther(draft, next);
			return next;
		});
	}

	/** A test says nothing about a camera with another address or login. */
	#forgetIfOther(before: Draft, after: Draft | undefined): void {
		if (!after || connectionOf(before) !== connectionOf(after)) this.tests.forget(before.key);
	}

	#clearProblems(key: number, field: string): void {
		const of = this.problems.peek().get(key);
		if (!of) return;
		const left = of.filter((problem) => problem.field !== field && problem.field !== undefined);
		this.problems.value = new Map(this.problems.peek()).set(key, left);
	}

	#newKey(): number {
		this.#lastKey += 1;
		return this.#lastKey;
	}
}
