/** Enlarging and the menu by mouse and by finger: browsers tell double taps and long presses in different ways or not at all. @module */

/** Two taps within this time are a double tap, in milliseconds. */
const DOUBLE_TAP_MS = 320;
/** A finger that stays this long asks for the menu, in milliseconds. */
const LONG_PRESS_MS = 550;
/** A finger that moved this far is doing something else, in CSS pixels. */
const MOVED_PX = 24;

export interface PointerActions {
	/** Double click or double tap. */
	readonly onDouble: () => void;
	/** Right click, long press or the keyboard's menu key, which has no place. */
	readonly onMenu: (place: { x: number; y: number } | undefined) => void;
}

/** Listens on an element; the answer stops it. */
export function listenForPointer(element: HTMLElement, actions: PointerActions): () => void {
	const abort = new AbortController();
	const { signal } = abort;
	/** Browsers add mouse events to what a finger does; those were already understood. */
	let finger = false;
	let press: { x: number; y: number; timer: number } | undefined;
	let lastTap = { atMs: -Infinity, x: 0, y: 0 };
	const letGo = () => {
		if (press) clearTimeout(press.timer);
		press = undefined;
	};
	const near = (event: PointerEvent, point: { x: number; y: number }) =>
		Math.hypot(event.clientX - point.x, event.clientY - point.y) < MOVED_PX;
	const onButton = (event: Event) => (event.target as Element).closest("button") !== null;
	const down = (event: PointerEvent) => {
		letGo();
		finger = event.pointerType !== "mouse";
		if (!finger || onButton(event)) return;
		const { clientX: x, clientY: y } = event;
		const timer = window.setTimeout(() => {
			press = undefined;
			actions.onMenu({ x, y });
		}, LONG_PRESS_MS);
		press = { x, y, timer };
	};
	const up = (event: PointerEvent) => {
		const tapped = press !== undefined && near(event, press);
		letGo();
		if (!tapped) return;
		if (event.timeStamp - lastTap.atMs < DOUBLE_TAP_MS && near(event, lastTap)) {
			lastTap = { atMs: -Infinity, x: 0, y: 0 };
			actions.onDouble();
		} else {
			lastTap = { atMs: event.timeStamp, x: event.clientX, y: event.clientY };
		}
	};
	const move = (event: PointerEvent) => {
		if (press && !near(event, press)) letGo();
	};
	const doubleClick = (event: MouseEvent) => {
		if (!finger && !onButton(event)) actions.onDouble();
	};
	const menu = (event: MouseEvent) => {
		event.preventDefault();
		const place = { x: event.clientX, y: event.clientY };
		const byKey = event.button !== 2;
		if (byKey || !finger) actions.onMenu(byKey ? undefined : place);
	};
	element.addEventListener("pointerdown", down, { signal });
	element.addEventListener("pointerup", up, { signal });
	element.addEventListener("pointermove", move, { signal });
	element.addEventListener("pointercancel", letGo, { signal });
	element.addEventListener("dblclick", doubleClick, { signal });
	element.addEventListener("contextmenu", menu, { signal });
	return () => {
		letGo();
		abort.abort();
	};
}
