/** Who may look: challenges of every kind, good and bad, at any request. */
import type { ChallengeOffer, RtspRequest } from "@vigia/rtsp";
import { headerOf } from "@vigia/rtsp";
import { expect } from "vitest";
import { h264 } from "./support/h264-track.ts";
import { defineScenario, PASSWORD, USERNAME } from "./support/scenario.ts";

const REALM = 'IP Camera "1", east ';
const md5 = (nonce: string): ChallengeOffer => ({ scheme: "digest", realm: REALM, nonce });
const sha256 = (nonce: string): ChallengeOffer => ({ ...md5(nonce), algorithm: "SHA-256" }) as ChallengeOffer;
const basic: ChallengeOffer = { scheme: "basic", realm: REALM };
const authorizationOf = (request: RtspRequest): string => headerOf(request, "authorization") ?? "";
const AUTHORISED_ONCE = ["OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"];
const endless = h264({ units: Number.POSITIVE_INFINITY });

defineScenario({
	id: "S02",
	quirks: [20, 31, 32],
	title: "Digest MD5 without qop is challenged once, then every request is authorised for its own method and URL",
	camera: { auth: { offers: (nonce) => [md5(nonce)] } },
	viewer: { path: "/cam/realmonitor?channel=1&subtype=0" },
	expect: { methods: AUTHORISED_ONCE, notWire: [/authorization: .*(qop|cnonce|nc|algorithm)=/] },
	check: ({ camera }) => {
		for (const request of camera.requests.slice(1))
			expect(authorizationOf(request)).toContain(`uri="${request.target}"`);
	},
});

defineScenario({
	id: "S02",
	quirks: [31],
	title: "a camera that lets OPTIONS and DESCRIBE pass and asks at SETUP is answered there and ever after",
	camera: { auth: { offers: (nonce) => [md5(nonce)], methods: ["SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER"] } },
	expect: { methods: ["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"] },
});

