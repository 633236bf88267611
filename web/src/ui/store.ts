/** What is on the screen, as signals, and what a person can do about it. @module */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { WallErrorCode } from "@vigia/api";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { LinkState } from "../api/wall-socket.ts";
import type { Clock } from "../clock.ts";
import type { Translate } from "../i18n/index.ts";
import type { Carrier } from "../player/ladder.ts";
import type { TileState } from "../player/tile-machine.ts";
import { type Layout, layOut } from "../wall/layout.ts";
import type { WallEvents, WallSession } from "../wall/wall-session.ts";
import type { TileView } from "../wall/wall-tile.ts";
import { Announcer, type News, TOO_MANY_NAMES } from "./announcer.ts";
import { copyText } from "./copy-text.ts";
import { enterFullScreen, isFullScreen, leaveFullScreen } from "./full-screen.ts";
import type { Reloader } from "./reload.ts";

/** Between two tiles, in CSS pixels. */
const GAP_PX = 3;
/** A short message goes away after this long, in milliseconds. */
const TOAST_MS = 3000;

export type Counts = Readonly<Record<TileState["kind"], number>>;

export interface MenuPlace {
	readonly id: string;
	/** CSS pixels of the window. */
	readonly x: number;
	readonly y: number;
}

/** Lives as long as the page. */
export class WallStore implements WallEvents {
	readonly linkState = signal<LinkState>({ kind: "connecting" });
	/** A `welcome` was heard once. */
	readonly welcomed = signal(false);
	/** The cameras are simulated. */
	readonly demo = signal(false);
	readonly demoDismissed = signal(false);
	readonly codecMissing = signal(false);
	readonly playBlocked = signal(false);
	readonly refusal = signal<WallErrorCode | undefined>(undefined);
	readonly ids = signal<readonly string[]>([]);
	readonly size = signal({ width: 0, height: 0 });
	readonly enlarged = signal<string | undefined>(undefined);
	/** The tile that the keyboard is on. */
	readonly focused = signal<string | undefined>(undefined);
	readonly menu = signal<MenuPlace | undefined>(undefined);
	readonly help = signal(false);
	/** The settings of the cameras are open; with the token of the page's address, if there was one. */
	readonly settings = signal<{ readonly token: string | undefined } | undefined>(undefined);
	readonly toast = signal<string | undefined>(undefined);
	/** A text that could not be copied, to copy by hand. */
	readonly copyByHand = signal<string | undefined>(undefined);
	readonly fullScreen = signal(false);
	/** The camera that is heard. */
	readonly loud = signal<string | undefined>(undefined);
	/** For the live region. */
	readonly announcement = signal("");
	readonly layout: ReadonlySignal<Layout>;
	readonly counts: ReadonlySignal<Counts>;
	readonly clock: Clock;
	readonly translate: Translate;
	readonly #tiles = new Map<string, Signal<TileView>>();
	readonly #announcer: Announcer;
	readonly #reloader: Pick<Reloader, "outdated" | "upToDate">;
	#session: WallSession | undefined;

