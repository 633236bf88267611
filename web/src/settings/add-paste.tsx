/** Cameras by their addresses, one or many. @module */
import { useEffect, useRef } from "preact/hooks";
import { useSettings } from "./context.ts";
import { Field, Message, PasswordField } from "./fields.tsx";
import { addAndTest } from "./words.ts";

/** Problems that are shown; the rest is a number. */
const SHOWN_PROBLEMS = 8;

export function AddPaste() {
	const { store, t } = useSettings();
	const { forms } = store;
	const area = useRef<HTMLTextAreaElement>(null);
	useEffect(() => area.current?.focus(), []);
	const { cameras, problems } = forms.pasted.value;
	const login = forms.pasteLogin.value;
	const count = cameras.length;
	const needLogin = cameras.some(({ address }) => address.user === undefined);
	return (
		<form
			onSubmit={(event) => {
				event.preventDefault();
				if (count > 0) store.add(forms.pastedCameras());
			}}
		>
			<div class="field">
				<label for="paste">{t("settings.paste.label")}</label>
				<textarea
					ref={area}
					id="paste"
					name="addresses"
					rows={7}
					spellcheck={false}
					autocapitalize="off"
					placeholder={"rtsp://192.168.1.20:554/stream2\n" + t("settings.paste.example")}
					value={forms.pasteText.value}
					aria-invalid={problems.length > 0}
					aria-describedby="paste-note"
					onInput={(event) => {
						forms.pasteText.value = event.currentTarget.value;
					}}
				/>
				<span id="paste-note" class="hint">
					{t("settings.paste.hint")}
				</span>
			</div>
			{problems.length > 0 && (
				<Message kind="warning">
					<ul class="advice">
						{problems.slice(0, SHOWN_PROBLEMS).map(({ line, problem }) => (
							<li key={line}>{t("settings.paste.line", { line, why: t(`settings.line.${problem}`) })}</li>
						))}
						{problems.length > SHOWN_PROBLEMS && (
							<li>{t("settings.paste.more", { count: problems.length - SHOWN_PROBLEMS })}</li>
						)}
					</ul>
				</Message>
			)}
			<p class="hint">{t(needLogin || count === 0 ? "settings.paste.login" : "settings.paste.ownLogin")}</p>
			<div class="fields">
				<Field
					name="user"
					short
					label={t("settings.field.user")}
					value={login.user}
					onInput={(user) => {
						forms.pasteLogin.value = { ...login, user };
					}}
				/>
				<PasswordField
					name="password"
					short
					label={t("settings.field.password")}
					value={login.password}
					onInput={(password) => {
						forms.pasteLogin.value = { ...login, password };
					}}
				/>
			</div>
			<button type="submit" class="main-button" disabled={count === 0}>
				{addAndTest(t, count)}
			</button>
		</form>
	);
}
