/** All cameras of this process, and one place to hear of their changes. @module */
import type { CameraStatus, StreamName } from "@vigia/api";
import type { CameraSettings } from "../config/settings.ts";
import { AuthGuard } from "../sources/auth-guard.ts";
import type { ReadableStreamSource, StreamDirectory } from "../streams/reader.ts";
import { Camera, type CameraOptions } from "./camera.ts";

export type CamerasOptions = Omit<CameraOptions, "settings" | "authGuard"> & {
	readonly cameras: readonly CameraSettings[];
};

export class Cameras implements StreamDirectory {
	readonly #options: CamerasOptions;
	readonly #authGuard: AuthGuard;
	/** In the order of the settings, which is the wall's. */
	#cameras: ReadonlyMap<string, Camera>;
	readonly #listeners = new Set<() => void>();
	/** Cameras that were taken out of the settings, and close. */
	readonly #leaving = new Set<Promise<void>>();
	#running = false;

	constructor(options: CamerasOptions) {
		this.#options = options;
		this.#authGuard = new AuthGuard(options.clock);
		this.#cameras = new Map(options.cameras.map((settings) => [settings.id, this.#make(settings)]));
	}

	start(): void {
		this.#running = true;
		for (const camera of this.#cameras.values()) camera.start();
	}

	async stop(): Promise<void> {
		this.#running = false;
		await Promise.all([...this.#leaving, ...[...this.#cameras.values()].map((camera) => camera.stop())]);
	}

	/** Takes another list. A camera that is in both with the same settings is not touched. */
	apply(list: readonly CameraSettings[]): void {
		const before = new Map(this.#cameras);
		const cameras = new Map<string, Camera>();
		const added: Camera[] = [];
		for (const settings of list) {
			const known = before.get(settings.id);
			before.delete(settings.id);
			known?.apply(settings);
			const camera = known ?? this.#make(settings);
			if (!known) added.push(camera);
			cameras.set(settings.id, camera);
		}
		this.#cameras = cameras;
		if (this.#running) for (const camera of added) camera.start();
		for (const camera of before.values()) {
			const left = camera.stop().finally(() => this.#leaving.delete(left));
			this.#leaving.add(left);
		}
		this.#tell();
	}

	/** These, and no others, were found at addresses at which a person has to confirm them. */
	noteUnconfirmed(cameraIds: ReadonlySet<string>): void {
		for (const camera of this.#cameras.values()) camera.noteUnconfirmed(cameraIds.has(camera.id));
		this.#tell();
	}

	/** Calls `listener` after every change of a state; returns how to stop that. */
	onChange(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	statuses(): CameraStatus[] {
		return [...this.#cameras.values()].map((camera) => camera.status());
	}

	all(): IterableIterator<Camera> {
		return this.#cameras.values();
	}

	get(cameraId: string): Camera | undefined {
		return this.#cameras.get(cameraId);
	}

	hasCamera(cameraId: string): boolean {
		return this.#cameras.has(cameraId);
	}

	/** A camera with one stream shows that one under either name. */
	stream(cameraId: string, name: StreamName): ReadableStreamSource | undefined {
		const camera = this.#cameras.get(cameraId);
		return camera && (camera.streams.get(name) ?? camera.gridStream).stream;
	}

	#make(settings: CameraSettings): Camera {
		return new Camera({
			...this.#options,
			authGuard: this.#authGuard,
			settings,
			onChange: (...change) => {
				this.#options.onChange(...change);
				this.#tell();
			},
		});
	}

	#tell(): void {
		for (const listener of this.#listeners) listener();
	}
}
