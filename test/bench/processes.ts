/** Starts the benchmark's processes and reads what they cost. @module */
import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cameraPath } from "@vigia/camera-sim";
import type { CamerasMessage, ReceivedPicture, SentPicture, ViewerMessage } from "./ipc.ts";

/** Messages of the cameras' and viewers' processes come each second. */
export const REPORT_MS = 1_500;
/** Linux counts processor time in this many ticks a second: sysconf(_SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;

export class CamerasProcess implements Disposable {
	readonly port: number;
	/** When each picture of a sub stream left its camera: `sentAt[channel].get(index)`. */
	readonly sentAt: Map<number, number>[] = [];
	/** Pictures until the loop, and the counter in the picture's code, begins anew. */
	readonly loopPictures: number;
	readonly #child: ChildProcess;

	private constructor(child: ChildProcess, port: number, loopPictures: number) {
		this.#child = child;
		this.port = port;
		this.loopPictures = loopPictures;
		child.on("message", (message: CamerasMessage) => {
			if ("pictures" in message) for (const picture of message.pictures) this.#note(picture);
		});
	}

	static async start(loopPictures: number, clipsDirectory?: string): Promise<CamerasProcess> {
		const child = fork(script("cameras.ts"), clipsDirectory ? [clipsDirectory] : []);
		const port = await new Promise<number>((resolve, reject) => {
			child.once("message", (message: CamerasMessage) => "port" in message && resolve(message.port));
			child.once("exit", () => reject(new Error("the cameras ended")));
		});
		return new CamerasProcess(child, port, loopPictures);
	}

	/** @returns when it was done, in milliseconds since 1970. */
	async fault(action: "stop" | "start" | "freeze", channel: number): Promise<number> {
		this.#child.send({ [action]: channel });
		return await new Promise((resolve) => {
			const listen = (message: CamerasMessage): void => {
				if (!("doneAtMs" in message)) return;
				this.#child.off("message", listen);
				resolve(message.doneAtMs);
			};
			this.#child.on("message", listen);
		});
	}

	/** RTSP address of a camera's sub stream. */
	subUrl(channel: number): string {
		return `rtsp://127.0.0.1:${this.port}${cameraPath(channel, "sub")}`;
	}

	/** The newest picture with this counter that a camera's sub stream had sent by then, in milliseconds since 1970. */
	lastSent(
		channel: number,
		counter: number,
		byMs: number,
	): { readonly index: number; readonly atMs: number } | undefined {
		const found = [...(this.sentAt[channel] ?? [])].findLast(
			([index, atMs]) => index % this.loopPictures === counter && atMs <= byMs,
		);
		return found && { index: found[0], atMs: found[1] };
	}

	[Symbol.dispose](): void {
		this.#child.kill();
	}

	#note([channel, index, atMs]: SentPicture): void {
		let pictures = this.sentAt[channel];
		if (!pictures) {
			pictures = new Map();
			this.sentAt[channel] = pictures;
		}
		pictures.set(index, atMs);
	}
}

export class ViewerProcess implements Disposable {
	readonly received: ReceivedPicture[] = [];
	readonly direct: ReceivedPicture[] = [];
	packets = 0;
	readonly #child: ChildProcess;

	private constructor(child: ChildProcess) {
		this.#child = child;
		child.on("message", (message: ViewerMessage) => {
			if (!("received" in message)) return;
			this.received.push(...message.received);
			this.direct.push(...message.direct);
			this.packets = message.packets;
		});
	}

	/** Resolves when all its tiles receive. With the cameras' port it reads them directly as well. */
	static async start(serverUrl: string, camerasPort?: number): Promise<ViewerProcess> {
		const child = fork(script("viewer.ts"), camerasPort ? [serverUrl, String(camerasPort)] : [serverUrl]);
		await new Promise<void>((resolve, reject) => {
			child.on("message", (message: ViewerMessage) => "live" in message && resolve());
			child.once("exit", () => reject(new Error("a viewer ended")));
		});
		return new ViewerProcess(child);
	}

	[Symbol.dispose](): void {
		this.#child.kill();
	}
}

/** Processor seconds that a process has used, user and system. */
export function processorSeconds(pid: number): number {
	// proc(5): the name may hold spaces, so fields are counted after its closing parenthesis.
	const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
	return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory in MB. */
export function residentMegabytes(pid: number): number {
	return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** What processes take of the memory in MB, their shares of what they have in common: proc(5), smaps_rollup. */
export function proportionalMegabytes(pids: readonly number[]): number {
	const kilobytes = pids.map((pid) =>
		Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]),
	);
	return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Share of one processor that a process takes over this time, in percent. */
export async function measureProcessorPercent(pid: number, overMs: number): Promise<number> {
	const [secondsBefore, atMs] = [processorSeconds(pid), performance.now()];
	await sleep(overMs);
	return ((processorSeconds(pid) - secondsBefore) * 100_000) / (performance.now() - atMs);
}

function script(name: string): string {
	return fileURLToPath(new URL(name, import.meta.url));
}
