/** The answer of `GET /health`. @module */
import type { CameraStatus, Health } from "@vigia/api";

type Group = "live" | "connecting" | "offline";

/**
 * A camera that was started and has not failed yet is connecting; one that failed stays offline through every further
 * try until its video is back, so that the answer does not flicker with the tries.
 */
function groupOf({ state, reason }: CameraStatus): Group {
	switch (state) {
		case "live":
			return "live";
		case "idle":
		case "connecting":
		case "buffering":
			return reason === undefined ? "connecting" : "offline";
		case "stalled":
		case "waiting":
		case "refused":
		case "unsupported":
		case "busy":
			return "offline";
	}
}

/**
 * `ok` (200) while at least one camera is live or on its way; `degraded` (503) when every one is offline: then the
 * fault is most likely this machine's or its network's. Single cameras fail without the wall being unhealthy; they are
 * counted, and `/metrics` tells them apart. `uptimeSeconds` may have a fraction.
 */
export function healthOf(cameras: readonly CameraStatus[], version: string, uptimeSeconds: number): Health {
	const counts = { live: 0, connecting: 0, offline: 0 };
	for (const camera of cameras) counts[groupOf(camera)]++;
	const allOffline = cameras.length > 0 && counts.offline === cameras.length;
	return {
		status: allOffline ? "degraded" : "ok",
		cameras: { total: cameras.length, ...counts },
		uptimeSeconds: Math.floor(uptimeSeconds),
		version,
	};
}
