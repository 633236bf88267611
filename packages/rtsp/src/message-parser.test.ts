import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromByteString, toByteString } from "./bytes.ts";
import { RtspError } from "./errors.ts";
import { makeRequest, makeResponse, type RtspMessage, serializeRequest, serializeResponse } from "./message.ts";
import {
	MAX_BODY_BYTES,
	MAX_GARBAGE_BYTES,
	MAX_HEAD_BYTES,
	RtspParser,
	type RtspParserHandler,
	writeInterleavedHeader,
} from "./message-parser.ts";

type Seen = RtspMessage | { readonly channel: number; readonly payload: string };

/** Everything a parser says about `chunks`; the handler's extras are those of a client unless given. */
function parse(
	chunks: readonly (Uint8Array | string)[],
	extras: Partial<RtspParserHandler> = { isKnownChannel: (channel) => channel < 2 },
) {
	const seen: Seen[] = [];
	const parser = new RtspParser({
		onMessage: (message) => seen.push(message),
		onInterleaved: (channel, payload) => seen.push({ channel, payload: toByteString(payload) }),
		...extras,
	});
	for (const chunk of chunks) parser.push(typeof chunk === "string" ? fromByteString(chunk) : chunk);
	return { seen, parser };
}

function only(text: string): RtspMessage {
	const { seen } = parse([text]);
	expect(seen).toHaveLength(1);
	const [message] = seen;
	if (!message || !("type" in message)) throw new Error("a message was expected");
	return message;
}

function frame(channel: number, payload: string): string {
	return toByteString(writeInterleavedHeader(channel, payload.length)) + payload;
}

const rtp = (text: string): string => `\x80\x60${text.padEnd(10, ".")}`;

describe("heads that cameras send", () => {
	test.each([
		["CRLF", "RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: 7\r\n\r\n"],
		["LF only", "RTSP/1.0 200 OK\nCSeq: 1\nSession: 7\n\n"],
		["mixed line ends", "RTSP/1.0 200 OK\nCSeq: 1\r\nSession: 7\n\r\n"],
		["CR CR LF", "RTSP/1.0 200 OK\r\r\nCSeq: 1\r\r\nSession: 7\r\r\n\r\r\n"],
		["leading line ends", "\r\n\r\n\nRTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: 7\r\n\r\n"],
		["no blank after the colon, other case", "RTSP/1.0 200 OK\r\ncseq:1\r\nSESSION:7\r\n\r\n"],
		["blanks around values", "RTSP/1.0 200 OK\r\nCSeq: 1 \r\nSession:        7\r\n\r\n"],
		["a line that only looks empty", "RTSP/1.0 200 OK\r\n \r\nCSeq: 1\r\n \r\nSession: 7\r\n\r\n"],
		["a line without a colon", "RTSP/1.0 200 OK\r\nCSeq: 1\r\nnonsense\r\nSession: 7\r\n\r\n"],
	])("S12: %s (quirks 35, 36, 38, 40)", (_name, text) => {
		const message = only(text);
		expect(message).toMatchObject({ type: "response", status: 200, reason: "OK" });
		expect(message.headers.get("cseq")).toEqual(["1"]);
		expect(message.headers.get("session")).toEqual(["7"]);
	});

	test.each([["RTSP/1.0 200\r\n\r\n"], ["RTSP/1.0 200 \r\n\r\n"], ["RTSP/1.0  200\t\r\n\r\n"]])(
		"S12: no reason phrase: %j (quirk 39)",
		(text) => {
			expect(only(text)).toMatchObject({ status: 200, reason: "" });
		},
	);

	test("a folded line continues the value before it", () => {
		expect(only("RTSP/1.0 200 OK\r\nPublic: OPTIONS,\r\n\tDESCRIBE\r\n\r\n").headers.get("public")).toEqual([
			"OPTIONS, DESCRIBE",
		]);
	});

	test("repeated fields stay apart, empty ones are kept", () => {
		const message = only(
			'RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm="a, b"\r\nwww-authenticate: Basic\r\nDate:\r\n\r\n',
		);
		expect(message.headers.get("www-authenticate")).toEqual(['Digest realm="a, b"', "Basic"]);
		expect(message.headers.get("date")).toEqual([""]);
	});

	test("a request with a target that holds blanks", () => {
		expect(only("DESCRIBE rtsp://h/a b RTSP/1.0\r\nCSeq: 1\r\n\r\n")).toMatchObject({
			method: "DESCRIBE",
			target: "rtsp://h/a b",
		});
	});
});

