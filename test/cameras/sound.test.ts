/** Sound beside pictures: its formats, and that it never costs a picture. */
import { packetizeAac } from "@vigia/rtp";
import { expect } from "vitest";
import { h264 } from "./support/h264-track.ts";
import { audio, pcma } from "./support/other-tracks.ts";
import { defineScenario, numbers } from "./support/scenario.ts";

// S54 and S55: beside pictures, as sound comes.

const AAC_FMTP = "streamtype=5;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408";
const aacUnit = (tag: number, sizeBytes = 100): Uint8Array => new Uint8Array(sizeBytes).fill(tag);
const adts = (unit: Uint8Array): Uint8Array => {
	const length = unit.length + 7;
	return Uint8Array.from([
		0xff,
		0xf1,
		0x60,
		0x40 | (length >> 11),
		(length >> 3) & 0xff,
		((length & 7) << 5) | 0x1f,
		0xfc,
		...unit,
	]);
};

function defineSound(options: {
	readonly id: string;
	readonly quirks: readonly number[];
	readonly title: string;
	readonly track: ReturnType<typeof audio>;
	readonly encoding: string;
	readonly check: (frames: readonly { data: Uint8Array; codec: string; rtpTimestamp: number }[]) => void;
}): void {
	const { id, quirks, title, track, encoding, check } = options;
	defineScenario({
		id,
		quirks,
		title,
		camera: { tracks: [h264(), track] },
		viewer: { media: { video: ["H264"], audio: [encoding] } },
		run: async ({ viewer, time }) => {
			await time.pass(1_500);
			check(viewer.audio.map(({ unit }) => unit));
		},
	});
}

const nonsense = (tag: number): readonly Uint8Array[] => [
	new Uint8Array(200).map((_, at) => (tag * 89 + at * 57) & 0xff),
];
const tagsOf = (frames: readonly { data: Uint8Array }[]): number[] => frames.map(({ data }) => data[0] ?? 0);

defineSound({
	id: "S54",
	quirks: [124],
	title: "AAC with three access units a packet gives each with its own time",
	encoding: "MPEG4-GENERIC",
	track: audio({
		format: "MPEG4-GENERIC/16000",
		fmtp: AAC_FMTP,
		intervalMs: 192,
		ticksEach: 3072,
		units: 5,
		payloads: (tag) =>
			packetizeAac([aacUnit(tag * 3), aacUnit(tag * 3 + 1), aacUnit(tag * 3 + 2)], 1400).map(({ payload }) => payload),
	}),
	check: (frames) => {
		expect(tagsOf(frames)).toEqual(numbers(3, 17));
		const times = frames.map(({ rtpTimestamp }) => (rtpTimestamp - (frames[0]?.rtpTimestamp ?? 0)) >>> 0);
		expect(times).toEqual(numbers(0, 14).map((index) => index * 1024));
	},
});

defineSound({
	id: "S54",
	quirks: [124],
	title: "AAC in fragments is put together",
	encoding: "MPEG4-GENERIC",
	track: audio({
		format: "MPEG4-GENERIC/16000",
		fmtp: AAC_FMTP,
		intervalMs: 64,
		ticksEach: 1024,
		units: 10,
		payloads: (tag) => packetizeAac([aacUnit(tag, 1000)], 300).map(({ payload }) => payload),
	}),
	check: (frames) => {
		expect(tagsOf(frames)).toEqual(numbers(1, 10));
		for (const { data } of frames) expect(data).toHaveLength(1000);
	},
});

defineSound({
	id: "S54",
	quirks: [124],
	title: "AAC with ADTS headers inside is stripped of them",
	encoding: "MPEG4-GENERIC",
	track: audio({
		format: "mpeg4-generic/16000/1",
		fmtp: AAC_FMTP,
		intervalMs: 64,
		ticksEach: 1024,
		units: 10,
		payloads: (tag) => packetizeAac([adts(aacUnit(tag))], 1400).map(({ payload }) => payload),
	}),
	check: (frames) => {
		expect(tagsOf(frames)).toEqual(numbers(1, 10));
		for (const { data } of frames) expect(data).toHaveLength(100);
	},
});

defineSound({
	id: "S54",
	quirks: [124],
	title: "AAC without config, sizes or lengths in the description is read by the defaults",
	encoding: "MPEG4-GENERIC",
	track: audio({
		format: "MPEG4-GENERIC/16000",
		intervalMs: 64,
		ticksEach: 1024,
		units: 10,
		payloads: (tag) => packetizeAac([aacUnit(tag)], 1400).map(({ payload }) => payload),
	}),
	check: (frames) => expect(tagsOf(frames)).toEqual(numbers(1, 10)),
});

