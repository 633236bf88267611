/** Which stream goes into which slot of the PeerConnection. Pure. @module */
import { type CameraStatus, MAX_SLOTS, type StreamName, type TileWish } from "@vigia/api";
import type { LayerRole } from "../player/tile-picture.ts";

/** The stream that fills the grid: `sub`, or `main` of a camera that has no other. */
export function gridStream(camera: Pick<CameraStatus, "streams">): StreamName {
	return camera.streams.sub === undefined && camera.streams.main !== undefined ? "main" : "sub";
}

/** A wish, and what for. */
export interface SlotWish extends TileWish {
	readonly role: LayerRole;
}

/** The slot of each picture: it stays while the picture is wanted, whatever comes and goes beside it. */
export class SlotNumbers {
	#slots: ReadonlyMap<string, number> = new Map();

	/** Takes the names of all pictures that are wanted. The new ones get the lowest numbers that are free. */
	take(names: readonly string[]): ReadonlyMap<string, number> {
		const kept = names.flatMap((name) => {
			const slot = this.#slots.get(name);
			return slot === undefined ? [] : [[name, slot] as const];
		});
		const slots = new Map(kept);
		const taken = new Set(slots.values());
		let next = 0;
		for (const name of names) {
			if (slots.has(name)) continue;
			while (taken.has(next)) next += 1;
			slots.set(name, next);
			taken.add(next);
		}
		this.#slots = slots;
		return slots;
	}
}

/**
 * The whole wanted state: each tile's grid stream, and behind the enlarged tile its main stream. A camera whose grid
 * stream is main, or that has no main, needs no second slot. Cameras beyond {@link MAX_SLOTS} get none.
 */
export function wishes(
	cameras: readonly Pick<CameraStatus, "id" | "streams">[],
	enlarged: string | undefined,
	numbers: SlotNumbers,
): SlotWish[] {
	const shown = cameras.slice(0, MAX_SLOTS);
	const pictures = shown.map((camera): Omit<SlotWish, "slot"> => {
		return { camera: camera.id, stream: gridStream(camera), role: "grid" };
	});
	const large = shown.find((camera) => camera.id === enlarged);
	if (large?.streams.main !== undefined && gridStream(large) === "sub" && pictures.length < MAX_SLOTS) {
		pictures.push({ camera: large.id, stream: "main", role: "main" });
	}
	const nameOf = ({ camera, role }: Omit<SlotWish, "slot">): string => `${role} ${camera}`;
	const slots = numbers.take(pictures.map(nameOf));
	return pictures.map((picture) => ({ slot: slots.get(nameOf(picture)) ?? 0, ...picture }));
}
