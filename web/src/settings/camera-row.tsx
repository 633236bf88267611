/** One camera in the list of the settings. @module */
import { CloseIcon, DownIcon, EditIcon, GripIcon, RefreshIcon, UpIcon } from "../ui/icons.tsx";
import type { JSX } from "preact";
import { CameraForm } from "./camera-form.tsx";
import { useSettings } from "./context.ts";
import { type Draft, isChanged } from "./draft.ts";
import { CameraPicture } from "./camera-picture.tsx";
import { TestWords } from "./test-result.tsx";
import { addressWords } from "./words.ts";

export function CameraRow({ draft, place, last }: { draft: Draft; place: number; last: boolean }) {
	const { store, t } = useSettings();
	const { key, original, removed } = draft;
	const name = draft.fields.name ?? t("settings.nameless", { count: place + 1 });
	const state = store.tests.states.value.get(key);
	const open = store.opened.value === key;
	const whole = (store.problems.value.get(key) ?? []).filter(({ field }) => field === undefined);
	return (
		<li class={`camera${removed ? " removed" : ""}`} data-key={key} data-test={state?.kind}>
			<div class="camera-line">
				<Handle draftKey={key} />
				<CameraPicture draft={draft} state={state} name={name} />
				<div class="camera-text">
					<Title draft={draft} name={name} />
					<Address draft={draft} />
					{whole.map(({ text }) => (
						<p key={text} class="test-line error" role="alert">
							{text}
						</p>
					))}
					{!removed && <TestWords state={state} />}
				</div>
				<div class="camera-actions">
					{removed && original && (
						<button type="button" class="text-button" onClick={() => store.setRemoved(key, false)}>
							{t("settings.undo")}
						</button>
					)}
					{!removed && (
						<>
							<Action
								label={t("settings.up", { name })}
								disabled={place === 0}
								act={() => store.move(key, place - 1)}
								icon={<UpIcon />}
							/>
							<Action
								label={t("settings.down", { name })}
								disabled={last}
								act={() => store.move(key, place + 1)}
								icon={<DownIcon />}
							/>
							<Action
								label={t("settings.test.this", { name })}
								disabled={state?.kind === "running" || state?.kind === "waiting"}
								act={() => store.test([key])}
								icon={<RefreshIcon />}
							/>
							<Action
								label={t("settings.edit", { name })}
								expanded={open}
								act={() => {
									store.opened.value = open ? undefined : key;
								}}
								icon={<EditIcon />}
							/>
							{original && (
								<Action
									label={t("settings.remove", { name })}
									act={() => store.setRemoved(key, true)}
									icon={<CloseIcon />}
								/>
							)}
						</>
					)}
				</div>
			</div>
			{open && !removed && <CameraForm draft={draft} />}
		</li>
	);
}

/** A new camera can be left out; what was changed can be taken back. */
function Title({ draft, name }: { draft: Draft; name: string }) {
	const { store, t } = useSettings();
	const { key, original, removed } = draft;
	if (!original) {
		return (
			<label class="camera-name">
				<input
					type="checkbox"
					checked={!removed}
					onChange={(event) => store.setRemoved(key, !event.currentTarget.checked)}
				/>
				<span>{name}</span>
				<span class="mark">{t(removed ? "settings.mark.leftOut" : "settings.mark.new")}</span>
			</label>
		);
	}
	return (
		<p class="camera-name">
			<span>{name}</span>
			{removed && <span class="mark">{t("settings.mark.removed")}</span>}
			{!removed && isChanged(draft) && (
				<>
					<span class="mark">{t("settings.mark.changed")}</span>
					<button type="button" class="text-button" onClick={() => store.revert(key)}>
						{t("settings.revert")}
					</button>
				</>
			)}
		</p>
	);
}

function Address({ draft }: { draft: Draft }) {
	const { store, t } = useSettings();
	const nameOfTemplate = (template: string) =>
		store.vendors.value.find((vendor) => vendor.template === template)?.name ?? template;
	return <p class="camera-address">{addressWords(t, draft.fields, nameOfTemplate)}</p>;
}

function Action(props: { label: string; icon: JSX.Element; act: () => void; disabled?: boolean; expanded?: boolean }) {
	return (
		<button
			type="button"
			class="icon-button"
			aria-label={props.label}
			title={props.label}
			// Not `disabled`: the button that was pressed keeps the focus when its camera comes to an end of the list.
			aria-disabled={props.disabled === true}
			aria-expanded={props.expanded}
			onClick={() => {
				if (props.disabled !== true) props.act();
			}}
		>
			{props.icon}
		</button>
	);
}

/** Drags its camera by pointer or finger to where another one is; the keyboard has the buttons. */
function Handle({ draftKey }: { draftKey: number }) {
	const { store, t } = useSettings();
	return (
		<span
			class="handle"
			title={t("settings.drag")}
			onPointerDown={(event) => {
				event.preventDefault();
				// A finger holds on to what it touched first, which is moved about here.
				if (event.currentTarget.hasPointerCapture(event.pointerId)) {
					event.currentTarget.releasePointerCapture(event.pointerId);
				}
				const { pointerId } = event;
				const end = new AbortController();
				const { signal } = end;
				const move = ({ clientX, clientY, pointerId: id }: PointerEvent) => {
					if (id !== pointerId) return;
					const under = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>("li[data-key]");
					const keys = store.drafts.peek().map(({ key }) => key);
					const from = keys.indexOf(draftKey);
					const to = keys.findIndex((key) => String(key) === under?.dataset["key"]);
					if (!under || to < 0) return;
					// Past its middle only: a taller row would otherwise change places at every move.
					const { top, height } = under.getBoundingClientRect();
					const isBelow = clientY > top + height / 2;
					if (to > from ? isBelow : !isBelow) store.move(draftKey, to);
				};
				document.addEventListener("pointermove", move, { signal });
				document.addEventListener("pointerup", () => end.abort(), { signal });
				document.addEventListener("pointercancel", () => end.abort(), { signal });
			}}
		>
			<GripIcon />
		</span>
	);
}
