/** What pictures say of themselves: size and codec string. @module */
import { parseH265Sps, parseJpegSize, parseSps } from "@vigia/rtp";

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
