import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasBSlices, isRecoveryPoint } from "./h264-picture.ts";
import { concat, fromHex, PPS, SEI, SPS, slice } from "./testing/h264-packets.ts";

/** Slices as x264 makes them. */
const I_SLICE = fromHex("41888427c4222ae0");
const P_SLICE = fromHex("419a384fe0c22eab");
const B_SLICE = fromHex("019e41790b7ff0e5");
/** A recovery point at this picture: ITU-T H.264 section D.1.8. */
const RECOVERY_POINT = fromHex("060601c480");
const USER_DATA = fromHex("0605ff03".concat("41".repeat(258)));

describe("hasBSlices", () => {
	it("S51: finds a B slice among all slices of a picture (quirk 114)", () => {
		expect(hasBSlices([SPS, PPS, SEI, P_SLICE, P_SLICE, B_SLICE])).toBe(true);
		expect(hasBSlices([SPS, PPS, SEI, I_SLICE, P_SLICE])).toBe(false);
		expect(hasBSlices([])).toBe(false);
	});

	it("S51: reads the slice type of slices that are not the first of their picture (quirk 114)", () => {
		// first_mb_in_slice 396, slice_type 1 and 6 (B), 0 and 5 (P).
		const withType = (code: string): Uint8Array => {
			const bits = `${"0".repeat(8)}110001101${code}1`.padEnd(32, "0");
			return new Uint8Array([0x01, ...(bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))]);
		};
		expect([withType("010"), withType("00111")].map((nal) => hasBSlices([P_SLICE, nal]))).toEqual([true, true]);
		expect([withType("1"), withType("00110")].map((nal) => hasBSlices([P_SLICE, nal]))).toEqual([false, false]);
	});
});

describe("isRecoveryPoint", () => {
	it("is true for a recovery point SEI message with I slices only (quirk 116)", () => {
		expect(isRecoveryPoint([SPS, PPS, RECOVERY_POINT, I_SLICE, I_SLICE])).toBe(true);
		expect(isRecoveryPoint([concat(USER_DATA, RECOVERY_POINT.subarray(1)), I_SLICE])).toBe(true);
	});

	it("is false with other slices, without the message and for no picture (quirk 116)", () => {
		expect(isRecoveryPoint([RECOVERY_POINT, I_SLICE, P_SLICE])).toBe(false);
		expect(isRecoveryPoint([SEI, USER_DATA, I_SLICE])).toBe(false);
		expect(isRecoveryPoint([RECOVERY_POINT])).toBe(false);
		expect(isRecoveryPoint([RECOVERY_POINT, fromHex("41")])).toBe(false);
		expect(isRecoveryPoint([I_SLICE])).toBe(false);
	});

	it("never throws, whatever the bytes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
				isRecoveryPoint([concat(fromHex("06"), bytes), slice(1), I_SLICE]);
				isRecoveryPoint([concat(fromHex("06"), bytes), I_SLICE]);
			}),
		);
		expect(isRecoveryPoint([concat(fromHex("06"), new Uint8Array(500_000).fill(0xff)), I_SLICE])).toBe(false);
	});
});
