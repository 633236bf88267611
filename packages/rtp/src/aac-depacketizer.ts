/** Takes AAC access units out of RTP packets: RFC 3640 (mpeg4-generic), modes AAC-hbr and AAC-lbr. @module */
import { parseAdtsHeader } from "./aac-adts.ts";
import { AacBits } from "./aac-bits.ts";
import type { AudioFrame } from "./access-unit.ts";
import { type AudioSpecificConfig, parseConfigParameter } from "./audio-specific-config.ts";
import type { Depacketizer, OnMediaUnit, RtpFormat } from "./depacketizer.ts";
import type { RtpPacket } from "./rtp-packet.ts";

/** Most bytes of one access unit: ISO/IEC 14496-3 allows 768 for each channel, of which there are 48 at most. */
export const MAX_AAC_BYTES = 36_864;
/** Bytes of the AU-headers-length field: RFC 3640 section 3.2.1. */
export const AU_HEADERS_LENGTH_BYTES = 2;

/** Samples of an access unit where no configuration says otherwise. */
const USUAL_SAMPLES_PER_FRAME = 1024;
const MAX_FIELD_BITS = 32;

/** Bits of the AU header fields: RFC 3640 section 3.2.1.1. */
interface AuHeaderFormat {
	readonly size: number;
	readonly index: number;
	readonly indexDelta: number;
}

/** RFC 3640 section 3.3.6. */
const HIGH_BIT_RATE: AuHeaderFormat = { size: 13, index: 3, indexDelta: 3 };
/** RFC 3640 section 3.3.5. */
const LOW_BIT_RATE: AuHeaderFormat = { size: 6, index: 2, indexDelta: 2 };

/**
 * Gives the access units of one AAC track. Each comes with the timestamp of its own first sample. Access units are taken
 * in the order of the packets: interleaving (RFC 3640 section 3.2.3.2) would not be put right, and no camera uses it.
 */
export class AacDepacketizer implements Depacketizer {
	/** Access units dropped because a fragment is missing or a packet is cut off. */
	damagedUnits = 0;
	/** Payloads whose headers contradict their length. */
	malformedPayloads = 0;

	readonly #onFrame: OnMediaUnit<AudioFrame>;
	readonly #headers: AuHeaderFormat;
	readonly #clockRate: number;
	readonly #hasDescribedConfig: boolean;
	#config: AudioSpecificConfig | undefined;
	/** Room for the whole access unit of which fragments came; undefined when none is open. */
	#fragments: Uint8Array | undefined;
	#fragmentBytes = 0;
	#timestamp = 0;
	/** Access units of the packet that were given so far. */
	#givenOfPacket = 0;
	#ssrc: number | undefined;

	constructor(format: RtpFormat, onFrame: OnMediaUnit<AudioFrame>) {
		this.#onFrame = onFrame;
		this.#headers = auHeaderFormatOf(format.formatParameters);
		this.#clockRate = format.clockRate;
		this.#config = parseConfigParameter(format.formatParameters.get("config")?.trim() ?? "");
		this.#hasDescribedConfig = this.#config !== undefined;
	}

	/**
	 * From the session description or, if that has none, from ADTS headers in the stream. Undefined until one is there:
	 * nothing can decode the frames before.
	 */
	get config(): AudioSpecificConfig | undefined {
		return this.#config;
	}

	/** Takes the next packet. Its payload is copied, so the caller may overwrite it afterwards. */
	push(packet: RtpPacket, lostBefore: number): void {
		if (packet.ssrc !== this.#ssrc) {
			this.flush();
			this.#ssrc = packet.ssrc;
		}
		if (lostBefore !== 0) this.#dropFragments();
		if (packet.payload.length === 0) return;
		// Sizes tell where an access unit ends: marker bits are missing from some cameras' packets.
		if (packet.timestamp !== this.#timestamp) this.#dropFragments();
		this.#timestamp = packet.timestamp;
		this.#givenOfPacket = 0;
		this.#take(packet.payload);
	}

	/** Drops the access unit that waits for fragments. */
	flush(): void {
		this.#dropFragments();
		this.#ssrc = undefined;
	}

	#dropFragments(): void {
		if (this.#fragments === undefined) return;
		this.#fragments = undefined;
		this.damagedUnits++;
	}

	#take(payload: Uint8Array): void {
		// As the length of AU headers a sync word would be more than any packet holds.
		if (parseAdtsHeader(payload, 0) !== undefined) {
			this.#dropFragments();
			this.#takeAccessUnit(payload);
			return;
		}
		const sizes = this.#readSizes(payload);
		if (sizes === undefined) {
			this.malformedPayloads++;
			this.#dropFragments();
			return;
		}
		const [only = 0] = sizes.accessUnits;
		const rest = payload.subarray(sizes.end);
		if (sizes.accessUnits.length > 1) {
			this.#dropFragments();
			this.#takeSeveral(sizes.accessUnits, rest);
		} else if (this.#fragments !== undefined) this.#takeFragment(rest);
		else if (only > rest.length) this.#startFragments(only, rest);
		// Cameras that send ADTS do not all count its header.
		else this.#takeAccessUnit(parseAdtsHeader(rest, 0) === undefined ? rest.subarray(0, only) : rest);
	}

	/** RFC 3640 section 3.2.1. Undefined when the headers do not fit into the payload. */
	#readSizes(payload: Uint8Array): { readonly accessUnits: readonly number[]; readonly end: number } | undefined {
		const firstBits = this.#headers.size + this.#headers.index;
		let bits = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
		// Some cameras count bytes.
		if (bits < firstBits) bits *= 8;
		const all = bits < firstBits ? undefined : this.#readSizesOf(payload, bits);
		if (all?.fits === true) return all;
		// The length of the headers is wrong if a single header explains the payload.
		const first = this.#readSizesOf(payload, firstBits);
		return first?.fits === true ? first : all;
	}

