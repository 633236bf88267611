/** Which H.264 encoder FFmpeg uses here, and how it is told to work without delay. @module */
import type { Ffmpeg, FfmpegFacts } from "../platform/ffmpeg.ts";
import type { VideoFormat } from "../streams/reader.ts";

/** Larger pictures are made smaller: what shows them seldom has more, and a software encoder has not the time. */
export const MAX_WIDTH = 1920;
export const MAX_HEIGHT = 1080;
/** Bits per second for each pixel at the usual 15-25 pictures a second, and the bounds of the result. */
const BITS_PER_PIXEL = 2.5;
const MIN_BITRATE = 500_000;
const MAX_BITRATE = 5_000_000;
/** The best picture within the bit rate: x264's constant rate factor. */
const QUALITY = 23;
/** Seconds between key frames, by time: frame rates of cameras vary. */
const KEY_FRAME_SECONDS = 1;
/** A bound of the GOP in pictures, where the encoder knows only that. */
const MAX_GOP_PICTURES = 250;
/** More threads than this a child would take the processor from the other ones. */
const ENCODER_THREADS = 2;
/** A graphics driver that starts takes long, one that hangs takes for ever. */
const TRIAL_LIMIT_MS = 10_000;
const MAX_TRIAL_BYTES = 1024 * 1024;
const VAAPI_DEVICE = "/dev/dri/renderD128";

export interface VideoEncoder {
	/** FFmpeg's name of it. */
	readonly name: string;
	/** In front of the input. */
	readonly device: readonly string[];
	/** The last filters: the pixel format, and the way to the hardware. */
	readonly filter: string;
	readonly options: readonly string[];
}

const plain = (name: string, filter: string, ...options: string[]): VideoEncoder => ({
	name,
	device: [],
	filter,
	options,
});

/** Hardware first, by how well it is known to work without delay. Each must pass a trial. */
const HARDWARE: readonly VideoEncoder[] = [
	plain("h264_nvenc", "format=yuv420p", "-preset", "p2", "-tune", "ull", "-zerolatency", "1", "-delay", "0"),
	plain("h264_qsv", "format=nv12", "-async_depth", "1", "-preset", "veryfast"),
	{
		name: "h264_vaapi",
		device: ["-vaapi_device", VAAPI_DEVICE],
		filter: "format=nv12,hwupload",
		options: ["-async_depth", "1"],
	},
	plain("h264_v4l2m2m", "format=yuv420p"),
];

const X264_OPTIONS = ["-preset", "superfast", "-tune", "zerolatency", "-profile:v", "baseline", "-crf", `${QUALITY}`];
/** In this order; they work wherever they are listed. */
const SOFTWARE: readonly VideoEncoder[] = [
	plain("libx264", "format=yuv420p", ...X264_OPTIONS, "-threads", `${ENCODER_THREADS}`),
	plain("libopenh264", "format=yuv420p", "-profile:v", "constrained_baseline", "-allow_skip_frames", "0"),
];

/** The best encoder that works here; tries the hardware. `undefined` if this FFmpeg makes no H.264. */
export async function findVideoEncoder(ffmpeg: Ffmpeg): Promise<VideoEncoder | undefined> {
	const facts = await ffmpeg.look();
	if (!facts) return undefined;
	const listed = HARDWARE.filter(({ name }) => facts.encoders.has(name));
	// Side by side: somebody waits for the picture.
	const working = await Promise.all(listed.map((encoder) => works(ffmpeg, encoder)));
	const hardware = listed.find((_, index) => working[index]);
	return hardware ? withTiming(hardware, facts) : findSoftwareEncoder(facts);
}

/** What stands in when the hardware fails in the middle of the work: it may be taken by others. */
export function findSoftwareEncoder(facts: FfmpegFacts): VideoEncoder | undefined {
	const encoder = SOFTWARE.find(({ name }) => facts.encoders.has(name));
	return encoder && withTiming(encoder, facts);
}

/** One picture out for each one in: the option has another name before FFmpeg 5.1. */
function withTiming(encoder: VideoEncoder, { version }: FfmpegFacts): VideoEncoder {
	const [, major = "", minor = ""] = /^n?(\d+)\.(\d+)/.exec(version) ?? [];
	const isOld = major !== "" && (Number(major) < 5 || (major === "5" && minor === "0"));
	const timing = isOld ? ["-vsync", "0"] : ["-fps_mode", "passthrough"];
	return { ...encoder, options: [...encoder.options, ...timing] };
}

/** Encodes some grey pictures: a driver that is listed need not be there, nor take the options. */
async function works(ffmpeg: Ffmpeg, encoder: VideoEncoder): Promise<boolean> {
	const limits = { timeoutMs: TRIAL_LIMIT_MS, maxOutputBytes: MAX_TRIAL_BYTES };
	const { code, output } = await ffmpeg.run(
		[
			...["-hide_banner", "-loglevel", "error", "-nostdin", ...encoder.device],
			...["-f", "lavfi", "-i", "color=gray:size=640x480:rate=10", "-frames:v", "5"],
			...["-vf", encoder.filter, "-c:v", encoder.name, ...encoder.options, ...rateOptions(640, 480)],
			...["-f", "h264", "pipe:1"],
		],
		[],
		limits,
	);
	return code === 0 && output.length > 0;
}

/**
 * Arguments of a child that reads Matroska of `format` and writes H.264 in FLV, one picture out for each one in, at the
 * times of the input.
 * @param fromMs pictures before this one are decoded, and not encoded.
 */
export function transcodeArguments(encoder: VideoEncoder, format: VideoFormat, fromMs: number): string[] {
	const { width, height } = format;
	const fit = `scale=w='min(${MAX_WIDTH},iw)':h='min(${MAX_HEIGHT},ih)':force_original_aspect_ratio=decrease:force_divisible_by=2:out_range=tv`;
	// A timestamp of the input has whole milliseconds.
	const skip = `select='gte(t,${((fromMs - 0.5) / 1000).toFixed(4)})'`;
	return [
		...["-hide_banner", "-loglevel", "error", "-nostdin", ...encoder.device],
		// Two threads would hold back a picture each. The container says all that probing could find.
		...["-probesize", "32", "-analyzeduration", "0", "-flags", "+low_delay+output_corrupt", "-threads", "1"],
		...["-f", "matroska", "-i", "pipe:0", "-map", "0:v:0", "-copyts"],
		...["-vf", `${skip},${fit},${encoder.filter}`, "-enc_time_base", "1:1000"],
		...["-c:v", encoder.name, ...encoder.options, ...rateOptions(width, height)],
		...["-force_key_frames", `expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+${KEY_FRAME_SECONDS}))`],
		...["-flush_packets", "1", "-flvflags", "no_duration_filesize", "-f", "flv", "pipe:1"],
	];
}

function rateOptions(width: number, height: number): string[] {
	// Unknown sizes are counted as the largest.
	const pixels = Math.min(width * height || MAX_WIDTH * MAX_HEIGHT, MAX_WIDTH * MAX_HEIGHT);
	const bitrate = Math.round(Math.min(MAX_BITRATE, Math.max(MIN_BITRATE, pixels * BITS_PER_PIXEL)));
	// One second of bits at once: key frames are many times as large as the pictures between them.
	return [
		"-b:v",
		`${bitrate}`,
		"-maxrate",
		`${bitrate}`,
		"-bufsize",
		`${bitrate}`,
		"-g",
		`${MAX_GOP_PICTURES}`,
		"-bf",
		"0",
	];
}
