import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeChallenge } from "./auth-verify.ts";
import { fromByteString, toByteString } from "./bytes.ts";
import { parseChallenges } from "./challenge.ts";
import { digestResponse, type HashFunctions } from "./digest.ts";
import { headerOf, makeRequest, type RtspResponse, serializeRequest } from "./message.ts";
import { RtspParser } from "./message-parser.ts";
import {
	type RtspAuthentication,
	type RtspDescription,
	type RtspRefusal,
	type RtspServerEnd,
	type RtspServerHandler,
	RtspServerSession,
	type RtspSetup,
} from "./server-session.ts";

const URL = "rtsp://camera/cam?channel=1";
const TCP = { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" };
const hashes: HashFunctions = {
	md5: (bytes) => createHash("md5").update(bytes).digest("hex"),
	sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
};

/** A server with one presentation of two tracks, and the client that talks to it. */
class Harness {
	readonly session: RtspServerSession;
	readonly responses: RtspResponse[] = [];
	readonly events: string[] = [];
	readonly setups: RtspSetup[] = [];
	authentication: RtspAuthentication | RtspRefusal | undefined;
	/** `undefined`: a DESCRIBE stays without an answer. */
	description: RtspDescription | undefined = { sdp: fromByteString("v=0\r\n"), contentBase: `${URL}/` };
	onDescribe = (): void => undefined;
	refusal: "now" | "later" = "now";
	#cseq = 0;
	#ids = 0;

	constructor() {
		const parser = new RtspParser({
			onMessage: (message) => {
				if (message.type === "response") this.responses.push(message);
			},
			onInterleaved: () => undefined,
		});
		const handler: RtspServerHandler = {
			transmit: (bytes) => parser.push(bytes),
			disconnect: (reason: RtspServerEnd) => this.events.push(`disconnect ${reason}`),
			onRequest: (method) => this.events.push(method),
			authentication: () => this.authentication,
			onWrongCredentials: () => {
				this.events.push("wrong credentials");
				return this.refusal;
			},
			describe: (target) => {
				this.onDescribe();
				return target === URL ? this.description : { refuse: 404, reason: "No such camera" };
			},
			setup: (setup) => {
				this.setups.push(setup);
				return { ssrc: 0xabc, ...(setup.transport.type === "udp" ? { serverPort: [6000, 6001] as const } : {}) };
			},
			play: () => [{ url: `${URL}/trackID=0`, sequenceNumber: 7, rtpTimestamp: 90_000 }],
			pause: () => this.events.push("paused"),
			end: (reason) => this.events.push(`end ${reason}`),
			onInterleaved: (channel, payload) => this.events.push(`frame ${channel} ${payload.length}`),
		};
		this.session = new RtspServerSession(
			{ hashes, serverName: "test", nonce: "n1", makeSessionId: () => `s${++this.#ids}`, timeoutS: 60 },
			handler,
			0,
		);
	}

	request(method: string, headers: Record<string, string> = {}, target = URL): RtspResponse {
		const request = makeRequest(method, target, { CSeq: ++this.#cseq, ...headers });
		this.session.handleInput(serializeRequest(request), 0);
		const response = this.responses.at(-1);
		if (!response || headerOf(response, "cseq") !== String(this.#cseq)) throw new Error(`No answer to ${method}.`);
		return response;
	}
}

describe("RtspServerSession", () => {
	it("serves a client from OPTIONS to TEARDOWN", () => {
		const harness = new Harness();
		expect(headerOf(harness.request("OPTIONS"), "public")).toContain("GET_PARAMETER");
		const described = harness.request("DESCRIBE");
		expect([described.status, headerOf(described, "content-base")]).toEqual([200, `${URL}/`]);
		expect(toByteString(described.body)).toBe("v=0\r\n");
		const setup = harness.request("SETUP", TCP, `${URL}/trackID=0`);
		expect(headerOf(setup, "transport")).toBe("RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=00000ABC");
		expect(headerOf(setup, "session")).toBe("s1;timeout=60");
		const played = harness.request("PLAY", { Session: "s1" });
		expect(headerOf(played, "rtp-info")).toBe(`url=${URL}/trackID=0;seq=7;rtptime=90000`);
		expect(harness.request("GET_PARAMETER", { Session: "s1" }).status).toBe(200);
		expect(harness.request("PAUSE", { Session: "s1" }).status).toBe(200);
		expect(harness.request("TEARDOWN", { Session: "s1" }).status).toBe(200);
		expect(harness.events.filter((event) => /^(end|paused|disconnect)/.test(event))).toEqual([
			"paused",
			"end teardown",
		]);
		// The connection may be used again.
		expect(headerOf(harness.request("SETUP", TCP), "session")).toBe("s2;timeout=60");
	});

	it("sets a second track up within the session, on channels of its own", () => {
		const harness = new Harness();
		harness.request("SETUP", TCP);
		expect(harness.request("SETUP", TCP).status).toBe(455);
		expect(harness.request("SETUP", { ...TCP, Session: "s1" }).status).toBe(461);
		const second = harness.request("SETUP", { Transport: "RTP/AVP/TCP;unicast", Session: "s1" });
		expect(headerOf(second, "transport")).toContain("interleaved=2-3");
	});

	it("takes the first transport that it can serve", () => {
		const harness = new Harness();
		const offered = "RTP/AVP;multicast;client_port=5000-5001,RTP/AVP;unicast;client_port=7000-7001";
		const response = harness.request("SETUP", { Transport: offered });
		expect(harness.setups[0]?.transport).toEqual({ type: "udp", clientPort: [7000, 7001] });
		expect(headerOf(response, "transport")).toContain("client_port=7000-7001;server_port=6000-6001");
	});

	it.each([
		["no such presentation", "DESCRIBE", {}, "rtsp://camera/other", 404],
		["an unknown session", "PLAY", { Session: "s9" }, URL, 454],
		["no session at all", "PLAY", {}, URL, 454],
		["a transport that nobody serves", "SETUP", { Transport: "RTP/AVP;multicast" }, URL, 461],
		["no transport", "SETUP", {}, URL, 461],
		["an option that nobody knows", "DESCRIBE", { Require: "www.onvif.org/ver20/backchannel" }, URL, 551],
		["a method of a recording server", "ANNOUNCE", {}, URL, 405],
		["a method that does not exist", "FLY", {}, URL, 501],
	] as const)("refuses %s", (_what, method, headers, target, status) => {
		expect(new Harness().request(method, headers, target).status).toBe(status);
	});

	it("says why in the handler's own words where it has some", () => {
		expect(new Harness().request("DESCRIBE", {}, "rtsp://camera/other").reason).toBe("No such camera");
		expect(new Harness().request("PLAY").reason).toBe("Session Not Found");
	});

	it("answers what came behind an open DESCRIBE after it, in order", () => {
		const harness = new Harness();
		const description = harness.description;
		harness.description = undefined;
		const ask = (method: string, cseq: number, headers: Record<string, string> = {}): void =>
			harness.session.handleInput(serializeRequest(makeRequest(method, URL, { CSeq: cseq, ...headers })), 0);
		ask("DESCRIBE", 1);
		ask("SETUP", 2, TCP);
		ask("DESCRIBE", 3);
		ask("PLAY", 4, { Session: "s1" });
		expect(harness.responses).toEqual([]);
		if (description) harness.session.answerDescribe(description);
		expect(harness.responses.map((response) => headerOf(response, "cseq"))).toEqual(["1", "2"]);
		harness.session.answerDescribe({ refuse: 503, reason: "No pictures yet" });
		expect(harness.responses.map((response) => [response.status, response.reason]).slice(2)).toEqual([
			[503, "No pictures yet"],
			[200, "OK"],
		]);
		harness.session.answerDescribe({ refuse: 503 });
		expect(harness.responses).toHaveLength(4);
	});

	it("keeps no more than a few requests behind an open DESCRIBE", () => {
		const harness = new Harness();
		harness.description = undefined;
		const bytes = serializeRequest(makeRequest("DESCRIBE", URL, { CSeq: 1 }));
		for (let count = 0; count < 17; count++) harness.session.handleInput(bytes, 0);
		expect(harness.events).not.toContain("disconnect protocol-error");
		harness.session.handleInput(bytes, 0);
		expect(harness.events.at(-1)).toBe("disconnect protocol-error");
		harness.session.answerDescribe({ refuse: 503 });
		expect(harness.responses).toEqual([]);
	});

	it("keeps no bodies behind an open DESCRIBE", () => {
		const harness = new Harness();
		harness.description = undefined;
		harness.session.handleInput(serializeRequest(makeRequest("DESCRIBE", URL, { CSeq: 1 })), 0);
		const body = new Uint8Array(10).fill(0x61);
		harness.session.handleInput(serializeRequest(makeRequest("SET_PARAMETER", URL, { CSeq: 2 }, body)), 0);
		expect(harness.events.at(-1)).toBe("disconnect protocol-error");
	});

	it("answers 400 to a request without CSeq", () => {
		const harness = new Harness();
		harness.session.handleInput(serializeRequest(makeRequest("OPTIONS", URL, {})), 0);
		expect(harness.responses[0]?.status).toBe(400);
	});

	it("refuses SETUP while it plays", () => {
		const harness = new Harness();
		harness.request("SETUP", TCP);
		harness.request("PLAY", { Session: "s1" });
		expect(harness.request("SETUP", { ...TCP, Session: "s1" }).status).toBe(455);
	});

	it("hands interleaved frames on between requests", () => {
		const harness = new Harness();
		harness.session.handleInput(new Uint8Array([0x24, 1, 0, 4, 128, 201, 0, 1]), 0);
		expect(harness.events).toEqual(["frame 1 4"]);
	});

	it("ends the session, then the connection, after a minute without a sign of life", () => {
		const harness = new Harness();
		harness.request("SETUP", TCP);
		harness.session.noteActivity(30_000);
		harness.session.handleTimeout(89_999);
		expect(harness.events).not.toContain("disconnect timeout");
		expect(harness.session.deadlineMs).toBe(90_000);
		harness.session.handleTimeout(90_000);
		expect(harness.events.slice(-2)).toEqual(["end timeout", "disconnect timeout"]);
		harness.session.handleTimeout(99_000);
		harness.session.handleConnectionClosed();
		expect(harness.events.filter((event) => event.startsWith("end"))).toHaveLength(1);
	});

	it("answers nothing more when the connection turns out to be gone while it answers", () => {
		const harness = new Harness();
		const bytes = serializeRequest(makeRequest("DESCRIBE", URL, { CSeq: 1 }));
		harness.onDescribe = () => harness.session.handleConnectionClosed();
		harness.session.handleInput(new Uint8Array([...bytes, ...bytes, ...bytes]), 0);
		expect([harness.events, harness.responses]).toEqual([["DESCRIBE"], []]);
	});

	it("ends the session once when the connection is gone", () => {
		const harness = new Harness();
		harness.request("SETUP", TCP);
		harness.session.handleConnectionClosed();
		harness.session.handleConnectionClosed();
		harness.session.handleInput(fromByteString("OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n"), 0);
		expect(harness.events).toEqual(["SETUP", "end connection-closed"]);
	});
});

describe("RtspServerSession with a password", () => {
	const credentials = { username: "admin", password: "p@ss:w#rd%/ñ" };

	function authorization(method: string, challenge: string, password = credentials.password): Record<string, string> {
		const [parsed] = parseChallenges([challenge]);
		if (parsed?.scheme !== "digest") throw new Error("There is no digest challenge.");
		const qop = parsed.qopAuth ? { nc: "00000001", cnonce: "c" } : undefined;
		const input = { ...parsed, credentials: { ...credentials, password }, method, uri: URL, ...(qop ? { qop } : {}) };
		const value =
			`Digest username="admin", realm="${parsed.realm}", nonce="${parsed.nonce}", uri="${URL}", ` +
			`algorithm=${parsed.algorithm}, response="${digestResponse(input, hashes)}"${qop ? ', qop=auth, nc=00000001, cnonce="c"' : ""}`;
		return { Authorization: value };
	}

	it.each([{}, { qopAuth: true }, { algorithm: "SHA-256", qopAuth: true }] as const)(
		"asks for it in every request but OPTIONS: %o",
		(kind) => {
			const harness = new Harness();
			harness.authentication = { realm: "cam", credentials, ...kind };
			expect(harness.request("OPTIONS").status).toBe(200);
			const challenge = headerOf(harness.request("DESCRIBE"), "www-authenticate") ?? "";
			expect(harness.request("DESCRIBE", authorization("DESCRIBE", challenge)).status).toBe(200);
			expect(harness.request("GET_PARAMETER", authorization("DESCRIBE", challenge)).status).toBe(401);
			const wrong = harness.request("DESCRIBE", authorization("DESCRIBE", challenge, "wrong"));
			expect(wrong.status).toBe(401);
			// The same nonce again tells the client that the password is wrong.
			expect(headerOf(wrong, "www-authenticate")).toBe(challenge);
			expect(harness.events.filter((event) => event === "wrong credentials")).toHaveLength(2);
		},
	);

	it("takes the answer to any of several challenges, and says all of them are stale at once", () => {
		const harness = new Harness();
		harness.authentication = { realm: "cam", credentials, algorithm: ["SHA-256", "MD5"], qopAuth: true };
		const challenges = harness.request("DESCRIBE").headers.get("www-authenticate") ?? [];
		expect(challenges.map((challenge) => /algorithm=([^,]*)/.exec(challenge)?.[1])).toEqual(["SHA-256", "MD5"]);
		for (const challenge of challenges) {
			expect(harness.request("DESCRIBE", authorization("DESCRIBE", challenge)).status).toBe(200);
		}
		const old = makeChallenge({ scheme: "digest", realm: "cam", nonce: "old", algorithm: "SHA-256", qopAuth: true });
		const stale = harness.request("DESCRIBE", authorization("DESCRIBE", old));
		expect(stale.headers.get("www-authenticate")).toEqual(challenges.map((challenge) => `${challenge}, stale=TRUE`));
		expect(harness.events).not.toContain("wrong credentials");
	});

	it("refuses a wrong one late where the owner says so, and answers in order", () => {
		const harness = new Harness();
		harness.authentication = { realm: "cam", credentials };
		harness.refusal = "later";
		const challenge = headerOf(harness.request("DESCRIBE"), "www-authenticate") ?? "";
		const ask = (method: string, cseq: number, fields: Record<string, string>): void =>
			harness.session.handleInput(serializeRequest(makeRequest(method, URL, { CSeq: cseq, ...fields })), 0);
		ask("DESCRIBE", 11, authorization("DESCRIBE", challenge, "wrong"));
		ask("DESCRIBE", 12, authorization("DESCRIBE", challenge, "wrong again"));
		ask("OPTIONS", 13, {});
		expect(harness.responses).toHaveLength(1);
		harness.session.refuseLate();
		expect(harness.responses.slice(1).map(({ status }) => status)).toEqual([401]);
		harness.session.refuseLate();
		harness.session.refuseLate();
		expect(harness.responses.slice(1).map((one) => [headerOf(one, "cseq"), one.status])).toEqual([
			["11", 401],
			["12", 401],
			["13", 200],
		]);
	});

	it("does not even look at a password where the owner refuses", () => {
		const harness = new Harness();
		harness.authentication = { realm: "cam", credentials };
		const challenge = headerOf(harness.request("DESCRIBE"), "www-authenticate") ?? "";
		harness.authentication = { refuse: 503, reason: "Wait" };
		const refused = harness.request("DESCRIBE", authorization("DESCRIBE", challenge));
		expect([refused.status, refused.reason]).toEqual([503, "Wait"]);
		expect(harness.request("OPTIONS").status).toBe(200);
	});

	it("calls a right answer to an old nonce stale", () => {
		const harness = new Harness();
		harness.authentication = { realm: "cam", credentials };
		const old = makeChallenge({ scheme: "digest", realm: "cam", nonce: "old" });
		const response = harness.request("DESCRIBE", authorization("DESCRIBE", old));
		expect(headerOf(response, "www-authenticate")).toContain("stale=TRUE");
	});

	it("refuses everything where there are no credentials to be right", () => {
		const harness = new Harness();
		harness.authentication = { realm: "cam", credentials: undefined };
		const challenge = headerOf(harness.request("DESCRIBE"), "www-authenticate") ?? "";
		expect(harness.request("DESCRIBE", authorization("DESCRIBE", challenge)).status).toBe(401);
	});
});

describe("RtspServerSession under fire", () => {
	it("never throws for random bytes, and says nothing after it disconnected", () => {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (chunks) => {
				const harness = new Harness();
				for (const chunk of chunks) harness.session.handleInput(chunk, 0);
				const at = harness.events.findIndex((event) => event.startsWith("disconnect"));
				expect(at === -1 || at === harness.events.length - 1).toBe(true);
			}),
		);
	});

	it("never throws for requests with random parts", () => {
		const word = fc.oneof(
			fc.constantFrom("SETUP", "PLAY", "TEARDOWN", "DESCRIBE", "PAUSE", "SET_PARAMETER", "OPTIONS"),
			fc.stringMatching(/^[A-Z_]{1,10}$/),
		);
		const header = fc.tuple(
			fc.constantFrom("Transport", "Session", "Authorization", "Require", "CSeq", "Content-Length", "Range"),
			fc.oneof(
				fc.string({ unit: "binary-ascii" }),
				fc.constantFrom("s1", "RTP/AVP/TCP;interleaved=0-0", "Digest nonce="),
			),
		);
		fc.assert(
			fc.property(
				fc.array(fc.tuple(word, fc.oneof(fc.string(), fc.constant(URL)), fc.array(header)), { maxLength: 6 }),
				(requests) => {
					const harness = new Harness();
					harness.authentication = { realm: "cam", credentials: { username: "a", password: "b" } };
					for (const [index, [method, target, headers]] of requests.entries()) {
						if (index % 2 === 1) harness.authentication = undefined;
						// Every third time it is answered later, or never.
						if (index % 3 === 1) harness.description = undefined;
						if (index % 3 === 2) harness.session.answerDescribe({ refuse: 503 });
						const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
						harness.session.handleInput(fromByteString(`${method} ${target} RTSP/1.0\r\nCSeq: 1\r\n${fields}\r\n`), 0);
					}
					harness.session.handleConnectionClosed();
				},
			),
		);
	});

	it("gives the same answers however the bytes are split", () => {
		const text =
			`OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\nSETUP ${URL} RTSP/1.0\r\nCSeq: 2\r\nTransport: ${TCP.Transport}\r\n\r\n` +
			`$\0\0\x03abcPLAY ${URL} RTSP/1.0\r\nCSeq: 3\r\nSession: s1\r\nContent-Length: 2\r\n\r\nxyTEARDOWN ${URL} RTSP/1.0\r\nCSeq: 4\r\nSession: s1\r\n\r\n`;
		const whole = new Harness();
		whole.session.handleInput(fromByteString(text), 0);
		expect(whole.responses.map((response) => response.status)).toEqual([200, 200, 200, 200]);
		fc.assert(
			fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (sizes) => {
				const harness = new Harness();
				let at = 0;
				for (const size of sizes) {
					if (at >= text.length) break;
					harness.session.handleInput(fromByteString(text.slice(at, at + size)), 0);
					at += size;
				}
				expect(harness.responses).toEqual(whole.responses);
				expect(harness.events).toEqual(whole.events);
			}),
		);
	});
});
