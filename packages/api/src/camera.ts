/** What the server says about a camera: `GET /api/cameras`, and the wall's status messages. @module */
import * as z from "zod/mini";
import { REASON_TEXTS, type ReasonCode } from "./reason.ts";

/** The supervisor's states as the public sees them; `docs/architecture.md` has the picture. */
export const CAMERA_STATES = [
	"idle",
	"connecting",
	"buffering",
	"live",
	"stalled",
	"waiting",
	"refused",
	"unsupported",
	"busy",
] as const;
export const cameraStateSchema = z.enum(CAMERA_STATES);
export type CameraState = z.infer<typeof cameraStateSchema>;

/** A camera's two profiles: `sub` fills the grid, `main` the enlarged tile. */
export const streamNameSchema = z.enum(["main", "sub"]);
export type StreamName = z.infer<typeof streamNameSchema>;

/** `cam1`, `cam2`, ... by default; stable, and separate from the name. */
export const cameraIdSchema = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/));

const count = z.number().check(z.nonnegative());

/** A code of a newer server is read as `internal-error`: one unknown word does not discard a whole status. */
// oxlint-disable-next-line promise/valid-params -- Zod's `catch` has nothing to do with a promise's.
export const reasonCodeSchema = z.catch(
	z.enum(Object.keys(REASON_TEXTS) as [ReasonCode, ...ReasonCode[]]),
	"internal-error",
);

export const reasonSchema = z.object({
	code: reasonCodeSchema,
	/** Plain English, with the remedy. */
	text: z.string(),
});
export type Reason = z.infer<typeof reasonSchema>;

/** One profile of a camera. Measured values are absent until they were measured. */
export const streamStatusSchema = z.object({
	state: cameraStateSchema,
	/** Why this stream is not live. */
	reason: z.optional(reasonSchema),
	/** Milliseconds until this stream's next try, while waiting for one. */
	retryInMs: z.optional(count),
	/** `h264`, `h265`, `jpeg` or `mpeg4`. */
	codec: z.optional(z.string()),
	/** RFC 6381 string from the stream's own parameter sets, e.g. `avc1.42C01E`. */
	codecString: z.optional(z.string()),
	width: z.optional(count),
	height: z.optional(count),
	/** Pictures are not shown in the order in which they come: browsers do not play that over WebRTC. */
	bFrames: z.optional(z.boolean()),
	/** Codec of its sound, e.g. `aac` or `pcma`; absent for a silent stream. */
	audio: z.optional(z.string()),
	/** Access units per second over the last seconds. */
	fps: z.optional(count),
	bitrateBps: z.optional(count),
	/** Seconds between the last two random access points. */
	gopSeconds: z.optional(count),
	/** Milliseconds since the last video access unit arrived, at the time of the answer. */
	lastVideoMs: z.optional(count),
	/** Viewers of this stream now. */
	readers: z.optional(count),
});
export type StreamStatus = z.infer<typeof streamStatusSchema>;

export const cameraStatusSchema = z.object({
	id: cameraIdSchema,
	name: z.string(),
	/** The state of the stream that fills the grid. */
	state: cameraStateSchema,
	/** When the camera entered this state: ISO 8601, UTC. */
	since: z.string(),
	/** Why it is not live: of the stream that fills the grid. */
	reason: z.optional(reasonSchema),
	/** Milliseconds until the next try, while waiting for one. */
	retryInMs: z.optional(count),
	streams: z.object({ main: z.optional(streamStatusSchema), sub: z.optional(streamStatusSchema) }),
});
export type CameraStatus = z.infer<typeof cameraStatusSchema>;

/** `GET /health`: 200 while `ok`, else 503. */
export const healthSchema = z.object({
	status: z.enum(["ok", "degraded"]),
	cameras: z.object({ total: count, live: count, connecting: count, offline: count }),
	uptimeSeconds: count,
	version: z.string(),
});
export type Health = z.infer<typeof healthSchema>;
