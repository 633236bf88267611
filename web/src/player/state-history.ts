/** The last changes of one tile's state, for the diagnostics. @module */
import type { Rung } from "@vigia/api";
import type { TileState } from "./tile-machine.ts";

/** Changes that are kept for each tile: an evening of a flapping camera is not, its last minutes are. */
export const HISTORY_LENGTH = 20;

export interface StateChange {
	/** Milliseconds since 1970. */
	readonly wallMs: number;
	/** For example `frozen (camera)` or `offline (no-route)`. */
	readonly text: string;
}

/** Oldest first. */
export class StateHistory {
	readonly #changes: StateChange[] = [];

	get changes(): readonly StateChange[] {
		return this.#changes;
	}

	/** Takes the state and the rung at every tick; equal ones are one entry. */
	add(state: TileState, rung: Rung, wallMs: number): void {
		const text = `${describeState(state)} over ${rung}`;
		if (this.#changes[this.#changes.length - 1]?.text === text) return;
		this.#changes.push({ wallMs, text });
		if (this.#changes.length > HISTORY_LENGTH) this.#changes.shift();
	}
}

/** A state in short, without what changes all the time. English, like all of the diagnostics. */
export function describeState(state: TileState): string {
	switch (state.kind) {
		case "live":
		case "still":
			return state.kind;
		case "connecting":
			return state.fault ? `connecting (${state.fault})` : "connecting";
		case "frozen":
			return `${state.moves ? "late" : "frozen"} (${state.fault})`;
		case "offline":
			return state.reason ? `offline (${state.reason})` : "offline";
	}
}
