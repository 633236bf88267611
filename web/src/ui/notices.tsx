/** What the page says about itself: above the wall what somebody should read, below it how the link is. @module */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatAge } from "../i18n/index.ts";
import { CloseIcon } from "./icons.tsx";
import { useWall } from "./store.ts";

/** The five settings that bring a recorder's cameras to the wall. */
const SETTINGS = "CAM_USER, CAM_PASS, CAM_IP, CAM_PORT, TOTAL_CAMERAS";
/** How often a countdown is painted, in milliseconds. */
const COUNTDOWN_MS = 500;

export function Notices() {
	const store = useWall();
	const t = store.translate;
	const { codecMissing, demo, demoDismissed, linkState, playBlocked, refusal } = store;
	const code = refusal.value;
	return (
		<div class="notices">
			{linkState.value.kind === "outdated" && (
				<Notice kind="warning">
					{t("notice.outdated")}
					<ReloadButton />
				</Notice>
			)}
			{codecMissing.value && (
				<Notice kind="warning">
					{t("notice.codec")}
					<ReloadButton />
				</Notice>
			)}
			{code && (
				<Notice kind="warning">
					{code === "too-many-viewers" ? t("notice.tooMany") : t("notice.refused", { code })}
				</Notice>
			)}
			{playBlocked.value && <Notice kind="calm">{t("notice.blocked")}</Notice>}
			{demo.value && !demoDismissed.value && (
				<Notice kind="demo" onDismiss={() => store.dismissDemo()} dismissLabel={t("action.dismiss")}>
					<DemoText />
					<button type="button" class="text-button" aria-haspopup="dialog" onClick={() => store.openSettings()}>
						{t("settings.addYours")}
					</button>
				</Notice>
			)}
		</div>
	);
}

function ReloadButton() {
	return (
		<button type="button" class="text-button" onClick={() => location.reload()}>
			{useWall().translate("action.reload")}
		</button>
	);
}

function DemoText() {
	const [before, after] = useWall().translate("notice.demo", { settings: "\n" }).split("\n");
	return (
		<>
			{before}
			<code>{SETTINGS}</code>
			{after}
		</>
	);
}

function Notice(props: {
	kind: "calm" | "demo" | "warning";
	children: ComponentChildren;
	onDismiss?: () => void;
	dismissLabel?: string;
}) {
	return (
		<div class={`notice ${props.kind}`} role="status">
			<p>{props.children}</p>
			{props.onDismiss && (
				<button type="button" class="icon-button" aria-label={props.dismissLabel} onClick={props.onDismiss}>
					<CloseIcon />
				</button>
			)}
		</div>
	);
}

/** The server is away: polite, and without covering a picture's middle. */
export function LinkBanner() {
	const store = useWall();
	const link = store.linkState.value;
	const lost = store.welcomed.value || link.kind === "waiting";
	if (!lost || (link.kind !== "waiting" && link.kind !== "connecting")) return null;
	return (
		<div class="link-banner" role="status">
			<span class="waiting-mark small" />
			{link.kind === "waiting" ? (
				<span>
					{store.translate("link.lost")} <Countdown toMs={link.retryAtMs} />
				</span>
			) : (
				store.translate("link.connecting")
			)}
		</div>
	);
}

/** For the eye only: a screen reader would be told every second. */
function Countdown({ toMs }: { toMs: number }) {
	const { clock, translate } = useWall();
	const [leftMs, setLeftMs] = useState(() => toMs - clock.nowMs());
	useEffect(() => {
		const show = () => setLeftMs(Math.max(0, toMs - clock.nowMs()));
		show();
		const timer = setInterval(show, COUNTDOWN_MS);
		return () => clearInterval(timer);
	}, [clock, toMs]);
	return <span aria-hidden="true">{translate("offline.retry", { age: formatAge(translate, leftMs + 999) })}</span>;
}
