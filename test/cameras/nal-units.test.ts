/** Parameter sets and NAL units as cameras pack them, on the whole way; packages/rtp has the tables. */
import { expect } from "vitest";
import {
	h264,
	idrSlice,
	isSet,
	laterIdrSlice,
	laterPSlice,
	oneEach,
	PPS,
	pSlice,
	SPROP,
	SPS,
} from "./support/h264-track.ts";
import type { RtpOut } from "./support/rtp-out.ts";
import { defineScenario, numbers, USUAL } from "./support/scenario.ts";

const WHOLE = { lostPackets: 0, malformedPackets: 0, damagedAccessUnits: 0 };

// S46.

/** The same with another profile, so that it is told apart. */
const OTHER_SPS: Uint8Array = Buffer.from("Z0LAH9oBQBboQAAAAwBAAAAMo8YMqA==", "base64");

for (const [named, fmtp, picture] of [
	[
		{ id: "S46", quirks: [60, 107], title: "parameter sets in the description alone stand before every key frame" },
		`sprop-parameter-sets=${SPROP}`,
		(tag: number, isKey: boolean) => [isKey ? idrSlice(tag) : pSlice(tag)],
	],
	[
		{ id: "S46", quirks: [60, 107], title: "parameter sets in the stream alone stand before every key frame" },
		"packetization-mode=1",
		undefined,
	],
	[
		{
			id: "S46",
			quirks: [60],
			title: "parameter sets in the stream, with no fmtp at all stand before every key frame",
		},
		"",
		undefined,
	],
	[
		{
			id: "S46",
			quirks: [60],
			title: "parameter sets in the stream, an empty value in the description stand before every key frame",
		},
		"sprop-parameter-sets=",
		undefined,
	],
	[
		{
			id: "S46",
			quirks: [61],
			title: "parameter sets in the stream, nonsense in the description stand before every key frame",
		},
		"sprop-parameter-sets=QAEMAf//,AAAA",
		undefined,
	],
	[
		{
			id: "S46",
			quirks: [61],
			title: "parameter sets in the stream, H.265's in the description stand before every key frame",
		},
		"sprop-parameter-sets=QAEMAf//AWAAAAMAAAMAAAMAAAMAlqwJ",
		undefined,
	],
	[
		{
			id: "S46",
			quirks: [61],
			title: "parameter sets in the description with start codes stand before every key frame",
		},
		`sprop-parameter-sets=${Buffer.concat([Buffer.from([0, 0, 0, 1]), SPS]).toString("base64")},${Buffer.concat([Buffer.from([0, 0, 0, 1]), PPS]).toString("base64")}`,
		(tag: number, isKey: boolean) => [isKey ? idrSlice(tag) : pSlice(tag)],
	],
	[
		{
			id: "S46",
			quirks: [60],
			title: "parameter sets in the description, quoted, with blanks and a third set stand before every key frame",
		},
		`sprop-parameter-sets = "${SPROP},aO48gA==" ;packetization-mode=0;`,
		(tag: number, isKey: boolean) => [isKey ? idrSlice(tag) : pSlice(tag)],
	],
	[
		{ id: "S46", quirks: [107], title: "parameter sets in the stream, once for all stand before every key frame" },
		"packetization-mode=1",
		(tag: number, isKey: boolean) => (tag === 1 ? [SPS, PPS, idrSlice(tag)] : [isKey ? idrSlice(tag) : pSlice(tag)]),
	],
] as const) {
	defineScenario({
		...named,
		camera: { tracks: [h264({ units: 12, gop: 4, fmtp, ...(picture ? { picture } : {}) })] },
		expect: { methods: USUAL },
		check: ({ viewer }) => {
			const keys = viewer.units.filter((unit) => unit.randomAccess);
			expect(keys).toHaveLength(3);
			for (const unit of keys) {
				expect(Buffer.from(unit.nalUnits[0] ?? [])).toEqual(Buffer.from(SPS));
				expect(Buffer.from(unit.nalUnits[1] ?? [])).toEqual(Buffer.from(PPS));
			}
			expect(viewer.stream.facts(0).video).toMatchObject({ width: 1280, height: 720 });
		},
	});
}

defineScenario({
	id: "S46",
	quirks: [108],
	title: "parameter sets that change in the stream are those of the key frames after it",
	camera: {
		tracks: [
			h264({
				units: 12,
				gop: 4,
				picture: (tag, isKey) => (isKey ? [tag > 4 ? OTHER_SPS : SPS, PPS, idrSlice(tag)] : [pSlice(tag)]),
			}),
		],
	},
	expect: { methods: USUAL },
	check: ({ viewer }) => {
		const sets = viewer.units.filter((unit) => unit.randomAccess).map((unit) => Buffer.from(unit.nalUnits[0] ?? []));
		expect(sets).toEqual([SPS, OTHER_SPS, OTHER_SPS].map((set) => Buffer.from(set)));
	},
});

