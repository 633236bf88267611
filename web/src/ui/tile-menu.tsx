/** The menu of one tile. @module */
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { CopyIcon, EnlargeIcon, ExpandIcon, GridIcon, MuteIcon, RefreshIcon, ShrinkIcon, SoundIcon } from "./icons.tsx";
import { rungLine } from "./rung-line.ts";
import { type MenuPlace, type WallStore, useWall } from "./store.ts";

/** From the edge of the window, in CSS pixels. */
const MARGIN_PX = 8;

export function TileMenu() {
	const store = useWall();
	const place = store.menu.value;
	return place ? <OpenMenu key={place.id} store={store} place={place} /> : null;
}

function OpenMenu({ store, place }: { store: WallStore; place: MenuPlace }) {
	const t = store.translate;
	const { id } = place;
	const menu = useRef<HTMLDivElement>(null);
	const view = store.viewOf(id);
	const name = view?.name ?? id;
	const loud = store.loud.value === id;
	useLayoutEffect(() => {
		const element = menu.current;
		if (!element) return;
		const fit = (wanted: number, size: number, room: number) =>
			Math.max(MARGIN_PX, Math.min(wanted, room - size - MARGIN_PX));
		element.style.left = `${fit(place.x, element.offsetWidth, window.innerWidth)}px`;
		element.style.top = `${fit(place.y, element.offsetHeight, window.innerHeight)}px`;
	}, [place]);
	// Focus and keys belong to the menu from the moment that it is seen: effects proper run a frame or more later.
	useLayoutEffect(() => {
		const before = document.activeElement as HTMLElement | null;
		menu.current?.querySelector<HTMLElement>("button")?.focus();
		return () => before?.focus();
	}, []);
	const close = () => {
		store.menu.value = undefined;
	};
	useLayoutEffect(() => {
		// Wherever the focus is, and before the keys of the wall: a click beside the items takes it off them.
		const onKey = (event: KeyboardEvent) => {
			if (event.key !== "Escape") return;
			store.menu.value = undefined;
			event.preventDefault();
			event.stopPropagation();
		};
		document.addEventListener("keydown", onKey, true);
		return () => document.removeEventListener("keydown", onKey, true);
	}, [store]);
	const item = (icon: JSX.Element, label: string, act: () => void) => (
		<button
			type="button"
			role="menuitem"
			onClick={() => {
				close();
				act();
			}}
		>
			{icon}
			{label}
		</button>
	);
	const large = store.enlarged.value === id;
	const full = store.fullScreen.value;
	return (
		<div class="menu-backdrop" onPointerDown={(event) => event.target === event.currentTarget && close()}>
			<div
				ref={menu}
				class="menu"
				role="menu"
				aria-label={t("action.menu", { name })}
				onKeyDown={(event) => moveInMenu(event, close)}
			>
				<div class="menu-title" aria-hidden="true">
					{name}
				</div>
				{view && <div class="menu-rung">{rungLine(view, store.carrier, t)}</div>}
				{item(large ? <GridIcon /> : <EnlargeIcon />, t(large ? "action.return" : "action.enlarge"), () =>
					store.toggleEnlarged(id),
				)}
				{item(full ? <ShrinkIcon /> : <ExpandIcon />, t(full ? "action.leaveFullscreen" : "action.fullscreen"), () => {
					if (!full) store.enlarge(id);
					void store.toggleFullScreen();
				})}
				{view?.hasSound &&
					item(loud ? <MuteIcon /> : <SoundIcon />, t(loud ? "action.mute" : "action.hear"), () =>
						store.toggleSound(id),
					)}
				{item(<RefreshIcon />, t("action.refresh"), () => store.refresh(id))}
				{item(<CopyIcon />, t("action.copy"), () => void store.copyDiagnostics(id))}
			</div>
		</div>
	);
}

/** The keys of a menu (WAI-ARIA menu pattern). */
function moveInMenu(event: KeyboardEvent, close: () => void): void {
	const items = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[role=menuitem]")];
	const at = items.indexOf(document.activeElement as HTMLElement);
	const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
	if (to !== undefined) items[(to + items.length) % items.length]?.focus();
	else if (event.key === "Tab") close();
	else return;
	event.preventDefault();
	event.stopPropagation();
}
