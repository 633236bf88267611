/** What the soak test's processes tell each other. @module */

/** Cameras are counted from 1; those behind the recorder come first. */
export type CameraAction =
	| { readonly act: "stop"; readonly answer?: "cut" | 404 | 503 }
	| { readonly act: "start" }
	| { readonly act: "freeze"; readonly rtcp: boolean }
	| { readonly act: "drop-silently" }
	| { readonly act: "abandon-connections" }
	| { readonly act: "change-password"; readonly password: string }
	| { readonly act: "limit-sessions"; readonly limit: number };

export interface CameraOrder {
	readonly id: number;
	readonly cameras: readonly number[];
	readonly action: CameraAction;
}

export type CamerasMessage =
	| { readonly recorderPort: number; readonly singlePorts: readonly number[] }
	/** The order was carried out at this time, in milliseconds since 1970. */
	| { readonly id: number; readonly doneAtMs: number };

/** When packets of a camera were received since the last message: the first and the last, in ms since 1970. */
export type ReceivedPackets = readonly [camera: number, firstAtMs: number, lastAtMs: number];

export interface ViewerMessage {
	readonly packets: readonly ReceivedPackets[];
	/** Packets in all. */
	readonly total: number;
	/** PeerConnections after the first, and sockets after the first. */
	readonly reconnects: number;
	/** Tiles that receive at the moment. */
	readonly receiving: number;
}
