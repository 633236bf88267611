/** One tile: picture, name and state, and what a person can do with it. @module */
import { useEffect, useRef } from "preact/hooks";
import { formatAge, type Translate } from "../i18n/index.ts";
import type { Fault } from "../player/tile-machine.ts";
import type { Rect } from "../wall/layout.ts";
import type { TileView } from "../wall/wall-tile.ts";
import { GridIcon, MoreIcon, MuteIcon, SoundIcon, StateIcon } from "./icons.tsx";
import { listenForPointer } from "./pointer.ts";
import { stillReason } from "./rung-line.ts";
import { useWall, type WallStore } from "./store.ts";

/** Where the menu opens for the keyboard, from the corner of its tile, in CSS pixels. */
const MENU_INSET_PX = 36;

export function Tile({ id, rect, large, covered }: { id: string; rect: Rect; large: boolean; covered: boolean }) {
	const store = useWall();
	const t = store.translate;
	const view = store.viewOf(id);
	const element = useRef<HTMLDivElement>(null);
	const host = useRef<HTMLDivElement>(null);
	useEffect(() => {
		const picture = store.pictureOf(id);
		if (picture) host.current?.append(picture);
	}, [store, id]);
	useEffect(() => {
		const tile = element.current;
		if (!tile) return undefined;
		return listenForPointer(tile, {
			onDouble: () => store.toggleEnlarged(id),
			onMenu: (place) => {
				const { left, top } = tile.getBoundingClientRect();
				store.menu.value = { id, ...(place ?? { x: left + MENU_INSET_PX, y: top + MENU_INSET_PX }) };
			},
		});
	}, [store, id]);
	if (!view) return null;
	const { state } = view;
	const stateText = t(`state.${state.kind}`);
	const fault = "fault" in state ? state.fault : undefined;
	const faultText = fault && t(`fault.${detailedFault(fault, store)}`);
	const old = state.kind !== "live" && state.kind !== "still" && state.ageMs !== undefined;
	const loud = store.loud.value === id;
	return (
		<div
			ref={element}
			class={`tile${large ? " large" : ""}${old ? " old" : ""}`}
			role="group"
			tabIndex={store.focused.value === id ? 0 : -1}
			inert={covered}
			aria-label={t("tile.label", { name: view.name, state: stateText })}
			aria-keyshortcuts="Enter"
			data-camera={id}
			data-state={state.kind}
			data-fault={fault}
			data-stream={view.stream}
			data-rung={view.rung}
			data-rung-reason={view.rungReason}
			style={{ left: `${rect.x}px`, top: `${rect.y}px`, width: `${rect.width}px`, height: `${rect.height}px` }}
			onFocus={() => {
				store.focused.value = id;
			}}
		>
			<div ref={host} class="picture-host" />
			<TileMessage view={view} faultText={faultText} t={t} />
			<div class="chip">
				<StateIcon kind={state.kind} />
				<span class="chip-name">{view.name}</span>
				<span class="chip-state">{stateText}</span>
				{loud && <SoundIcon />}
			</div>
			{large && <StreamLine view={view} t={t} />}
			<div class="tile-actions">
				{view.hasSound && (large || loud) && (
					<button
						type="button"
						aria-label={t(loud ? "action.mute" : "action.hear")}
						title={t(loud ? "action.mute" : "action.hear")}
						aria-pressed={loud}
						onClick={() => store.toggleSound(id)}
					>
						{loud ? <MuteIcon /> : <SoundIcon />}
					</button>
				)}
				{large && (
					<button
						type="button"
						aria-label={t("action.return")}
						title={t("action.return")}
						onClick={() => store.enlarge(undefined)}
					>
						<GridIcon />
					</button>
				)}
				<button
					type="button"
					class="menu-button"
					aria-label={t("action.menu", { name: view.name })}
					aria-haspopup="menu"
					aria-expanded={store.menu.value?.id === id}
					onClick={(event) => {
						const { right, bottom } = event.currentTarget.getBoundingClientRect();
						store.menu.value = { id, x: right, y: bottom };
					}}
				>
					<MoreIcon />
				</button>
			</div>
		</div>
	);
}

/** What is wrong, in words, over the picture. */
function TileMessage({ view, faultText, t }: { view: TileView; faultText: string | undefined; t: Translate }) {
	const { state } = view;
	switch (state.kind) {
		case "live":
			return null;
		case "connecting":
			return (
				<>
					{state.ageMs === undefined && !faultText && <div class="waiting-mark" />}
					{(state.ageMs !== undefined || faultText) && (
						<div class="badge calm">
							{state.ageMs !== undefined && <strong>{t("picture.age", { age: formatAge(t, state.ageMs) })}</strong>}
							{faultText && <span>{faultText}</span>}
						</div>
					)}
				</>
			);
		case "still":
			return (
				<div class={`badge calm${state.ageMs === undefined ? "" : " over-picture"}`}>
					<strong>
						{state.ageMs === undefined ? t("still.none") : t("still.taken", { age: formatAge(t, state.ageMs) })}
					</strong>
					<span>{stillReason(view, t)}</span>
				</div>
			);
		case "frozen":
			return (
				<div class="badge warning">
					<strong>{t(state.moves ? "late.badge" : "frozen.badge", { age: formatAge(t, state.ageMs) })}</strong>
					<span>{faultText}</span>
				</div>
			);
		case "offline":
			return (
				<div class="offline-note">
					<StateIcon kind="offline" />
					<strong>{t("state.offline")}</strong>
					{state.reason && <span class="reason">{t(`reason.${state.reason}`)}</span>}
					<span class="retry">
						{state.trying
							? t("offline.trying")
							: state.retryInMs !== undefined && t("offline.retry", { age: formatAge(t, state.retryInMs + 999) })}
					</span>
					{state.ageMs !== undefined && (
						<span class="old-age">{t("picture.age", { age: formatAge(t, state.ageMs) })}</span>
					)}
				</div>
			);
	}
}

/** The network's fault is the server's when it cannot be reached, and the device's is the browser's without a codec. */
function detailedFault(fault: Fault, store: WallStore): Fault | "server" | "browser" {
	if (fault === "network" && store.linkState.value.kind !== "open") return "server";
	return fault === "device" && store.codecMissing.value ? "browser" : fault;
}

/** Which stream the enlarged tile shows. */
function StreamLine({ view, t }: { view: TileView; t: Translate }) {
	const refused = view.mainRefused && t("stream.refused", { reason: t(`reason.${view.mainRefused}`) });
	const size = view.width > 0 ? ` · ${view.width}×${view.height}` : "";
	const own = view.route === "other-profile" ? t(`stream.other.${view.stream}`) : t(`stream.${view.stream}`) + size;
	const shown = view.mainComing && view.state.kind === "live" ? t("stream.coming") : own;
	return <div class="stream-line">{refused ?? shown}</div>;
}
