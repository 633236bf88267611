/** RTP as cameras send it: sequence numbers, sources, markers, timestamps, parameter sets, NAL units. */
import { parseRtcp } from "@vigia/rtp";
import { expect } from "vitest";
import { h264, idrSlice, laterIdrSlice, laterPSlice, PPS, pSlice, SPROP, SPS } from "./support/h264-track.ts";
import { encodeRtp, type RtpOut } from "./support/rtp-out.ts";
import { defineScenario } from "./support/scenario.ts";

const USUAL = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"];
const WHOLE = { lostPackets: 0, malformedPackets: 0, damagedAccessUnits: 0 };
const from = (first: number, last: number): number[] =>
	Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);

// S40.

defineScenario({
	id: "S40",
	quirks: [94],
	title: "sequence numbers and timestamps that wrap lose nothing",
	camera: { tracks: [h264({ units: 20, firstSequenceNumber: 65_533 })] },
	expect: { methods: USUAL, counters: WHOLE },
});

defineScenario({
	id: "S40",
	quirks: [94],
	title: "a lost packet costs its picture and is counted",
	camera: { tracks: [h264({ units: 10, gop: 5, packets: (packets, index) => packets.filter((_, at) => index !== 5 || at !== 2) })] },
	// What refers to a damaged key frame cannot be decoded.
	expect: { tags: "any", counters: { lostPackets: 1 } },
	run: async ({ viewer, time }) => {
		await time.pass(1_000);
		expect(viewer.tags).not.toContain(6);
		expect(viewer.tags.slice(0, 5)).toEqual(from(1, 5));
	},
});

defineScenario({
	id: "S40",
	quirks: [94],
	title: "packets that come twice are used once",
	camera: { tracks: [h264({ packets: (packets) => packets.flatMap((packet) => [packet, packet]) })] },
	expect: { methods: USUAL, counters: { lostPackets: 0, damagedAccessUnits: 0 } },
});

defineScenario({
	id: "S40",
	quirks: [96],
	title: "a jump of the sequence numbers in the same source costs one picture at most and shows again from a key frame on",
	camera: {
		tracks: [
			h264({
				units: 15,
				gop: 5,
				packets: (packets, index) =>
					packets.map((packet) => ({ ...packet, sequenceNumber: (packet.sequenceNumber + (index >= 5 ? 20_000 : 0)) & 0xffff })),
			}),
		],
	},
	expect: { tags: "any" },
	run: async ({ viewer, time }) => {
		await time.pass(1_000);
		expect(viewer.tags.slice(0, 5)).toEqual(from(1, 5));
		expect(viewer.tags.slice(-5)).toEqual(from(11, 15));
		expect(15 - viewer.tags.length).toBeLessThanOrEqual(5);
	},
});

defineScenario({
	id: "S40",
	quirks: [95],
	title: "a new source (SSRC) with every group of pictures, with sequence numbers and timestamps of its own, loses nothing",
	camera: {
		tracks: [
			h264({
				units: 25,
				gop: 5,
				packets: (packets, index) => {
					const group = Math.floor(index / 5);
					return packets.map((packet) => ({
						...packet,
						ssrc: 0x1000 + group,
						sequenceNumber: (packet.sequenceNumber + group * 9_999) & 0xffff,
						timestamp: (packet.timestamp + group * 77_777_777) >>> 0,
					}));
				},
			}),
		],
	},
	expect: { withinMs: 2_000, counters: { damagedAccessUnits: 0, lostPackets: 0 } },
});

defineScenario({
	id: "S40",
	quirks: [95],
	title: "the Transport field's SSRC is wrong and nothing is lost",
	camera: { transport: (usual) => `${usual};ssrc=00000000` },
	expect: { methods: USUAL, counters: WHOLE },
});

defineScenario({
	id: "S40",
	quirks: [97],
	title: "packets of foreign payload types, with the sequence numbers of ours, are dropped before they are counted",
	camera: {
		tracks: [
			h264({
				packets: (packets) =>
					packets.flatMap((packet) => [
						{ ...packet, payloadType: 112, payload: Buffer.from("private") },
						packet,
						{ ...packet, payloadType: 50, sequenceNumber: (packet.sequenceNumber + 900) & 0xffff },
					]),
			}),
		],
	},
	expect: { methods: USUAL, counters: { lostPackets: 0, damagedAccessUnits: 0 } },
});

// S41.

