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

/**
 * The whole wanted state: tile i's grid stream in slot i, and behind the enlarged tile its main stream in the first
 * slot after the grid's. A camera whose grid stream is main, or that has no main, needs no second slot. Cameras
 * beyond {@link MAX_SLOTS} get none.
 */
export function wishes(
	cameras: readonly Pick<CameraStatus, "id" | "streams">[],
	enlarged: string | undefined,
): SlotWish[] {
	const shown = cameras.slice(0, MAX_SLOTS);
	const tiles = shown.map((camera, slot): SlotWish => {
		return { slot, camera: camera.id, stream: gridStream(camera), role: "grid" };
	});
	const large = shown.find((camera) => camera.id === enlarged);
	if (large?.streams.main !== undefined && gridStream(large) === "sub" && tiles.length < MAX_SLOTS) {
		tiles.push({ slot: tiles.length, camera: large.id, stream: "main", role: "main" });
	}
	return tiles;
}
