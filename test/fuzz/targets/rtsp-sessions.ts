/** `@vigia/rtsp`: the message parser, the tunnel and the client's session, against arbitrary bytes at arbitrary times. @module */
import {
	headerOf,
	HttpTunnelClient,
	MAX_BODY_BYTES,
	MAX_HEAD_BYTES,
	MAX_TUNNEL_HEAD_BYTES,
	type PresentationTrack,
	RtspClientSession,
	RtspError,
	type RtspMessage,
	RtspParser,
	type RtspParserHandler,
	type RtspRequest,
	writeInterleavedHeader,
} from "@vigia/rtsp";
import { bytesOf, type FuzzTarget, InputReader, InputWriter, must, textOf } from "../target.ts";
import { ADDRESS, CREDENTIALS, HASHES, SDP_SEEDS, SDP_WORDS } from "./rtsp-text.ts";

/** More than a parser can have a use for in one go: one head, one body, one read. */
const MAX_MESSAGE_BYTES = MAX_HEAD_BYTES + MAX_BODY_BYTES;

const WIRE_SEEDS = [
	"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n",
	`RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\nhello$\0\0\x0c\x80\x60${"x".repeat(10)}`,
	"RTSP/1.0 200\nCSeq:3\n\nOPTIONS rtsp://h/ RTSP/1.0\r\nCSeq: 4\r\n folded\r\n\r\n",
	`\0garbage$\x01\0\x08\x80\xc8\0\x01\0\0\0\x01$\0\0\x0c\x80\x60${"y".repeat(10)}RTSP/1.0 200 OK\r\n\r\n`,
	"SET_PARAMETER * RTSP/1.0\r\nCSeq: 9\r\nContent-Length: 3\r\n\r\nabc",
	"RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n",
];
export const WIRE_WORDS = [
	"RTSP/1.0 200 OK\r\n",
	"RTSP/1.0 ",
	"\r\n\r\n",
	"\n\n",
	"\r\n ",
	"Content-Length: ",
	"CSeq: 1\r\n",
	"Session: 1\r\n",
	"Transport: RTP/AVP/TCP;interleaved=0-1\r\n",
	"$\x00\x00\x0c",
	"$\x01\x00\x08",
	"$\x00\xff\xff",
	"OPTIONS * RTSP/1.0\r\n",
];

/** Feeds the bytes in pieces and notes what comes out: it may not depend on the pieces. */
function eventsOf(bytes: Uint8Array, pieces: Iterable<number>, client: boolean): string[] {
	const events: string[] = [];
	const handler: RtspParserHandler = {
		onMessage: (message) => void events.push(describeMessage(message)),
		onInterleaved: (channel, payload) => void events.push(`frame ${channel} ${textOf(payload)}`),
		...(client && {
			bodyRunsToEnd: (head) => headerOf(head, "content-type") === "application/sdp",
			isKnownChannel: (channel) => channel < 4,
		}),
	};
	const parser = new RtspParser(handler);
	try {
		let at = 0;
		for (const piece of pieces) {
			parser.push(bytes.slice(at, at + piece));
			at += piece;
			if (at >= bytes.length) break;
		}
		if (at < bytes.length) parser.push(bytes.slice(at));
		parser.finishBody();
		events.push(`garbage ${parser.garbageBytes}`);
	} catch (error) {
		if (!(error instanceof RtspError)) throw error;
		events.push(`error ${error.code}`);
	}
	return events;
}

function describeMessage(message: RtspMessage): string {
	must(message.body.length <= MAX_MESSAGE_BYTES, "a body stays below its cap");
	const { body, headers, ...start } = message;
	return `${JSON.stringify({ ...start, headers: [...headers] })} ${textOf(body)}`;
}

/** Pieces from the input's own bytes, so that a run repeats. */
function* piecesOf(bytes: Uint8Array): Generator<number> {
	for (let at = 0; ; at = (at + 7) % Math.max(1, bytes.length)) yield 1 + ((bytes[at] ?? 0) % 23);
}