const dressings: readonly (readonly [string, (packet: RtpOut) => RtpOut])[] = [
	["padding", (packet: RtpOut) => ({ ...packet, padding: 4 })],
	["padding of 255 bytes", (packet: RtpOut) => ({ ...packet, padding: 255 })],
	["contributing sources", (packet: RtpOut) => ({ ...packet, csrcs: [1, 2, 0xffff_ffff] })],
	["a header extension", (packet: RtpOut) => ({ ...packet, extension: { profile: 0xabac, words: [1, 2, 3] } })],
	["an empty header extension", (packet: RtpOut) => ({ ...packet, extension: { profile: 0xbede, words: [] } })],
	[
		"all of them",
		(packet: RtpOut) => ({ ...packet, padding: 8, csrcs: [7], extension: { profile: 0xbede, words: [0x1000_0000] } }),
	],
];
for (const [what, change] of dressings) {
	defineScenario({
		id: "S41",
		quirks: [98],
		title: `packets with ${what} give the same pictures`,
		camera: { tracks: [h264({ packets: (packets) => packets.map(change) })] },
		expect: { methods: USUAL, counters: WHOLE },
		check: ({ viewer }) => {
			expect(viewer.units[0]?.nalUnits.map((nal) => nal.length)).toEqual([SPS.length, PPS.length, 3000]);
			expect(viewer.units[1]?.nalUnits.map((nal) => nal.length)).toEqual([40]);
		},
	});
}

defineScenario({
	id: "S41",
	quirks: [98],
	title: "packets of nothing but padding count in the sequence and harm no picture; a lie about padding is counted",
	camera: {
		tracks: [
			h264({
				packets: renumbered((packets, index) => {
					const [first] = packets;
					if (!first) return packets;
					const empty = { ...first, marker: false, payload: new Uint8Array(0), padding: 20 };
					const lie = { ...empty, raw: Uint8Array.from(encodeRtp(empty), (byte, at) => (at === 31 ? 200 : byte)) };
					return index === 4 ? [empty, ...packets, lie] : [empty, ...packets];
				}),
			}),
		],
	},
	expect: { methods: USUAL, counters: { damagedAccessUnits: 0, malformedPackets: 1 } },
});

/** Gives the packets of a whole session new sequence numbers, so that some may be put in. */
function renumbered(
	change: (packets: readonly RtpOut[], index: number) => readonly RtpOut[],
): (packets: readonly RtpOut[], index: number) => readonly RtpOut[] {
	let next = 65_530;
	return (packets, index) =>
		change(packets, index).map((packet) => ({ ...packet, sequenceNumber: next++ & 0xffff }));
}

// S42.

const sliced = (tag: number, isKey: boolean): Uint8Array[] =>
	isKey
		? [SPS, PPS, idrSlice(tag), laterIdrSlice(tag), laterIdrSlice(tag)]
		: [pSlice(tag), laterPSlice(tag), laterPSlice(tag)];
/** Each NAL unit in a packet of its own. */
const oneEach = (nalUnits: readonly Uint8Array[]): readonly Uint8Array[] => nalUnits;
const withMarker =
	(isMarked: (at: number, count: number, payload: Uint8Array) => boolean) =>
	(packets: readonly RtpOut[]): readonly RtpOut[] =>
		packets.map((packet, at) => ({ ...packet, marker: isMarked(at, packets.length, packet.payload) }));
const SEI = Uint8Array.of(6, 5, 1, 0xaa, 0x80);

for (const [what, quirks, isMarked, lastIsHeldBack] of [
	["on no packet", [99], () => false, true],
	["on every packet", [99], () => true, true],
	["on the parameter sets too", [99], (at: number, count: number, payload: Uint8Array) => at === count - 1 || isSet(payload), false],
	["on the parameter sets alone", [99], (_at: number, _count: number, payload: Uint8Array) => isSet(payload), true],
	["on every slice", [99], (_at: number, _count: number, payload: Uint8Array) => !isSet(payload), true],
] as const) {
	defineScenario({
		id: "S42",
		quirks,
		title: `pictures of several slices are whole with the marker ${what}`,
		camera: {
			tracks: [h264({ units: 12, gop: 6, picture: sliced, payloads: oneEach, packets: withMarker(isMarked) })],
		},
		expect: { tags: "any" },
		run: async ({ viewer, time }) => {
			await time.pass(1_000);
			const due = lastIsHeldBack ? 11 : 12;
			// Markers are found out as liars by a slice that follows one: the first picture may be lost to that.
			expect(viewer.tags.filter((tag) => tag <= due).slice(-6)).toEqual(from(due - 5, due));
			for (const unit of viewer.units.slice(2)) expect(unit.nalUnits).toHaveLength(unit.randomAccess ? 5 : 3);
			expect([...new Set(viewer.tags)]).toEqual(viewer.tags);
		},
	});
}

