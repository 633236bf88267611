/** Looks at a camera that is not saved yet: both its streams, and a picture of the one for the grid. @module */
import type { SettingsTestAnswer, StreamName } from "@vigia/api";
import type { CameraSettings, RtspTransport } from "../config/settings.ts";
import { Snapshots } from "../outputs/snapshot/snapshots.ts";
import type { Clock } from "../platform/clock.ts";
import type { Ffmpeg } from "../platform/ffmpeg.ts";
import { cameraStream } from "../probe/camera-stream.ts";
import type { ProbeRefusal, ProbeService } from "../probe/probe-service.ts";
import type { OpenSource } from "../sources/source.ts";
import { Stream } from "../streams/stream.ts";

/** In pixels: the picture is looked at in a form, not on a wall. */
const PICTURE_WIDTH = 640;
/** Of the JPEG file: one of this width takes a tenth. Motion JPEG comes as large as the camera makes it. */
const MAX_PICTURE_BYTES = 1024 * 1024;

export interface CameraTestOptions {
	readonly probes: ProbeService;
	readonly ffmpeg: Ffmpeg;
	readonly clock: Clock;
	/** Of the settings as a whole. */
	readonly transport: RtspTransport;
}

export type CameraTestResult = SettingsTestAnswer | { readonly refusal: ProbeRefusal };

export class CameraTest {
	readonly #options: CameraTestOptions;

	constructor(options: CameraTestOptions) {
		this.#options = options;
	}

	/** Takes as long as one or two probes, and a moment for the picture. */
	async run(camera: CameraSettings, language: "en" | "es"): Promise<CameraTestResult> {
		const { probes, transport } = this.#options;
		const grid = cameraStream(camera, undefined, transport);
		if (!grid) throw new Error("the loader let a camera without streams pass");
		const main = grid.name === "sub" ? cameraStream(camera, "main", transport) : undefined;
		const pictures = new Stream({ readersChanged: () => {}, readerFailed: () => {} });
		const watch = (open: OpenSource): OpenSource => into(pictures, open);
		const answer = await probes.probeDevice([{ ...grid, watch }, ...(main ? [main] : [])]);
		if ("refusal" in answer) return answer;
		const picture = await this.#picture(pictures);
		return {
			streams: answer.findings.map((findings, index) => {
				const stream: StreamName = index === 0 ? grid.name : "main";
				return { stream, report: findings(language), ...(index === 0 && picture !== undefined && { picture }) };
			}),
		};
	}

	/** In base64, as the wall's stills are made; `undefined` where no picture came, or it cannot be made. */
	async #picture(pictures: Stream): Promise<string | undefined> {
		if (pictures.currentGop().length === 0) return undefined;
		const { ffmpeg, clock } = this.#options;
		const directory = { hasCamera: () => true, stream: () => pictures };
		const still = await new Snapshots({ directory, ffmpeg, clock }).take({
			cameraId: "",
			stream: "main",
			width: PICTURE_WIDTH,
		});
		if (typeof still === "string" || still.jpeg.length > MAX_PICTURE_BYTES) return undefined;
		return Buffer.from(still.jpeg).toString("base64");
	}
}

/** The pictures of the sessions go into a stream, too, which keeps the newest GOP with its parameter sets. */
function into(stream: Stream, open: OpenSource): OpenSource {
	return (handlers) => {
		stream.restart();
		return open({
			onDescribed: (description) => handlers.onDescribed?.(description),
			onPlaying: () => handlers.onPlaying(),
			onParameterSets(codec, nalUnits) {
				stream.setParameterSets(codec, nalUnits);
				handlers.onParameterSets(codec, nalUnits);
			},
			onVideo(unit, arrivalMs, mediaMs) {
				stream.push(unit, arrivalMs, mediaMs);
				handlers.onVideo(unit, arrivalMs, mediaMs);
			},
			onAudio: (frame, arrivalMs, mediaMs) => handlers.onAudio?.(frame, arrivalMs, mediaMs),
			onEnd: (failure) => handlers.onEnd(failure),
		});
	};
}
