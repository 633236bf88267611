/** Which of a device's profiles fill the grid and the enlarged tile. Pure. @module */
import type { OnvifCodec, OnvifProfile } from "./onvif-messages.ts";

/** The profiles of one video source: a camera of the wall. */
export interface ChosenProfiles {
	/** The token of the video source. */
	readonly source: string;
	readonly main: OnvifProfile;
	/** Smaller than `main`, for the grid. */
	readonly sub?: OnvifProfile;
}

/** Cameras of one device: the largest recorders have 128 channels. */
export const MAX_CHANNELS = 128;
/** Pixels of a picture that fits a tile of a 4x4 wall: 640x360. */
const TILE_PIXELS = 640 * 360;

/** Browsers play the first everywhere, the second here and there; the others cost much or have to be converted. */
const PREFERENCE: readonly (OnvifCodec | undefined)[] = ["h264", "h265", "jpeg", "mpeg4", undefined];

/** One entry per video source, in the device's order. */
export function chooseProfiles(profiles: readonly OnvifProfile[]): ChosenProfiles[] {
	const bySource = Map.groupBy(profiles, ({ source }) => source);
	return [...bySource].slice(0, MAX_CHANNELS).flatMap(([source, ofSource]) => {
		const main = best(ofSource, byMainFitness);
		if (!main) return [];
		const sub = best(
			ofSource.filter((profile) => profile !== main && pixelsOf(profile) < pixelsOf(main)),
			bySubFitness,
		);
		return [{ source, main, ...(sub && { sub }) }];
	});
}

type Comparison = (a: OnvifProfile, b: OnvifProfile) => number;

/** Video codecs before JPEG at any size; then the largest. */
const byMainFitness: Comparison = (a, b) =>
	Number(isVideoCodec(b)) - Number(isVideoCodec(a)) || pixelsOf(b) - pixelsOf(a);

/** The codec that plays everywhere; then the size nearest to a tile's. */
const bySubFitness: Comparison = (a, b) =>
	PREFERENCE.indexOf(a.codec) - PREFERENCE.indexOf(b.codec) || distanceFromTile(a) - distanceFromTile(b);

/** The first of the best: sorting keeps the device's order among equals. */
function best(profiles: readonly OnvifProfile[], compare: Comparison): OnvifProfile | undefined {
	return profiles.toSorted(compare)[0];
}

function isVideoCodec({ codec }: OnvifProfile): boolean {
	return codec === "h264" || codec === "h265";
}

function pixelsOf({ width, height }: OnvifProfile): number {
	return width * height;
}

/** As a ratio, so that half and double are equally far. */
function distanceFromTile(profile: OnvifProfile): number {
	return Math.abs(Math.log(Math.max(1, pixelsOf(profile)) / TILE_PIXELS));
}
