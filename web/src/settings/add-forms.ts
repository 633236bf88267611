/** The four ways to add cameras, as forms: what was typed in them stays while the dialog is open. @module */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { SettingsDescribeAnswer, SettingsDiscoverAnswer, SettingsImportAnswer, SettingsVendor } from "@vigia/api";
import type { NewCamera } from "./draft.ts";
import { type Pasted, parsePaste } from "./paste.ts";
import {
	EMPTY_RECORDER,
	recorderCameras,
	type RecorderForm,
	type RecorderProblem,
	recorderProblems,
	withHost,
	withVendor,
} from "./recorder.ts";
import type { ApiProblem, ApiResult, SettingsApi } from "./settings-api.ts";

export const ADD_TABS = ["maker", "paste", "search", "import"] as const;
export type AddTab = (typeof ADD_TABS)[number];

/** In the maker's place: nobody knows it. */
export const UNKNOWN_MAKER = "?";

export interface Login {
	readonly user: string;
	readonly password: string;
}

const NO_LOGIN: Login = { user: "", password: "" };

/** What the server is asked for now. */
export type Asking = "find" | "discover" | "describe" | "import";

/** What a search for the paths of a device found. */
export type Found =
	| { readonly kind: "found"; readonly template: string }
	| { readonly kind: "none"; readonly code: string; readonly text: string };

/** Lives as long as the dialog. */
export class AddForms {
	readonly tab: Signal<AddTab> = signal("maker");
	readonly recorder: Signal<RecorderForm> = signal(EMPTY_RECORDER);
	readonly found: Signal<Found | undefined> = signal(undefined);
	/** Mistakes are shown from the first try to add on. */
	readonly tried = signal(false);
	readonly pasteText = signal("");
	readonly pasteLogin: Signal<Login> = signal(NO_LOGIN);
	readonly pasted: ReadonlySignal<Pasted>;
	readonly range = signal("");
	readonly discovered: Signal<SettingsDiscoverAnswer | undefined> = signal(undefined);
	/** Address of the device that was chosen, or typed. */
	readonly device = signal("");
	readonly deviceLogin: Signal<Login> = signal(NO_LOGIN);
	readonly described: Signal<SettingsDescribeAnswer | undefined> = signal(undefined);
	/** Places in the described device's list that are not wanted. */
	readonly unticked: Signal<ReadonlySet<number>> = signal(new Set());
	readonly importText = signal("");
	readonly preview: Signal<SettingsImportAnswer | undefined> = signal(undefined);
	readonly asking: Signal<Asking | undefined> = signal(undefined);
	readonly problem: Signal<ApiProblem | undefined> = signal(undefined);
	/** Something was typed that is not in the list yet. */
	readonly typed: ReadonlySignal<boolean>;
	readonly #api: SettingsApi;
	readonly #isLocked: (problem: ApiProblem) => boolean;
	#abort = new AbortController();

	/** `isLocked` is told of every failure, and answers whether another page is shown for it. */
	constructor(api: SettingsApi, isLocked: (problem: ApiProblem) => boolean) {
		this.#api = api;
		this.#isLocked = isLocked;
		this.pasted = computed(() => parsePaste(this.pasteText.value));
		this.typed = computed(() => {
			const { host, user, password } = this.recorder.value;
			const texts = [
				host,
				user,
				password,
				this.pasteText.value,
				this.importText.value,
				this.deviceLogin.value.password,
			];
			return texts.some((text) => text.trim() !== "");
		});
	}

	/** Everything empty, and nothing asked for. */
	clear(): void {
		this.stop();
		this.recorder.value = EMPTY_RECORDER;
		this.found.value = undefined;
		this.tried.value = false;
		this.pasteText.value = "";
		this.pasteLogin.value = NO_LOGIN;
		this.device.value = "";
		this.deviceLogin.value = NO_LOGIN;
		this.described.value = undefined;
		this.unticked.value = new Set();
		this.importText.value = "";
		this.preview.value = undefined;
	}

	/** Calls off what the server is asked for. */
	stop(): void {
		this.#abort.abort();
		this.#abort = new AbortController();
		this.asking.value = undefined;
		this.problem.value = undefined;
	}

	show(tab: AddTab): void {
		this.stop();
		this.tried.value = false;
		this.tab.value = tab;
	}

	chooseVendor(id: string, vendors: readonly SettingsVendor[]): void {
		const before = vendors.find((vendor) => vendor.id === this.recorder.peek().vendor);
		const form = withVendor(
			this.recorder.peek(),
			vendors.find((vendor) => vendor.id === id),
			before,
		);
		this.recorder.value = id === UNKNOWN_MAKER ? { ...form, vendor: UNKNOWN_MAKER } : form;
		this.found.value = undefined;
	}

	setRecorder(field: keyof RecorderForm, value: string): void {
		const form = { ...this.recorder.peek(), [field]: value };
		const elsewhere = field === "host" || field === "port";
		// What was found is another device's.
		this.recorder.value = elsewhere ? { ...form, template: "" } : form;
		if (elsewhere) this.found.value = undefined;
	}

