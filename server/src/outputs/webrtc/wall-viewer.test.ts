import type { ServerMessage } from "@vigia/api";
import { isRtcp, parseRtpPacket, type RtpPacket } from "@vigia/rtp";
import nodeDataChannel, { type Track } from "node-datachannel";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Clock, systemClock } from "../../platform/clock.ts";
import { MediaPort, type Peer } from "../../platform/datachannel.ts";
import { FakeClock } from "../../platform/fake-clock.ts";
import type { AudioFormat, Reader } from "../../streams/reader.ts";
import { FakeStream, fakeUnit } from "./testing/fake-stream.ts";
import { DeliveryCounters } from "./slot-sender.ts";
import { ANSWER_LIMIT_MS } from "./wall-connection.ts";
import { RECONNECT_MIN_MS, WallViewer } from "./wall-viewer.ts";
import { openWebrtc, type Webrtc } from "./webrtc.ts";

type Offer = Extract<ServerMessage, { type: "offer" }>;

/** Only a fault reaches it. */
const WAIT = { timeout: 15_000, interval: 20 };

let webrtc: Webrtc;
let streams: Map<string, FakeStream>;
let messages: ServerMessage[];
let viewer: WallViewer;
let clients: Client[];

/** A page's PeerConnection: answers each offer of one connection and keeps what it receives by media section. */
class Client {
	readonly received = new Map<string, RtpPacket[]>();
	readonly #peer = new nodeDataChannel.PeerConnection("page", { iceServers: [] });
	readonly #tracks: Track[] = [];

	constructor() {
		clients.push(this);
		this.#peer.onTrack((track) => {
			const mid = track.mid();
			const packets: RtpPacket[] = [];
			this.received.set(mid, packets);
			track.onMessage((bytes) => {
				const parsed = isRtcp(bytes) ? undefined : parseRtpPacket(new Uint8Array(bytes));
				if (parsed?.ok) packets.push(parsed.packet);
			});
			track.setMediaHandler(new nodeDataChannel.RtcpReceivingSession());
			this.#tracks.push(track);
		});
	}

	/**
	 * Gets to know our candidates only after its answer was taken. libdatachannel hands a description to ICE before it
	 * keeps the fingerprint, and two peers in one process are fast enough to fail in DTLS in between.
	 */
	async answer(offer: Offer): Promise<void> {
		this.#peer.setRemoteDescription(offer.sdp.replace(/^a=candidate:.*\r\n/gm, ""), "offer");
		await vi.waitUntil(
			() => this.#peer.gatheringState() === "complete" && this.#peer.signalingState() === "stable",
			WAIT,
		);
		const sdp = this.#peer.localDescription()?.sdp ?? "";
		viewer.answer(offer.connection, offer.negotiation, sdp);
		for (const line of offer.sdp.match(/^a=candidate:.*$/gm) ?? []) this.#peer.addRemoteCandidate(line.trim(), "0");
	}

	/** Sends a picture loss indication for the first track. */
	requestKeyFrame(): void {
		this.#tracks[0]?.requestKeyframe();
	}

	marks(mid: string): number[] {
		return [...new Set(this.received.get(mid)?.map(({ payload }) => payload[0] ?? -1))];
	}

	close(): void {
		this.#peer.close();
	}
}

const PCMA: AudioFormat = {
	codec: "pcma",
	clockRate: 8000,
	channels: 1,
	config: undefined,
	rtp: { encoding: "PCMA", clockRate: 8000, channels: 1, formatParameters: new Map(), dimensions: undefined },
};

const directory = {
	hasCamera: (camera: string) => streams.has(`${camera}/sub`),
	stream: (camera: string, name: string) => streams.get(`${camera}/${name}`),
};

async function setUp(clock: Clock): Promise<void> {
	const settings = { webrtcPort: 0, webrtcHosts: [], iceServers: [] };
	webrtc = await openWebrtc({ settings, directory, clock });
	const opened = webrtc.openViewer((message) => messages.push(message), "127.0.0.1");
	if (!opened) throw new Error("no viewer");
	viewer = opened;
}

beforeEach(async () => {
	messages = [];
	clients = [];
	streams = new Map();
	for (let i = 1; i <= 4; i++) {
		const stream = new FakeStream();
		stream.push(fakeUnit({ timestamp: i * 1000, randomAccess: true, packets: 3, mark: i }));
		stream.push(fakeUnit({ timestamp: i * 1000 + 6000, mark: i }));
		streams.set(`cam${i}/sub`, stream);
	}
	await setUp(systemClock);
});

