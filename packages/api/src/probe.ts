/** What a probe found out about a camera: `POST /api/cameras/{id}/probe`, and `vigia probe --json`. @module */
import * as z from "zod/mini";
import { reasonSchema } from "./camera.ts";

const count = z.number().check(z.nonnegative());
const sentenceSchema = z.object({ code: z.string(), text: z.string() });

/** `error`: no picture on the wall. `warning`: worth acting on. `info`: good to know. */
export const adviceSeveritySchema = z.enum(["error", "warning", "info"]);
export type AdviceSeverity = z.infer<typeof adviceSeveritySchema>;

export const probeTrackSchema = z.object({
	/** `video`, `audio`, `application`, ... */
	type: z.string(),
	/** As the camera writes it, in capitals: `H264`. */
	encoding: z.string(),
	clockRate: count,
	channels: count,
	payloadType: count,
	used: z.boolean(),
	/** Why it is not used. */
	unused: z.optional(sentenceSchema),
});
export type ProbeTrack = z.infer<typeof probeTrackSchema>;

export const probeVideoSchema = z.object({
	codec: z.enum(["h264", "h265", "jpeg", "mpeg4"]),
	/** RFC 6381, from the stream's own parameter sets. */
	codecString: z.optional(z.string()),
	width: z.optional(count),
	height: z.optional(count),
	/** Measured by the camera's own timestamps; absent with fewer than two pictures. */
	fps: z.optional(count),
	bitrateBps: z.optional(count),
	pictures: count,
	keyFrames: count,
	/** The longest time between two key frames; absent until there were two. */
	keyFrameSeconds: z.optional(count),
	bFrames: z.boolean(),
});
export type ProbeVideo = z.infer<typeof probeVideoSchema>;

export const probeCertificateSchema = z.object({
	/** SHA-256 of its DER form, 64 lower-case hexadecimal digits: what `tls: sha256:...` takes. */
	sha256: z.string(),
	selfSigned: z.boolean(),
	/** This machine's authorities vouch for it, and for the host's name. */
	trusted: z.boolean(),
	/** ISO 8601, UTC; absent where the certificate holds no date that is one. */
	validTo: z.optional(z.string()),
	/** The connection came about only with TLS 1.0 and short keys allowed. */
	legacy: z.boolean(),
});
export type ProbeCertificate = z.infer<typeof probeCertificateSchema>;

/** There is never an address or a credential in it. */
export const probeReportSchema = z.object({
	/** `good`: no fault was found. `works`: there is a picture, and a warning. `failed`: the wall shows no picture of it. */
	result: z.enum(["good", "works", "failed"]),
	/** Why the wall shows no picture; `detail` for whoever looks into it, in English. */
	failure: z.optional(z.extend(reasonSchema, { detail: z.string() })),
	/** From the first picture to the end of the probe. */
	measuredSeconds: count,
	/** The camera's Server field. */
	server: z.optional(z.string()),
	transport: z.optional(z.enum(["tcp", "udp", "http"])),
	/** The connection is over TLS. */
	encrypted: z.boolean(),
	certificate: z.optional(probeCertificateSchema),
	tracks: z.array(probeTrackSchema),
	video: z.optional(probeVideoSchema),
	/** Audio that arrived. */
	audio: z.optional(z.object({ codec: z.string(), frames: count, bitrateBps: z.optional(count) })),
	/** Milliseconds from the start of the connection to the first picture that can be shown. */
	firstPictureMs: z.optional(count),
	packets: z.object({ received: count, lost: count, reordered: count, malformed: count, damagedPictures: count }),
	/** What the camera does otherwise than the standards say, and is borne with. */
	quirks: z.array(sentenceSchema),
	/** The most serious first. */
	advice: z.array(z.object({ code: z.string(), severity: adviceSeveritySchema, text: z.string() })),
});
export type ProbeReport = z.infer<typeof probeReportSchema>;
