/** `@vigia/rtsp`: the server's end of a connection. @module */
import { RtspParser, type RtspServerHandler, RtspServerSession } from "@vigia/rtsp";
import { bytesOf, type FuzzTarget, InputReader, InputWriter, must } from "../target.ts";
import { WIRE_WORDS } from "./rtsp-sessions.ts";
import { CREDENTIALS, HASHES, SDP_SEEDS } from "./rtsp-text.ts";

const SERVER_SEED = [
	"OPTIONS rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n",
	"DESCRIBE rtsp://h/a RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n\r\n",
	"SETUP rtsp://h/a/t RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
	"PLAY rtsp://h/a RTSP/1.0\r\nCSeq: 4\r\nSession: 42\r\n\r\n",
	"$\x01\0\x08\x81\xc9\0\x01\0\0\0\x01",
	"PAUSE rtsp://h/a RTSP/1.0\r\nCSeq: 5\r\nSession: 42\r\n\r\n",
	"GET_PARAMETER rtsp://h/a RTSP/1.0\r\nCSeq: 6\r\nSession: 42\r\n\r\n",
	"TEARDOWN rtsp://h/a RTSP/1.0\r\nCSeq: 7\r\nSession: 42\r\n\r\n",
];

class Watcher implements RtspServerHandler {
	answers = 0;
	requests = 0;
	#sessions = 0;
	#disconnected = false;
	readonly #answers = new RtspParser({
		onMessage: (message) => must(message.type === "response", "a server sends answers"),
		onInterleaved: () => {},
	});

	transmit(bytes: Uint8Array): void {
		must(!this.#disconnected, "nothing is sent after the end");
		this.answers++;
		this.#answers.push(bytes);
	}
	disconnect(): void {
		this.#disconnected = true;
	}
	onRequest(): void {
		this.requests++;
	}
	authentication(target: string) {
		if (target.includes("full")) return { refuse: 503, reason: "Full" };
		const algorithm = ["SHA-256", "MD5"] as const;
		return target.includes("secret") ? { realm: "r", algorithm, credentials: CREDENTIALS, qopAuth: true } : undefined;
	}
	onWrongCredentials() {
		return "later" as const;
	}
	describe(target: string) {
		if (target.includes("later")) return undefined;
		return target.includes("none") ? { refuse: 404 } : { sdp: bytesOf(SDP_SEEDS[0] ?? ""), contentBase: `${target}/` };
	}
	setup() {
		this.#sessions++;
		return { ssrc: 1, serverPort: [6000, 6001] as const };
	}
	play(target: string) {
		return [{ url: target, sequenceNumber: 1, rtpTimestamp: 2 }];
	}
	pause(): void {}
	end(): void {
		must(this.#sessions > 0, "a session that was never set up does not end");
	}
	onInterleaved(): void {}
}

const serverSession: FuzzTarget = {
	name: "server-session",
	slow: true,
	seeds: [
		new InputWriter().chunk(SERVER_SEED.join("")).done(),
		SERVER_SEED.reduce((writer, text) => writer.chunk(text), new InputWriter()).done(),
	],
	words: [
		...WIRE_WORDS,
		"Require: x\r\n",
		"/secret",
		"/none",
		"/later",
		"/full",
		"Session: 42\r\n",
		"client_port=1-2",
		'Authorization: Digest username="x"',
	],
	run(input) {
		const watcher = new Watcher();
		const options = { hashes: HASHES, serverName: "s", nonce: "n", makeSessionId: () => "42" };
		const session = new RtspServerSession(options, watcher, 0);
		const reader = new InputReader(input);
		let nowMs = 0;
		while (!reader.done) {
			session.handleInput(reader.chunk().slice(), nowMs);
			nowMs += 1000;
			session.handleTimeout(nowMs);
			session.answerDescribe({ refuse: 503 });
			session.refuseLate();
		}
		// One more for the bytes that are no request.
		must(watcher.answers <= watcher.requests + 1, "a request has one answer at most");
		session.handleConnectionClosed();
	},
};

export const TARGETS: readonly FuzzTarget[] = [serverSession];