describe("bodies", () => {
	test("are read by their length and never scanned (quirk 46)", () => {
		const { seen } = parse([
			"RTSP/1.0 200 OK\r\nContent-Length: 6\r\n\r\n$\0\0\x01RT",
			frame(0, rtp("a")),
			"RTSP/1.0 200 OK\r\n\r\n",
		]);
		expect(seen).toHaveLength(3);
		expect(seen[0]).toMatchObject({ body: fromByteString("$\0\0\x01RT") });
	});

	test.each([["-5"], ["abc"], [""], ["1e3"]])("Content-Length %j counts as none (quirk 41)", (length) => {
		expect(only(`RTSP/1.0 200 OK\r\nContent-Length: ${length}\r\n\r\n`).body).toHaveLength(0);
	});

	test("of a response without Content-Length run to the end where the handler says so", () => {
		const { seen, parser } = parse(["RTSP/1.0 200 OK\r\n\r\nv=0\r\n", "m=video\r\n"], { bodyRunsToEnd: () => true });
		expect(seen).toEqual([]);
		expect(parser.finishBody()).toBe(true);
		expect(seen).toMatchObject([{ body: fromByteString("v=0\r\nm=video\r\n") }]);
		expect(parser.finishBody()).toBe(false);
	});

	test("that were promised longer than they are can be taken as they came", () => {
		const { seen, parser } = parse(["RTSP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nv=0"]);
		expect(parser.finishBody()).toBe(true);
		expect(seen).toMatchObject([{ body: fromByteString("v=0") }]);
	});

	test("S14: of a response that promises 10 MB run to the end where the handler says so, within the limit (quirk 41)", () => {
		const head = "RTSP/1.0 200 OK\r\nContent-Length: 10485760\r\n\r\n";
		const { seen, parser } = parse([`${head}v=0\r\n`], { bodyRunsToEnd: () => true });
		expect(parser.finishBody()).toBe(true);
		expect(seen).toMatchObject([{ body: fromByteString("v=0\r\n") }]);
		expect(() => parse([head, new Uint8Array(MAX_BODY_BYTES + 1)], { bodyRunsToEnd: () => true })).toThrow(RtspError);
	});

	test("longer than announced are skipped up to the next message", () => {
		const { seen, parser } = parse([
			"RTSP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nv=0\r\nm=video 0 RTP/AVP 96\r\nRTSP/1.0 404 No\r\n\r\n",
		]);
		expect(seen).toMatchObject([{ status: 200 }, { status: 404 }]);
		expect(parser.garbageBytes).toBe("m=video 0 RTP/AVP 96\r\n".length);
	});
});

describe("interleaved frames", () => {
	test("may be empty or 65,535 bytes long (quirk 49)", () => {
		const { seen } = parse([frame(1, ""), frame(0, rtp("x".repeat(65_533))), frame(0, rtp(""))]);
		expect(seen.map((one) => ("channel" in one ? one.payload.length : -1))).toEqual([0, 65_535, 12]);
	});

	test("are views of the caller's bytes where they came whole", () => {
		const chunk = fromByteString(frame(0, rtp("view")));
		let view: Uint8Array | undefined;
		const parser = new RtspParser({ onMessage: () => {}, onInterleaved: (_channel, payload) => (view = payload) });
		parser.push(chunk);
		expect(view?.buffer).toBe(chunk.buffer);
	});
});

test("a copy of a body or payload is one, even if the bytes came in a Buffer", () => {
	const chunk = Buffer.from(`RTSP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc${frame(0, "xyz")}`, "latin1");
	const kept: Uint8Array[] = [];
	const parser = new RtspParser({
		onMessage: (message) => kept.push(message.body),
		onInterleaved: (_channel, payload) => kept.push(payload.slice()),
	});
	parser.push(chunk);
	chunk.fill(0);
	expect(kept.map((bytes) => toByteString(bytes))).toEqual(["abc", "xyz"]);
});

