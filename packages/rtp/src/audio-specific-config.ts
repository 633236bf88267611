/** What an AAC decoder is set up with: ISO/IEC 14496-3 section 1.6. @module */
import { AacBits } from "./aac-bits.ts";
import { parseHex } from "./hex.ts";

/** A parsed AudioSpecificConfig: ISO/IEC 14496-3 section 1.6.2.1. */
export interface AudioSpecificConfig {
	/** The configuration itself, as it goes into `esds` boxes and decoders; its own bytes. */
	readonly bytes: Uint8Array;
	/** Audio object type of the core coder: 2 is AAC LC. */
	readonly objectType: number;
	/** Of the core coder, in Hz. */
	readonly sampleRate: number;
	/** Of the core coder; 0 where the configuration leaves it to the stream. */
	readonly channels: number;
	/** Samples of the core coder in one access unit, per channel. */
	readonly samplesPerFrame: number;
	/**
	 * Spectral band replication is signalled, and this is the rate of the output in Hz. Undefined says nothing: SBR can be
	 * in the stream without a word (implicit signalling).
	 */
	readonly sbrSampleRate: number | undefined;
	/** Parametric stereo is signalled: one coded channel gives two. */
	readonly parametricStereo: boolean;
	/** RFC 6381 section 3.3: `mp4a.40.2`. */
	readonly codecString: string;
}

/** Longest configuration that is looked at: program configuration elements with comments stay below. */
const MAX_CONFIG_BYTES = 512;
/** By sampling frequency index, in Hz: ISO/IEC 14496-3 table 1.18. */
const SAMPLE_RATES: readonly number[] = [
	96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
];
const EXPLICIT_RATE_INDEX = 15;
/** By channel configuration: ISO/IEC 14496-3 table 1.19. */
const CHANNELS: ReadonlyMap<number, number> = new Map([
	[1, 1],
	[2, 2],
	[3, 3],
	[4, 4],
	[5, 5],
	[6, 6],
	[7, 8],
	[11, 7],
	[12, 8],
	[14, 8],
]);
/** Audio object types: ISO/IEC 14496-3 table 1.17. */
const AAC_LC = 2;
const AAC_SCALABLE = 6;
const SBR = 5;
const ER_AAC_LC = 17;
const ER_AAC_SCALABLE = 20;
const ER_BSAC = 22;
const ER_AAC_LD = 23;
const PARAMETRIC_STEREO = 29;
const ESCAPE = 31;
const ER_AAC_ELD = 39;
/** Sync extension types of backward compatible signalling: ISO/IEC 14496-3 section 1.6.6. */
const SBR_SYNC = 0x2b7;
const PS_SYNC = 0x548;

/** Parses the hexadecimal `config` parameter of RFC 3640 section 4.1. Undefined for anything else. Never throws. */
export function parseConfigParameter(hex: string): AudioSpecificConfig | undefined {
	const bytes = parseHex(hex, MAX_CONFIG_BYTES);
	return bytes && parseAudioSpecificConfig(bytes);
}

/** Undefined when the bytes end too early or name a reserved sampling rate. Copies the bytes. Never throws. */
export function parseAudioSpecificConfig(bytes: Uint8Array): AudioSpecificConfig | undefined {
	if (bytes.length > MAX_CONFIG_BYTES) return undefined;
	const bits = new AacBits(bytes, 0);
	const signalledType = readObjectType(bits);
	const sampleRate = readSampleRate(bits);
	const channelConfiguration = bits.read(4);
	let objectType = signalledType;
	let sbrSampleRate: number | undefined;
	let parametricStereo = signalledType === PARAMETRIC_STEREO;
	if (signalledType === SBR || signalledType === PARAMETRIC_STEREO) {
		sbrSampleRate = readSampleRate(bits);
		objectType = readObjectType(bits);
		if (objectType === ER_BSAC) bits.read(4);
	}
	const specific = readSpecificConfig(bits, objectType, channelConfiguration);
	if (bits.failed || sampleRate === undefined || objectType === 0) return undefined;
	// What follows is optional, and its being cut off spoils nothing before it.
	if (sbrSampleRate === undefined && bits.remaining >= 16 && bits.read(11) === SBR_SYNC) {
		if (readObjectType(bits) === SBR && bits.flag()) sbrSampleRate = readSampleRate(bits);
		if (sbrSampleRate !== undefined && bits.remaining >= 12)
			parametricStereo = bits.read(11) === PS_SYNC && bits.flag();
	}
	return {
		bytes: new Uint8Array(bytes),
		objectType,
		sampleRate,
		channels: specific.channels,
		samplesPerFrame: specific.samplesPerFrame,
		sbrSampleRate,
		parametricStereo,
		codecString: `mp4a.40.${signalledType}`,
	};
}

