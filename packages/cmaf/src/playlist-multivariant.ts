/** Writes multivariant playlists. RFC 8216 section 4.3.4, draft-pantos-hls-rfc8216bis section 4.4.6. @module */

/** One way to see the camera. */
export interface Variant {
	/** Relative to the multivariant playlist. */
	readonly uri: string;
	/** Of the pictures and the sound of this variant. */
	readonly codecs: readonly string[];
	/** Highest bit rate of a segment, and the mean, in bits per second. */
	readonly bandwidth: number;
	readonly averageBandwidth: number;
	/** In pixels; 0 while unknown. */
	readonly width: number;
	readonly height: number;
	readonly framesPerSecond: number | undefined;
	readonly sound: SoundRendition | undefined;
}

export interface SoundRendition {
	/** Names its group: one a variant. */
	readonly group: string;
	readonly uri: string;
	readonly channels: number | undefined;
}

const VERSION = 9;

/** @param variants the first one is where players begin. */
export function writeMultivariantPlaylist(variants: readonly Variant[]): string {
	const lines = ["#EXTM3U", `#EXT-X-VERSION:${VERSION}`];
	for (const { sound } of variants) {
		if (!sound) continue;
		const channels = sound.channels === undefined ? "" : `,CHANNELS="${sound.channels}"`;
		lines.push(
			`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="${sound.group}",NAME="sound",DEFAULT=YES,AUTOSELECT=YES${channels},URI="${sound.uri}"`,
		);
	}
	for (const variant of variants) {
		const { width, height, framesPerSecond, sound } = variant;
		const attributes = [
			`BANDWIDTH=${Math.ceil(variant.bandwidth)}`,
			`AVERAGE-BANDWIDTH=${Math.ceil(variant.averageBandwidth)}`,
			`CODECS="${variant.codecs.join(",")}"`,
		];
		if (width > 0 && height > 0) attributes.push(`RESOLUTION=${width}x${height}`);
		if (framesPerSecond !== undefined) attributes.push(`FRAME-RATE=${framesPerSecond.toFixed(3)}`);
		if (sound) attributes.push(`AUDIO="${sound.group}"`);
		lines.push(`#EXT-X-STREAM-INF:${attributes.join(",")}`, variant.uri);
	}
	lines.push("");
	return lines.join("\n");
}