describe("garbage", () => {
	test("between frames costs nothing but itself (quirk 48)", () => {
		// Canon VB-H47.
		const { seen, parser } = parse([
			frame(0, rtp("one")),
			"\x01\x02$zz garbage RTSX",
			frame(0, rtp("two")),
			frame(0, rtp("three")),
			frame(1, rtp("4")),
		]);
		expect(seen).toHaveLength(4);
		expect(parser.garbageBytes).toBe("\x01\x02$zz garbage RTSX".length);
	});

	test.each([
		["a known channel and a long length", "$\0\xff\xffgarbage"],
		["an unknown channel", "$zzzz\x80garbage"],
		["a low unknown channel, a packet's first byte and a length that leads nowhere", "$\x09\0\x14\x80garbage"],
		["nothing behind it", "$"],
		["an unknown channel and no payload", "$\x07\0\0"],
	])("S18: that holds a `$` with %s costs one frame at most (quirk 48)", (_name, garbage) => {
		const frames = ["one", "two", "three", "four", "five"].map((text) => frame(0, rtp(text)));
		const { seen, parser } = parse([frames[0]!, garbage, ...frames.slice(1)]);
		expect(seen.length).toBeGreaterThanOrEqual(4);
		expect(seen.at(-1)).toEqual({ channel: 0, payload: rtp("five") });
		expect(parser.garbageBytes).toBeGreaterThan(0);
	});

	test("S18: of 1 to 200 random bytes between frames costs one frame at most each time (quirk 48)", () => {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 5 }), (garbage) => {
				// A known channel, version 2 and a length within reach look like a frame to anyone.
				const plain = garbage.map((bytes) => toByteString(bytes).replaceAll("$\0", "$z").replaceAll("$\x01", "$z"));
				const texts = plain.flatMap((text, index) => [frame(0, rtp(`a${index}`)), frame(1, rtp(`b${index}`)), text]);
				const { seen } = parse([...texts, frame(0, rtp("end")), frame(0, rtp("end")), frame(0, rtp("end"))]);
				const frames = seen.filter((one) => "channel" in one && one.channel < 2);
				expect(frames.length).toBeGreaterThanOrEqual(plain.length * 2 + 3 - plain.length - 1);
			}),
		);
	});

	test("S20: a frame on a channel that was never set up is a frame (quirk 50)", () => {
		const { seen, parser } = parse([frame(0, rtp("a")), frame(4, rtp("b")), frame(5, rtp("c")), frame(0, rtp("d"))]);
		expect(seen.map((one) => ("channel" in one ? one.channel : -1))).toEqual([0, 4, 5, 0]);
		expect(parser.garbageBytes).toBe(0);
	});

	test("S22: a packet that is none, on a known channel, is skipped and nothing else (quirk 53)", () => {
		const { seen, parser } = parse([frame(0, rtp("a")), frame(1, "junk that is no RTCP"), frame(0, rtp("b")), "\r\n"]);
		expect(seen).toHaveLength(2);
		expect(parser.garbageBytes).toBe(24);
	});

	test("S19: without end is an error within its budget (quirk 48)", () => {
		expect(() => parse(["\x01".repeat(MAX_GARBAGE_BYTES + 1)])).toThrow(RtspError);
	});

	test("is an error at once on a server", () => {
		expect(() => parse(["\x16\x03\x01 a TLS hello"], {})).toThrow(/neither an RTSP message nor a frame/);
		expect(() => parse(["GET / HTTP/1.1\r\nHost: a\r\n\r\n"], {})).toThrow(RtspError);
	});
});

describe("limits", () => {
	test.each([
		["a head without end", "RTSP/1.0 200 OK\r\nA: " + "a".repeat(MAX_HEAD_BYTES)],
		["too many lines", `RTSP/1.0 200 OK\r\n${"A: b\r\n".repeat(300)}`],
		["a body that is too long", `RTSP/1.0 200 OK\r\nContent-Length: ${MAX_BODY_BYTES + 1}\r\n\r\n`],
		["a length beyond all numbers", `RTSP/1.0 200 OK\r\nContent-Length: ${"9".repeat(400)}\r\n\r\n`],
	])("%s is refused", (_name, text) => {
		expect(() => parse([text])).toThrow(expect.objectContaining({ code: "RTSP_TOO_LARGE", kind: "protocol" }));
	});

	test("after an error or a stop nothing more is delivered", () => {
		const { seen, parser } = parse([]);
		parser.stop();
		parser.push(fromByteString("RTSP/1.0 200 OK\r\n\r\n"));
		expect(seen).toEqual([]);
	});
});

