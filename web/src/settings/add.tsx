/** The ways to add cameras, as tabs. @module */
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { ADD_TABS, type AddTab } from "./add-forms.ts";
import { AddImport } from "./add-import.tsx";
import { AddMaker } from "./add-maker.tsx";
import { AddPaste } from "./add-paste.tsx";
import { AddSearch } from "./add-search.tsx";
import { useSettings } from "./context.ts";

const PANELS: Readonly<Record<AddTab, () => JSX.Element>> = {
	maker: AddMaker,
	paste: AddPaste,
	search: AddSearch,
	import: AddImport,
};

export function AddCameras() {
	const { store, t } = useSettings();
	const { forms } = store;
	const tabs = useRef<HTMLDivElement>(null);
	const tab = forms.tab.value;
	const Panel = PANELS[tab];
	const go = (to: number) => {
		const next = ADD_TABS[(to + ADD_TABS.length) % ADD_TABS.length];
		if (next === undefined) return;
		forms.show(next);
		tabs.current?.querySelector<HTMLElement>(`#add-tab-${next}`)?.focus();
	};
	return (
		<>
			<div
				ref={tabs}
				class="tabs"
				role="tablist"
				aria-label={t("settings.add")}
				onKeyDown={(event) => {
					const at = ADD_TABS.indexOf(tab);
					const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: ADD_TABS.length - 1 }[event.key];
					if (to === undefined) return;
					event.preventDefault();
					go(to);
				}}
			>
				{ADD_TABS.map((name) => (
					<button
						key={name}
						id={`add-tab-${name}`}
						type="button"
						role="tab"
						aria-selected={tab === name}
						aria-controls="add-panel"
						tabIndex={tab === name ? 0 : -1}
						onClick={() => forms.show(name)}
					>
						{t(`settings.tab.${name}`)}
					</button>
				))}
			</div>
			<div id="add-panel" class="panel" role="tabpanel" aria-labelledby={`add-tab-${tab}`}>
				<Panel key={tab} />
			</div>
		</>
	);
}
