import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { settle } from "../testing/fake-dom.ts";
import { type WhepEnd, WhepFeed } from "./whep-feed.ts";

const URL_OF_SUB = "https://wall.example/path/api/cameras/cam1/whep?stream=sub";
const SESSION = "https://wall.example/path/api/cameras/cam1/whep/1";

/** A connection that takes any answer but an empty one. */
class FakePeer {
	static last: FakePeer;
	readonly config: RTCConfiguration;
	readonly track = { id: "video" };
	connectionState = "new";
	localDescription: { sdp: string } | undefined;
	answer: string | undefined;
	stats: object[] = [];
	closed = false;
	onconnectionstatechange: (() => void) | null = null;
	constructor(config: RTCConfiguration) {
		this.config = config;
		FakePeer.last = this;
	}
	addTransceiver(kind: string, { direction }: { direction: string }) {
		expect([kind, direction]).toEqual(["video", "recvonly"]);
		return { receiver: { track: this.track, getStats: async () => this.stats } };
	}
	async setLocalDescription(): Promise<void> {
		this.localDescription = { sdp: "offer" };
	}
	async setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
		if (sdp === "") throw new Error("no answer");
		this.answer = sdp;
	}
	becomes(state: string): void {
		this.connectionState = state;
		this.onconnectionstatechange?.();
	}
	close(): void {
		this.closed = true;
	}
}

let requests: { readonly url: string; readonly init: RequestInit; readonly answer: (response: Response) => void }[];
let ends: WhepEnd[];
let video: { srcObject: unknown };
let feed: WhepFeed;

const answered = (sdp = "answer", headers: Record<string, string> = { "x-vigia-engine": "go2rtc" }) =>
	new Response(sdp, { status: 201, headers: { location: "whep/1", ...headers } });
const sent = () => requests.map(({ url, init }) => `${init.method} ${url}`);

async function answer(response: Response): Promise<void> {
	await settle();
	requests[0]?.answer(response);
	await settle();
}

beforeEach(() => {
	[requests, ends, video] = [[], [], { srcObject: undefined }];
	vi.stubGlobal("RTCPeerConnection", FakePeer);
	vi.stubGlobal(
		"MediaStream",
		class {
			readonly tracks: readonly object[];
			constructor(tracks: readonly object[]) {
				this.tracks = tracks;
			}
		},
	);
	vi.stubGlobal("fetch", (url: string | URL, init: RequestInit) => {
		return new Promise((resolve, reject) => {
			requests.push({ url: String(url), init, answer: resolve });
			init.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
		});
	});
	const iceServers = [{ urls: ["turn:turn.example.org"], username: "a", credential: "b" }];
	feed = new WhepFeed({ url: URL_OF_SUB, engine: "go2rtc", iceServers, onEnd: (end) => ends.push(end) });
	feed.attach(video as HTMLVideoElement);
});

afterEach(() => vi.unstubAllGlobals());

test("it offers to the endpoint, takes the answer, and ends the session", async () => {
	await answer(answered());
	expect(requests[0]).toMatchObject({
		url: URL_OF_SUB,
		init: { method: "POST", body: "offer", headers: { "content-type": "application/sdp" } },
	});
	expect(FakePeer.last).toMatchObject({ answer: "answer", config: { iceServers: [{ username: "a" }] } });
	expect(video.srcObject).toMatchObject({ tracks: [FakePeer.last.track] });
	feed.hangUp();
	expect([FakePeer.last.closed, feed.isOver, video.srcObject !== null]).toEqual([true, true, true]);
	feed.close();
	expect(sent()).toEqual([`POST ${URL_OF_SUB}`, `DELETE ${SESSION}`]);
	expect(requests[1]?.init.keepalive).toBe(true);
	expect([video.srcObject, ends]).toEqual([null, []]);
});

test("its counters are the track's, and only what it decoded is its own", async () => {
	await answer(answered());
	const frame = { presentedFrames: 1 } as VideoFrameCallbackMetadata;
	expect([feed.isOwn(frame), feed.isOwn({ ...frame, rtpTimestamp: 0 })]).toEqual([false, true]);
	FakePeer.last.stats = [
		{ type: "codec" },
		{ type: "inbound-rtp", packetsReceived: 9, framesDecoded: 3, bytesReceived: 1000 },
	];
	feed.tick();
	await settle();
	expect(feed.counters()).toEqual({ received: 9, decoded: 3, bytes: 1000 });
	expect(feed.isOwn(frame)).toBe(true);
});

test.each<[string, WhepEnd, () => Response]>([
	["a refusal", "refused", () => new Response("", { status: 503 })],
	["an answer of the server itself", "refused", () => answered("answer", {})],
	["an answer that the browser does not take", "refused", () => answered("")],
])("%s ends it, and the session with it", async (_case, end, response) => {
	await answer(response());
	expect(ends).toEqual([end]);
	expect([feed.isOver, FakePeer.last.closed]).toEqual([true, true]);
	expect(sent().slice(1)).toEqual(response().ok ? [`DELETE ${SESSION}`] : []);
});

test("a connection that fails ends it once", async () => {
	await answer(answered());
	FakePeer.last.becomes("disconnected");
	expect(ends).toEqual([]);
	FakePeer.last.becomes("failed");
	FakePeer.last.becomes("failed");
	expect(ends).toEqual(["network"]);
});

test("given up before the answer it asks no longer, and tells nobody", async () => {
	await settle();
	feed.close();
	await settle();
	expect([requests[0]?.init.signal?.aborted, FakePeer.last.closed, ends]).toEqual([true, true, []]);
	expect(sent()).toHaveLength(1);
});
