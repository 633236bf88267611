/** Video that is not plain H.264, from the camera's packets to what the source hands on. */
import { packetizeJpeg, type VideoUnit } from "@vigia/rtp";
import { expect } from "vitest";
import { TINY_JPEG } from "../../packages/rtp/src/testing/jpeg-files.ts";
import { h264, pSlice, usualPicture } from "./support/h264-track.ts";
import { h265, H265_PPS, H265_SPS, H265_TYPE, h265Slice, jpeg, tagOfH265, VPS } from "./support/other-tracks.ts";
import { defineScenario, numbers, type Stage } from "./support/scenario.ts";

/** Their pictures' numbers stand elsewhere than in those of H.264. */
const LIVE = { tags: "any" } as const;
const nalUnitsOf = (unit: VideoUnit): readonly Uint8Array[] => ("nalUnits" in unit ? unit.nalUnits : []);

// S51.

/** slice_type 6: B, of a whole picture. */
const bSlice = (tag: number): Uint8Array => {
	const bytes = pSlice(tag);
	bytes.set([0x01, 0x9e]);
	return bytes;
};

const placeInGop = (index: number): number => index % 13;
const shownAt = (index: number): number => {
	const place = placeInGop(index);
	return index + (place === 0 ? 0 : place % 3 === 1 ? 2 : -1);
};

defineScenario({
	id: "S51",
	quirks: [114],
	title: "B-frames come in decoding order, each with the time at which it is shown",
	camera: {
		tracks: [
			h264({
				units: 39,
				gop: 13,
				// In decoding order: I0 P3 B1 B2 ... P12 B10 B11 I13 P16 ...
				picture: (tag, isKey) =>
					isKey ? usualPicture(tag, true) : [placeInGop(tag - 1) % 3 === 1 ? pSlice(tag) : bSlice(tag)],
				ticks: (index) => shownAt(index) * 3600,
			}),
		],
	},
	expect: { withinMs: 2_500 },
	check: ({ viewer }) => {
		expect(viewer.stream.format).toMatchObject({ codec: "h264", hasBFrames: true });
		const shown = viewer.units.map(({ presentation }) => presentation);
		const order = shown.map((_, index) => index).toSorted((a, b) => (shown[a] ?? 0) - (shown[b] ?? 0));
		// Only the first B picture tells that there are any, and the P picture before it has gone by then.
		expect(order.slice(5)).toEqual(
			numbers(0, 38)
				.toSorted((a, b) => shownAt(a) - shownAt(b))
				.slice(5),
		);
	},
});

// S52.

const h265Media = { video: ["H265"], audio: [] };

defineScenario({
	id: "S52",
	quirks: [118],
	title: "H.265 in aggregates, fragments and single NAL units comes whole",
	camera: { tracks: [h265()] },
	viewer: { media: h265Media },
	expect: LIVE,
	run: async ({ viewer, time }) => {
		await time.pass(600);
		expect(viewer.video.map(({ unit }) => tagOfH265(nalUnitsOf(unit).at(-1)))).toEqual(numbers(1, 8));
		const [first] = viewer.video;
		expect(first?.unit).toMatchObject({ codec: "h265", randomAccess: true });
		expect(viewer.units.map(({ nalUnits }) => tagOfH265(nalUnits.at(-1)))).toEqual(numbers(1, 8));
		expect(viewer.stream.format).toMatchObject({ codec: "h265", hasBFrames: false });
		expect(first && nalUnitsOf(first.unit).map((nal) => nal.length)).toEqual([
			VPS.length,
			H265_SPS.length,
			H265_PPS.length,
			3000,
		]);
		expect(viewer.supervisor.counters).toMatchObject({ lostPackets: 0, malformedPackets: 0, damagedAccessUnits: 0 });
	},
});

