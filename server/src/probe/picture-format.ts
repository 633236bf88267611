/** What pictures say of themselves: size, codec string, B-frames. @module */
import {
	type AccessUnit,
	NAL_TYPE,
	nalTypeOf,
	parseH265Sps,
	parseJpegSize,
	parseSliceType,
	parseSps,
} from "@vigia/rtp";

export interface PictureFormat {
	readonly width?: number;
	readonly height?: number;
	/** RFC 6381. */
	readonly codecString?: string;
}

/** Of an access unit's NAL units, or those of a session description; `undefined` without a parameter set in them. */
export function pictureFormatOf(nalUnits: readonly Uint8Array[]): PictureFormat | undefined {
	for (const nal of nalUnits) {
		// The types of both codecs' parameter sets differ, so that one is never taken for the other.
		const sps = parseSps(nal) ?? parseH265Sps(nal);
		if (sps) return { width: sps.width, height: sps.height, codecString: sps.codecString };
	}
	return undefined;
}

/** Of a JPEG file. */
export function jpegFormatOf(image: Uint8Array): PictureFormat | undefined {
	return parseJpegSize(image);
}

/** It refers to pictures that are shown after it: ITU-T H.264 table 7-6. */
export function hasBSlice({ codec, nalUnits }: AccessUnit): boolean {
	if (codec !== "h264") return false;
	return nalUnits.some((nal) => nalTypeOf(nal) === NAL_TYPE.slice && parseSliceType(nal) === "B");
}