afterEach(() => {
	webrtc.close();
	for (const client of clients) client.close();
	expect(webrtc.peers).toBe(0);
	for (const stream of streams.values()) expect(stream.readers.size).toBe(0);
});

const tile = (slot: number, camera: string) => ({ slot, camera, stream: "sub" as const });
const offers = (): Offer[] => messages.filter((message) => message.type === "offer");
const offerAt = (index: number): Promise<Offer> =>
	vi.waitFor(() => {
		const offer = offers()[index];
		if (!offer) throw new Error(`offer ${index} has not come`);
		return offer;
	}, WAIT);
const errors = (): string[] => messages.flatMap((message) => (message.type === "error" ? [message.code] : []));
const slotMessages = () => messages.filter((message) => message.type === "slot");

test("a view brings one offer with spare slots, and each slot its camera's GOP", async () => {
	viewer.setView(1, [tile(0, "cam1"), tile(1, "cam2")]);
	const offer = await offerAt(0);
	expect(offer).toMatchObject({ connection: 1, negotiation: 1 });
	expect(offer.slots.map(({ slot }) => slot)).toEqual([0, 1, 2, 3]);
	expect(offer.sdp.match(/^a=candidate:.*$/m)?.[0]).toContain(` 127.0.0.1 ${webrtc.port} typ host`);
	expect(offer.sdp).toContain("a=rtcp-fb:96 ccm fir\r\n");
	const client = new Client();
	await client.answer(offer);
	await vi.waitUntil(() => client.received.get("0")?.length === 4 && client.received.get("1")?.length === 4, WAIT);
	expect([client.marks("0"), client.marks("1"), client.marks("2")]).toEqual([[1], [2], []]);
	for (const message of slotMessages()) {
		const first = client.received.get(String(message.slot))?.[0];
		expect(message).toMatchObject({ revision: 1, rtpTimestamp: first?.timestamp });
	}
	streams.get("cam1/sub")?.push(fakeUnit({ timestamp: 13_000, mark: 1 }));
	await vi.waitUntil(() => client.received.get("0")?.length === 5, WAIT);
});

test("slots can be offered before the page says what it wants, and its view then needs no other offer", async () => {
	viewer.prepare(2);
	const offer = await offerAt(0);
	expect(offer.slots.map(({ slot }) => slot)).toEqual([0, 1, 2, 3]);
	viewer.setView(1, [tile(0, "cam1"), tile(1, "cam2")]);
	const client = new Client();
	await client.answer(offer);
	await vi.waitUntil(() => client.received.get("0")?.length === 4 && client.received.get("1")?.length === 4, WAIT);
	expect(offers()).toHaveLength(1);
});

test("switching a slot needs no new offer, a repeated view changes nothing, an emptied slot lets its stream go", async () => {
	viewer.setView(1, [tile(0, "cam1"), tile(1, "cam2")]);
	const client = new Client();
	await client.answer(await offerAt(0));
	await vi.waitUntil(() => slotMessages().length === 2, WAIT);
	viewer.setView(2, [tile(0, "cam1"), tile(1, "cam3")]);
	await vi.waitUntil(() => client.marks("1").includes(3), WAIT);
	expect(slotMessages()).toHaveLength(3);
	expect(slotMessages().at(-1)).toMatchObject({ slot: 1, camera: "cam3", revision: 2 });
	expect(streams.get("cam2/sub")?.readers.size).toBe(0);
	viewer.setView(3, [tile(1, "cam3")]);
	expect(streams.get("cam1/sub")?.readers.size).toBe(0);
	expect(streams.get("cam3/sub")?.readers.size).toBe(1);
	expect(offers()).toHaveLength(1);
	const numbers = client.received.get("1")?.map(({ sequenceNumber }) => sequenceNumber) ?? [];
	expect(numbers.map((number) => (number - (numbers[0] ?? 0)) & 0xffff)).toEqual(numbers.map((_, i) => i));
});

test("a view with more slots renegotiates the same connection, once the answer before is there", async () => {
	viewer.setView(1, [tile(0, "cam1")]);
	const first = await offerAt(0);
	viewer.setView(2, [tile(0, "cam1"), tile(3, "cam4")]);
	const client = new Client();
	await client.answer(first);
	const second = await offerAt(1);
	expect(second).toMatchObject({ connection: 1, negotiation: 2 });
	expect(second.slots).toHaveLength(6);
	await client.answer(second);
	await vi.waitUntil(() => client.marks("3").includes(4), WAIT);
	expect(client.marks("0")).toEqual([1]);
});