function isSet(payload: Uint8Array): boolean {
	return [6, 7, 8, 9].includes((payload[0] ?? 0) & 31);
}

for (const [what, extra] of [
	["SEI with the marker before each picture", [SEI]],
	["an access unit delimiter before each picture", [Uint8Array.of(9, 0xf0)]],
	["filler data before each picture", [Uint8Array.of(12, 0xff, 0xff, 0x80)]],
	["reserved NAL units before each picture", [Uint8Array.of(22, 1, 2), Uint8Array.of(0, 1), Uint8Array.of(31, 9)]],
] as const) {
	defineScenario({
		id: "S42",
		quirks: [99, 112],
		title: `pictures are the same with ${what}`,
		camera: {
			tracks: [
				h264({
					units: 12,
					picture: (tag, isKey) => [...extra, ...(isKey ? [SPS, PPS, idrSlice(tag)] : [pSlice(tag)])],
					payloads: oneEach,
					packets: withMarker((at, count, payload) => at === count - 1 || ((payload[0] ?? 0) & 31) === 6),
				}),
			],
		},
		expect: { methods: USUAL },
		check: ({ viewer }) => {
			for (const unit of viewer.units) {
				expect(unit.nalUnits.filter((nal) => [1, 5].includes((nal[0] ?? 0) & 31))).toHaveLength(1);
				expect(unit.nalUnits.some((nal) => [9, 12].includes((nal[0] ?? 0) & 31))).toBe(false);
			}
		},
	});
}

defineScenario({
	id: "S42",
	quirks: [100],
	title: "parameter sets with a timestamp of their own (Reolink RLC-822A) belong to the picture after them",
	camera: {
		tracks: [
			h264({
				units: 12,
				gop: 4,
				payloads: oneEach,
				packets: (packets) =>
					packets.map((packet) =>
						isSet(packet.payload) ? { ...packet, timestamp: (packet.timestamp - 1800) >>> 0 } : packet,
					),
			}),
		],
	},
	expect: { methods: USUAL },
	check: ({ viewer }) => {
		for (const unit of viewer.units) expect(unit.nalUnits).toHaveLength(unit.randomAccess ? 3 : 1);
	},
});

defineScenario({
	id: "S42",
	quirks: [101],
	title: "pictures with one and the same timestamp are told by their first slices and get times that rise",
	camera: {
		tracks: [h264({ units: 12, picture: sliced, payloads: oneEach, ticks: (index) => Math.floor(index / 3) * 10_800 })],
	},
	expect: { methods: USUAL },
	check: ({ viewer }) => {
		for (const [index, unit] of viewer.units.entries()) {
			if (index > 0) expect(unit.timestamp).toBeGreaterThan(viewer.units[index - 1]?.timestamp ?? 0);
		}
	},
});

// S46.

/** The same with another profile, so that it is told apart. */
const OTHER_SPS: Uint8Array = Buffer.from("Z0LAH9oBQBboQAAAAwBAAAAMo8YMqA==", "base64");

