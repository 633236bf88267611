/** The wall's own few controls, at its lower right. @module */
import { ExpandIcon, GearIcon, HelpIcon, ShrinkIcon, StateIcon } from "./icons.tsx";
import { useWall } from "./store.ts";

export function Toolbar() {
	const store = useWall();
	const t = store.translate;
	const counts = store.counts.value;
	const full = store.fullScreen.value;
	const fullLabel = t(full ? "action.leaveFullscreen" : "action.fullscreen");
	if (store.ids.value.length === 0) return null;
	return (
		<div class="toolbar">
			<div class="summary">
				{store.demo.value && <span>{t("summary.demo")}</span>}
				{(["live", "still", "connecting", "frozen", "offline"] as const).map(
					(kind) =>
						counts[kind] > 0 && (
							<span key={kind} class={`count ${kind}`}>
								<StateIcon kind={kind} />
								{t(
									(kind === "frozen" || kind === "still") && counts[kind] === 1
										? `summary.${kind}.one`
										: `summary.${kind}`,
									{
										count: counts[kind],
									},
								)}
							</span>
						),
				)}
			</div>
			<button
				type="button"
				class="icon-button with-keyboard"
				aria-label={t("action.help")}
				title={`${t("action.help")} (?)`}
				onClick={() => {
					store.help.value = true;
				}}
			>
				<HelpIcon />
			</button>
			<button
				type="button"
				class="icon-button"
				aria-label={fullLabel}
				title={`${fullLabel} (f)`}
				onClick={() => void store.toggleFullScreen()}
			>
				{full ? <ShrinkIcon /> : <ExpandIcon />}
			</button>
			<button
				type="button"
				class="icon-button"
				aria-label={t("settings.title")}
				title={t("settings.title")}
				aria-haspopup="dialog"
				onClick={() => store.openSettings()}
			>
				<GearIcon />
			</button>
		</div>
	);
}