/** Byte by byte costs time, so longer inputs are split at their own pieces only. */
const MAX_SINGLE_BYTES = 2048;

function parserTarget(name: string, client: boolean): FuzzTarget {
	return {
		name,
		slow: true,
		seeds: WIRE_SEEDS.map(bytesOf),
		words: WIRE_WORDS,
		run(input) {
			const whole = eventsOf(input, [input.length], client).join("\n");
			must(eventsOf(input, piecesOf(input), client).join("\n") === whole, "splitting the bytes changes nothing");
			if (input.length > MAX_SINGLE_BYTES) return;
			const single = Array.from({ length: input.length }, () => 1);
			must(eventsOf(input, single, client).join("\n") === whole, "byte by byte the same comes out");
		},
		open() {
			const make = (): RtspParser =>
				new RtspParser({ onMessage() {}, onInterleaved() {}, ...(client && { isKnownChannel: () => true }) });
			let parser = make();
			return (input) => {
				try {
					parser.push(input);
				} catch (error) {
					if (!(error instanceof RtspError)) throw error;
					parser = make();
				}
			};
		},
	};
}

/** What an input can make the camera do; the number is its first byte modulo their count. */
const CAMERA_ACTS = [
	"raw",
	"answer",
	"answer-well",
	"challenge",
	"frame",
	"wait-short",
	"wait-long",
	"request",
	"teardown",
	"rtcp",
	"datagram",
	"end",
] as const;
type CameraAct = (typeof CAMERA_ACTS)[number];

const MAX_ACTS = 300;
/** Rings without an act in between: a session has a handful of timers. */
const MAX_RINGS = 400;

function act(writer: InputWriter, what: CameraAct, content: Uint8Array | string = ""): InputWriter {
	return writer.u8(CAMERA_ACTS.indexOf(what)).chunk(content);
}

function clientSeed(flags: number, sdp: string): Uint8Array {
	const writer = new InputWriter().u8(flags);
	act(writer, "answer-well");
	act(writer, "challenge", 'Digest realm="r", nonce="1", algorithm=MD5');
	act(writer, "answer-well", sdp);
	for (let times = 0; times < 3; times++) act(writer, "answer-well");
	act(writer, "frame", `\0\x80\x60${"x".repeat(12)}`);
	act(writer, "frame", "\x01\x80\xc8\0\x01\0\0\0\x01");
	act(writer, "rtcp", "12345678");
	act(writer, "datagram", `\0\x80\x60${"x".repeat(12)}`);
	act(writer, "wait-long", "\x1e");
	act(writer, "challenge", 'Digest realm="r", nonce="2", stale=true');
	act(writer, "answer-well");
	act(writer, "request", "GET_PARAMETER");
	act(writer, "raw", "junk$\0\0\x0c");
	act(writer, "teardown");
	act(writer, "answer-well");
	return writer.done();
}

