/** What cameras say of themselves, and the URLs that follow from it. */
import { expect } from "vitest";
import { h264, SPROP } from "./support/h264-track.ts";
import { defineScenario, USUAL } from "./support/scenario.ts";

// S24 and S25.

for (const [named, contentBase, expected] of [
	[
		{ id: "S24", quirks: [65], title: "with none as Content-Base the right URL is set up on the same connection" },
		null,
		"/stream/trackID=1",
	],
	[
		{
			id: "S24",
			quirks: [65],
			title: "with one with a slash at its end as Content-Base the right URL is set up on the same connection",
		},
		"rtsp://HOST/stream/",
		"/stream/trackID=1",
	],
	[
		{
			id: "S24",
			quirks: [65],
			title: "with one with another path as Content-Base the right URL is set up on the same connection",
		},
		"rtsp://HOST/live/ch0/",
		"/live/ch0/trackID=1",
	],
	[
		{
			id: "S24",
			quirks: [66],
			title: "with one of a private host behind NAT as Content-Base the right URL is set up on the same connection",
		},
		"rtsp://192.168.1.64:554/stream/",
		"/stream/trackID=1",
	],
	[
		{
			id: "S24",
			quirks: [66],
			title: "with one with another port as Content-Base the right URL is set up on the same connection",
		},
		"rtsp://127.0.0.1:65534/stream/",
		"/stream/trackID=1",
	],
	[
		{
			id: "S24",
			quirks: [66],
			title: "with one without a scheme as Content-Base the right URL is set up on the same connection",
		},
		"HOST/stream/",
		"/stream/trackID=1",
	],
	[
		{
			id: "S24",
			quirks: [66],
			title: "with one with a double scheme as Content-Base the right URL is set up on the same connection",
		},
		"rtsp://rtsp://HOST/stream/",
		"/stream/trackID=1",
	],
	[
		{
			id: "S24",
			quirks: [66],
			title: "with a path alone as Content-Base the right URL is set up on the same connection",
		},
		"/stream/",
		"/stream/trackID=1",
	],
	[
		{
			id: "S24",
			quirks: [6, 66],
			title: "with an unbracketed IPv6 address as Content-Base the right URL is set up on the same connection",
		},
		"rtsp://::ffff:192.168.1.123/stream/",
		"/stream/trackID=1",
	],
	[
		{
			id: "S24",
			quirks: [64],
			title: "with one with a query as Content-Base the right URL is set up on the same connection",
		},
		"rtsp://HOST/cam?channel=1&subtype=0/",
		"/cam?channel=1&subtype=0/trackID=1",
	],
	[
		{
			id: "S24",
			quirks: [66],
			title: "with an empty one as Content-Base the right URL is set up on the same connection",
		},
		"",
		"/stream/trackID=1",
	],
	[
		{ id: "S24", quirks: [66], title: "with nonsense as Content-Base the right URL is set up on the same connection" },
		"%%%",
		"/stream/trackID=1",
	],
] as const) {
	let port = 0;
	defineScenario({
		...named,
		camera: {
			answer: (request, reply, connection) => {
				port = connection.camera.port;
				if (request.method !== "DESCRIBE") return undefined;
				const value = contentBase?.replace("HOST", `127.0.0.1:${port}`) ?? null;
				return { ...reply, fields: { ...reply.fields, "Content-Base": value } };
			},
		},
		expect: { methods: USUAL },
		check: ({ camera }) => {
			const setup = camera.requests.find((request) => request.method === "SETUP");
			expect(setup?.target).toBe(`${camera.url}${expected}`);
			expect(camera.connections).toHaveLength(1);
		},
	});
}

defineScenario({
	id: "S24",
	quirks: [66],
	title: "a Content-Base whose SETUP is not found is given up for the request's URL, once",
	camera: {
		fields: { DESCRIBE: { "Content-Base": "rtsp://192.0.2.1/wrong/" } },
		answer: (request, reply) =>
			request.method === "SETUP" && request.target.includes("wrong")
				? { ...reply, status: 404, fields: {} }
				: undefined,
	},
	expect: {
		methods: ["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"],
		wire: [/^SETUP \S+\/stream\/trackID=1/],
	},
});

for (const [control, path, expected] of [
	["trackID=1", "/stream", "/stream/trackID=1"],
	["/trackID=1", "/stream", "/stream/trackID=1"],
	["?ctype=video", "/stream", "/stream?ctype=video"],
	["rtsp://192.168.1.64:9999/Streaming/trackID=1?a=b", "/stream", "/Streaming/trackID=1?a=b"],
	["rtsp://192.168.1.64/trackID=1", "/stream", "/trackID=1"],
	["*", "/stream", "/stream"],
	["", "/stream", "/stream"],
	[null, "/stream", "/stream"],
	["trackID=0", "/cam/realmonitor?channel=1&subtype=0", "/cam/realmonitor?channel=1&subtype=0/trackID=0"],
	["trackID=1", "/stream/", "/stream/trackID=1"],
	["trackID=1", "//", "//trackID=1"],
	["trackID=1", "/user=a_password=b_channel=1_stream=0.sdp", "/user=a_password=b_channel=1_stream=0.sdp/trackID=1"],
	["track 1", "/stream", "/stream/track 1"],
] as const) {
	defineScenario({
		id: "S25",
		quirks: [7, 64],
		title: `the control ${JSON.stringify(control)} of ${path} is set up as ${expected}`,
		camera: { tracks: [h264({ control })] },
		viewer: { path },
		expect: { methods: USUAL, wire: [/^DESCRIBE/] },
		check: ({ camera }) => {
			const of = (method: string) => camera.requests.find((request) => request.method === method)?.target;
			expect(of("DESCRIBE")).toBe(`${camera.url}${path}`);
			expect(of("SETUP")).toBe(`${camera.url}${expected}`);
		},
	});
}

