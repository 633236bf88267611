/** ADTS frames, which some cameras send where RFC 3640 wants raw access units: ISO/IEC 14496-3 section 1.A.2. @module */
import { type AudioSpecificConfig, makeAudioSpecificConfig } from "./audio-specific-config.ts";

/** What an ADTS header says of the frame that it opens. */
export interface AdtsHeader {
	/** Bytes of the header, with its checksum if it has one. */
	readonly headerBytes: number;
	/** Bytes of header and access unit. */
	readonly frameBytes: number;
	readonly config: AudioSpecificConfig;
}

const HEADER_BYTES = 7;
const CRC_BYTES = 2;

/**
 * Parses the ADTS header at this index; undefined if there is none. A raw access unit cannot start with the sync word: it
 * would be an empty one. Frames of several access units are not supported, as no camera sends them.
 */
export function parseAdtsHeader(bytes: Uint8Array, at: number): AdtsHeader | undefined {
	// The sync word, and a layer of 0.
	if (bytes[at] !== 0xff || ((bytes[at + 1] ?? 0) & 0xf6) !== 0xf0 || at + HEADER_BYTES > bytes.length)
		return undefined;
	const [b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0, b6 = 0] = bytes.subarray(at + 1, at + HEADER_BYTES);
	const headerBytes = HEADER_BYTES + ((b1 & 1) === 0 ? CRC_BYTES : 0);
	const frameBytes = ((b3 & 3) << 11) | (b4 << 3) | (b5 >> 5);
	const objectType = (b2 >> 6) + 1;
	const channelConfiguration = ((b2 & 1) << 2) | (b3 >> 6);
	if (frameBytes <= headerBytes || (b6 & 3) !== 0) return undefined;
	// Without a channel configuration the channels are in the stream: most such streams are mono or stereo.
	const config = makeAudioSpecificConfig(objectType, (b2 >> 2) & 0x0f, channelConfiguration || 2);
	return config && { headerBytes, frameBytes, config };
}
