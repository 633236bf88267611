/** Cameras out of another program's file: Frigate, go2rtc, MediaMTX. @module */
import { useSettings } from "./context.ts";
import { Busy, Message } from "./fields.tsx";
import { problemWords } from "./words.ts";

/** The contract's limit of a file, in characters. */
const MAX_FILE_LENGTH = 262_144;
const KINDS: Readonly<Record<string, string>> = { frigate: "Frigate", go2rtc: "go2rtc", mediamtx: "MediaMTX" };

export function AddImport() {
	const { store, t } = useSettings();
	const { forms } = store;
	const problem = forms.problem.value;
	const preview = forms.preview.value;
	const text = forms.importText.value;
	const tooLong = text.length > MAX_FILE_LENGTH;
	return (
		<form
			onSubmit={(event) => {
				event.preventDefault();
				void forms.previewImport(store.revision);
			}}
		>
			<p>{t("settings.import.how")}</p>
			<div class="field">
				<label for="import-file">{t("settings.import.file")}</label>
				<input
					id="import-file"
					type="file"
					accept=".yml,.yaml,.txt"
					onChange={(event) => {
						const file = event.currentTarget.files?.[0];
						// A larger one is none of these programs', and would only stop the page.
						void file
							?.slice(0, 4 * MAX_FILE_LENGTH)
							.text()
							.then((read) => forms.setImport(read));
					}}
				/>
			</div>
			<div class="field">
				<label for="import-text">{t("settings.import.text")}</label>
				<textarea
					id="import-text"
					rows={8}
					spellcheck={false}
					value={text}
					onInput={(event) => forms.setImport(event.currentTarget.value)}
				/>
			</div>
			{tooLong && <Message kind="error">{t("settings.import.tooLong")}</Message>}
			{forms.asking.value === "import" ? (
				<Busy onStop={() => forms.stop()}>{t("settings.import.reading")}</Busy>
			) : (
				<button type="submit" class={preview ? "text-button" : "main-button"} disabled={text.trim() === "" || tooLong}>
					{t("settings.import.look")}
				</button>
			)}
			{problem && <Message kind="error">{problemWords(t, problem)}</Message>}
			<Preview />
		</form>
	);
}

function Preview() {
	const { store, t } = useSettings();
	const { forms } = store;
	const preview = forms.preview.value;
	if (!preview) return null;
	const { kind, cameras, notes } = preview;
	const count = cameras.length;
	return (
		<>
			{kind === undefined ? (
				<Message kind="error">{t("settings.import.unknown")}</Message>
			) : (
				<p>{t("settings.import.kind", { kind: KINDS[kind] ?? kind, count })}</p>
			)}
			{kind !== undefined && count === 0 && <Message kind="info">{t("settings.import.nothing")}</Message>}
			{count > 0 && (
				<ul class="preview">
					{cameras.map((camera, at) => (
						<li key={at}>
							<strong>{camera.name ?? camera.id ?? t("settings.nameless", { count: at + 1 })}</strong>
							<span class="hint">{camera.host ?? camera.url ?? camera.main ?? ""}</span>
						</li>
					))}
				</ul>
			)}
			{notes.length > 0 && (
				<Message kind="warning">
					<ul class="advice">
						{notes.map((note) => (
							<li key={note}>{note}</li>
						))}
					</ul>
				</Message>
			)}
			{count > 0 && (
				<>
					<p class="hint">{t("settings.import.atOnce", { file: store.file.value })}</p>
					<button type="button" class="main-button" onClick={() => void store.import(forms.importText.peek())}>
						{t(count === 1 ? "settings.import.add.one" : "settings.import.add", { count })}
					</button>
				</>
			)}
		</>
	);
}