	#readSizesOf(
		payload: Uint8Array,
		bits: number,
	): { readonly accessUnits: readonly number[]; readonly end: number; readonly fits: boolean } | undefined {
		const { size, index, indexDelta } = this.#headers;
		const end = AU_HEADERS_LENGTH_BYTES + Math.ceil(bits / 8);
		if (end > payload.length) return undefined;
		const reader = new AacBits(payload, 8 * AU_HEADERS_LENGTH_BYTES);
		const count = 1 + Math.floor((bits - size - index) / (size + indexDelta));
		const accessUnits: number[] = [];
		let sum = 0;
		for (let i = 0; i < count; i++) {
			const accessUnitBytes = reader.read(size);
			reader.read(i === 0 ? index : indexDelta);
			accessUnits.push(accessUnitBytes);
			sum += accessUnitBytes;
		}
		return { accessUnits, end, fits: sum === payload.length - end };
	}

	#takeSeveral(sizes: readonly number[], bytes: Uint8Array): void {
		let at = 0;
		for (const size of sizes) {
			if (at + size > bytes.length) {
				this.malformedPayloads++;
				this.damagedUnits++;
				return;
			}
			this.#takeAccessUnit(bytes.subarray(at, at + size));
			at += size;
		}
	}

	/** RFC 3640 section 3.2.3: each fragment comes with the size of the whole access unit. */
	#startFragments(size: number, bytes: Uint8Array): void {
		if (size > MAX_AAC_BYTES) {
			this.malformedPayloads++;
			this.damagedUnits++;
			return;
		}
		this.#fragments = new Uint8Array(size);
		this.#fragmentBytes = 0;
		this.#takeFragment(bytes);
	}

	#takeFragment(bytes: Uint8Array): void {
		const fragments = this.#fragments;
		if (fragments === undefined) return;
		const needed = this.#fragmentBytes + bytes.length;
		if (needed > fragments.length) {
			this.malformedPayloads++;
			this.#dropFragments();
			return;
		}
		fragments.set(bytes, this.#fragmentBytes);
		this.#fragmentBytes = needed;
		if (needed < fragments.length) return;
		this.#fragments = undefined;
		this.#takeAccessUnit(fragments);
	}

	/** Takes a raw access unit, or one or several ADTS frames. */
	#takeAccessUnit(bytes: Uint8Array): void {
		let at = 0;
		let adts = parseAdtsHeader(bytes, 0);
		if (adts === undefined) {
			this.#give(bytes);
			return;
		}
		while (adts !== undefined && at + adts.frameBytes <= bytes.length) {
			this.#noteConfig(adts.config);
			this.#give(bytes.subarray(at + adts.headerBytes, at + adts.frameBytes));
			at += adts.frameBytes;
			adts = parseAdtsHeader(bytes, at);
		}
		if (at === bytes.length) return;
		this.malformedPayloads++;
		if (adts !== undefined) this.damagedUnits++;
	}

	/** The description can say more than ADTS (SBR), so it counts if it is there. */
	#noteConfig(config: AudioSpecificConfig): void {
		if (this.#hasDescribedConfig) return;
		const known = this.#config?.bytes;
		if (known === undefined || known.some((byte, i) => byte !== config.bytes[i])) this.#config = config;
	}

	#give(accessUnit: Uint8Array): void {
		if (accessUnit.length === 0) return;
		const samples = this.#config?.samplesPerFrame ?? USUAL_SAMPLES_PER_FRAME;
		const sampleRate = this.#config?.sampleRate ?? this.#clockRate;
		const ticks = Math.round((this.#givenOfPacket * samples * this.#clockRate) / sampleRate);
		this.#givenOfPacket++;
		this.#onFrame({ codec: "aac", data: new Uint8Array(accessUnit), rtpTimestamp: (this.#timestamp + ticks) >>> 0 });
	}
}

/** The mode's bits, of which each can be named on its own: RFC 3640 section 4.1. */
function auHeaderFormatOf(parameters: ReadonlyMap<string, string>): AuHeaderFormat {
	const mode = (parameters.get("mode") ?? "").trim().toLowerCase().replace("_", "-");
	const usual = mode === "aac-lbr" ? LOW_BIT_RATE : HIGH_BIT_RATE;
	const bitsOf = (name: string, atLeast: number, otherwise: number): number => {
		const text = parameters.get(name)?.trim() ?? "";
		const bits = /^\d{1,2}$/.test(text) ? Number(text) : otherwise;
		return bits >= atLeast && bits <= MAX_FIELD_BITS ? bits : otherwise;
	};
	return {
		size: bitsOf("sizelength", 1, usual.size),
		index: bitsOf("indexlength", 0, usual.index),
		indexDelta: bitsOf("indexdeltalength", 0, usual.indexDelta),
	};
}
