/** What the benchmark's processes tell each other. @module */

/** Camera's number, picture's index since the camera's start, milliseconds since 1970 with a fraction. */
export type SentPicture = readonly [channel: number, index: number, atMs: number];

/** Camera's number, milliseconds since 1970 with a fraction: the last packet of an access unit was received. */
export type ReceivedPicture = readonly [channel: number, atMs: number];

export type CamerasMessage =
	| { readonly port: number }
	| { readonly pictures: SentPicture[] }
	| { readonly doneAtMs: number };
export type ViewerMessage =
	| { readonly live: true }
	| {
			readonly received: ReceivedPicture[];
			/** The same pictures, read from the cameras without the server in between. */
			readonly direct: ReceivedPicture[];
			readonly packets: number;
	  };
