/** Which cameras of a foreign file are there already, whatever way they were given. Pure. @module */
import type { CameraSettings, StreamAddress } from "../config/settings.ts";
import { showCamera } from "../settings/shown-camera.ts";
import type { ImportedCamera } from "./imported-camera.ts";
import { urlOf } from "./source-address.ts";

/**
 * @param present as the loader made them: of an address, or of a host and a template.
 * @returns finds the camera that has a stream in common with the found one; with what login does not matter.
 */
export function knownAs(present: readonly CameraSettings[]): (found: ImportedCamera) => CameraSettings | undefined {
	const byPlace = new Map(present.flatMap((camera) => placesOf(camera).map((place) => [place, camera] as const)));
	return (found) => {
		const place = placesOf(found).find((one) => byPlace.has(one));
		return place === undefined ? undefined : byPlace.get(place);
	};
}

function placesOf({ streams }: Pick<CameraSettings, "streams">): string[] {
	return Object.values(streams).map(placeOf);
}

/** The address as the page shows it: some have their password in the path. */
function placeOf(address: StreamAddress): string {
	const url = urlOf({ ...address, host: address.host.toLowerCase() });
	return showCamera({ url }).url ?? url;
}