/** A camera that is driven by the input, and watches over what the client may do. */
class HostileCamera {
	readonly session: RtspClientSession;
	nowMs = 0;
	readonly #requests: RtspRequest[] = [];
	readonly #tracks: PresentationTrack[] = [];
	readonly #client = new RtspParser({
		onMessage: (message) => {
			if (message.type === "request") this.#requests.push(message);
		},
		onInterleaved: () => {},
	});
	#ended = false;
	#sent = 0;

	constructor(flags: number) {
		const heard = (what: string): void => must(!this.#ended, `nothing is called after the end: ${what}`);
		this.session = new RtspClientSession(
			{
				address: ADDRESS,
				credentials: flags & 1 ? CREDENTIALS : undefined,
				hashes: HASHES,
				randomHex: (digits) => "7".repeat(digits),
				userAgent: "Vigia",
				videoEncodings: ["H264", "H265", "JPEG"],
				audioEncodings: flags & 2 ? ["MPEG4-GENERIC", "PCMU", "PCMA"] : [],
				...(flags & 4 && {
					udpPorts: [
						[5000, 5001],
						[5002, 5003],
					] as const,
				}),
				...(flags & 8 && { challenges: ['Digest realm="r", nonce="0"'] }),
				...(flags & 16 && { backchannel: true }),
			},
			{
				transmit: (bytes) => {
					heard("transmit");
					this.#sent++;
					must(!textOf(bytes).includes("p@ss:w#rd"), "the password never goes out as it is");
					this.#client.push(bytes);
				},
				transmitDatagram: (pair, _kind, bytes) => {
					heard("transmitDatagram");
					this.#sent++;
					must(pair >= 0 && pair < 2 && bytes.length < 65_536, "a datagram is for a pair that there is");
				},
				described: (_presentation, tracks) => {
					heard("described");
					must(tracks.length > 0 && tracks[0]?.type === "video", "the video track comes first");
					this.#tracks.push(...tracks);
				},
				agreed: () => heard("agreed"),
				playing: () => heard("playing"),
				rtp: () => heard("rtp"),
				rtcp: () => heard("rtcp"),
				failed: (error) => {
					heard("failed");
					must(error instanceof RtspError, "a session fails with an RtspError");
					must(!`${error.message} ${error.location}`.includes("p@ss:w#rd"), "an error holds no password");
					this.#ended = true;
				},
				closed: () => {
					heard("closed");
					this.#ended = true;
				},
			},
		);
		this.session.start(0);
	}

	perform(what: CameraAct, content: Uint8Array): void {
		const sentBefore = this.#sent;
		switch (what) {
			case "raw":
				this.#input(content);
				break;
			case "answer":
				this.#input(bytesOf(`RTSP/1.0 200 OK\r\nCSeq: ${this.#cseq}\r\n${textOf(content)}\r\n\r\n`));
				break;
			case "answer-well":
				this.#input(this.#goodAnswer(content));
				break;
			case "challenge":
				this.#input(bytesOf(`RTSP/1.0 401 No\r\nCSeq: ${this.#cseq}\r\nWWW-Authenticate: ${textOf(content)}\r\n\r\n`));
				break;
			case "frame":
				this.#input(writeInterleavedHeader(content[0] ?? 0, Math.max(0, content.length - 1)));
				this.#input(content.subarray(1));
				break;
			case "wait-short":
				this.#wait((content[0] ?? 1) * 20);
				break;
			case "wait-long":
				this.#wait((content[0] ?? 1) * 1000);
				break;
			case "request":
				this.#input(bytesOf(`${textOf(content)} ${ADDRESS.path} RTSP/1.0\r\nCSeq: 1\r\n\r\n`));
				break;
			case "teardown":
				this.session.teardown(this.nowMs);
				break;
			case "datagram":
				this.session.handleDatagram((content[0] ?? 0) % 4, content.slice(1), this.nowMs);
				break;
			case "end":
				this.session.handleEnd(this.nowMs);
				break;
			case "rtcp":
				for (const track of this.#tracks) this.session.sendRtcp(track, content);
				break;
		}
		// An answer for each of the messages in it, keep-alives and repeats: never a storm.
		must(this.#sent - sentBefore <= 8 + MAX_RINGS + content.length, "what is sent stays in proportion");
	}

	#input(bytes: Uint8Array): void {
		const own = bytes.slice();
		this.session.handleInput(own, this.nowMs);
		own.fill(0xee);
	}

	get #cseq(): string {
		return headerOf(this.#requests.at(-1) ?? { headers: new Map() }, "cseq") ?? "0";
	}

	#goodAnswer(body: Uint8Array): Uint8Array {
		const request = this.#requests.at(-1);
		const lines = ["RTSP/1.0 200 OK", `CSeq: ${this.#cseq}`];
		if (request?.method === "DESCRIBE") lines.push(`Content-Length: ${body.length}`, "Content-Type: application/sdp");
		if (request?.method === "SETUP") {
			lines.push("Session: 77;timeout=60", `Transport: ${headerOf(request, "transport")};server_port=6000-6001`);
		}
		const head = bytesOf(`${lines.join("\r\n")}\r\n\r\n`);
		return request?.method === "DESCRIBE" ? Uint8Array.from([...head, ...body]) : head;
	}

	#wait(forMs: number): void {
		const endMs = this.nowMs + forMs;
		for (let rings = 0; ; rings++) {
			must(rings < MAX_RINGS, "a session does not ring again and again");
			const dueMs = this.session.nextTimeout();
			if (dueMs === undefined || dueMs > endMs) break;
			must(Number.isFinite(dueMs), "a time is a number");
			this.nowMs = Math.max(this.nowMs, dueMs);
			this.session.handleTimeout(this.nowMs);
		}
		this.nowMs = endMs;
	}
}

