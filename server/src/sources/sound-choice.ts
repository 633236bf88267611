/** Whether a stream's sound is asked for, learnt over its sessions: sound must never cost the pictures. Pure. @module */

/** A connection that broke by chance looks the same once. */
const PROOFS = 2;
/** So long is it left out after that: somebody may have changed the camera's settings by then. */
export const SOUND_PAUSE_MS = 3_600_000;

export class SoundChoice {
	/** The last attempt asked for sound and failed: the next one goes without. */
	#suspect = false;
	/** Attempts without sound, in a row, that brought pictures where one with sound had failed. */
	#proofs = 0;
	#leftOutUntilMs = Number.NEGATIVE_INFINITY;

	/** Whether an attempt that begins now asks for it. */
	isWanted(nowMs: number): boolean {
		return !this.#suspect && nowMs >= this.#leftOutUntilMs;
	}

	/** An attempt failed before it brought a picture, with sound asked for or without. */
	noteFailure(withSound: boolean): void {
		this.#suspect = withSound;
	}

	/** An attempt brought pictures. */
	noteVideo(withSound: boolean, nowMs: number): void {
		if (withSound) this.#proofs = 0;
		else if (this.#suspect && ++this.#proofs >= PROOFS) {
			this.#proofs = 0;
			this.#leftOutUntilMs = nowMs + SOUND_PAUSE_MS;
		}
		this.#suspect = false;
	}
}