defineSound({
	id: "S55",
	quirks: [57, 126],
	title: "G.711 by its static number alone, in packets of odd sizes, comes sample by sample",
	encoding: "PCMU",
	track: audio({
		sdp: "m=audio 0 RTP/AVP 0",
		format: "",
		payloadType: 0,
		ticksEach: 0,
		units: 10,
		ticks: (index) => Array.from({ length: index }, (_, at) => 101 + at * 13).reduce((sum, size) => sum + size, 0),
		payloads: (tag) => [new Uint8Array(101 + (tag - 1) * 13).fill(tag)],
	}),
	check: (frames) => {
		expect(frames.map(({ data }) => data.length)).toEqual(numbers(0, 9).map((index) => 101 + index * 13));
		expect(frames[0]?.codec).toBe("pcmu");
	},
});

defineSound({
	id: "S55",
	quirks: [58],
	title: "an rtpmap that gives a static number another meaning is believed",
	encoding: "PCMU",
	track: audio({
		format: "PCMU/8000",
		payloadType: 8,
		ticksEach: 160,
		units: 10,
		payloads: (tag) => [new Uint8Array(160).fill(tag)],
	}),
	check: (frames) => expect(frames.map(({ codec }) => codec)).toEqual(Array(10).fill("pcmu")),
});

for (const [what, encoding, swap] of [
	["in RFC 3551's order is handed on as it is", "G726-32", false],
	["in AAL2's order is turned round", "AAL2-G726-32", true],
] as const) {
	defineSound({
		id: "S55",
		quirks: [127],
		title: `G.726 ${what}`,
		encoding,
		track: audio({
			format: `${encoding}/8000`,
			ticksEach: 160,
			units: 10,
			payloads: () => [new Uint8Array(80).fill(0x1f)],
		}),
		check: (frames) => {
			expect(frames).toHaveLength(10);
			expect(frames[0]).toMatchObject({ codec: "g726" });
			expect(frames[0]?.data[0]).toBe(swap ? 0xf1 : 0x1f);
		},
	});
}

for (const [what, encoding, swap] of [
	["L16 is big-endian", "L16", false],
	["PCM (Hikvision) is little-endian", "PCM", true],
] as const) {
	defineSound({
		id: "S55",
		quirks: [128],
		title: `${what} and comes as big-endian`,
		encoding,
		track: audio({
			format: `${encoding}/16000`,
			ticksEach: 320,
			units: 10,
			payloads: () => [Uint8Array.from({ length: 640 }, (_, at) => at % 2)],
		}),
		check: (frames) => {
			expect(frames).toHaveLength(10);
			expect([...(frames[0]?.data.subarray(0, 2) ?? [])]).toEqual(swap ? [1, 0] : [0, 1]);
		},
	});
}

defineSound({
	id: "S55",
	quirks: [129],
	title: "Opus that claims one channel comes all the same",
	encoding: "OPUS",
	track: audio({
		format: "opus/48000/1",
		ticksEach: 960,
		units: 10,
		payloads: (tag) => [Uint8Array.from([0x78, tag, 3, 4])],
	}),
	check: (frames) => expect(frames.map(({ data }) => data[1])).toEqual(numbers(1, 10)),
});

// S56.

defineScenario({
	id: "S56",
	quirks: [131],
	title: "sound that is announced and never sent holds no picture up",
	camera: { tracks: [h264(), pcma({ units: 0 })] },
	viewer: { media: { video: ["H264"], audio: ["PCMA"] } },
	expect: { methods: ["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"], withinMs: 1_000 },
});

