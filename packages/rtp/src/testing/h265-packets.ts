/** Small H.265 NAL units and RTP payloads for tests. @module */
import { H265Depacketizer } from "../h265-depacketizer.ts";
import { Collector, concat, fromHex } from "./h264-packets.ts";

/** Parameter sets that libx265 made by way of FFmpeg: Main, 640x360, 15 frames a second, no B pictures. */
export const VPS: Uint8Array = fromHex("40010c01ffff01600000030090000003000003003f928090");
export const H265_SPS: Uint8Array = fromHex(
	"42010101600000030090000003000003003fa0050201696592a4932bc05a020000030002000003001e10",
);
export const H265_PPS: Uint8Array = fromHex("4401c172b46240");
export const PREFIX_SEI: Uint8Array = fromHex("4e01050102aa80");
export const SUFFIX_SEI: Uint8Array = fromHex("500184050102aa80");
export const H265_AUD: Uint8Array = fromHex("460150");
export const H265_FILLER: Uint8Array = fromHex("4c01ffff80");

/** A slice whose body holds no start code: `first` says whether it starts a picture. TRAIL_R unless told otherwise. */
export function h265Slice(seed: number, options: { first?: boolean; type?: number; size?: number } = {}): Uint8Array {
	const nal = new Uint8Array(options.size ?? 40).map((_, i) => 1 + ((seed * 31 + i * 7) % 250));
	nal[0] = (options.type ?? 1) << 1;
	nal[1] = 1;
	nal[2] = options.first === false ? 0x40 : 0xa8;
	return nal;
}

/** AP of the given NAL units. */
export function ap(...nalUnits: readonly Uint8Array[]): Uint8Array {
	return concat(
		fromHex("6001"),
		...nalUnits.flatMap((nal) => [new Uint8Array([nal.length >> 8, nal.length & 0xff]), nal]),
	);
}

/** FU payloads of a NAL unit, one for each body part. */
export function fu(nal: Uint8Array, parts = 3): Uint8Array[] {
	const body = nal.subarray(2);
	const size = Math.ceil(body.length / parts);
	return Array.from({ length: parts }, (_, i) => {
		const flags = (i === 0 ? 0x80 : 0) | (i === parts - 1 ? 0x40 : 0);
		const headers = new Uint8Array([0x62, nal[1] ?? 0, flags | ((nal[0] ?? 0) >> 1)]);
		return concat(headers, body.subarray(i * size, (i + 1) * size));
	});
}

/** An H.265 depacketizer with the access units that it gave. */
export class H265Collector extends Collector {
	constructor() {
		super((onUnit) => new H265Depacketizer(onUnit));
	}
}

/** Writes the bits of a NAL unit with its emulation prevention bytes: ITU-T H.265 sections 7.3.1.1 and 9.2. */
export class BitWriter {
	#bits = "";

	u(count: number, value: number): this {
		this.#bits += value.toString(2).padStart(count, "0");
		return this;
	}

	ue(...values: readonly number[]): this {
		for (const value of values) {
			const code = (value + 1).toString(2);
			this.#bits += "0".repeat(code.length - 1) + code;
		}
		return this;
	}

	se(value: number): this {
		return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
	}

	/** The NAL unit with this header and the stop bit. */
	nalUnit(...header: readonly number[]): Uint8Array {
		const bits = `${this.#bits}1`;
		const bytes = [...header];
		let zeros = 0;
		for (let at = 0; at < bits.length; at += 8) {
			const byte = Number.parseInt(bits.slice(at, at + 8).padEnd(8, "0"), 2);
			if (zeros >= 2 && byte <= 3) {
				bytes.push(3);
				zeros = 0;
			}
			bytes.push(byte);
			zeros = byte === 0 ? zeros + 1 : 0;
		}
		return new Uint8Array(bytes);
	}
}
