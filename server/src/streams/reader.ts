/** The contract between a stream and whoever takes pictures and sound out of it. @module */
import type { ReasonCode } from "@vigia/api";
import type { AccessUnit, AudioCodec, AudioSpecificConfig, CodedPicture, RtpFormat, VideoCodec } from "@vigia/rtp";

/** When a unit is decoded and shown, on the stream's own clock. */
export interface UnitTimes {
	/**
	 * 90 kHz ticks of the monotonic clock, {@link TICKS_PER_MS} a millisecond: always rises in decoding order, also over
	 * a restart of the camera. Not wrapped.
	 */
	readonly timestamp: number;
	/** When its last packet arrived: {@link Clock.nowMs}. */
	readonly arrivalMs: number;
}

/** Additional to the times: what all pictures have in common. */
export interface PictureTimes extends UnitTimes {
	/**
	 * When it is shown, in ticks of the same clock: equal to {@link UnitTimes.timestamp}, except in streams whose
	 * pictures are reordered (B-frames), where it can be lower than that of a picture before.
	 */
	readonly presentation: number;
	/**
	 * RTP payloads of at most {@link MAX_RTP_PAYLOAD_BYTES} (RFC 6184 packetization-mode 1, RFC 7798); the marker
	 * belongs on the last one. Made when the first reader asks, then shared. Empty for a {@link CodedPicture}.
	 */
	readonly payloads: readonly Uint8Array[];
}

/** H.264 or H.265: whole, in order, with the parameter sets in front of every random access point. */
export interface NalStreamUnit extends AccessUnit, PictureTimes {}

/** Motion JPEG or MPEG-4 Visual. */
export interface PictureStreamUnit extends CodedPicture, PictureTimes {}

/** A picture as the hub hands it on. Shared by all readers and by the GOP cache: nobody writes into it. */
export type StreamUnit = NalStreamUnit | PictureStreamUnit;

/** What the sound of a stream is. The same object as long as it does not change. */
export interface AudioFormat {
	readonly codec: AudioCodec;
	/** Units of the RTP timestamp per second: 48000 for Opus, the sampling rate of nearly all others. */
	readonly clockRate: number;
	/** 1 where the session description does not say. */
	readonly channels: number;
	/** Of AAC; without one it cannot be decoded. */
	readonly config: AudioSpecificConfig | undefined;
	/** As the session description has it: G.726 needs its packing. */
	readonly rtp: RtpFormat;
}

/** One audio frame as the hub hands it on. Nobody writes into its bytes. */
export interface AudioUnit extends UnitTimes {
	readonly format: AudioFormat;
	/** As `AudioFrame.data` of @vigia/rtp. */
	readonly data: Uint8Array;
	/** How long it sounds, in 90 kHz ticks. */
	readonly durationTicks: number;
}

/** What the pictures of a stream are, as the newest ones say it. The same object as long as it does not change. */
export interface VideoFormat {
	readonly codec: VideoCodec;
	/** RFC 6381, e.g. `avc1.42c01e`; absent for motion JPEG, and while the parameter sets cannot be read. */
	readonly codecString: string | undefined;
	/** In pixels; 0 while unknown. */
	readonly width: number;
	readonly height: number;
	/** Pictures are not shown in the order in which they come: browsers do not play that over WebRTC. */
	readonly hasBFrames: boolean;
}

/** Leaves room for RTP, SRTP, UDP and a tunnel or two in an MTU of 1280-1500 bytes. */
export const MAX_RTP_PAYLOAD_BYTES = 1200;

/** How the pictures of a stream that was chosen for a viewer's decoders come about. */
export type Route =
	/** As the camera sends them. */
	| { readonly kind: "pass" }
	/** The camera's other profile stands in, because only that one can be decoded there. */
	| { readonly kind: "other-profile" }
	/** FFmpeg makes them. */
	| { readonly kind: "transcode" }
	/** Nothing comes, and why. */
	| { readonly kind: "refused"; readonly reason: ReasonCode };

export interface Reader {
	/**
	 * Takes one picture. Must return at once: a reader that cannot keep up drops to the next random access point by
	 * itself and counts it. A reader that throws is detached.
	 */
	push(unit: StreamUnit): void;
	/** Takes one audio frame, like {@link push}. Left out by readers without ears. */
	pushAudio?(unit: AudioUnit): void;
	/** Only of streams that are chosen for decoders: told before the first picture, and when it changes. */
	onRoute?(route: Route): void;
}

/** A reader's hold on a stream. */
export interface Attachment {
	/** The pictures since the last random access point, oldest first: empty before the first one. */
	readonly gop: readonly StreamUnit[];
	/** Lets go; safe to call twice. */
	detach(): void;
}

/** What an output needs of a stream. Attaching wakes a stream that is pulled on demand. */
export interface ReadableStreamSource {
	/** What it showed last; `undefined` before the first picture ever. */
	readonly format: VideoFormat | undefined;
	/** Its sound, as of the last session that had any; `undefined` before the first of it came. */
	readonly audioFormat: AudioFormat | undefined;
	attach(reader: Reader): Attachment;
	/** The current GOP for a reader that lost its start (PLI, FIR, refresh). */
	currentGop(): readonly StreamUnit[];
}

/** What an output needs of the cameras: the stream of a camera, or `undefined` if there is none. */
export interface StreamDirectory {
	stream(cameraId: string, name: "main" | "sub"): ReadableStreamSource | undefined;
	hasCamera(cameraId: string): boolean;
}
