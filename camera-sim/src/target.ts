/** The Dahua URL pattern: `/cam/realmonitor?channel=N&subtype=0|1`. @module */
import type { StreamName } from "./clip-index.ts";

export interface CameraTarget {
	readonly channel: number;
	readonly stream: StreamName;
	/** The presentation's URL as the client wrote it, without a control after it. */
	readonly presentationUrl: string;
}

const TARGET = /^(rtsp:\/\/[^/?#\s]+\/cam\/realmonitor\?channel=(\d{1,4})&subtype=([01]))(?:&[^/]*)?(?:\/.*)?$/i;

/** `undefined` when the target is no camera URL: answer 404. Whether the channel exists is for the caller. */
export function parseCameraTarget(target: string): CameraTarget | undefined {
	const match = TARGET.exec(target);
	if (!match?.[1]) return undefined;
	return { channel: Number(match[2]), stream: match[3] === "0" ? "main" : "sub", presentationUrl: match[1] };
}

/** The path of a camera's stream, with its query. */
export function cameraPath(channel: number, stream: StreamName): string {
	return `/cam/realmonitor?channel=${channel}&subtype=${stream === "main" ? 0 : 1}`;
}