test("a tile that cannot be shown is named, and the others play", async () => {
	viewer.setView(1, [tile(0, "nothing"), { slot: 1, camera: "cam1", stream: "main" }, tile(2, "cam2")]);
	expect(errors()).toEqual(["unknown-camera", "unknown-stream"]);
	const client = new Client();
	await client.answer(await offerAt(0));
	await vi.waitUntil(() => client.marks("2").includes(2), WAIT);
});

test("PLI and refresh bring the GOP again", async () => {
	viewer.setView(1, [tile(0, "cam1")]);
	const client = new Client();
	await client.answer(await offerAt(0));
	await vi.waitUntil(() => client.received.get("0")?.length === 4, WAIT);
	await vi.waitFor(() => {
		viewer.refresh(0);
		expect(webrtc.counters.replays).toBe(1);
	}, WAIT);
	await vi.waitUntil(() => client.received.get("0")?.length === 8, WAIT);
	await vi.waitFor(() => {
		client.requestKeyFrame();
		expect(webrtc.counters.replays).toBe(2);
	}, WAIT);
	expect(webrtc.counters.keyFrameRequests).toBeGreaterThan(0);
});

test("reconnect makes a new connection with the same view; answers to the old one are ignored", async () => {
	viewer.setView(1, [tile(0, "cam1")]);
	const first = await offerAt(0);
	const old = new Client();
	await old.answer(first);
	await vi.waitUntil(() => old.marks("0").includes(1), WAIT);
	viewer.reconnect(0);
	viewer.reconnect(1);
	const second = await offerAt(1);
	expect(second).toMatchObject({ connection: 2, negotiation: 1 });
	viewer.answer(1, 1, "v=0 of the past");
	viewer.reconnect(1);
	const client = new Client();
	await client.answer(second);
	await vi.waitUntil(() => client.marks("0").includes(1), WAIT);
	expect(webrtc.peers).toBe(1);
	expect(errors()).toEqual([]);
});

test("an answer that rejects every media section means that H.264 is not accepted", async () => {
	viewer.setView(1, [tile(0, "cam1")]);
	const offer = await offerAt(0);
	viewer.answer(1, 1, offer.sdp.replace(/^m=video \d+/gm, "m=video 0"));
	expect(errors()).toEqual(["codec-not-accepted"]);
	expect(webrtc.peers).toBe(0);
	viewer.setView(2, [tile(0, "cam2")]);
	expect(webrtc.peers).toBe(0);
});

test("a broken answer is told, and the page can start anew", async () => {
	viewer.setView(1, [tile(0, "cam1")]);
	await offerAt(0);
	viewer.answer(1, 1, "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n");
	expect(errors()).toEqual(["bad-message"]);
	viewer.reconnect(1);
	expect(await offerAt(1)).toMatchObject({ connection: 2 });
});

test("views after broken answers make at most one connection a second", async () => {
	webrtc.close();
	const clock = new FakeClock();
	await setUp(clock);
	viewer.setView(1, [tile(0, "cam1")]);
	expect(webrtc.peers).toBe(1);
	await offerAt(0);
	viewer.answer(1, 1, "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n");
	viewer.setView(2, [tile(0, "cam2")]);
	viewer.prepare(4);
	clock.advance(RECONNECT_MIN_MS - 1);
	expect(webrtc.peers).toBe(0);
	clock.advance(1);
	expect(webrtc.peers).toBe(1);
	expect(await offerAt(1)).toMatchObject({ connection: 2 });
});

test("an offer that the page does not answer in time is followed by one of another connection", async () => {
	webrtc.close();
	const clock = new FakeClock();
	await setUp(clock);
	viewer.setView(1, [tile(0, "cam1")]);
	await offerAt(0);
	clock.advance(ANSWER_LIMIT_MS);
	expect(await offerAt(1)).toMatchObject({ connection: 2, negotiation: 1 });
	expect(webrtc.peers).toBe(1);
});

test.each(["createPeer", "addVideoTrack"] as const)(
	"when %s fails the page hears it or not, the log does, and another connection follows by itself",
	async (place) => {
		const clock = new FakeClock();
		const port = await MediaPort.open({ port: 0, iceServers: [] });
		const failure = new Error("of the library");
		const problems: unknown[] = [];
		let failing = true;
		const fail = (): never => {
			failing = false;
			throw failure;
		};
		const faulty: Pick<MediaPort, "port" | "createPeer"> = {
			port: port.port,
			createPeer(onState): Peer {
				if (failing && place === "createPeer") fail();
				const peer = port.createPeer(onState);
				if (failing) peer.addVideoTrack = fail;
				return peer;
			},
		};
		const alone = new WallViewer({
			directory,
			port: faulty,
			clock,
			counters: new DeliveryCounters(),
			send: (message) => messages.push(message),
			pageHost: "127.0.0.1",
			webrtcHosts: [],
			resolve: async () => [],
			onError: (error) => problems.push(error),
		});
		alone.setView(1, [tile(0, "cam1")]);
		await vi.waitFor(() => expect(problems).toEqual([failure]), WAIT);
		expect(errors()).toEqual(place === "createPeer" ? ["internal-error"] : []);
		clock.advance(RECONNECT_MIN_MS);
		expect(await offerAt(0)).toMatchObject({ connection: 2 });
		alone.close();
		expect({ timers: clock.pending, peers: port.peerCount }).toEqual({ timers: 0, peers: 0 });
		port.close();
	},
);