defineScenario({
	id: "S03",
	quirks: [21],
	title: "Digest with qop=auth and opaque counts its requests and echoes the opaque value",
	camera: {
		auth: { offers: (nonce) => [{ scheme: "digest", realm: REALM, nonce, qopAuth: true, opaque: 'o"1' }] },
	},
	expect: { methods: AUTHORISED_ONCE, wire: [/qop=auth[, ]/, /opaque="o\\"1"/], notWire: [/qop="|nc="/] },
	check: ({ camera }) => {
		const counts = camera.requests.slice(1).map((request) => /nc=(\w+)/.exec(authorizationOf(request))?.[1]);
		expect(counts).toEqual(["00000001", "00000002", "00000003", "00000004"]);
		const cnonces = camera.requests.slice(1).map((request) => /cnonce="([^"]+)"/.exec(authorizationOf(request))?.[1]);
		expect(cnonces).not.toContain(undefined);
	},
});

defineScenario({
	id: "S03",
	quirks: [21],
	title: 'of qop="auth,auth-int" the first is used',
	camera: {
		auth: {
			offers: (nonce) => [{ scheme: "digest", realm: "r", nonce, qopAuth: true }],
			challenges: ([offer]) => [
				`Digest realm="r",nonce="${offer?.scheme === "digest" ? offer.nonce : ""}",qop="auth-int,auth"`,
			],
		},
	},
	expect: { methods: AUTHORISED_ONCE, wire: [/qop=auth[, ]/] },
});

for (const [how, challenges] of [
	["three fields", undefined],
	[
		"one field",
		(nonce: string) => [
			`Basic realm="r", Digest realm="r", nonce="${nonce}", Digest realm="r", nonce="${nonce}", algorithm=SHA-256`,
		],
	],
] as const) {
	const offers = (nonce: string): ChallengeOffer[] => [
		{ scheme: "basic", realm: "r" },
		{ scheme: "digest", realm: "r", nonce },
		{ scheme: "digest", realm: "r", nonce, algorithm: "SHA-256" },
	];
	defineScenario({
		id: "S04",
		quirks: [23, 25],
		title: `of SHA-256, MD5 and Basic in ${how} the strongest is used`,
		camera: {
			auth: {
				offers,
				...(challenges ? { challenges: (all) => challenges(all[1]?.scheme === "digest" ? all[1].nonce : "") } : {}),
			},
		},
		expect: { methods: AUTHORISED_ONCE, wire: [/algorithm=SHA-256/], notWire: [/authorization: Basic/] },
	});
}

defineScenario({
	id: "S04",
	quirks: [23],
	title: "a camera that knows SHA-256 alone is answered with it",
	camera: { auth: { offers: (nonce) => [sha256(nonce)] } },
	expect: { methods: AUTHORISED_ONCE },
});

defineScenario({
	id: "S04",
	quirks: [25],
	title: "a challenge that nobody knows is passed over",
	camera: {
		auth: {
			offers: (nonce) => [md5(nonce)],
			challenges: ([offer]) => [
				'Negotiate, Digest realm="x", nonce="n", algorithm=SHA-512-256',
				`Digest realm="${REALM.replaceAll('"', '\\"')}", nonce="${offer?.scheme === "digest" ? offer.nonce : ""}", random="1", stale="FALSE"`,
			],
		},
	},
	expect: { methods: AUTHORISED_ONCE },
});

defineScenario({
	id: "S05",
	quirks: [24],
	title: "SHA-256 that is offered and always refused falls back to MD5 once and stays with it",
	camera: { auth: { offers: (nonce) => [sha256(nonce), md5(nonce)], refuses: /SHA-256/ } },
	expect: {
		methods: ["OPTIONS", "OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"],
		quirks: ["digest-downgraded"],
	},
	check: ({ camera }) => {
		for (const request of camera.requests.slice(2)) expect(authorizationOf(request)).not.toContain("SHA-256");
	},
});

defineScenario({
	id: "S06",
	quirks: [26],
	title: "Basic alone is answered, in UTF-8, and noted",
	camera: { auth: { offers: () => [basic] } },
	expect: {
		methods: AUTHORISED_ONCE,
		wire: [new RegExp(`authorization: Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString("base64")}`)],
		quirks: ["basic-authentication"],
	},
});

defineScenario({
	id: "S06",
	quirks: [25, 26],
	title: "Basic is tried after Digest was refused, once",
	camera: { auth: { offers: (nonce) => [md5(nonce), basic], refuses: /^Digest/ } },
	expect: {
		methods: ["OPTIONS", "OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"],
		quirks: ["basic-authentication"],
	},
});

defineScenario({
	id: "S07",
	quirks: [28],
	title: "a nonce that changes every three requests leaves the stream unbroken",
	camera: {
		tracks: [endless],
		expiresAfterS: 10,
		auth: { offers: (nonce) => [{ ...md5(nonce), stale: true } as ChallengeOffer], nonceLife: 3 },
	},
	run: async ({ time }) => await time.pass(60_000),
	expect: { quirks: ["nonce-renewed"], wire: [/^GET_PARAMETER/] },
	check: ({ camera, viewer }) => {
		expect(camera.expired).toBe(0);
		expect(viewer.states).toEqual(["connecting", "buffering", "live"]);
		expect(camera.sessions).toHaveLength(1);
	},
});

defineScenario({
	id: "S07",
	quirks: [28],
	title: "a keep-alive that is answered with 401 and a new nonce, not called stale, is sent again",
	camera: {
		tracks: [endless],
		auth: { offers: (nonce) => [md5(nonce)], nonceLife: 5 },
	},
	run: async ({ time }) => await time.pass(200_000, 100),
	expect: { counters: { lostPackets: 0 } },
	check: ({ camera, viewer }) => {
		expect(viewer.states).toEqual(["connecting", "buffering", "live"]);
		const keepAlives = camera.requests.filter((request) => request.method === "GET_PARAMETER");
		expect(keepAlives.length).toBeGreaterThan(6);
	},
});

for (const [nonceLife, method] of [
	[1, "DESCRIBE"],
	[2, "SETUP"],
	[3, "PLAY"],
	[4, "TEARDOWN"],
] as const) {
	defineScenario({
		id: "S07",
		quirks: [28, 31],
		title: `a nonce that is new at ${method} is answered there`,
		camera: { auth: { offers: (nonce) => [md5(nonce)], nonceLife } },
		expect: { quirks: method === "TEARDOWN" ? [] : ["nonce-renewed"] },
		check: ({ camera }) => expect(camera.connections).toHaveLength(1),
	});
}

defineScenario({
	id: "S08",
	quirks: [29, 33],
	title: "a camera that always says 401 is asked three times at most and not again within a minute",
	camera: { auth: { offers: (nonce) => [md5(nonce)], refuses: /./ } },
	expect: { state: "refused", reason: "auth-refused" },
	run: async ({ camera, time }) => {
		expect(camera.requests.length).toBeLessThanOrEqual(3);
		const before = camera.requests.length;
		await time.pass(47_000);
		expect(camera.requests.length).toBe(before);
	},
});

defineScenario({
	id: "S08",
	quirks: [29],
	title: "a wrong password is refused even where every 401 brings a new nonce and calls the old one stale",
	camera: {
		auth: {
			offers: (nonce) => [{ ...md5(nonce), stale: true } as ChallengeOffer],
			nonceLife: 0,
		},
	},
	expect: { state: "refused", reason: "auth-refused" },
	check: ({ camera }) => expect(camera.requests.length).toBeLessThanOrEqual(3),
});

defineScenario({
	id: "S08",
	quirks: [33],
	title: "a 401 that names no way to authenticate is a refusal",
	camera: { auth: { offers: () => [] } },
	expect: { state: "refused", reason: "auth-refused", methods: ["OPTIONS"] },
});

defineScenario({
	id: "S09",
	quirks: [33],
	title: "a camera that closes after its 401 is answered on one new connection",
	camera: { auth: { offers: () => [md5("fixed")], closeOn401: true } },
	expect: { withinMs: 3_000, wire: [/authorization: Digest/] },
	check: ({ camera, viewer }) => {
		expect(camera.connections).toHaveLength(2);
		expect(viewer.states).toEqual(["connecting", "buffering", "live"]);
	},
});

defineScenario({
	id: "S09",
	quirks: [29, 33],
	title: "a camera that closes after each 401 is given up after one new connection",
	camera: { auth: { offers: () => [md5("fixed")], closeOn401: true, refuses: /./ } },
	expect: { state: "refused", reason: "auth-refused", withinMs: 3_000 },
	check: ({ camera }) => {
		expect(camera.connections.length).toBeLessThanOrEqual(2);
		expect(camera.requests.length).toBeLessThanOrEqual(3);
	},
});

for (const password of ["p@:/#?%ss", "pässwörd€", 'quo"te"d', "back\\slash\\", "p%2Fss%", " spaces ", PASSWORD]) {
	for (const [scheme, offers] of [
		["Digest", (nonce: string) => [md5(nonce)]],
		["Basic", () => [basic]],
	] as const) {
		defineScenario({
			id: "S10",
			quirks: [1, 2, 3, 4, 5, 34],
			title: `the password ${JSON.stringify(password)} opens the camera by ${scheme} and is never said`,
			camera: { auth: { offers } },
			viewer: { password },
			expect: { methods: AUTHORISED_ONCE, notWire: [/^\w+ rtsp:\/\/[^/ ]*@/] },
		});
	}
}

defineScenario({
	id: "S10",
	quirks: [34],
	title: "a user name with quotes, a backslash and letters beyond ASCII is sent as it is",
	camera: { auth: { offers: (nonce) => [md5(nonce)] } },
	viewer: { username: 'Señor "X\\Y"' },
	expect: { methods: AUTHORISED_ONCE },
});
