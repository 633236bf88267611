/** The parameter sets of an H.264 or H.265 stream, and what they say. RFC 6184, RFC 7798. @module */
import { H265_NAL_TYPE, h265NalTypeOf, NAL_TYPE, nalTypeOf, parseH265Sps, parseSps } from "@vigia/rtp";

/** What a sequence parameter set says of its pictures. */
export interface PictureFormat {
	readonly codecString: string;
	/** In pixels. */
	readonly width: number;
	readonly height: number;
	/** Pictures that can be decoded before and shown after another; absent where it does not say. */
	readonly reorderDepth: number | undefined;
}

export type NalCodec = "h264" | "h265";

interface SetKinds {
	readonly typeOf: (nal: Uint8Array) => number;
	/** NAL unit types in the order in which they stand in front of a picture. */
	readonly types: readonly number[];
	/** The one of the sequence parameter set. */
	readonly spsType: number;
	readonly read: (sps: Uint8Array) => PictureFormat | undefined;
}

const KINDS: Readonly<Record<NalCodec, SetKinds>> = {
	h264: { typeOf: nalTypeOf, types: [NAL_TYPE.sps, NAL_TYPE.pps], spsType: NAL_TYPE.sps, read: readSps },
	h265: {
		typeOf: h265NalTypeOf,
		types: [H265_NAL_TYPE.vps, H265_NAL_TYPE.sps, H265_NAL_TYPE.pps],
		spsType: H265_NAL_TYPE.sps,
		read: readH265Sps,
	},
};

/** Keeps the newest ones, from the session description or from the pictures. */
export class ParameterSets {
	#codec: NalCodec = "h264";
	/** By NAL unit type. */
	readonly #sets = new Map<number, readonly Uint8Array[]>();
	#format: PictureFormat | undefined;

	/** `undefined` until a sequence parameter set could be read. */
	get format(): PictureFormat | undefined {
		return this.#format;
	}

	/** There is one of each kind: a decoder can be set up. */
	get complete(): boolean {
		return this.#sets.size === KINDS[this.#codec].types.length;
	}

	/** Hot path. Takes what is among these NAL units. Another codec than before forgets everything. */
	learn(codec: NalCodec, nalUnits: readonly Uint8Array[]): void {
		if (codec !== this.#codec) {
			this.#codec = codec;
			this.#sets.clear();
			this.#format = undefined;
		}
		const { typeOf, types } = KINDS[codec];
		// Most pictures bring none.
		for (const nal of nalUnits) if (types.includes(typeOf(nal))) return this.#replace(nalUnits);
	}

	/** A random access point of the codec that was learnt last: all sets in front and none in between. */
	inFrontOf(nalUnits: readonly Uint8Array[]): readonly Uint8Array[] {
		const { typeOf, types } = KINDS[this.#codec];
		const picture = nalUnits.filter((nal) => !types.includes(typeOf(nal)));
		return [...types.flatMap((type) => this.#sets.get(type) ?? []), ...picture];
	}

	#replace(nalUnits: readonly Uint8Array[]): void {
		const { typeOf, types, spsType, read } = KINDS[this.#codec];
		for (const type of types) {
			const found = nalUnits.filter((nal) => typeOf(nal) === type);
			const first = found[0];
			if (!first) continue;
			this.#sets.set(type, found);
			if (type === spsType) this.#format = read(first) ?? this.#format;
		}
	}
}

function readSps(nal: Uint8Array): PictureFormat | undefined {
	const sps = parseSps(nal);
	return (
		sps && { codecString: sps.codecString, width: sps.width, height: sps.height, reorderDepth: sps.maxNumReorderFrames }
	);
}

function readH265Sps(nal: Uint8Array): PictureFormat | undefined {
	const sps = parseH265Sps(nal);
	return (
		sps && {
			codecString: sps.codecString,
			width: sps.width,
			height: sps.height,
			reorderDepth: sps.maxNumReorderPictures,
		}
	);
}
