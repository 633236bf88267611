/** What goes wrong during a soak test, when and with whom. @module */
import type { Random } from "../fuzz/random.ts";
import type { CameraAction } from "./ipc.ts";

export interface FaultKind {
	readonly name: string;
	readonly weight: number;
	/** Seconds from the fault to the moment the cameras are well again. */
	readonly seconds: readonly [min: number, max: number];
	/** `undefined`: a single camera; else which share of those that it can have, all at once. */
	readonly share?: number;
	readonly among?: "recorder" | "singles";
	/** Why the recovery time is not held against the limit: the product waits on purpose, or has to notice first. */
	readonly apart?: string;
}

export const FAULT_KINDS = {
	power: { name: "switched off", weight: 8, seconds: [2, 30] },
	unknown: { name: "answers 404", weight: 2, seconds: [2, 30], among: "recorder" },
	frozen: { name: "frozen video", weight: 5, seconds: [3, 30] },
	halfOpen: { name: "silent network", weight: 5, seconds: [3, 30] },
	flapping: { name: "flapping", weight: 4, seconds: [20, 20] },
	restart: { name: "recorder restarts", weight: 3, seconds: [5, 20], share: 1, among: "recorder" },
	powerCut: { name: "power cut of half", weight: 3, seconds: [5, 30], share: 0.5 },
	abandoned: {
		name: "connection lost unsaid",
		weight: 3,
		seconds: [0, 0],
		apart: "the camera is well at once: this is the time to notice and to replace",
	},
	password: {
		name: "wrong password",
		weight: 1,
		seconds: [5, 15],
		among: "singles",
		apart: "a refused password is not tried again for 60 s",
	},
	busy: {
		name: "answers 503",
		weight: 1,
		seconds: [2, 30],
		among: "recorder",
		apart: "a busy camera is asked again after 2 s, later after 5 s and more",
	},
	sessions: {
		name: "no session free",
		weight: 1,
		seconds: [5, 20],
		apart: "the same",
	},
} as const satisfies Record<string, FaultKind>;
export type FaultName = keyof typeof FAULT_KINDS;

/** Big ones come one at a time and not at once after each other. */
export function isBig(name: FaultName): boolean {
	return "share" in FAULT_KINDS[name];
}

export function pickKind(random: Random, allowed: (name: FaultName) => boolean): FaultName | undefined {
	const names = (Object.keys(FAULT_KINDS) as FaultName[]).filter(allowed);
	let at = random.below(names.reduce((sum, name) => sum + FAULT_KINDS[name].weight, 0));
	return names.find((name) => {
		at -= FAULT_KINDS[name].weight;
		return at < 0;
	});
}

/** Who gets it, of those who are well; nobody if there is none. */
export function pickCameras(
	random: Random,
	name: FaultName,
	well: readonly number[],
	behindRecorder: number,
): number[] {
	const kind: FaultKind = FAULT_KINDS[name];
	const able = well.filter((camera) => {
		if (kind.among === undefined) return true;
		return camera <= behindRecorder === (kind.among === "recorder");
	});
	return random.sample(able, kind.share === undefined ? 1 : Math.floor(able.length * kind.share));
}

export interface FaultRun {
	readonly name: FaultName;
	readonly cameras: readonly number[];
	readonly random: Random;
	readonly rightPassword: string;
	readonly order: (cameras: readonly number[], action: CameraAction) => Promise<number>;
	/** Resolves early when the soak test ends. */
	readonly sleep: (ms: number) => Promise<void>;
}

/** Does it and undoes it. @returns when the cameras were well again, in milliseconds since 1970. */
export async function runFault({ name, cameras, random, rightPassword, order, sleep }: FaultRun): Promise<number> {
	const [min, max] = FAULT_KINDS[name].seconds;
	const ms = random.between(min, max) * 1000;
	switch (name) {
		case "power":
		case "restart":
		case "powerCut":
			await order(cameras, { act: "stop" });
			break;
		case "unknown":
			await order(cameras, { act: "stop", answer: 404 });
			break;
		case "busy":
			await order(cameras, { act: "stop", answer: 503 });
			break;
		case "frozen":
			await order(cameras, { act: "freeze", rtcp: random.below(2) === 0 });
			break;
		case "halfOpen":
			await order(cameras, { act: "drop-silently" });
			break;
		case "flapping":
			for (let leftMs = ms; leftMs > 0; ) {
				const [offMs, onMs] = [random.between(1000, 3000), random.between(1000, 3000)];
				await order(cameras, { act: "stop" });
				await sleep(offMs);
				await order(cameras, { act: "start" });
				await sleep(onMs);
				leftMs -= offMs + onMs;
			}
			await order(cameras, { act: "stop" });
			await sleep(random.between(1000, 3000));
			return await order(cameras, { act: "start" });
		case "abandoned":
			return await order(cameras, { act: "abandon-connections" });
		case "password":
			await order(cameras, { act: "change-password", password: "s0mething else" });
			await order(cameras, { act: "stop" });
			await order(cameras, { act: "start" });
			await sleep(ms);
			return await order(cameras, { act: "change-password", password: rightPassword });
		case "sessions":
			await order(cameras, { act: "stop" });
			await order(cameras, { act: "start" });
			await order(cameras, { act: "limit-sessions", limit: 0 });
			break;
	}
	await sleep(ms);
	return await order(cameras, { act: "start" });
}