test("an empty view makes no connection", () => {
	viewer.setView(1, []);
	expect(webrtc.peers).toBe(0);
});

test("closing a viewer at any moment leaves no peer, reader or timer", async () => {
	webrtc.close();
	const clock = new FakeClock();
	await setUp(clock);
	viewer.setView(1, [tile(0, "cam1")]);
	viewer.close();
	await setUp(clock);
	viewer.setView(1, [tile(0, "cam1")]);
	const sent = messages.length;
	await vi.waitUntil(() => messages.length > sent, WAIT);
	viewer.reconnect(1);
	expect(clock.pending).toBe(1);
	viewer.close();
	viewer.setView(2, [tile(0, "cam1")]);
	expect({ timers: clock.pending, peers: webrtc.peers }).toEqual({ timers: 0, peers: 0 });
});

test("a stream that cannot be made playable is refused with its reason, and its slot waits", async () => {
	viewer.setView(1, [tile(0, "cam1")]);
	await offerAt(0);
	for (const reader of streams.get("cam1/sub")?.readers ?? []) {
		reader.onRoute?.({ kind: "refused", reason: "ffmpeg-missing" });
	}
	expect(messages.filter(({ type }) => type === "refused")).toEqual([
		{ type: "refused", rung: "webrtc", camera: "cam1", stream: "sub", reason: "ffmpeg-missing" },
	]);
});

test("sound is offered the first time that it is asked for, and then goes from camera to camera", async () => {
	viewer.setView(1, [tile(0, "cam1")]);
	const client = new Client();
	await client.answer(await offerAt(0));
	await vi.waitUntil(() => client.received.get("0")?.length === 4, WAIT);
	viewer.setSound({ camera: "cam1", stream: "sub" });
	const offer = await offerAt(1);
	expect(offer).toMatchObject({ connection: 1, negotiation: 2, audioMid: "sound" });
	expect(offer.sdp).toMatch(/^m=audio \d+ UDP\/TLS\/RTP\/SAVPF 111 0 8\r$/m);
	await client.answer(offer);
	const listeners = (camera: string): Reader[] =>
		[...(streams.get(`${camera}/sub`)?.readers ?? [])].filter((reader) => "pushAudio" in reader);
	expect(listeners("cam1")).toHaveLength(1);
	const data = new Uint8Array(160).fill(9);
	await vi.waitUntil(() => {
		for (const reader of listeners("cam1"))
			reader.pushAudio?.({ format: PCMA, data, timestamp: 0, arrivalMs: 0, durationTicks: 1800 });
		return (client.received.get("sound")?.length ?? 0) > 0;
	}, WAIT);
	expect(client.received.get("sound")?.[0]).toMatchObject({ payloadType: 8 });
	viewer.setSound({ camera: "cam2", stream: "sub" });
	expect([listeners("cam1").length, listeners("cam2").length]).toEqual([0, 1]);
	viewer.setSound(undefined);
	expect(listeners("cam2")).toEqual([]);
	expect(offers()).toHaveLength(2);
});

test("a slot shows the camera in place of one that is gone, and the page hears when there is none", async () => {
	viewer.setView(1, [tile(0, "cam1"), tile(1, "cam2")]);
	const client = new Client();
	await client.answer(await offerAt(0));
	await vi.waitUntil(() => client.marks("0").includes(1) && client.marks("1").includes(2), WAIT);
	const gone = streams.get("cam1/sub");
	const other = new FakeStream();
	other.push(fakeUnit({ timestamp: 50_000, randomAccess: true, packets: 1, mark: 7 }));
	streams.set("cam1/sub", other);
	streams.delete("cam2/sub");
	webrtc.endGone();
	await vi.waitUntil(() => client.marks("0").includes(7), WAIT);
	expect([gone?.readers.size, errors()]).toEqual([0, ["unknown-camera"]]);
	expect(offers()).toHaveLength(1);
});