	constructor(options: {
		clock: Clock;
		translate: Translate;
		reloader: Pick<Reloader, "outdated" | "upToDate">;
	}) {
		this.clock = options.clock;
		this.translate = options.translate;
		this.#reloader = options.reloader;
		this.#announcer = new Announcer(options.clock, (news) => {
			this.announcement.value = news.map((part) => this.#sentence(part)).join(". ");
		});
		// As a text, so that the layout is solved again only when a shape changed.
		const aspects = computed(() => this.ids.value.map((id) => this.#tiles.get(id)?.value.aspect ?? 1).join(" "));
		this.layout = computed(() =>
			layOut({ ...this.size.value, gap: GAP_PX, aspects: aspects.value ? aspects.value.split(" ").map(Number) : [] }),
		);
		this.counts = computed(() => {
			const counts = { connecting: 0, live: 0, frozen: 0, offline: 0, still: 0 };
			for (const id of this.ids.value) counts[this.#tiles.get(id)?.value.state.kind ?? "connecting"] += 1;
			return counts;
		});
	}

	/** The session tells the store, and the store tells the session: they meet here. */
	attach(session: WallSession): void {
		this.#session = session;
	}

	viewOf(id: string): TileView | undefined {
		return this.#tiles.get(id)?.value;
	}

	pictureOf(id: string): HTMLElement | undefined {
		return this.#session?.pictureOf(id);
	}

	link(state: LinkState): void {
		this.linkState.value = state;
		if (state.kind === "outdated") this.#reloader.outdated();
		else if (state.kind === "open") this.#reloader.upToDate();
	}

	welcome({ demo }: { readonly demo: boolean }): void {
		this.welcomed.value = true;
		this.demo.value = demo;
	}

	refused(code: WallErrorCode | undefined): void {
		this.refusal.value = code;
	}

	order(ids: readonly string[]): void {
		for (const id of this.#tiles.keys()) if (!ids.includes(id)) this.#tiles.delete(id);
		if (ids.join(" ") !== this.ids.peek().join(" ")) this.ids.value = ids;
		if (!ids.includes(this.focused.peek() ?? "")) this.focused.value = ids[0];
		if (!ids.includes(this.menu.peek()?.id ?? "")) this.menu.value = undefined;
		const loud = this.loud.peek();
		if (loud !== undefined && !ids.includes(loud)) this.toggleSound(loud);
		if (this.enlarged.peek() !== undefined && !ids.includes(this.enlarged.peek() ?? "")) this.enlarge(undefined);
	}

	tile(id: string, view: TileView): void {
		const known = this.#tiles.get(id);
		if (known) known.value = view;
		else this.#tiles.set(id, signal(view));
		this.#announcer.note(id, view.state.kind);
	}

	playable(can: boolean): void {
		this.codecMissing.value = !can;
	}

	blocked(): void {
		this.playBlocked.value = true;
	}

	/** Shows one camera large, or the wall. */
	enlarge(id: string | undefined): void {
		if (id !== undefined && !this.ids.peek().includes(id)) return;
		this.enlarged.value = id;
		if (id !== undefined) this.focused.value = id;
		this.#session?.enlarge(id);
	}

	toggleEnlarged(id: string): void {
		this.enlarge(this.enlarged.peek() === id ? undefined : id);
	}

	/** Full screen where the browser has it; otherwise everything but the pictures goes away. */
	async toggleFullScreen(): Promise<void> {
		const on = !this.fullScreen.peek();
		await (on ? enterFullScreen() : leaveFullScreen());
		this.fullScreen.value = on;
	}

	/** The browser entered or left full screen by itself. */
	followFullScreen(): void {
		this.fullScreen.value = isFullScreen();
	}

	refresh(id: string): void {
		this.#session?.refresh(id);
	}

	/** Starts videos that the browser held back until a touch. */
	unblock(): void {
		if (!this.playBlocked.peek()) return;
		this.playBlocked.value = false;
		this.#session?.play();
	}

	async copyDiagnostics(id: string): Promise<void> {
		const text = this.#session?.diagnosticsOf(id) ?? "";
		if (await copyText(text)) this.say(this.translate("copy.done"));
		else this.copyByHand.value = text;
	}

	/** Turns the sound of one camera on and of the others off, or all off. From within a click or a key only. */
	toggleSound(id: string): void {
		if (this.loud.peek() === id) this.loud.value = undefined;
		else if (this.viewOf(id)?.hasSound) this.loud.value = id;
		this.#session?.hear(this.loud.peek());
	}

	/** How the link to the server comes. */
	get carrier(): Carrier {
		return this.#session?.carrier ?? "websocket";
	}

	dismissDemo(): void {
		this.demoDismissed.value = true;
	}

	openSettings(token?: string): void {
		this.settings.value = { token };
	}

	/** A short message that goes away by itself. */
	say(text: string): void {
		this.toast.value = text;
		this.clock.after(TOAST_MS, () => {
			if (this.toast.peek() === text) this.toast.value = undefined;
		});
	}

	#sentence({ state: kind, ids }: News): string {
		const state = this.translate(`state.${kind}`);
		if (ids.length >= TOO_MANY_NAMES) return this.translate("announce.many", { count: ids.length, state });
		return ids
			.map((id) => this.translate("announce.one", { name: this.#tiles.get(id)?.peek().name ?? id, state }))
			.join(", ");
	}
}

export const WallContext = createContext<WallStore | undefined>(undefined);

/** The store of the page. */
export function useWall(): WallStore {
	const store = useContext(WallContext);
	if (!store) throw new Error("The wall's views are used inside WallContext.");
	return store;
}
