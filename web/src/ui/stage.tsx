/** All tiles in their places, and the keys that work on them. @module */
import { useEffect, useRef } from "preact/hooks";
import { DigitJump, type Direction, neighbour } from "../wall/focus.ts";
import { type WallStore, useWall } from "./store.ts";
import { Tile } from "./tile.tsx";

const ARROWS: Readonly<Record<string, Direction>> = {
	ArrowLeft: "left",
	ArrowRight: "right",
	ArrowUp: "up",
	ArrowDown: "down",
};

export function Stage() {
	const store = useWall();
	const t = store.translate;
	const stage = useRef<HTMLElement>(null);
	useEffect(() => {
		const element = stage.current;
		if (!element) return undefined;
		const observer = new ResizeObserver(() => {
			store.size.value = { width: element.clientWidth, height: element.clientHeight };
		});
		observer.observe(element);
		return () => observer.disconnect();
	}, [store]);
	useEffect(() => listenForKeys(store, (id) => focusTile(stage.current, id)), [store]);
	const { ids, enlarged, layout, size, welcomed } = store;
	const large = { x: 0, y: 0, ...size.value };
	return (
		<main ref={stage} class="stage" aria-label={t("wall.label")}>
			{ids.value.map((id, index) => {
				const rect = enlarged.value === id ? large : layout.value.tiles[index];
				const covered = enlarged.value !== undefined && enlarged.value !== id;
				return rect && <Tile key={id} id={id} rect={rect} large={enlarged.value === id} covered={covered} />;
			})}
			{ids.value.length === 0 && (
				<div class="empty">
					{!welcomed.value && <div class="waiting-mark" />}
					<p>{t(welcomed.value ? "wall.empty" : "link.connecting")}</p>
				</div>
			)}
		</main>
	);
}

function focusTile(stage: HTMLElement | null, id: string): void {
	for (const tile of stage?.querySelectorAll<HTMLElement>("[data-camera]") ?? []) {
		if (tile.dataset["camera"] === id) tile.focus();
	}
}

/** Keys work wherever the focus is, but for what is being typed and for open menus, which have keys of their own. */
function listenForKeys(store: WallStore, focus: (id: string) => void): () => void {
	const digits = new DigitJump(store.clock);
	const goTo = (index: number | undefined) => {
		const id = index === undefined ? undefined : store.ids.peek()[index];
		if (id === undefined) return;
		if (store.enlarged.peek() !== undefined) store.enlarge(id);
		store.focused.value = id;
		// The tile may become reachable only with the next painting.
		requestAnimationFrame(() => focus(id));
	};
	const onKey = (event: KeyboardEvent) => {
		if (event.ctrlKey || event.altKey || event.metaKey || store.menu.peek() || store.help.peek()) return;
		if (store.copyByHand.peek() !== undefined || store.settings.peek() !== undefined) return;
		const target = event.target as Element;
		const ids = store.ids.peek();
		const at = ids.indexOf(store.focused.peek() ?? "");
		const direction = ARROWS[event.key];
		// What a held key repeats is meant for moving on, not for switching to and fro.
		if (event.repeat && /^(Enter|f|F|m|M|\?)$/.test(event.key)) return;
		if (direction) goTo(neighbour(store.layout.peek().tiles, at, direction));
		else if (event.key === "Home") goTo(0);
		else if (event.key === "End") goTo(ids.length - 1);
		else if (/^[0-9]$/.test(event.key)) goTo(digits.type(event.key, ids.length));
		else if (event.key === "Enter" && !target.closest("button") && ids[at] !== undefined) {
			const id = ids[at];
			store.toggleEnlarged(id);
			requestAnimationFrame(() => focus(id));
		} else if (event.key === "Escape" && store.enlarged.peek() !== undefined) {
			store.enlarge(undefined);
			goTo(at);
		} else if (event.key === "f" || event.key === "F") void store.toggleFullScreen();
		else if ((event.key === "m" || event.key === "M") && ids[at] !== undefined) store.toggleSound(ids[at]);
		else if (event.key === "?") store.help.value = true;
		else return;
		event.preventDefault();
	};
	document.addEventListener("keydown", onKey);
	return () => document.removeEventListener("keydown", onKey);
}