defineScenario({
	id: "S25",
	quirks: [65],
	title: "a relative session control (Altasec: 0) does not stop the session",
	camera: { sessionLines: ["a=control:0"] },
	expect: { methods: USUAL },
});

defineScenario({
	id: "S25",
	quirks: [65],
	title: "an absolute session control is the base, on the connection's host",
	camera: { sessionLines: ["a=control:rtsp://192.168.9.9/live/"] },
	expect: {
		methods: USUAL,
		wire: [/^SETUP rtsp:\/\/127\.0\.0\.1:\d+\/live\/trackID=1/, /^PLAY rtsp:\/\/127\.0\.0\.1:\d+\/live\//],
	},
});

// S23, what the project's own fixtures in packages/rtsp do not say: the whole way through SETUP.

for (const [named, sdp] of [
	[
		{ id: "S23", quirks: [54], title: "a description with no session lines at all plays" },
		["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:trackID=1"],
	],
	[
		{ id: "S23", quirks: [54], title: "a description with broken session lines plays" },
		[
			"v=0",
			"o=RTSP Session 1 2 IN IP4 0.0.0.0 extra",
			"s=",
			"s=again",
			"c=IN ",
			"c=SM SM",
			"t=now-",
			"m=video 0 RTP/AVP 96",
			"a=rtpmap:96 H264/90000",
			"a=control:trackID=1",
		],
	],
	[
		{ id: "S23", quirks: [55], title: "a description with unknown media before the video plays" },
		[
			"v=0",
			"m=application/TP-LINK 0 RTP/AVP smart/1/90000",
			"a=rtpmap:95 TP-LINK/90000",
			"a=control:track0",
			"m=metadata 0 RTP/AVP 107",
			"a=control:track9",
			"m=video 0 RTP/AVP 96",
			"a=rtpmap:96 H264/90000",
			"a=control:trackID=1",
		],
	],
	[
		{ id: "S23", quirks: [56], title: "a description with the control before the rtpmap plays" },
		["m=video 0 RTP/AVP 96", "a=control:trackID=1", "a=rtpmap:96 H264/90000"],
	],
	[
		{ id: "S23", quirks: [56], title: "a description with several controls plays" },
		["m=video 0 RTP/AVP 96", "a=control:trackID=1", "a=control:x", "a=rtpmap:96 H264/90000"],
	],
	[
		{ id: "S23", quirks: [59], title: "a description with no rtpmap but H.264's parameters plays" },
		["m=video 0 RTP/AVP 96", "a=fmtp:96 packetization-mode=1", "a=control:trackID=1"],
	],
	[
		{ id: "S23", quirks: [59], title: "a description with an rtpmap in small letters with blanks after it plays" },
		["m=video 0 RTP/AVP 96", "a=rtpmap:96 h264/90000  ", "a=control:trackID=1"],
	],
	[
		{ id: "S23", quirks: [59], title: "a description with an rtpmap without a clock plays" },
		["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264", "a=control:trackID=1"],
	],
	[
		{ id: "S23", quirks: [59], title: "a description with a clock of 0 plays" },
		["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/0", "a=control:trackID=1"],
	],
	[
		{ id: "S23", quirks: [67], title: "a description with a video marked sendonly plays" },
		["m=video 0 RTP/AVP 96", "a=sendonly", "a=rtpmap:96 H264/90000", "a=control:trackID=1"],
	],
	[
		{ id: "S23", quirks: [59], title: "a description with a second video plays" },
		[
			"m=video 0 RTP/AVP 96",
			"a=rtpmap:96 H264/90000",
			"a=control:trackID=1",
			"m=video 0 RTP/AVP 96",
			"a=rtpmap:96 H264/90000",
			"a=control:trackID=2",
		],
	],
	[
		{ id: "S23", quirks: [68], title: "a description with zeros and a byte order mark around it plays" },
		[
			"\u00ef\u00bb\u00bfv=0",
			"m=video 0 RTP/AVP 96",
			"a=rtpmap:96 H264/90000",
			"a=framerate:0S",
			"",
			"a=control:trackID=1",
			"\0\0",
		],
	],
	[
		{ id: "S23", quirks: [55], title: "a description with a proto of UDP's other spelling plays" },
		["m=video 0 RTP/AVP/UDP 96", "a=rtpmap:96 H264/90000", "a=control:trackID=1"],
	],
] as const) {
	defineScenario({
		...named,
		camera: { sdp: [...sdp, ""].join("\r\n") },
		expect: { methods: USUAL, wire: [/^SETUP \S+\/stream\/trackID=1\n/] },
	});
}

defineScenario({
	id: "S23",
	quirks: [43],
	title: "a description of no type, ended by LF alone, plays",
	camera: {
		sdp: `v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=${SPROP}\na=control:trackID=1`,
		fields: { DESCRIBE: { "Content-Type": null } },
	},
	expect: { methods: USUAL },
});

defineScenario({
	id: "S23",
	quirks: [13],
	title: "encrypted video (SRTP) is told as such and not retried at once",
	camera: {
		sdp: [
			"v=0",
			"m=video 0 RTP/SAVP 96",
			"a=rtpmap:96 H264/90000",
			"a=key-mgmt:mikey AAAA",
			"a=control:trackID=1",
			"",
		].join("\r\n"),
	},
	expect: { state: "unsupported", reason: "media-encrypted", methods: ["OPTIONS", "DESCRIBE"] },
});
