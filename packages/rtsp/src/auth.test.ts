import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Authenticator } from "./auth.ts";
import { type ChallengeOffer, makeChallenge, verifyAuthorization } from "./auth-verify.ts";
import { parseChallenges, quote, splitAuthFields } from "./challenge.ts";
import { digestResponse } from "./digest.ts";
import { hashes } from "./testing/hashes.ts";

const credentials = { username: "admin", password: "p@ss:w#rd%/ñ" };
const METHOD = "DESCRIBE";
const TARGET = "rtsp://h/cam?channel=1";

function authenticator(using = credentials): Authenticator {
	let count = 0;
	return new Authenticator({
		credentials: using,
		hashes,
		randomHex: (digits) => (++count).toString(16).padStart(digits, "0"),
	});
}

function verdict(client: Authenticator, offers: readonly ChallengeOffer[], method = METHOD): string {
	return verifyAuthorization(
		{ authorization: client.authorization(method, TARGET), method, target: TARGET, credentials, offers },
		hashes,
	);
}

describe("challenges", () => {
	test("several in one field or in several, with quotes, commas, unknown parameters and odd case (quirks 25, 27, 34)", () => {
		const challenges = parseChallenges([
			'Digest realm="a, \\"b\\" ",nonce="n1", qop="auth,auth-int", algorithm=sha-256, random="x", stale="FALSE", Basic realm=plain',
			'dIgEsT Realm="IP Camera(1)" , NONCE = n2, opaque="", stale=TRUE',
		]);
		expect(challenges).toEqual([
			{
				scheme: "digest",
				realm: 'a, "b" ',
				nonce: "n1",
				opaque: undefined,
				algorithm: "SHA-256",
				algorithmText: "sha-256",
				qopAuth: true,
				stale: false,
			},
			{ scheme: "basic", realm: "plain" },
			{
				scheme: "digest",
				realm: "IP Camera(1)",
				nonce: "n2",
				opaque: "",
				algorithm: "MD5",
				algorithmText: undefined,
				qopAuth: false,
				stale: true,
			},
		]);
	});

	test("those that cannot be answered are left out", () => {
		expect(
			parseChallenges([
				"Negotiate",
				'Digest realm="r"',
				'Digest realm="r", nonce="n", algorithm=SHA-512',
				'Digest realm="r", nonce="n", qop="auth-int"',
				"",
				'"',
			]),
		).toEqual([]);
	});

	test("Basic credentials keep the padding of their base64", () => {
		expect(splitAuthFields("Basic YQ==")).toEqual([{ scheme: "basic", token: "YQ==", parameters: new Map() }]);
	});

	test("no text makes the parser throw, and quoting is undone", () => {
		fc.assert(
			fc.property(fc.string(), (text) => {
				parseChallenges([text, `Digest ${text}`]);
				expect(parseChallenges([`Digest nonce=${quote(text)}`])).toMatchObject([{ nonce: text }]);
			}),
		);
	});
});

