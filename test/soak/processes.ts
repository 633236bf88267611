/** Starts the soak test's processes and ends them. @module */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { CameraAction, CamerasMessage, ViewerMessage } from "./ipc.ts";

/** A process that does not end by itself then is killed. */
const END_MS = 2_000;

export interface Credentials {
	readonly username: string;
	readonly password: string;
}

export class SoakCameras implements AsyncDisposable {
	readonly recorderPort: number;
	readonly singlePorts: readonly number[];
	readonly #child: ChildProcess;
	readonly #orders = new Map<number, (doneAtMs: number) => void>();
	#nextId = 0;

	private constructor(child: ChildProcess, ports: { recorderPort: number; singlePorts: readonly number[] }) {
		this.#child = child;
		this.recorderPort = ports.recorderPort;
		this.singlePorts = ports.singlePorts;
		child.on("message", (message: CamerasMessage) => {
			if (!("id" in message)) return;
			this.#orders.get(message.id)?.(message.doneAtMs);
			this.#orders.delete(message.id);
		});
	}

	static async start(count: number, behindRecorder: number, credentials: Credentials): Promise<SoakCameras> {
		const child = fork(script("cameras.ts"), [String(count), String(behindRecorder)], {
			env: { ...process.env, SOAK_USER: credentials.username, SOAK_PASSWORD: credentials.password },
		});
		const ports = await new Promise<{ recorderPort: number; singlePorts: readonly number[] }>((resolve, reject) => {
			child.once("message", (message: CamerasMessage) => "recorderPort" in message && resolve(message));
			child.once("exit", () => reject(new Error("the cameras ended")));
		});
		return new SoakCameras(child, ports);
	}

	get pid(): number {
		return this.#child.pid as number;
	}

	/** @returns when it was done, in milliseconds since 1970. */
	async order(cameras: readonly number[], action: CameraAction): Promise<number> {
		const id = ++this.#nextId;
		return await new Promise((resolve, reject) => {
			this.#orders.set(id, resolve);
			this.#child.send({ id, cameras, action }, (error) => error && reject(error));
		});
	}

	[Symbol.asyncDispose](): Promise<void> {
		return end(this.#child);
	}
}

export class SoakViewer implements AsyncDisposable {
	/** Packets in all, connections after the first, tiles that receive. */
	status: Omit<ViewerMessage, "packets"> = { total: 0, reconnects: 0, receiving: 0 };
	readonly #child: ChildProcess;

	constructor(
		url: string,
		view: readonly [cameras: number, tiles: number, first: number],
		onMessage: (message: ViewerMessage) => void,
	) {
		this.#child = fork(script("viewer.ts"), [url, ...view.map(String)]);
		this.#child.on("message", (message: ViewerMessage) => {
			this.status = message;
			onMessage(message);
		});
	}

	get pid(): number {
		return this.#child.pid as number;
	}

	get ended(): boolean {
		return this.#child.exitCode !== null || this.#child.signalCode !== null;
	}

	[Symbol.asyncDispose](): Promise<void> {
		return end(this.#child);
	}
}

async function end(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const exited = once(child, "exit");
	child.kill("SIGTERM");
	const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
	await exited;
	clearTimeout(timer);
}

function script(name: string): string {
	return fileURLToPath(new URL(name, import.meta.url));
}
