/** The cameras of the file, their tests, and what can be done with them. @module */
import { useEffect, useRef, useState } from "preact/hooks";
import { CameraRow } from "./camera-row.tsx";
import { useSettings } from "./context.ts";
import { Busy, Field, Message, PasswordField } from "./fields.tsx";
import { problemWords } from "./words.ts";

/** Names of refused cameras that are told. */
const SHOWN_NAMES = 8;

export function CameraList() {
	const { store, t } = useSettings();
	const drafts = store.drafts.value;
	const elsewhere = store.elsewhere.value;
	if (drafts.length === 0) return <Empty />;
	return (
		<>
			<Notice />
			<div class="list-head">
				<p class="hint">{t("settings.list.file", { file: store.file.value })}</p>
				<button type="button" class="text-button" onClick={() => store.test()}>
					{t("settings.test.all")}
				</button>
			</div>
			{elsewhere > 0 && <Message kind="info">{t("settings.elsewhere", { count: elsewhere })}</Message>}
			<TestProgress />
			<Refused />
			<WithoutPicture />
			<ol class="cameras">
				{drafts.map((draft, place) => (
					<CameraRow key={draft.key} draft={draft} place={place} last={place === drafts.length - 1} />
				))}
			</ol>
		</>
	);
}

/** Says what will happen before anything has to be typed. */
function Empty() {
	const { store, t } = useSettings();
	const elsewhere = store.elsewhere.value;
	return (
		<div class="nothing">
			<Notice />
			<h3>{t("settings.empty.title")}</h3>
			<p>{t("settings.empty.how")}</p>
			<ol>
				<li>{t("settings.empty.one")}</li>
				<li>{t("settings.empty.two")}</li>
				<li>{t("settings.empty.three", { file: store.file.value })}</li>
			</ol>
			<button
				type="button"
				class="main-button"
				onClick={() => {
					store.view.value = { kind: "add" };
				}}
			>
				{t("settings.add")}
			</button>
			{elsewhere > 0 && <Message kind="info">{t("settings.elsewhere", { count: elsewhere })}</Message>}
		</div>
	);
}

/** Comes into sight by itself, unless a field below says what is wrong. */
function Notice() {
	const { store } = useSettings();
	const place = useRef<HTMLDivElement>(null);
	const notice = store.notice.value;
	useEffect(() => {
		if (notice && store.problems.peek().size === 0) place.current?.scrollIntoView({ block: "nearest" });
	}, [notice]);
	return (
		<div ref={place}>
			<NoticeText />
		</div>
	);
}

function NoticeText() {
	const { store, t } = useSettings();
	const notice = store.notice.value;
	switch (notice?.kind) {
		case undefined:
			return null;
		case "problem":
			return <Message kind="error">{problemWords(t, notice.problem)}</Message>;
		case "imported":
			return (
				<Message kind="good">
					{t(notice.count === 1 ? "settings.imported.one" : "settings.imported", { count: notice.count })}
				</Message>
			);
		case "changed-meanwhile":
			return (
				<Message kind="warning">
					{t("settings.problem.changed")}
					{notice.passwords.length > 0 && (
						<> {t("settings.problem.passwords", { names: notice.passwords.join(", ") })}</>
					)}
				</Message>
			);
	}
}

function TestProgress() {
	const { store, t } = useSettings();
	const progress = store.tests.progress.value;
	if (!progress) return null;
	return (
		<Busy onStop={() => store.tests.stop()}>
			<p>{t("settings.test.progress", { done: progress.done, total: progress.total })}</p>
			<progress max={progress.total} value={progress.done} aria-label={t("settings.test.all")} />
		</Busy>
	);
}

/** One place to correct what was refused, for all that it was refused to. */
function Refused() {
	const { store, t } = useSettings();
	const refused = store.refused.value;
	const [user, setUser] = useState<string>();
	const [password, setPassword] = useState("");
	if (refused.length === 0 || store.tests.progress.value) return null;
	const count = refused.length;
	const name = user ?? refused[0]?.fields.user ?? "";
	const whose = refused.slice(0, SHOWN_NAMES).map(({ fields }) => fields.name ?? fields.host ?? "?");
	return (
		<form
			class="refused"
			onSubmit={(event) => {
				event.preventDefault();
				store.correctLogin(name, password);
				setUser(undefined);
				setPassword("");
			}}
		>
			<Message kind="error">
				<strong>{t("settings.refused.title")}</strong> {t("settings.refused.why")}
				<p class="hint">{whose.join(", ") + (count > SHOWN_NAMES ? ", …" : "")}</p>
			</Message>
			<div class="fields">
				<Field short name="refused-user" label={t("settings.field.user")} value={name} onInput={setUser} />
				<PasswordField
					short
					name="refused-password"
					label={t("settings.field.password")}
					value={password}
					onInput={setPassword}
				/>
				<button type="submit" class="main-button">
					{t(count === 1 ? "settings.refused.again.one" : "settings.refused.again", { count })}
				</button>
			</div>
		</form>
	);
}

function WithoutPicture() {
	const { store, t } = useSettings();
	const count = store.withoutPicture.value.length;
	if (count === 0 || store.tests.progress.value || store.refused.value.length > 0) return null;
	return (
		<Message kind="warning">
			{t(count === 1 ? "settings.dark.one" : "settings.dark", { count })}
			<button type="button" class="text-button" onClick={() => store.leaveOutWithoutPicture()}>
				{t("settings.dark.leaveOut")}
			</button>
		</Message>
	);
}