/** The fields of an ADTS header as a configuration of two bytes: AAC without SBR, 1024 samples. */
export function makeAudioSpecificConfig(
	objectType: number,
	rateIndex: number,
	channelConfiguration: number,
): AudioSpecificConfig | undefined {
	const fields = (objectType << 11) | (rateIndex << 7) | (channelConfiguration << 3);
	return parseAudioSpecificConfig(Uint8Array.of(fields >> 8, fields));
}

/** Of plain AAC LC; undefined for a sampling rate or a number of channels that the standard has no index for. */
export function makeAacLcConfig(sampleRate: number, channels: number): AudioSpecificConfig | undefined {
	const rateIndex = SAMPLE_RATES.indexOf(sampleRate);
	const configuration = [...CHANNELS].find(([, count]) => count === channels)?.[0];
	if (rateIndex < 0 || configuration === undefined) return undefined;
	return makeAudioSpecificConfig(AAC_LC, rateIndex, configuration);
}

function readObjectType(bits: AacBits): number {
	const objectType = bits.read(5);
	return objectType === ESCAPE ? 32 + bits.read(6) : objectType;
}

function readSampleRate(bits: AacBits): number | undefined {
	const index = bits.read(4);
	if (index !== EXPLICIT_RATE_INDEX) return SAMPLE_RATES[index];
	return bits.read(24) || undefined;
}

/** GASpecificConfig: ISO/IEC 14496-3 section 4.4.1. Of ELDSpecificConfig (section 4.6.20) only the first bit. */
function readSpecificConfig(
	bits: AacBits,
	objectType: number,
	channelConfiguration: number,
): { readonly channels: number; readonly samplesPerFrame: number } {
	const isShort = bits.flag();
	const channels = CHANNELS.get(channelConfiguration) ?? 0;
	if (objectType === ER_AAC_ELD) return { channels, samplesPerFrame: isShort ? 480 : 512 };
	// The delay of the core coder.
	if (bits.flag()) bits.read(14);
	const hasExtension = bits.flag();
	const inConfig = channelConfiguration === 0 ? readProgramConfig(bits) : channels;
	if (objectType === AAC_SCALABLE || objectType === ER_AAC_SCALABLE) bits.read(3);
	if (hasExtension) {
		if (objectType === ER_BSAC) bits.read(16);
		if (objectType >= ER_AAC_LC && objectType !== ER_BSAC && objectType <= ER_AAC_LD) bits.read(3);
		bits.read(1);
	}
	if (objectType === ER_AAC_LD) return { channels: inConfig, samplesPerFrame: isShort ? 480 : 512 };
	return { channels: inConfig, samplesPerFrame: isShort ? 960 : 1024 };
}

/** Counts the channels of a program_config_element: ISO/IEC 14496-3 section 4.4.1.1. */
function readProgramConfig(bits: AacBits): number {
	bits.read(10);
	const outputs = [bits.read(4), bits.read(4), bits.read(4)];
	const lowFrequency = bits.read(2);
	const associated = bits.read(3);
	const coupling = bits.read(4);
	if (bits.flag()) bits.read(4);
	if (bits.flag()) bits.read(4);
	if (bits.flag()) bits.read(3);
	let channels = lowFrequency;
	for (const elements of outputs) {
		for (let i = 0; i < elements; i++) {
			channels += bits.flag() ? 2 : 1;
			bits.read(4);
		}
	}
	bits.read(4 * lowFrequency);
	bits.read(4 * associated);
	for (let i = 0; i < coupling; i++) bits.read(5);
	// Aligned to the start of the configuration, which starts with a whole byte.
	bits.read((8 - (bits.position % 8)) % 8);
	const commentBytes = bits.read(8);
	for (let i = 0; i < commentBytes; i++) bits.read(8);
	return channels;
}