const clientSession: FuzzTarget = {
	name: "client-session",
	slow: true,
	seeds: SDP_SEEDS.flatMap((sdp) => [0, 1, 3, 7, 15, 27].map((flags) => clientSeed(flags, sdp))),
	words: [...WIRE_WORDS, ...SDP_WORDS, "Location: rtsp://x/", "WWW-Authenticate: Digest nonce=1", "454", "461", "551"],
	run(input) {
		const reader = new InputReader(input);
		const camera = new HostileCamera(reader.u8());
		for (let count = 0; count < MAX_ACTS && !reader.done; count++) {
			const what = CAMERA_ACTS[reader.u8() % CAMERA_ACTS.length] as CameraAct;
			camera.perform(what, reader.chunk());
		}
	},
};

const TUNNEL_SEEDS = [
	"HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\nRTSP/1.0 200 OK\r\n\r\n",
	'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n"\r\n\r\n',
	"HTTP/1.0 503 Busy\n\n",
	"RTSP/1.0 404 Not Found\r\n\r\n",
];

/** The answer to the GET of a tunnel: what is RTSP may not depend on how it was split. */
const httpTunnel: FuzzTarget = {
	name: "http-tunnel",
	seeds: TUNNEL_SEEDS.map(bytesOf),
	words: [
		"HTTP/1.0 200 OK\r\n",
		"HTTP/1.1 401 x\r\n",
		"WWW-Authenticate: ",
		"\r\n\r\n",
		"\n\n",
		"\r\r\n",
		"Digest nonce=1",
	],
	run(input) {
		const whole = tunnelled(input, [input.length]);
		// A head beyond the limit is taken where it comes in one piece.
		if (input.length > MAX_TUNNEL_HEAD_BYTES) return;
		must(tunnelled(input, piecesOf(input)) === whole, "splitting the bytes changes nothing");
	},
};

function tunnelled(bytes: Uint8Array, pieces: Iterable<number>): string {
	const tunnel = new HttpTunnelClient({
		address: ADDRESS,
		userAgent: "Vigia",
		credentials: CREDENTIALS,
		hashes: HASHES,
		randomHex: (digits) => "7".repeat(digits),
	});
	must(!textOf(tunnel.getHead()).includes(CREDENTIALS.password), "no password goes out as it is");
	let rtsp = "";
	let at = 0;
	for (const piece of pieces) {
		const result = tunnel.pushGet(bytes.slice(at, at + piece));
		at += piece;
		if (result.type === "rtsp") rtsp += textOf(result.bytes);
		if (result.type === "failed") return `failed ${result.error.code}`;
		if (result.type === "retry") {
			must(!textOf(tunnel.getHead()).includes(CREDENTIALS.password), "no password goes out as it is");
			return "retry";
		}
		if (at >= bytes.length) break;
	}
	tunnel.encode(tunnel.postHead());
	return `${tunnel.isOpen} ${rtsp}`;
}

export const TARGETS: readonly FuzzTarget[] = [
	httpTunnel,
	parserTarget("rtsp-parser-client", true),
	parserTarget("rtsp-parser-server", false),
	clientSession,
];
