/** The sound of one tile at a time: WebRTC's comes on a track of its own, every other rung's with the pictures. @module */
import type { WallTile } from "./wall-tile.ts";

export class WallSound {
	#loud: string | undefined;
	#element: HTMLAudioElement | undefined;
	#track: MediaStreamTrack | undefined;

	/** The camera that is heard. */
	get loud(): string | undefined {
		return this.#loud;
	}

	/** Has one camera heard, or none. Browsers allow it from within a click. */
	set(camera: string | undefined): void {
		this.#loud = camera;
		if (camera === undefined) this.#silence();
		// A browser that asks for a touch takes this one. There may be nothing to play yet: update says what fails then.
		else void this.#element?.play().catch(() => undefined);
	}

	/** Has what is wanted heard, from wherever it comes now. `track` is the connection's track with sound. */
	update(tiles: ReadonlyMap<string, WallTile>, track: MediaStreamTrack | undefined): void {
		for (const [id, tile] of tiles) tile.picture.setLoud(id === this.#loud);
		const loud = this.#loud === undefined ? undefined : tiles.get(this.#loud);
		const wanted = loud?.picture.inSight?.feed.rung === "webrtc" ? track : undefined;
		if (wanted === this.#track) return;
		this.#track = wanted;
		if (!wanted) {
			this.#silence();
			return;
		}
		this.#element ??= document.createElement("audio");
		this.#element.srcObject = new MediaStream([wanted]);
		void this.#element.play().catch((error: unknown) => console.warn("Vigía: the sound does not start", error));
	}

	#silence(): void {
		if (this.#element) this.#element.srcObject = null;
		this.#track = undefined;
	}
}