defineScenario({
	id: "S52",
	quirks: [116],
	title: "H.265 that starts with a CRA picture can be shown from there, without the pictures that lead to it",
	camera: {
		tracks: [
			h265({
				units: 9,
				picture: (tag, index) => {
					if (index === 0) return [VPS, H265_SPS, H265_PPS, h265Slice(H265_TYPE.cra, tag)];
					return [h265Slice(index < 3 ? H265_TYPE.rasl : index % 2 === 0 ? H265_TYPE.trailN : H265_TYPE.trailR, tag)];
				},
			}),
		],
	},
	viewer: { media: h265Media },
	expect: LIVE,
	run: async ({ viewer, time }) => {
		await time.pass(600);
		expect(viewer.video[0]?.unit.randomAccess).toBe(true);
		const tags = viewer.video.map(({ unit }) => tagOfH265(nalUnitsOf(unit).at(-1)));
		// RASL pictures after the first CRA cannot be decoded; whether they are dropped here or by the decoder, the
		// TRAIL_N ones (type 0) are pictures like any other.
		expect(tags.filter((tag) => tag === 1 || tag > 3)).toEqual([1, ...numbers(4, 9)]);
	},
});

defineScenario({
	id: "S52",
	quirks: [99, 113],
	title: "H.265 pictures of several slices, a marker on each, come whole",
	camera: {
		tracks: [
			h265({
				units: 12,
				picture: (tag, index) => {
					const type = index % 6 === 0 ? H265_TYPE.idr : H265_TYPE.trailR;
					const slices = [
						h265Slice(type, tag),
						h265Slice(type, tag, { isFirst: false }),
						h265Slice(type, tag, { isFirst: false }),
					];
					return index % 6 === 0 ? [VPS, H265_SPS, H265_PPS, ...slices] : slices;
				},
				payloads: (nalUnits) => nalUnits,
				packets: (packets) => packets.map((packet) => ({ ...packet, marker: true })),
			}),
		],
	},
	viewer: { media: h265Media },
	expect: LIVE,
	run: async ({ viewer, time }) => {
		await time.pass(800);
		const whole = viewer.video.slice(2).map(({ unit }) => nalUnitsOf(unit).length);
		expect(whole.length).toBeGreaterThanOrEqual(8);
		for (const [index, count] of whole.entries()) expect([3, 6], `picture ${index}`).toContain(count);
	},
});

defineScenario({
	id: "S52",
	quirks: [118],
	title: "video of an unknown kind is told as such",
	camera: { tracks: [h265({ sdp: "m=video 0 RTP/AVP 98\r\na=rtpmap:98 VP8/90000" })] },
	expect: { state: "unsupported", reason: "codec-unsupported" },
});

// S53.

const jpegMedia = { video: ["JPEG"], audio: [] };
const jpegPayloads = (file: Uint8Array): readonly Uint8Array[] => packetizeJpeg(file, 400) ?? [];
const sizeOf = (file: Uint8Array): string => {
	const at = Buffer.from(file).indexOf(Buffer.from([0xff, 0xc0]));
	const view = Buffer.from(file);
	return `${view.readUInt16BE(at + 7)}x${view.readUInt16BE(at + 5)}`;
};
const isWhole = (file: Uint8Array): boolean =>
	file[0] === 0xff && file[1] === 0xd8 && file.at(-2) === 0xff && file.at(-1) === 0xd9;
const imagesOf = ({ viewer }: Stage): readonly Uint8Array[] =>
	viewer.video.flatMap(({ unit }) => (unit.codec === "jpeg" ? [unit.data] : []));
/** Packets with another Q and without the tables that go with Q 255. */
function withQ(payloads: readonly Uint8Array[], q: number, withTables: boolean): readonly Uint8Array[] {
	return payloads.map((payload, at) => {
		const bytes = Uint8Array.from(payload);
		bytes[5] = q;
		if (at > 0) return bytes;
		const length = ((bytes[10] ?? 0) << 8) | (bytes[11] ?? 0);
		if (withTables) return bytes;
		const head = q >= 128 ? [...bytes.subarray(0, 10), 0, 0] : [...bytes.subarray(0, 8)];
		return Uint8Array.from([...head, ...bytes.subarray(12 + length)]);
	});
}

defineScenario({
	id: "S53",
	quirks: [121, 122],
	title: "motion JPEG with tables in each picture (Q 255) comes as whole files of the right size",
	camera: { tracks: [jpeg({ payloads: () => jpegPayloads(TINY_JPEG) })] },
	viewer: { media: jpegMedia },
	expect: LIVE,
	run: async (stage) => {
		await stage.time.pass(600);
		const images = imagesOf(stage);
		expect(images).toHaveLength(8);
		for (const image of images) {
			expect(isWhole(image)).toBe(true);
			expect(sizeOf(image)).toBe("48x32");
		}
	},
});