	/** Takes an address apart that was pasted with more than the host in it. */
	tidyHost(): void {
		this.recorder.value = withHost(this.recorder.peek(), this.recorder.peek().host);
	}

	/** How the paths are made: by the maker, or as a search found. */
	templateOf(vendors: readonly SettingsVendor[]): string | undefined {
		const { vendor, template } = this.recorder.value;
		if (vendor === UNKNOWN_MAKER) return template === "" ? undefined : template;
		return vendors.find(({ id }) => id === vendor)?.template;
	}

	recorderProblems(vendors: readonly SettingsVendor[]): readonly RecorderProblem[] {
		return recorderProblems(this.recorder.value, this.templateOf(vendors));
	}

	/** The form's cameras, or none while something has to be corrected. */
	recorderCameras(vendors: readonly SettingsVendor[], nameOf: (channel: number) => string): readonly NewCamera[] {
		this.tried.value = true;
		this.tidyHost();
		const template = this.templateOf(vendors);
		if (template === undefined || this.recorderProblems(vendors).length > 0) return [];
		return recorderCameras(this.recorder.peek(), template, nameOf);
	}

	/** The lines that hold an address; user and password of the form for those that have none. */
	pastedCameras(): readonly NewCamera[] {
		const common = this.pasteLogin.peek();
		return this.pasted.peek().cameras.map(({ name, address }): NewCamera => {
			const user = address.user ?? common.user;
			const password = address.user === undefined ? common.password : (address.password ?? "");
			return {
				fields: { ...(name !== undefined && { name }), url: address.url, ...(user !== "" && { user }) },
				...(user !== "" && { password }),
			};
		});
	}

	/** The ticked channels of the described device. */
	describedCameras(): readonly NewCamera[] {
		const { user, password } = this.deviceLogin.peek();
		const { cameras = [], serial } = this.described.peek() ?? {};
		return cameras
			.filter((_, at) => !this.unticked.peek().has(at))
			.map(({ name, url, main }) => ({
				fields: {
					...(name.trim() !== "" && { name: name.trim() }),
					url,
					...(main !== undefined && { main }),
					...(user !== "" && { user }),
					...(serial !== undefined && { serial }),
				},
				...(user !== "" && { password }),
			}));
	}

	/** Tries the paths of likely makers on the recorder. */
	async find(): Promise<void> {
		const { host, port, user, password } = this.recorder.peek();
		this.found.value = undefined;
		const request = { host, ...(port !== "" && { port }), ...(user !== "" && { user, password }) };
		await this.#ask(
			"find",
			(signal) => this.#api.find(request, signal),
			({ found, failure }) => {
				if (found) {
					this.recorder.value = { ...this.recorder.peek(), template: found.template, port: String(found.port) };
					this.found.value = { kind: "found", template: found.template };
				} else this.found.value = { kind: "none", code: failure?.code ?? "", text: failure?.text ?? "" };
			},
		);
	}

	/** Asks the network for devices. */
	async discover(): Promise<void> {
		this.described.value = undefined;
		await this.#ask(
			"discover",
			(signal) => this.#api.discover(this.range.peek().trim(), signal),
			(answer) => {
				this.discovered.value = answer;
				const [only, ...others] = answer.devices;
				if (only && others.length === 0) this.chooseDevice(only.address);
			},
		);
	}

	chooseDevice(address: string): void {
		this.stop();
		this.device.value = address;
		this.described.value = undefined;
		this.unticked.value = new Set();
	}

	/** Asks the chosen device for its channels. */
	async describe(): Promise<void> {
		const { user, password } = this.deviceLogin.peek();
		const address = this.device.peek().trim();
		await this.#ask(
			"describe",
			(signal) => this.#api.describe({ address, ...(user !== "" && { user, password }) }, signal),
			(answer) => {
				this.described.value = answer;
				this.unticked.value = new Set();
			},
		);
	}

	setTicked(at: number, ticked: boolean): void {
		const unticked = new Set(this.unticked.peek());
		if (ticked) unticked.delete(at);
		else unticked.add(at);
		this.unticked.value = unticked;
	}

	setImport(text: string): void {
		this.stop();
		this.importText.value = text;
		this.preview.value = undefined;
	}

	/** What would come of the file. */
	async previewImport(revision: string): Promise<void> {
		await this.#ask(
			"import",
			() => this.#api.import(revision, this.importText.peek(), false),
			(answer) => {
				this.preview.value = answer;
			},
		);
	}

	/** Runs one question of the server's at a time. What was called off says nothing. */
	async #ask<T>(
		what: Asking,
		ask: (signal: AbortSignal) => Promise<ApiResult<T>>,
		take: (answer: T) => void,
	): Promise<void> {
		this.stop();
		const { signal } = this.#abort;
		this.asking.value = what;
		const result = await ask(signal);
		if (signal.aborted) return;
		this.asking.value = undefined;
		if (result.ok) take(result.value);
		else if (!this.#isLocked(result.problem)) this.problem.value = result.problem;
	}
}
