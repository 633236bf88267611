/** The overview of keys, and the text that the browser would not copy. @module */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { CloseIcon } from "./icons.tsx";
import { useWall } from "./store.ts";

export function KeyHelp() {
	const store = useWall();
	const t = store.translate;
	if (!store.help.value) return null;
	const rows: [string, string][] = [
		[t("key.arrows"), t("keys.arrows")],
		[t("key.enter"), t("keys.enter")],
		[t("key.escape"), t("keys.escape")],
		["1 – 9", t("keys.digits")],
		["F", t("keys.fullscreen")],
		["M", t("keys.sound")],
		["Shift F10", t("keys.menu")],
		["?", t("keys.help")],
	];
	return (
		<Dialog
			title={t("keys.title")}
			onClose={() => {
				store.help.value = false;
			}}
		>
			<dl class="keys">
				{rows.map(([key, what]) => (
					<div key={key}>
						<dt>
							<kbd>{key}</kbd>
						</dt>
						<dd>{what}</dd>
					</div>
				))}
			</dl>
		</Dialog>
	);
}

export function CopyByHand() {
	const store = useWall();
	const text = store.copyByHand.value;
	const area = useRef<HTMLTextAreaElement>(null);
	useEffect(() => area.current?.select(), [text]);
	if (text === undefined) return null;
	const title = store.translate("copy.failed");
	return (
		<Dialog
			title={title}
			onClose={() => {
				store.copyByHand.value = undefined;
			}}
		>
			<textarea ref={area} readOnly rows={16} aria-label={title} value={text} />
		</Dialog>
	);
}

/** The browser's own modal dialog: it keeps the focus, and Esc closes it. */
function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
	const { translate } = useWall();
	const dialog = useRef<HTMLDialogElement>(null);
	useEffect(() => dialog.current?.showModal(), []);
	return (
		<dialog
			ref={dialog}
			aria-label={title}
			onClose={onClose}
			onClick={(event) => event.target === event.currentTarget && dialog.current?.close()}
		>
			<div class="dialog-body">
				<header>
					<h2>{title}</h2>
					<button
						type="button"
						class="icon-button"
						aria-label={translate("action.close")}
						onClick={() => dialog.current?.close()}
					>
						<CloseIcon />
					</button>
				</header>
				{children}
			</div>
		</dialog>
	);
}