defineScenario({
	id: "S53",
	quirks: [122],
	title: "motion JPEG of Q 200 uses the tables of an earlier picture, and is dropped before there are any",
	camera: {
		tracks: [jpeg({ payloads: (_tag, index) => withQ(jpegPayloads(TINY_JPEG), 200, index === 2) })],
	},
	viewer: { media: jpegMedia },
	expect: LIVE,
	run: async (stage) => {
		await stage.time.pass(600);
		const images = imagesOf(stage);
		expect(images).toHaveLength(6);
		for (const image of images) expect(Buffer.from(image).equals(Buffer.from(images[0] ?? []))).toBe(true);
	},
});

defineScenario({
	id: "S53",
	quirks: [122],
	title: "motion JPEG of Q 50 uses the standard's tables",
	camera: { tracks: [jpeg({ payloads: () => withQ(jpegPayloads(TINY_JPEG), 50, false) })] },
	viewer: { media: jpegMedia },
	expect: LIVE,
	run: async (stage) => {
		await stage.time.pass(600);
		expect(imagesOf(stage)).toHaveLength(8);
		expect(imagesOf(stage).every(isWhole)).toBe(true);
	},
});

defineScenario({
	id: "S53",
	quirks: [121],
	title: "motion JPEG of 2560x1920 has the size that the description names, because its own header cannot",
	camera: {
		tracks: [
			jpeg({
				sdp: "m=video 0 RTP/AVP 26\r\na=x-dimensions:2560,1920",
				payloads: () =>
					jpegPayloads(TINY_JPEG).map((payload) => {
						const bytes = Uint8Array.from(payload);
						bytes[6] = (2560 / 8) & 0xff;
						bytes[7] = (1920 / 8) & 0xff;
						return bytes;
					}),
			}),
		],
	},
	viewer: { media: jpegMedia },
	expect: LIVE,
	run: async (stage) => {
		await stage.time.pass(600);
		expect(imagesOf(stage).map(sizeOf)).toEqual(Array(8).fill("2560x1920"));
	},
});

defineScenario({
	id: "S53",
	quirks: [123],
	title: "motion JPEG with a gap in its fragments loses that picture alone",
	camera: {
		tracks: [
			jpeg({
				payloads: () => jpegPayloads(TINY_JPEG),
				packets: (packets, index) => (index === 3 ? packets.filter((_, at) => at !== 1) : packets),
			}),
		],
	},
	viewer: { media: jpegMedia },
	expect: LIVE,
	run: async (stage) => {
		await stage.time.pass(600);
		expect(imagesOf(stage)).toHaveLength(7);
		expect(stage.viewer.supervisor.counters).toMatchObject({ lostPackets: 1, damagedAccessUnits: 1 });
	},
});

// MPEG-4 Visual: no scenario of the quirk server's list, RFC 6416.

const mpeg4Config = Uint8Array.from(Buffer.from("000001b001000001b58913000001000000012000c48d8800cd0204183443", "hex"));
const vop = (codingType: number, tag: number): Uint8Array => {
	const bytes = new Uint8Array(900).fill(tag);
	bytes.set([0, 0, 1, 0xb6, (codingType << 6) | 0x10]);
	return bytes;
};

defineScenario({
	id: "S53",
	quirks: [],
	title: "MPEG-4 Visual starts at an I-VOP with the configuration from the description in front",
	camera: {
		tracks: [
			{
				...jpeg({ payloads: () => [] }),
				sdp: [
					"m=video 0 RTP/AVP 96",
					"a=rtpmap:96 MP4V-ES/90000",
					`a=fmtp:96 profile-level-id=1;config=${Buffer.from(mpeg4Config).toString("hex")}`,
				].join("\r\n"),
				payloadType: 96,
				payloads: (tag, index) => {
					const picture = vop(index % 4 === 2 ? 0 : 1, tag);
					return [picture.subarray(0, 500), picture.subarray(500)];
				},
			},
		],
	},
	expect: LIVE,
	run: async ({ viewer, time }) => {
		await time.pass(600);
		expect(viewer.pictures.map(({ randomAccess }) => randomAccess)).toEqual([true, false, false, false, true, false]);
		const [first] = viewer.pictures;
		expect(first && "data" in first && Buffer.from(first.data)).toEqual(Buffer.concat([mpeg4Config, vop(0, 3)]));
		expect(viewer.stream.format).toMatchObject({ codec: "mpeg4", width: 0 });
	},
});
