/** Who is live, who is watched, and how long those who are well again take to be both. @module */
import type { FaultName } from "./faults.ts";

export interface Recovery {
	readonly camera: number;
	readonly kind: FaultName;
	/** From the moment the camera was well to the moment its state is live and a viewer receives it. */
	readonly tookMs: number;
}

interface CameraWatch {
	/** Since when its state is `live`, in ms since 1970. */
	liveSinceMs: number | undefined;
	/** A fault is on, or it is not back from one. */
	fault: FaultName | undefined;
	/** When it was well again. */
	wellAtMs: number | undefined;
	backAtMs: number;
}

/** All times in milliseconds since 1970. */
export class RecoveryWatch {
	readonly done: Recovery[] = [];
	readonly #cameras = new Map<number, CameraWatch>();

	constructor(count: number) {
		for (let camera = 1; camera <= count; camera++) {
			this.#cameras.set(camera, { liveSinceMs: undefined, fault: undefined, wellAtMs: undefined, backAtMs: 0 });
		}
	}

	/** Cameras without a fault that have been back for so long. */
	calm(forMs: number, nowMs: number): number[] {
		return this.#where(
			({ fault, liveSinceMs, backAtMs }) =>
				fault === undefined && liveSinceMs !== undefined && nowMs - backAtMs >= forMs,
		);
	}

	get live(): number {
		return this.#where(({ liveSinceMs }) => liveSinceMs !== undefined).length;
	}

	/** Cameras that are well but not back yet, with what they suffered. */
	get pending(): { readonly camera: number; readonly kind: FaultName }[] {
		return [...this.#cameras].flatMap(([camera, { fault, wellAtMs }]) =>
			fault !== undefined && wellAtMs !== undefined ? [{ camera, kind: fault }] : [],
		);
	}

	get faulty(): number {
		return this.#where(({ fault, wellAtMs }) => fault !== undefined && wellAtMs === undefined).length;
	}

	begin(cameras: readonly number[], kind: FaultName): void {
		for (const camera of cameras) Object.assign(this.#of(camera), { fault: kind, wellAtMs: undefined });
	}

	well(cameras: readonly number[], atMs: number): void {
		for (const camera of cameras) this.#of(camera).wellAtMs = atMs;
	}

	noteState(camera: number, live: boolean, atMs: number): void {
		const watch = this.#of(camera);
		if (!live) watch.liveSinceMs = undefined;
		else watch.liveSinceMs ??= atMs;
	}

	/** A viewer received packets of this camera, the first of them at `firstAtMs`, the last at `lastAtMs`. */
	notePackets(camera: number, firstAtMs: number, lastAtMs: number): void {
		const watch = this.#of(camera);
		const { fault, wellAtMs, liveSinceMs } = watch;
		if (fault === undefined || wellAtMs === undefined || liveSinceMs === undefined || lastAtMs <= wellAtMs) return;
		const receivedAtMs = firstAtMs > wellAtMs ? firstAtMs : lastAtMs;
		watch.backAtMs = Math.max(receivedAtMs, liveSinceMs, wellAtMs);
		// A silent loss is not noticed at once: packets under way and a state that is not yet wrong prove nothing.
		if (fault === "abandoned" && liveSinceMs <= wellAtMs) return;
		this.done.push({ camera, kind: fault, tookMs: watch.backAtMs - wellAtMs });
		watch.fault = undefined;
		watch.wellAtMs = undefined;
	}

	#of(camera: number): CameraWatch {
		const watch = this.#cameras.get(camera);
		if (!watch) throw new RangeError(`there is no camera ${camera}`);
		return watch;
	}

	#where(holds: (watch: CameraWatch) => boolean): number[] {
		return [...this.#cameras].flatMap(([camera, watch]) => (holds(watch) ? [camera] : []));
	}
}
