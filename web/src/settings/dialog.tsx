/** The settings of the cameras, over the wall, which goes on behind. Loaded when it is opened. @module */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Language } from "../i18n/index.ts";
import { BackIcon, CloseIcon } from "../ui/icons.tsx";
import { useWall } from "../ui/store.ts";
import { AddCameras } from "./add.tsx";
import { CameraList } from "./camera-list.tsx";
import { SettingsContext, useSettings } from "./context.ts";
import { Busy, Message } from "./fields.tsx";
import { Framed } from "./framed.tsx";
import { Locked } from "./locked.tsx";
import { SettingsApi } from "./settings-api.ts";
import { SettingsStore } from "./settings-store.ts";
import { problemWords } from "./words.ts";
import "./settings.css";

/** @param token that the page was opened with, for the server. */
export function SettingsDialog({ token, onClose }: { token: string | undefined; onClose: () => void }) {
	const wall = useWall();
	const t = wall.translate;
	const dialog = useRef<HTMLDialogElement>(null);
	const asking = useSignal(false);
	const language: Language = document.documentElement.lang === "es" ? "es" : "en";
	const store = useMemo(
		() =>
			new SettingsStore({
				api: new SettingsApi({
					base: new URL(".", document.baseURI).href,
					language,
					clock: wall.clock,
					fetch: (...request) => fetch(...request),
				}),
				clock: wall.clock,
				namePrefix: t("settings.namePrefix"),
				framed: window.top !== window,
				saved: (count) => {
					wall.say(t(count === 1 ? "settings.saved.one" : "settings.saved", { count }));
					onClose();
				},
			}),
		[],
	);
	useEffect(() => {
		const element = dialog.current;
		element?.showModal();
		void store.load(token);
		return () => {
			store.close();
			// Gives the focus back to where it was.
			element?.close();
		};
	}, [store]);
	useUnloadQuestion(store);
	const ask = () => {
		if (store.dirty.peek()) asking.value = true;
		else onClose();
	};
	return (
		<SettingsContext.Provider value={{ store, t, language, close: onClose }}>
			<dialog
				ref={dialog}
				class="settings"
				aria-labelledby="settings-title"
				onCancel={(event) => {
					event.preventDefault();
					ask();
				}}
				onClose={() => {
					if (dialog.current?.isConnected !== true) return;
					// Browsers close it at a second Escape whatever is said to the first.
					if (store.dirty.peek()) dialog.current.showModal();
					ask();
				}}
				onKeyDown={(event) => {
					// The wall's keys are not meant while something is typed here.
					event.stopPropagation();
					if (event.key !== "Escape" || event.defaultPrevented) return;
					event.preventDefault();
					if (asking.peek()) asking.value = false;
					else ask();
				}}
			>
				<Head onClose={ask} />
				<Body />
				{asking.value ? (
					<Question
						onKeep={() => {
							asking.value = false;
						}}
					/>
				) : (
					<Foot onClose={ask} />
				)}
			</dialog>
		</SettingsContext.Provider>
	);
}

function Head({ onClose }: { onClose: () => void }) {
	const { store, t } = useSettings();
	const adding = store.view.value.kind === "add";
	return (
		<header>
			{adding && (
				<button
					type="button"
					class="icon-button"
					aria-label={t("settings.back")}
					title={t("settings.back")}
					onClick={() => {
						store.forms.stop();
						store.view.value = { kind: "list" };
					}}
				>
					<BackIcon />
				</button>
			)}
			<h2 id="settings-title">{t(adding ? "settings.add" : "settings.title")}</h2>
			<button type="button" class="icon-button" aria-label={t("action.close")} onClick={onClose}>
				<CloseIcon />
			</button>
		</header>
	);
}

function Body() {
	const { store } = useSettings();
	const body = useRef<HTMLDivElement>(null);
	const { kind } = store.view.value;
	useEffect(() => {
		// What had the focus may be gone with the view before.
		if (body.current?.closest("dialog")?.contains(document.activeElement) === false) body.current.focus();
		body.current?.scrollTo(0, 0);
	}, [kind]);
	return (
		<div ref={body} class="settings-body" tabIndex={-1}>
			<View />
		</div>
	);
}

function View() {
	const { store, t } = useSettings();
	const view = store.view.value;
	switch (view.kind) {
		case "loading":
			return <Busy>{t("settings.loading")}</Busy>;
		case "locked":
			return <Locked problem={view.problem} />;
		case "failed":
			return (
				<>
					<Message kind="error">{problemWords(t, view.problem)}</Message>
					<button type="button" class="main-button" onClick={() => void store.load()}>
						{t("settings.again")}
					</button>
				</>
			);
		case "framed":
			return <Framed token={view.token} />;
		case "list":
			return <CameraList />;
		case "add":
			return <AddCameras />;
	}
}

function Foot({ onClose }: { onClose: () => void }) {
	const { store, t } = useSettings();
	if (store.view.value.kind !== "list") return null;
	const changed = store.changed.value;
	const empty = store.drafts.value.length === 0;
	return (
		<footer class="footer">
			{!empty && (
				<button
					type="button"
					class="text-button"
					onClick={() => {
						store.view.value = { kind: "add" };
					}}
				>
					{t("settings.add")}
				</button>
			)}
			<span class="space" />
			{changed && !store.saving.value && <span class="hint">{t("settings.unsaved")}</span>}
			<button type="button" class="text-button" onClick={onClose}>
				{t(changed ? "settings.cancel" : "action.close")}
			</button>
			{!empty && (
				<button
					type="button"
					class="main-button"
					disabled={!changed || store.saving.value}
					onClick={() => void store.save()}
				>
					{t(store.saving.value ? "settings.saving" : "settings.save")}
				</button>
			)}
		</footer>
	);
}

/** Before something unsaved is lost. */
function Question({ onKeep }: { onKeep: () => void }) {
	const { t, close } = useSettings();
	const keep = useRef<HTMLButtonElement>(null);
	useEffect(() => keep.current?.focus(), []);
	return (
		<div class="footer question" role="alertdialog" aria-label={t("settings.discard.title")}>
			<span>{t("settings.discard.title")}</span>
			<span class="space" />
			<button type="button" class="text-button" onClick={close}>
				{t("settings.discard")}
			</button>
			<button ref={keep} type="button" class="main-button" onClick={onKeep}>
				{t("settings.discard.keep")}
			</button>
		</div>
	);
}

/** The browser asks before the page with something unsaved is left. */
function useUnloadQuestion(store: SettingsStore): void {
	useEffect(() => {
		const onUnload = (event: BeforeUnloadEvent) => {
			if (store.dirty.peek()) event.preventDefault();
		};
		window.addEventListener("beforeunload", onUnload);
		return () => window.removeEventListener("beforeunload", onUnload);
	}, [store]);
}
