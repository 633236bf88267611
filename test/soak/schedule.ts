/** When which fault comes. @module */
import { Random } from "../fuzz/random.ts";
import { FAULT_KINDS, type FaultName, isBig, pickCameras, pickKind, runFault } from "./faults.ts";
import type { SoakCameras } from "./processes.ts";
import type { RecoveryWatch } from "./recovery.ts";

/** Between the starts of two faults. */
const FAULT_PAUSE_MS = [1_500, 5_000] as const;
const BIG_PAUSE_MS = 45_000;
/** A camera has its next fault only when the supervisor takes it for healthy again (20 s of video). */
const CALM_MS = 25_000;
/** Cameras with a fault of their own at the same time. */
const MAX_SINGLE_FAULTS = 10;
/** What waits on purpose (a wrong password: up to 72 s) must still be able to come back before the end. */
const APART_BEFORE_END_MS = 90_000;
/** Faults end so long before the time is up; whoever is not back then may still come back. */
const LAST_FAULT_MS = 10_000;

interface FaultPlan {
	readonly cameras: SoakCameras;
	readonly watch: RecoveryWatch;
	/** Counted in here. */
	readonly faults: Map<FaultName, number>;
	/** By `performance.now()`. */
	readonly endMs: number;
	readonly seed: string;
	readonly behindRecorder: number;
	readonly rightPassword: string;
	readonly signal: AbortSignal;
	/** Resolves early when the signal is aborted. */
	readonly sleep: (ms: number) => Promise<void>;
}

/** Starts faults at random until the time is up, and resolves when the last of them is undone. */
export async function runFaults(plan: FaultPlan): Promise<void> {
	const { cameras, watch, faults, endMs, seed, behindRecorder, rightPassword, signal, sleep } = plan;
	const random = new Random(seed);
	const running = new Set<Promise<void>>();
	let singles = 0;
	let bigs = 0;
	let lastBigMs = performance.now() - BIG_PAUSE_MS / 2;
	for (let round = 0; !signal.aborted; round++) {
		const leftMs = endMs - performance.now();
		if (leftMs < LAST_FAULT_MS) break;
		const name = pickKind(random, (kind) => {
			const [, longest] = FAULT_KINDS[kind].seconds;
			if (longest * 1000 + LAST_FAULT_MS > leftMs) return false;
			if ("apart" in FAULT_KINDS[kind] && kind !== "abandoned" && leftMs < APART_BEFORE_END_MS) return false;
			return isBig(kind) ? bigs === 0 && performance.now() - lastBigMs > BIG_PAUSE_MS : singles < MAX_SINGLE_FAULTS;
		});
		// Nobody was ill at the start.
		const calmMs = watch.done.length === 0 ? 0 : CALM_MS;
		const chosen =
			name && pickCameras(random, name, watch.calm(calmMs, performance.timeOrigin + performance.now()), behindRecorder);
		if (name && chosen && chosen.length > 0) {
			faults.set(name, (faults.get(name) ?? 0) + 1);
			if (isBig(name)) bigs++;
			else singles++;
			watch.begin(chosen, name);
			const fault: Promise<void> = runFault({
				name,
				cameras: chosen,
				random: new Random(`${seed}:${round}`),
				rightPassword,
				order: (whom, action) => cameras.order(whom, action),
				sleep,
			}).then((atMs) => {
				watch.well(chosen, atMs);
				if (isBig(name)) {
					bigs--;
					lastBigMs = performance.now();
				} else singles--;
				running.delete(fault);
			});
			running.add(fault);
		}
		await sleep(random.between(...FAULT_PAUSE_MS));
	}
	await Promise.all(running);
}
