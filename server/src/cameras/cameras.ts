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
	readonly #cameras = new Map<string, Camera>();
	readonly #listeners = new Set<() => void>();

	constructor(options: CamerasOptions) {
		const authGuard = new AuthGuard(options.clock);
		for (const settings of options.cameras) {
			const camera = new Camera({
				...options,
				authGuard,
				settings,
				onChange: (...change) => {
					options.onChange(...change);
					for (const listener of this.#listeners) listener();
				},
			});
			this.#cameras.set(settings.id, camera);
		}
	}

	start(): void {
		for (const camera of this.#cameras.values()) camera.start();
	}

	async stop(): Promise<void> {
		await Promise.all([...this.#cameras.values()].map((camera) => camera.stop()));
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
}
