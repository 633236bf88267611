/** The whole page. @module */
import type { ComponentType } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { takeToken } from "../settings/token.ts";
import { CopyByHand, KeyHelp } from "./dialogs.tsx";
import { LinkBanner, Notices } from "./notices.tsx";
import { Stage } from "./stage.tsx";
import { useWall, WallContext, type WallStore } from "./store.ts";
import { TileMenu } from "./tile-menu.tsx";
import { Toolbar } from "./toolbar.tsx";

/** The controls go away when nobody has touched anything for this long, in milliseconds. */
const IDLE_AFTER_MS = 4000;

export function App({ store }: { store: WallStore }) {
	return (
		<WallContext.Provider value={store}>
			<Page />
		</WallContext.Provider>
	);
}

function Page() {
	const store = useWall();
	const idle = useIdle();
	const full = store.fullScreen.value;
	useEffect(() => {
		// Only what browsers count as an activation by the user: a finger's pointerdown is none.
		const unblock = () => store.unblock();
		document.addEventListener("click", unblock);
		document.addEventListener("keydown", unblock);
		return () => {
			document.removeEventListener("click", unblock);
			document.removeEventListener("keydown", unblock);
		};
	}, [store]);
	return (
		<div class={`app${idle ? " idle" : ""}${full ? " full" : ""}`} data-link={store.linkState.value.kind}>
			<Notices />
			<Stage />
			<LinkBanner />
			<Toolbar />
			<TileMenu />
			<KeyHelp />
			<CopyByHand />
			<Settings />
			<div role="status">{store.toast.value && <div class="toast">{store.toast.value}</div>}</div>
			<div class="off-screen" role="status">
				{store.announcement.value}
			</div>
		</div>
	);
}

/** Their code is fetched when they are opened: a wall that only shows cameras never needs it. */
function Settings() {
	const store = useWall();
	const [View, setView] = useState<ComponentType<{ token: string | undefined; onClose: () => void }>>();
	const opened = store.settings.value;
	const close = () => {
		store.settings.value = undefined;
	};
	useLayoutEffect(() => {
		// The address may also be pasted into a page that is open already.
		const redeem = () => {
			const token = takeToken(location, history);
			if (token !== undefined) store.openSettings(token === "" ? undefined : token);
		};
		redeem();
		window.addEventListener("hashchange", redeem);
		return () => window.removeEventListener("hashchange", redeem);
	}, [store]);
	useEffect(() => {
		if (!opened || View) return;
		import("../settings/dialog.tsx").then(
			({ SettingsDialog }) => setView(() => SettingsDialog),
			() => {
				store.say(store.translate("settings.notLoaded"));
				close();
			},
		);
	}, [opened, View]);
	return opened && View ? <View key={opened.token} token={opened.token} onClose={close} /> : null;
}

/** Whether nobody has moved, touched or typed for a while. */
function useIdle(): boolean {
	const [idle, setIdle] = useState(false);
	useEffect(() => {
		let timer = 0;
		const active = () => {
			clearTimeout(timer);
			timer = window.setTimeout(() => setIdle(true), IDLE_AFTER_MS);
			setIdle(false);
		};
		active();
		const events = ["pointermove", "pointerdown", "keydown", "focusin"] as const;
		for (const name of events) document.addEventListener(name, active, { passive: true });
		return () => {
			clearTimeout(timer);
			for (const name of events) document.removeEventListener(name, active);
		};
	}, []);
	return idle;
}
