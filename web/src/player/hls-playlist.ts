/**
 * Low-latency playlists as a player reads them that holds no request open. hls.js uses blocking reload whenever a server
 * offers it, even with its low-latency mode off. draft-pantos-hls-rfc8216bis.
 * @module
 */
import type { HlsConfig, LoaderCallbacks, LoaderConfiguration, LoaderContext, PlaylistLoaderConstructor } from "hls.js";

const LOW_LATENCY_TAG = /^#EXT-X-(?:SERVER-CONTROL|PART-INF|PART|PRELOAD-HINT|RENDITION-REPORT):.*(?:\r?\n|$)/gm;

/** The playlist without what only low-latency players use: what is left is a classic one. */
export function withoutLowLatency(playlist: string): string {
	return playlist.replace(LOW_LATENCY_TAG, "");
}

/** A loader of playlists for hls.js, on top of its own, that answers {@link withoutLowLatency}. */
export function classicPlaylistLoader(Loader: HlsConfig["loader"]): PlaylistLoaderConstructor {
	class ClassicPlaylistLoader extends Loader {
		override load(
			context: LoaderContext,
			config: LoaderConfiguration,
			callbacks: LoaderCallbacks<LoaderContext>,
		): void {
			const onSuccess: typeof callbacks.onSuccess = (response, ...rest) => {
				const { data } = response;
				callbacks.onSuccess(
					typeof data === "string" ? { ...response, data: withoutLowLatency(data) } : response,
					...rest,
				);
			};
			super.load(context, config, { ...callbacks, onSuccess });
		}
	}
	// hls.js's own loader serves for playlists as well as for segments; only its types tell them apart.
	return ClassicPlaylistLoader as unknown as PlaylistLoaderConstructor;
}