defineScenario({
	id: "S46",
	quirks: [62, 117],
	title: "a profile-level-id that lies is not believed: the size comes from the parameter sets",
	camera: { tracks: [h264({ fmtp: "profile-level-id=TQAf;packetization-mode=1" })] },
	expect: { methods: USUAL },
	check: ({ viewer }) => expect(viewer.stream.facts(0).video).toMatchObject({ width: 1280, height: 720 }),
});

// S47 to S49: one thing each on the whole way; packages/rtp has the tables.

const START = Uint8Array.of(0, 0, 0, 1);
const annexB = (nalUnits: readonly Uint8Array[]): Buffer => Buffer.concat(nalUnits.flatMap((nal) => [START, nal]));
const stap = (parts: readonly Uint8Array[]): Buffer =>
	Buffer.concat([
		Uint8Array.of(0x78),
		...parts.flatMap((part) => [Uint8Array.of(part.length >> 8, part.length), part]),
	]);
const fragments = (nal: Uint8Array, size: number, flags = { start: 0x80, end: 0x40 }): Uint8Array[] => {
	const header = nal[0] ?? 0;
	const pieces: Uint8Array[] = [];
	for (let at = 1; at < nal.length; at += size) {
		const start = at === 1 ? flags.start : 0;
		const end = at + size >= nal.length ? flags.end : 0;
		pieces.push(
			Buffer.concat([Uint8Array.of((header & 0xe0) | 28, start | end | (header & 31)), nal.subarray(at, at + size)]),
		);
	}
	return pieces;
};

for (const [what, payloads] of [
	["one NAL unit's payload", (nalUnits: readonly Uint8Array[]) => [annexB(nalUnits).subarray(4)]],
	["a payload that begins with a start code", (nalUnits: readonly Uint8Array[]) => [annexB(nalUnits)]],
	["fragments", (nalUnits: readonly Uint8Array[]) => fragments(annexB(nalUnits).subarray(4), 50)],
	["an aggregate", (nalUnits: readonly Uint8Array[]) => [stap([annexB(nalUnits).subarray(4)])]],
] as const) {
	defineScenario({
		id: "S47",
		quirks: [109],
		title: `NAL units with start codes between them in ${what} are the same pictures`,
		camera: {
			tracks: [h264({ picture: (tag, isKey) => (isKey ? [SPS, PPS, idrSlice(tag)] : [pSlice(tag)]), payloads })],
		},
		expect: { methods: USUAL },
		check: ({ viewer }) => {
			expect(viewer.units[0]?.nalUnits.map((nal) => nal.length)).toEqual([SPS.length, PPS.length, 60]);
		},
	});
}

for (const [what, payloads] of [
	["whole NAL units, start and end set", (nal: Uint8Array) => fragments(nal, 10_000)],
	["of the reserved bit", (nal: Uint8Array) => fragments(nal, 20, { start: 0xa0, end: 0x60 })],
	[
		"with empty ones among them",
		(nal: Uint8Array) => {
			const pieces = fragments(nal, 20);
			const middle = Uint8Array.of(pieces[0]?.[0] ?? 0, (nal[0] ?? 0) & 31);
			return [...pieces.slice(0, 1), middle, ...pieces.slice(1)];
		},
	],
	[
		"whose type changes after the first",
		(nal: Uint8Array) =>
			fragments(nal, 20).map((piece, at) =>
				at === 0 ? piece : Uint8Array.from(piece, (byte, index) => (index === 1 ? (byte & 0xc0) | 1 : byte)),
			),
	],
] as const) {
	defineScenario({
		id: "S48",
		quirks: [110],
		title: `fragments ${what} give whole pictures`,
		camera: {
			tracks: [
				h264({
					payloads: (nalUnits) => nalUnits.flatMap((nal) => (isSet(nal) ? [nal] : payloads(nal))),
					picture: (tag, isKey) => (isKey ? [SPS, PPS, idrSlice(tag)] : [pSlice(tag)]),
				}),
			],
		},
		expect: { methods: USUAL, counters: { lostPackets: 0, damagedAccessUnits: 0 } },
		check: ({ viewer }) => {
			expect(viewer.units[0]?.nalUnits.map((nal) => nal.length)).toEqual([SPS.length, PPS.length, 60]);
			expect(viewer.units[1]?.nalUnits.map((nal) => nal.length)).toEqual([40]);
		},
	});
}