describe("the digest", () => {
	const request = { method: "GET", uri: "/dir/index.html" };

	test("is that of RFC 2069", () => {
		const input = { realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093", ...request };
		expect(
			digestResponse(
				{ algorithm: "MD5", credentials: { username: "Mufasa", password: "CircleOfLife" }, ...input },
				hashes,
			),
		).toBe("1949323746fe6a43ef61f9606e7febea");
	});

	test("is that of RFC 2617 section 3.5", () => {
		const input = { realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093", ...request };
		const mufasa = { username: "Mufasa", password: "Circle Of Life" };
		const qop = { nc: "00000001", cnonce: "0a4f113b" };
		expect(digestResponse({ algorithm: "MD5", credentials: mufasa, qop, ...input }, hashes)).toBe(
			"6629fae49393a05397450978507c4ef1",
		);
	});

	test("is that of RFC 7616 section 3.9.1", () => {
		const input = { realm: "http-auth@example.org", nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ...request };
		const mufasa = { username: "Mufasa", password: "Circle of Life" };
		const qop = { nc: "00000001", cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ" };
		const sha256 = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
		expect(digestResponse({ algorithm: "SHA-256", credentials: mufasa, qop, ...input }, hashes)).toBe(sha256);
		expect(digestResponse({ algorithm: "MD5", credentials: mufasa, qop, ...input }, hashes)).toBe(
			"8ca523f5e9506fed4657c9700eebdbec",
		);
	});
});

describe("credentials that are for Digest only", () => {
	const digestOnly = { ...credentials, digestOnly: true };
	const basic: ChallengeOffer = { scheme: "basic", realm: "r" };

	test("answer no Basic challenge, not even of an earlier connection", () => {
		const client = authenticator(digestOnly);
		client.seed([makeChallenge(basic)]);
		expect(client.authorization(METHOD, TARGET)).toBeUndefined();
		expect(client.handleUnauthorized([makeChallenge(basic)], 0, false)).toBe(false);
		expect([client.authorization(METHOD, TARGET), client.withheldBasic]).toEqual([undefined, true]);
	});

	test("answer Digest beside it, and nothing more where that is refused", () => {
		const offers: ChallengeOffer[] = [basic, { scheme: "digest", realm: "r", nonce: "n" }];
		const client = authenticator(digestOnly);
		expect(client.handleUnauthorized(offers.map(makeChallenge), 0, false)).toBe(true);
		expect(verdict(client, offers)).toBe("accepted");
		expect(client.handleUnauthorized(offers.map(makeChallenge), 1, true)).toBe(false);
		expect([client.usesBasic, client.withheldBasic]).toEqual([false, false]);
	});
});

describe("a client's answer", () => {
	const offers: [string, ChallengeOffer][] = [
		["MD5 without qop", { scheme: "digest", realm: "r", nonce: "n" }],
		[
			"MD5 with qop and opaque",
			{ scheme: "digest", realm: 'r "q" ', nonce: "n", qopAuth: true, opaque: "o", algorithm: "MD5" },
		],
		["MD5-sess", { scheme: "digest", realm: "r", nonce: "n", algorithm: "MD5-sess" }],
		["MD5-sess with qop", { scheme: "digest", realm: "r", nonce: "n", algorithm: "MD5-sess", qopAuth: true }],
		["SHA-256", { scheme: "digest", realm: "r", nonce: "n", algorithm: "SHA-256" }],
		["SHA-256-sess with qop", { scheme: "digest", realm: "r", nonce: "n", algorithm: "SHA-256-sess", qopAuth: true }],
		["Basic", { scheme: "basic", realm: "r" }],
	];

	test.each(offers)(
		"%s: the server accepts it for each method, and no other password (quirks 20, 23, 26, 31, 32)",
		(_name, offer) => {
			const client = authenticator();
			expect(verdict(client, [offer])).toBe("missing");
			expect(client.handleUnauthorized([makeChallenge(offer)], 0, false)).toBe(true);
			expect(verdict(client, [offer])).toBe("accepted");
			expect(verdict(client, [offer], "SETUP")).toBe("accepted");
			const wrong = authenticator({ username: "admin", password: "p@ss" });
			wrong.handleUnauthorized([makeChallenge(offer)], 0, false);
			expect(verdict(wrong, [offer])).toBe("refused");
		},
	);

	test("user names, passwords and realms of any characters", () => {
		const text = fc.string({ unit: "grapheme" });
		fc.assert(
			fc.property(text, text, fc.string({ unit: "binary-ascii" }), (username, password, realm) => {
				const offer = { scheme: "digest", realm, nonce: "n", qopAuth: true } as const;
				const client = authenticator({ username, password });
				client.handleUnauthorized([makeChallenge(offer)], 0, false);
				const authorization = client.authorization(METHOD, TARGET);
				const check = {
					authorization,
					method: METHOD,
					target: TARGET,
					credentials: { username, password },
					offers: [offer],
				};
				expect(verifyAuthorization(check, hashes)).toBe("accepted");
			}),
		);
	});

	test("S03: counts its requests per nonce with a new cnonce each (quirk 21)", () => {
		const client = authenticator();
		const challenge = (nonce: string): string => makeChallenge({ scheme: "digest", realm: "r", nonce, qopAuth: true });
		client.handleUnauthorized([challenge("n1")], 0, false);
		const answers = [1, 2, 3].map(() => client.authorization(METHOD, TARGET) ?? "");
		expect(answers.map((answer) => /nc=(\w+)/.exec(answer)?.[1])).toEqual(["00000001", "00000002", "00000003"]);
		expect(new Set(answers.map((answer) => /cnonce="(\w+)"/.exec(answer)?.[1])).size).toBe(3);
		client.accepted();
		client.handleUnauthorized([challenge("n2")], 0, true);
		expect(client.authorization(METHOD, TARGET)).toMatch(/nonce="n2".*nc=00000001/);
	});

	test("names an algorithm only if the challenge did, unquoted, with qop and nc unquoted (quirks 21, 22)", () => {
		const client = authenticator();
		client.handleUnauthorized(['Digest realm="r", nonce="n"'], 0, false);
		expect(client.authorization(METHOD, TARGET)).not.toMatch(/algorithm|qop|cnonce/);
		const other = authenticator();
		other.handleUnauthorized(['Digest realm="r", nonce="n", algorithm="MD5", qop="auth"'], 0, false);
		expect(other.authorization(METHOD, TARGET)).toMatch(/algorithm=MD5, qop=auth, nc=00000001,/);
	});
});

describe("which challenge is answered", () => {
	const sha = 'Digest realm="r", nonce="n", algorithm=SHA-256';
	const md5 = 'Digest realm="r", nonce="n"';
	const all = ['Basic realm="r"', md5, sha];

	test("S04, S05: the strongest first, then each weaker one once, at most two per request (quirks 24, 25, 29)", () => {
		const client = authenticator();
		expect(client.handleUnauthorized(all, 0, false)).toBe(true);
		expect(client.authorization(METHOD, TARGET)).toContain("SHA-256");
		expect(client.handleUnauthorized(all, 1, true)).toBe(true);
		expect(client.authorization(METHOD, TARGET)).not.toContain("algorithm");
		expect(client.handleUnauthorized(all, 2, true)).toBe(false);
	});

	test("Basic after Digest", () => {
		const client = authenticator();
		client.handleUnauthorized(['Basic realm="r"', md5], 0, false);
		expect(client.usesBasic).toBe(false);
		expect(client.handleUnauthorized(['Basic realm="r"', md5], 1, true)).toBe(true);
		expect(client.usesBasic).toBe(true);
	});

	test("the same again with a new nonce when a proven one grew old, at any time (quirk 28)", () => {
		// Axis M5525.
		const client = authenticator();
		client.handleUnauthorized(all, 0, false);
		client.accepted();
		const renewed = all.map((one) => one.replace('"n"', '"n2"'));
		expect(client.handleUnauthorized(renewed, 0, true)).toBe(true);
		expect(client.authorization(METHOD, TARGET)).toMatch(/nonce="n2".*SHA-256/);
	});

	test("stale counts even with the same nonce, once per request and at most twice", () => {
		const client = authenticator();
		client.handleUnauthorized([md5], 0, false);
		expect(client.handleUnauthorized([`${md5}, stale=true`], 1, true)).toBe(true);
		expect(client.handleUnauthorized([`${md5}, stale=true`], 2, true)).toBe(false);
	});

	test("none if the answer with this nonce was refused (quirk 29)", () => {
		const client = authenticator();
		client.handleUnauthorized([md5], 0, false);
		expect(client.handleUnauthorized([md5], 1, true)).toBe(false);
	});

	test("none for a new nonce alone, which live555 sends with each 401 (quirk 29)", () => {
		const client = authenticator();
		client.handleUnauthorized([md5], 0, false);
		expect(client.handleUnauthorized([md5.replace('"n"', '"n2"')], 1, true)).toBe(false);
	});

	test("the same again with a new nonce when the one before was another connection's (quirk 30)", () => {
		const client = authenticator();
		client.seed(all);
		const renewed = all.map((one) => one.replace('"n"', '"n2"'));
		expect(client.handleUnauthorized(renewed, 0, true)).toBe(true);
		expect(client.authorization(METHOD, TARGET)).toMatch(/nonce="n2".*SHA-256/);
	});

	test("none without credentials, without a challenge or without one that is known (quirk 33)", () => {
		const anonymous = new Authenticator({ credentials: undefined, hashes, randomHex: () => "0" });
		expect(anonymous.handleUnauthorized(all, 0, false)).toBe(false);
		expect(authenticator().handleUnauthorized([], 0, false)).toBe(false);
		expect(authenticator().handleUnauthorized(["Negotiate"], 0, false)).toBe(false);
	});
});

describe("a server", () => {
	const offer = { scheme: "digest", realm: "r", nonce: "n2" } as const;

	test("tells an old nonce from a wrong password", () => {
		const client = authenticator();
		client.handleUnauthorized([makeChallenge({ ...offer, nonce: "n1" })], 0, false);
		expect(verdict(client, [offer])).toBe("stale");
	});

	test("refuses another target and another realm", () => {
		const client = authenticator();
		client.handleUnauthorized([makeChallenge(offer)], 0, false);
		const authorization = client.authorization(METHOD, TARGET);
		const check = { authorization, method: METHOD, target: TARGET, credentials, offers: [offer] };
		expect(verifyAuthorization({ ...check, target: `${TARGET}1` }, hashes)).toBe("refused");
		expect(verifyAuthorization({ ...check, offers: [{ ...offer, realm: "R" }] }, hashes)).toBe("refused");
		expect(verifyAuthorization({ ...check, offers: [{ scheme: "basic", realm: "r" }] }, hashes)).toBe("refused");
	});

	test("does not look at a Basic answer that it did not ask for, be it right or wrong", () => {
		const check = { method: METHOD, target: TARGET, credentials, offers: [offer] };
		const right = authenticator();
		right.handleUnauthorized([makeChallenge({ scheme: "basic", realm: "r" })], 0, false);
		const authorization = right.authorization(METHOD, TARGET);
		expect(authorization).toMatch(/^Basic /);
		expect(verifyAuthorization({ ...check, authorization }, hashes)).toBe("missing");
		expect(verifyAuthorization({ ...check, authorization: "Basic AAAA" }, hashes)).toBe("missing");
	});

	test.each([
		["rtsp://host/cam", "rtsp://host/cam/trackID=0", "accepted"],
		["rtsp://host/cam/", "rtsp://host/cam/trackID=0", "accepted"],
		["rtsp://host/cam", "rtsp://host/cam/", "accepted"],
		["rtsp://host/cam/trackID=0", "rtsp://host/cam/", "refused"],
		["rtsp://host/cam", "rtsp://host/cam2/trackID=0", "refused"],
		["", "rtsp://host/cam", "refused"],
	])("takes the presentation's URL for each of its tracks, as VLC has it: %s for %s is %s", (uri, target, expected) => {
		const client = authenticator();
		client.handleUnauthorized([makeChallenge(offer)], 0, false);
		const authorization = client.authorization(METHOD, uri);
		expect(verifyAuthorization({ authorization, method: METHOD, target, credentials, offers: [offer] }, hashes)).toBe(
			expected,
		);
	});

	test("refuses another user with the right password", () => {
		const client = authenticator();
		client.handleUnauthorized([makeChallenge(offer)], 0, false);
		const authorization = client.authorization(METHOD, TARGET)?.replace(/username="[^"]*"/, 'username="somebody"');
		expect(authorization).toContain("somebody");
		const check = { authorization, method: METHOD, target: TARGET, credentials, offers: [offer] };
		expect(verifyAuthorization(check, hashes)).toBe("refused");
	});

	test("refuses any other text without throwing", () => {
		fc.assert(
			fc.property(fc.string(), (authorization) => {
				expect(
					verifyAuthorization({ authorization, method: METHOD, target: TARGET, credentials, offers: [offer] }, hashes),
				).toBe("refused");
			}),
		);
	});
});