for (const [what, format] of [
	["unknown", "X-PRIVATE/8000"],
	["G.723.1", "G723/8000"],
	["LATM", "MP4A-LATM/16000"],
] as const) {
	defineScenario({
		id: "S56",
		quirks: [125, 130],
		title: `sound that is ${what} is left out and the pictures come`,
		camera: { tracks: [h264(), audio({ format, ticksEach: 160, payloads: () => [new Uint8Array(20)] })] },
		viewer: { media: { video: ["H264"], audio: ["PCMA", "MPEG4-GENERIC"] } },
		expect: { methods: ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"] },
		check: ({ viewer }) => {
			expect(viewer.descriptions[0]?.tracks.map(({ used }) => used)).toEqual([true, false]);
			expect(viewer.audio).toEqual([]);
		},
	});
}

defineScenario({
	id: "S56",
	quirks: [80, 130],
	title: "sound whose SETUP is refused is left out and the pictures come",
	camera: {
		tracks: [h264(), pcma()],
		answer: (request, reply) =>
			request.method === "SETUP" && request.target.endsWith("trackID=2")
				? { ...reply, status: 500, fields: {} }
				: undefined,
	},
	viewer: { media: { video: ["H264"], audio: ["PCMA"] } },
	expect: { methods: ["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"], quirks: ["audio-setup-refused"] },
});

const asksForSound = (target: string): boolean => target.endsWith("trackID=2");

defineScenario({
	id: "S56",
	quirks: [80, 130],
	title: "sound whose SETUP is not answered is left out and the pictures come",
	camera: {
		tracks: [h264(), pcma()],
		answer: ({ method, target }) => (method === "SETUP" && asksForSound(target) ? "silence" : undefined),
	},
	expect: { withinMs: 4_000, methods: ["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"] },
});

defineScenario({
	id: "S56",
	quirks: [130],
	title: "a camera that hangs up when it is asked for its sound is not asked again, and its pictures come",
	camera: {
		tracks: [h264(), pcma()],
		answer: ({ method, target }, _reply, connection) => {
			if (method !== "SETUP" || !asksForSound(target)) return undefined;
			connection.close("reset");
			return "silence";
		},
	},
	expect: { withinMs: 1_000 },
	check: ({ viewer, camera }) => {
		expect(viewer.failures).toEqual([]);
		expect(camera.methods.slice(-4)).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
	},
});

defineScenario({
	id: "S56",
	quirks: [130],
	title: "a camera that plays its pictures only without the sound gives them",
	camera: {
		tracks: [h264(), pcma()],
		answer: ({ method }, reply, connection) =>
			method === "PLAY" && connection.requests.some(({ target }) => asksForSound(target))
				? { ...reply, status: 453, fields: {} }
				: undefined,
	},
	expect: { withinMs: 1_000 },
	check: ({ viewer }) => expect(viewer.failures).toEqual([]),
});

for (const [what, track] of [
	["nonsense", audio({ format: "MPEG4-GENERIC/16000", fmtp: AAC_FMTP, ticksEach: 7, payloads: nonsense })],
	["of a size that does not fit", pcma({ payloads: () => [new Uint8Array(0), new Uint8Array(60_000)] })],
	["at a rate of nothing", audio({ format: "PCMA/0", ticksEach: 160, payloads: nonsense })],
] as const) {
	defineScenario({
		id: "S56",
		quirks: [130],
		title: `sound that is ${what} costs no picture`,
		camera: { tracks: [h264({ units: 30 }), track] },
		expect: { withinMs: 2_000, counters: { lostPackets: 0, damagedAccessUnits: 0 } },
	});
}

defineScenario({
	id: "S56",
	quirks: [130],
	title: "sound over UDP has ports of its own, and comes on the clock of the pictures",
	camera: { tracks: [h264(), pcma()], transports: ["udp"], udp: {} },
	viewer: { transport: "udp" },
	expect: { methods: ["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"], wire: [/client_port=\d+-\d+/] },
	run: async ({ viewer, time }) => {
		await time.pass(600);
		expect(viewer.audio).toHaveLength(20);
		expect(viewer.heard.map(({ durationTicks }) => durationTicks)).toEqual(Array(20).fill(1800));
		const gaps = viewer.heard.slice(1).map(({ timestamp }, at) => timestamp - (viewer.heard[at]?.timestamp ?? 0));
		expect(gaps.every((gap) => Math.abs(gap - 1800) < 180)).toBe(true);
		expect(viewer.stream.audioFormat).toMatchObject({ codec: "pcma", clockRate: 8000 });
	},
});

defineScenario({
	id: "S36",
	quirks: [89],
	title: "video that stops while the sound goes on is found out",
	camera: { tracks: [h264({ units: 50 }), pcma({ units: Number.POSITIVE_INFINITY })] },
	viewer: { media: { video: ["H264"], audio: ["PCMA"] } },
	expect: { withinMs: 4_000, tags: "any" },
	run: async ({ viewer, time }) => {
		await time.pass(2_500);
		expect(await time.until(() => viewer.status.state === "stalled", 12_000)).toBe(true);
		expect(viewer.status.failure?.code).toBe("video-stalled");
		const before = viewer.audio.length;
		await time.pass(200);
		expect(viewer.audio.length).toBeGreaterThan(before);
	},
});

// S34.

defineScenario({
	id: "S34",
	quirks: [67, 79],
	title: "a way to the loudspeaker is found in the description and left alone",
	camera: {
		sdp: [
			"v=0",
			"m=video 0 RTP/AVP 96",
			"a=rtpmap:96 H264/90000",
			"a=recvonly",
			"a=control:trackID=1",
			"m=audio 0 RTP/AVP 8",
			"a=sendonly",
			"a=control:trackID=5",
			"m=audio 0 RTP/AVP 8",
			"a=recvonly",
			"a=control:trackID=2",
			"",
		].join("\r\n"),
		tracks: [h264(), pcma()],
	},
	viewer: { media: { video: ["H264"], audio: ["PCMA"] } },
	expect: {
		methods: ["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"],
		notWire: [/^SETUP \S+trackID=5/, /\nrequire:/],
	},
	check: ({ viewer }) => {
		expect(viewer.descriptions[0]?.tracks.map(({ backchannel }) => backchannel)).toEqual([false, true, false]);
		expect(viewer.audio).toHaveLength(20);
	},
});