for (const [what, spoil] of [
	["without their first", (pieces: readonly Uint8Array[]) => pieces.slice(1)],
	["without their last", (pieces: readonly Uint8Array[]) => pieces.slice(0, -1)],
] as const) {
	defineScenario({
		id: "S48",
		quirks: [110],
		title: `fragments ${what}, with no packet missing, cost their picture alone and are counted`,
		camera: {
			tracks: [
				h264({
					units: 12,
					gop: 1,
					picture: (tag) => [SPS, PPS, idrSlice(tag)],
					payloads: (nalUnits, tag) =>
						nalUnits.flatMap((nal) => {
							if (isSet(nal)) return [nal];
							const pieces = fragments(nal, 20);
							return tag === 5 ? spoil(pieces) : pieces;
						}),
				}),
			],
		},
		expect: { tags: [...numbers(1, 4), ...numbers(6, 12)], counters: { damagedAccessUnits: 1, lostPackets: 0 } },
	});
}

for (const [what, tail] of [
	["zeros after the last unit", Uint8Array.of(0, 0, 0, 0)],
	["a size of 0 at the end", Uint8Array.of(0, 0)],
	["a size beyond the end", Uint8Array.of(0xff, 0xff, 0x41, 1)],
] as const) {
	defineScenario({
		id: "S49",
		quirks: [111],
		title: `an aggregate with ${what} keeps its good units`,
		camera: {
			tracks: [
				h264({
					picture: (tag, isKey) => (isKey ? [SPS, PPS, idrSlice(tag)] : [pSlice(tag)]),
					payloads: (nalUnits) => [Buffer.concat([stap(nalUnits), tail])],
				}),
			],
		},
		expect: { methods: USUAL },
		check: ({ viewer }) => {
			expect(viewer.units[0]?.nalUnits.map((nal) => nal.length)).toEqual([SPS.length, PPS.length, 60]);
		},
	});
}

defineScenario({
	id: "S49",
	quirks: [111],
	title: "STAP-B, MTAP and FU-B among the packets are dropped, the pictures stay whole",
	camera: {
		tracks: [
			h264({
				units: 12,
				payloads: (nalUnits) => [
					...[25, 26, 27, 29].map((type) => Uint8Array.of(0x60 | type, 0, 1, 0, 2, 0x41, 0x9a)),
					...nalUnits,
				],
				picture: (tag, isKey) => (isKey ? [SPS, PPS, idrSlice(tag)] : [pSlice(tag)]),
			}),
		],
	},
	expect: { methods: USUAL, counters: { lostPackets: 0 }, quirks: ["interleaved-payloads"] },
});

// S50.

defineScenario({
	id: "S50",
	quirks: [113],
	title: "a picture of 200 slices is whole",
	camera: {
		tracks: [
			h264({
				units: 3,
				picture: (tag, isKey) => [
					...(isKey ? [SPS, PPS, idrSlice(tag)] : [pSlice(tag)]),
					...Array.from({ length: 199 }, () => (isKey ? laterIdrSlice(tag) : laterPSlice(tag))),
				],
				payloads: oneEach,
			}),
		],
	},
	expect: { methods: USUAL, counters: WHOLE },
	check: ({ viewer }) => expect(viewer.units.map((unit) => unit.nalUnits.length)).toEqual([202, 200, 200]),
});

defineScenario({
	id: "S50",
	quirks: [113],
	title: "a picture of 20 MB is given up at the limit, and the next key frame is shown",
	camera: {
		tracks: [
			h264({
				units: 6,
				gop: 3,
				picture: (tag, isKey) => (isKey ? [SPS, PPS, idrSlice(tag)] : [pSlice(tag, tag === 2 ? 20_000_000 : 40)]),
				payloads: (nalUnits) => nalUnits.flatMap((nal) => (nal.length > 60_000 ? fragments(nal, 60_000) : [nal])),
			}),
		],
	},
	expect: { tags: "any" },
	run: async ({ viewer, time }) => {
		await time.pass(1_000);
		expect(viewer.tags).not.toContain(2);
		expect(viewer.tags.slice(-3)).toEqual([4, 5, 6]);
		expect(viewer.supervisor.counters.damagedAccessUnits).toBeGreaterThan(0);
		expect(viewer.sessions).toHaveLength(1);
	},
});

defineScenario({
	id: "S50",
	quirks: [49, 113],
	title: "frames of the greatest length (65,535 bytes) and of none are taken",
	camera: {
		tracks: [
			h264({
				picture: (tag, isKey) => (isKey ? [SPS, PPS, idrSlice(tag, 65_523)] : [pSlice(tag)]),
				payloads: oneEach,
				packets: (packets) => [...packets, { ...(packets[0] as RtpOut), raw: new Uint8Array(0) }],
			}),
		],
	},
	expect: { methods: USUAL, counters: { lostPackets: 0, damagedAccessUnits: 0 } },
	check: ({ viewer }) => expect(viewer.units[0]?.nalUnits.at(-1)).toHaveLength(65_523),
});