describe("whatever way the bytes are split", () => {
	const pieces = fc.array(
		fc.oneof(
			fc.string({ minLength: 0, maxLength: 40, unit: "binary-ascii" }).map((text) => frame(0, rtp(text))),
			fc.constant("RTSP/1.0 200 OK\r\nCSeq: 5\r\nContent-Length: 5\r\n\r\n$\x01\0\0x"),
			fc.constant("\r\nRTSP/1.0 200\nCSeq:6\n \n\tfold\n\n"),
			fc.constant("OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n"),
			fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => toByteString(bytes)),
			fc.constantFrom("$", "$\0", "$\0\0\x0c\x80", "RTSP/", "R", "PLAY rtsp://h"),
		),
		{ maxLength: 12 },
	);

	test("S17: the same comes out, and nothing but an RtspError is thrown (quirk 47)", () => {
		fc.assert(
			fc.property(pieces, fc.infiniteStream(fc.integer({ min: 1, max: 50 })), (texts, sizes) => {
				const bytes = fromByteString(texts.join(""));
				const whole = outcome([bytes]);
				expect(outcome([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
				const split: Uint8Array[] = [];
				for (let at = 0; at < bytes.length; ) {
					const size = sizes.next().value ?? 1;
					split.push(bytes.slice(at, at + size));
					at += size;
				}
				expect(outcome(split)).toEqual(whole);
			}),
			{ numRuns: 300 },
		);
	});

	function outcome(chunks: readonly Uint8Array[]): unknown {
		const seen: Seen[] = [];
		const parser = new RtspParser({
			onMessage: (message) => seen.push(message),
			onInterleaved: (channel, payload) => seen.push({ channel, payload: toByteString(payload) }),
			isKnownChannel: (channel) => channel < 2,
		});
		try {
			for (const chunk of chunks) parser.push(chunk);
		} catch (error) {
			if (!(error instanceof RtspError)) throw error;
			return { seen, error: error.code };
		}
		return { seen, garbage: parser.garbageBytes };
	}
});

test("what is written is read back: requests and responses with any fields and body", () => {
	const field = fc.string({
		unit: fc
			.integer({ min: 0x21, max: 0xff })
			.filter((code) => code !== 0x7f && code !== 0xa0)
			.map((code) => String.fromCharCode(code)),
		maxLength: 30,
	});
	const body = fc.uint8Array({ maxLength: 50 });
	fc.assert(
		fc.property(field, body, fc.integer({ min: 100, max: 999 }), (value, bytes, status) => {
			const headers = { CSeq: 1, "X-Value": value };
			const request = makeRequest("DESCRIBE", "rtsp://h/x", headers, bytes);
			const response = makeResponse(status, headers, bytes, "Reason");
			const { seen } = parse([serializeRequest(request), serializeResponse(response)]);
			expect(seen).toMatchObject([
				{ type: "request", method: "DESCRIBE", target: "rtsp://h/x", body: bytes },
				{ type: "response", status, reason: "Reason", body: bytes },
			]);
			for (const message of seen) if ("type" in message) expect(message.headers.get("x-value")).toEqual([value]);
		}),
	);
});

test("requests have a fixed order and spelling, and CSeq is not their first field (quirk 17)", () => {
	// Foscam C1.
	const bytes = serializeRequest(
		makeRequest("SETUP", "rtsp://h/x", { transport: "RTP/AVP/TCP", cseq: 3, session: "a", "user-agent": "Vigia" }),
	);
	expect(toByteString(bytes)).toBe(
		"SETUP rtsp://h/x RTSP/1.0\r\nUser-Agent: Vigia\r\nCSeq: 3\r\nSession: a\r\nTransport: RTP/AVP/TCP\r\n\r\n",
	);
});

test("a body that runs to the end is none where the next response follows, however they are split", () => {
	const bytes = fromByteString("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\nRTSP/1.0 404 No\r\nCSeq: 2\r\n\r\n");
	for (let cut = 1; cut < bytes.length; cut++) {
		const seen: string[] = [];
		const parser = new RtspParser({
			onMessage: (message) => seen.push(`${message.type === "response" ? message.status : ""}:${message.body.length}`),
			onInterleaved: () => undefined,
			bodyRunsToEnd: (head) => head.status === 200,
		});
		parser.push(bytes.subarray(0, cut));
		parser.push(bytes.subarray(cut));
		expect(seen).toEqual(["200:0", "404:0"]);
	}
});

test.each([["a\r\nInjected: 1"], ["a\nb"], ["a\0b"], ["\u0100"]])("a field with %j is not written", (value) => {
	expect(() => serializeResponse(makeResponse(200, { Session: value }))).toThrow(
		expect.objectContaining({ kind: "usage" }),
	);
});
