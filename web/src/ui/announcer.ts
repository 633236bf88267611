/** What a screen reader is told: cameras that fail and come back, a few words at a time. @module */
import type { Clock, Timer } from "../clock.ts";
import type { TileState } from "../player/tile-machine.ts";

/** Changes within this time are told together, in milliseconds: sixteen cameras of one recorder fail at once. */
export const TOGETHER_MS = 1000;
/** From this many cameras on their number is told instead of their names. */
export const TOO_MANY_NAMES = 4;

export type Told = Exclude<TileState["kind"], "connecting">;

/** Cameras that are in a state now. */
export interface News {
	readonly state: Told;
	readonly ids: readonly string[];
}

/** Tells of cameras that freeze, go offline, or are live again after that; a first picture is not worth a word. */
export class Announcer {
	readonly #told = new Map<string, Told>();
	readonly #news = new Map<string, Told>();
	readonly #clock: Clock;
	readonly #say: (news: readonly News[]) => void;
	#timer: Timer | undefined;

	/** `say` is called with everything that there is to tell at a time, the worst first. */
	constructor(clock: Clock, say: (news: readonly News[]) => void) {
		this.#clock = clock;
		this.#say = say;
	}

	/** Takes a camera's state at every change. */
	note(id: string, kind: TileState["kind"]): void {
		if (kind === "connecting") return;
		if ((this.#told.get(id) ?? "live") === kind) {
			this.#told.set(id, kind);
			this.#news.delete(id);
			return;
		}
		this.#news.set(id, kind);
		this.#timer ??= this.#clock.after(TOGETHER_MS, () => this.#tell());
	}

	#tell(): void {
		this.#timer = undefined;
		const news = (["offline", "frozen", "live"] as const)
			.map((state) => ({ state, ids: [...this.#news].filter(([, kind]) => kind === state).map(([id]) => id) }))
			.filter(({ ids }) => ids.length > 0);
		if (news.length > 0) this.#say(news);
		for (const [id, kind] of this.#news) this.#told.set(id, kind);
		this.#news.clear();
	}
}
