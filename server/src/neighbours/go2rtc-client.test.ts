import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Credentials } from "../config/credentials.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { Go2rtcClient, Go2rtcError, MAX_ANSWER_BYTES, REQUEST_TIMEOUT_MS } from "./go2rtc-client.ts";
import { go2rtcAnswers, openStandIn, type StandIn } from "./testing/go2rtc-stand-in.ts";

let standIn: StandIn;
let clock: FakeClock;

beforeEach(async () => {
	standIn = await openStandIn();
	clock = new FakeClock();
});

afterEach(async () => {
	await standIn[Symbol.asyncDispose]();
	expect(clock.pending).toBe(0);
});

const clientAt = (port: number, credentials?: Credentials): Go2rtcClient =>
	new Go2rtcClient(
		{ address: { scheme: "http", host: "127.0.0.1", port, basePath: "/base", ...(credentials && { credentials }) } },
		clock,
	);
const codeOf = async (asked: Promise<unknown>): Promise<string> => {
	const error = await asked.catch((thrown: unknown) => thrown);
	expect(error).toBeInstanceOf(Go2rtcError);
	return (error as Go2rtcError).code;
};

test("the login goes into a header field, and into no error", async () => {
	const credentials = new Credentials("admin", "p@ss:w#rd%/ñ");
	const client = clientAt(standIn.port, credentials);
	standIn.reply = (_request, response) => void response.writeHead(401).end("p@ss:w#rd%/ñ");
	const error = await client.streamNames().catch((thrown: unknown) => thrown);
	expect(error).toMatchObject({ code: "auth-refused" });
	expect(inspect(error)).not.toContain("w#rd");
	const basic = Buffer.from("admin:p@ss:w#rd%/ñ").toString("base64");
	expect(standIn.requests).toEqual([`GET /base/api/streams Basic ${basic}`]);
});

test("names of streams come in order, those that cannot be asked for left out", async () => {
	standIn.reply = (_request, response) =>
		void response.end(`{"b":null,"a/ñ":{},"":1,"\\ud800":1,"x\\n":1,"${"l".repeat(300)}":1}`);
	expect(await clientAt(standIn.port).streamNames()).toEqual(["a/ñ", "b"]);
	const many = Array.from({ length: 2000 }, (_, index) => `s${String(index).padStart(4, "0")}`);
	standIn.reply = go2rtcAnswers(many);
	expect(await clientAt(standIn.port).streamNames()).toHaveLength(512);
});

test("its players over WebRTC are counted, of this version and of the one before", async () => {
	const streams = {
		a: { consumers: [{ format_name: "webrtc" }, { format_name: "rtsp" }, { format_name: "webrtc/json" }] },
		b: { consumers: [{ type: "WebRTC/WHEP passive consumer" }, { type: 7 }, {}] },
		c: { consumers: null },
		d: { consumers: "webrtc" },
		e: null,
	};
	standIn.reply = (_request, response) => void response.end(JSON.stringify(streams));
	expect(await clientAt(standIn.port).countPlayers()).toBe(3);
});

test.each([
	[":8554", 8554],
	["127.0.0.1:554", 554],
	["[::]:18554", 18_554],
	["", undefined],
	[":0", undefined],
	[":70000", undefined],
	["8554", undefined],
])("an RTSP server that listens on %j has the port %j", async (listen, rtspPort) => {
	standIn.reply = (_request, response) => void response.end(JSON.stringify({ version: "1", rtsp: { listen } }));
	expect(await clientAt(standIn.port).info()).toEqual({ rtspPort });
});

test("an offer is answered under the stream's name", async () => {
	standIn.reply = (_request, response) => void response.writeHead(201).end("v=0\r\n");
	expect(await clientAt(standIn.port).answerOffer("a b/ñ", "v=0\r\no")).toBe("v=0\r\n");
	expect(standIn.requests).toEqual(["POST /base/api/webrtc?src=a%20b%2F%C3%B1"]);
	standIn.reply = (_request, response) => void response.writeHead(500).end("EOF");
	expect(await codeOf(clientAt(standIn.port).answerOffer("a", "v=0"))).toBe("failed");
	standIn.reply = (_request, response) => void response.end("<html>");
	expect(await codeOf(clientAt(standIn.port).answerOffer("a", "v=0"))).toBe("not-go2rtc");
});

describe("what is no go2rtc", () => {
	test.each([
		["text", "hello"],
		["an array", "[]"],
		["too much", `"${"x".repeat(MAX_ANSWER_BYTES)}"`],
		["half of an answer", '{"a":'],
	])("answers %s", async (_name, body) => {
		standIn.reply = (_request, response) => void response.end(body);
		expect(await codeOf(clientAt(standIn.port).streamNames())).toBe("not-go2rtc");
	});

	test("sends us elsewhere, and is not followed", async () => {
		standIn.reply = (_request, response) =>
			void response.writeHead(302, { location: `http://127.0.0.1:${standIn.port}/other` }).end();
		expect(await codeOf(clientAt(standIn.port).info())).toBe("not-go2rtc");
		expect(standIn.requests).toHaveLength(1);
	});

	test("says nothing, or stops in the middle, and is waited for only so long", async () => {
		for (const reply of [
			undefined,
			(_request: unknown, response: { write(text: string): void }) => response.write("{"),
		]) {
			standIn.reply = reply;
			const before = standIn.requests.length;
			const asked = codeOf(clientAt(standIn.port).info());
			await vi.waitUntil(() => standIn.requests.length > before);
			clock.advance(REQUEST_TIMEOUT_MS);
			expect(await asked).toBe("no-answer");
		}
	});

	test("is not there, or hangs up", async () => {
		standIn.reply = (request) => void request.socket.destroy();
		expect(await codeOf(clientAt(standIn.port).info())).toBe("no-answer");
		const { port } = await openStandIn().then(async (gone) => {
			await gone[Symbol.asyncDispose]();
			return gone;
		});
		expect(await codeOf(clientAt(port).info())).toBe("no-answer");
	});
});
