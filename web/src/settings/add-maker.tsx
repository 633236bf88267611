/** Cameras of a recorder, or one camera, by its maker. @module */
import { useEffect, useRef } from "preact/hooks";
import { UNKNOWN_MAKER } from "./add-forms.ts";
import { useSettings } from "./context.ts";
import { Busy, Field, Message, PasswordField } from "./fields.tsx";
import type { RecorderForm, RecorderProblem } from "./recorder.ts";
import { addAndTest, problemWords } from "./words.ts";

export function AddMaker() {
	const { store, t } = useSettings();
	const { forms } = store;
	const form = useRef<HTMLFormElement>(null);
	const recorder = forms.recorder.value;
	const vendors = store.vendors.value;
	const vendor = vendors.find(({ id }) => id === recorder.vendor);
	const problems = forms.tried.value ? forms.recorderProblems(vendors) : [];
	const wrong = (...among: RecorderProblem[]) => {
		const problem = problems.find((one) => among.includes(one));
		return problem && t(`settings.wrong.${problem}`);
	};
	const set = (field: keyof RecorderForm) => (value: string) => forms.setRecorder(field, value);
	useEffect(() => form.current?.querySelector("select")?.focus(), []);
	const count = Number(recorder.channels) || 1;
	// The search comes first then.
	const searching = recorder.vendor === UNKNOWN_MAKER && recorder.template === "";
	return (
		<form
			ref={form}
			onSubmit={(event) => {
				event.preventDefault();
				const cameras = forms.recorderCameras(vendors, (channel) => store.nameOf(channel));
				if (cameras.length > 0) store.add(cameras);
				else requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
			}}
		>
			<p>{t("settings.maker.how")}</p>
			<MakerPicker problem={wrong("maker-missing")} />
			{vendor && vendor.notes.length > 0 && (
				<Message kind="info">
					{vendor.notes.map((note) => (
						<p key={note}>{note}</p>
					))}
				</Message>
			)}
			{vendor && vendor.template === undefined ? (
				<Message kind="warning">
					{t("settings.maker.byAddress", { name: vendor.name })}
					<button type="button" class="text-button" onClick={() => forms.show("paste")}>
						{t("settings.tab.paste")}
					</button>
				</Message>
			) : (
				<>
					<div class="fields">
						<Field
							name="host"
							label={t("settings.field.host")}
							value={recorder.host}
							placeholder="192.168.1.108"
							hint={t("settings.hint.host")}
							problem={wrong("host-missing", "host-wrong")}
							onInput={set("host")}
							onLeave={() => forms.tidyHost()}
						/>
						<Field
							name="port"
							short
							numeric
							label={t("settings.field.port")}
							value={recorder.port}
							placeholder="554"
							hint={t("settings.hint.port")}
							problem={wrong("port-wrong")}
							onInput={set("port")}
						/>
						<Field name="user" short label={t("settings.field.user")} value={recorder.user} onInput={set("user")} />
						<PasswordField
							name="password"
							short
							label={t("settings.field.password")}
							value={recorder.password}
							onInput={set("password")}
						/>
						<Field
							name="channels"
							short
							numeric
							label={t("settings.field.channels")}
							value={recorder.channels}
							hint={t("settings.hint.channels")}
							problem={wrong("channels-wrong")}
							onInput={set("channels")}
						/>
					</div>
					{recorder.vendor === UNKNOWN_MAKER && <Find />}
					<button type="submit" class={searching ? "text-button" : "main-button"}>
						{addAndTest(t, count)}
					</button>
				</>
			)}
		</form>
	);
}

function MakerPicker({ problem }: { problem: string | undefined }) {
	const { store, t } = useSettings();
	const { forms } = store;
	const { vendor } = forms.recorder.value;
	// A wrong path of an unknown maker is Find's to say.
	const shown = vendor === UNKNOWN_MAKER ? undefined : problem;
	return (
		<div class="field">
			<label for="maker">{t("settings.field.vendor")}</label>
			<select
				id="maker"
				name="vendor"
				value={vendor}
				aria-invalid={shown !== undefined}
				aria-describedby="maker-note"
				onChange={(event) => forms.chooseVendor(event.currentTarget.value, store.vendors.peek())}
			>
				<option value="" disabled>
					{t("settings.maker.choose")}
				</option>
				<option value={UNKNOWN_MAKER}>{t("settings.maker.unknown")}</option>
				{store.vendors.value.map(({ id, name }) => (
					<option key={id} value={id}>
						{name}
					</option>
				))}
			</select>
			<span id="maker-note" class={shown === undefined ? "hint" : "hint wrong"}>
				{shown ?? t("settings.maker.hint")}
			</span>
		</div>
	);
}

/** For whoever does not know the maker: the likely paths are tried. */
function Find() {
	const { store, t } = useSettings();
	const { forms } = store;
	const { host } = forms.recorder.value;
	const found = forms.found.value;
	const problem = forms.problem.value;
	if (forms.asking.value === "find") {
		return <Busy onStop={() => forms.stop()}>{t("settings.find.running")}</Busy>;
	}
	const name =
		found?.kind === "found" &&
		(store.vendors.value.find(({ template }) => template === found.template)?.name ?? found.template);
	return (
		<>
			<div class="buttons">
				<button
					type="button"
					class={found?.kind === "found" ? "text-button" : "main-button"}
					disabled={host.trim() === ""}
					onClick={() => {
						forms.tidyHost();
						void forms.find();
					}}
				>
					{t("settings.find")}
				</button>
			</div>
			{forms.tried.value && !found && <Message kind="error">{t("settings.find.first")}</Message>}
			{name !== false && <Message kind="good">{t("settings.find.found", { name })}</Message>}
			{found?.kind === "none" && (
				<Message kind="error">
					{found.text === "" ? t("settings.find.none") : found.text}
					{found.code === "auth-refused" && <> {t("settings.refused.why")}</>}
				</Message>
			)}
			{problem && <Message kind="error">{problemWords(t, problem)}</Message>}
		</>
	);
}
