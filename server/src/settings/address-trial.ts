/** Whether a camera plays at an address that was only found. @module */
import type { CameraSettings, StreamAddress } from "../config/settings.ts";
import type { Clock } from "../platform/clock.ts";
import type { OpenSource } from "../sources/source.ts";

/** From the connection to the first picture, in ms: an encoder that starts on demand takes a few seconds. */
export const TRIAL_TIMEOUT_MS = 20_000;

export type TrialResult =
	/** Pictures come, and the password was not sent readable. */
	| "plays"
	/** The password would have to be sent readable. */
	| "unconfirmed"
	| "refused"
	/** For another reason, which may pass. */
	| "silent";

export interface TrialOptions {
	readonly openSource: (camera: CameraSettings, address: StreamAddress) => OpenSource;
	readonly clock: Clock;
	readonly signal: AbortSignal;
}

/** Opens one of the camera's streams at another address, for the first picture. */
export async function tryAddress(
	camera: CameraSettings,
	address: StreamAddress,
	options: TrialOptions,
): Promise<TrialResult> {
	const { openSource, clock, signal } = options;
	if (signal.aborted) return "silent";
	const { promise, resolve } = Promise.withResolvers<TrialResult>();
	const giveUp = (): void => resolve("silent");
	const limit = clock.after(TRIAL_TIMEOUT_MS, giveUp);
	signal.addEventListener("abort", giveUp);
	const session = openSource(camera, { ...address, isFound: true })({
		onPlaying: () => undefined,
		onParameterSets: () => undefined,
		onVideo: () => resolve("plays"),
		onEnd: (failure) => {
			if (failure?.code === "address-unconfirmed") resolve("unconfirmed");
			else resolve(failure?.code === "auth-refused" ? "refused" : "silent");
		},
	});
	const result = await promise;
	limit.cancel();
	signal.removeEventListener("abort", giveUp);
	await session.close();
	return result;
}