for (const [what, quirks, fmtp, picture] of [
	[
		"in the description alone",
		[60, 107],
		`sprop-parameter-sets=${SPROP}`,
		(tag: number, isKey: boolean) => [isKey ? idrSlice(tag) : pSlice(tag)],
	],
	["in the stream alone", [60, 107], "packetization-mode=1", undefined],
	["in the stream, with no fmtp at all", [60], "", undefined],
	["in the stream, an empty value in the description", [60], "sprop-parameter-sets=", undefined],
	["in the stream, nonsense in the description", [61], "sprop-parameter-sets=QAEMAf//,AAAA", undefined],
	["in the stream, H.265's in the description", [61], "sprop-parameter-sets=QAEMAf//AWAAAAMAAAMAAAMAAAMAlqwJ", undefined],
	[
		"in the description with start codes",
		[61],
		`sprop-parameter-sets=${Buffer.concat([Buffer.from([0, 0, 0, 1]), SPS]).toString("base64")},${Buffer.concat([Buffer.from([0, 0, 0, 1]), PPS]).toString("base64")}`,
		(tag: number, isKey: boolean) => [isKey ? idrSlice(tag) : pSlice(tag)],
	],
	[
		"in the description, quoted, with blanks and a third set",
		[60],
		`sprop-parameter-sets = "${SPROP},aO48gA==" ;packetization-mode=0;`,
		(tag: number, isKey: boolean) => [isKey ? idrSlice(tag) : pSlice(tag)],
	],
	["in the stream, once for all", [107], "packetization-mode=1", (tag: number, isKey: boolean) =>
		tag === 1 ? [SPS, PPS, idrSlice(tag)] : [isKey ? idrSlice(tag) : pSlice(tag)]],
] as const) {
	defineScenario({
		id: "S46",
		quirks,
		title: `parameter sets ${what} stand before every key frame`,
		camera: { tracks: [h264({ units: 12, gop: 4, fmtp, ...(picture ? { picture } : {}) })] },
		expect: { methods: USUAL },
		check: ({ viewer }) => {
			const keys = viewer.units.filter((unit) => unit.randomAccess);
			expect(keys).toHaveLength(3);
			for (const unit of keys) {
				expect(Buffer.from(unit.nalUnits[0] ?? [])).toEqual(Buffer.from(SPS));
				expect(Buffer.from(unit.nalUnits[1] ?? [])).toEqual(Buffer.from(PPS));
			}
			expect(viewer.stream.facts(0).sps).toMatchObject({ width: 1280, height: 720 });
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
	check: ({ viewer }) => expect(viewer.stream.facts(0).sps).toMatchObject({ width: 1280, height: 720 }),
});

// S47 to S49: one thing each on the whole way; packages/rtp has the tables.

const START = Uint8Array.of(0, 0, 0, 1);
const annexB = (nalUnits: readonly Uint8Array[]): Buffer => Buffer.concat(nalUnits.flatMap((nal) => [START, nal]));
const stap = (parts: readonly Uint8Array[]): Buffer =>
	Buffer.concat([Uint8Array.of(0x78), ...parts.flatMap((part) => [Uint8Array.of(part.length >> 8, part.length), part])]);
const fragments = (nal: Uint8Array, size: number, flags = { start: 0x80, end: 0x40 }): Uint8Array[] => {
	const header = nal[0] ?? 0;
	const pieces: Uint8Array[] = [];
	for (let at = 1; at < nal.length; at += size) {
		const start = at === 1 ? flags.start : 0;
		const end = at + size >= nal.length ? flags.end : 0;
		pieces.push(Buffer.concat([Uint8Array.of((header & 0xe0) | 28, start | end | (header & 31)), nal.subarray(at, at + size)]));
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
	["with empty ones among them", (nal: Uint8Array) => {
		const pieces = fragments(nal, 20);
		const middle = Uint8Array.of(pieces[0]?.[0] ?? 0, (nal[0] ?? 0) & 31);
		return [...pieces.slice(0, 1), middle, ...pieces.slice(1)];
	}],
	["whose type changes after the first", (nal: Uint8Array) =>
		fragments(nal, 20).map((piece, at) => (at === 0 ? piece : Uint8Array.from(piece, (byte, index) => (index === 1 ? (byte & 0xc0) | 1 : byte))))],
] as const) {
	defineScenario({
		id: "S48",
		quirks: [110],
		title: `fragments ${what} give whole pictures`,
		camera: {
			tracks: [h264({ payloads: (nalUnits) => nalUnits.flatMap((nal) => (isSet(nal) ? [nal] : payloads(nal))), picture: (tag, isKey) => (isKey ? [SPS, PPS, idrSlice(tag)] : [pSlice(tag)]) })],
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
		expect: { tags: [...from(1, 4), ...from(6, 12)], counters: { damagedAccessUnits: 1, lostPackets: 0 } },
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
	title: "STAP-B, MTAP and FU-B among the packets are dropped and counted, the pictures stay whole",
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
	expect: { tags: "any" },
	run: async ({ viewer, time }) => {
		await time.pass(600);
		expect(viewer.supervisor.counters.malformedPackets).toBe(48);
	},
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

// S35's other half: what the reports say.

defineScenario({
	id: "S40",
	quirks: [87, 94],
	title: "receiver reports name the source, its highest sequence number and its losses",
	camera: {
		tracks: [
			h264({
				units: Number.POSITIVE_INFINITY,
				firstSequenceNumber: 65_500,
				packets: (packets, index) => (index === 10 ? [] : packets),
			}),
		],
	},
	expect: { tags: "any" },
	run: async ({ camera, time }) => {
		await time.pass(5_500);
		const [frame] = camera.connection.frames;
		expect(parseRtcp(frame?.payload ?? new Uint8Array(0)).packets).toMatchObject([
			{ type: "receiverReport", reports: [{ ssrc: 0x1234, cumulativeLost: 1 }] },
			{ type: "sdes" },
		]);
	},
});
