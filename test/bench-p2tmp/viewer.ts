/**
 * A viewer of sixteen tiles that is no browser: speaks the wall protocol, receives the media by node-datachannel.
 * Says `{live}` when every tile receives, then each second `{received}`. With the cameras' RTSP port as its second
 * argument it also reads the cameras directly, and says when each picture came that way: the difference is what the
 * server adds. @module
 */
import { WALL_PROTOCOL_VERSION } from "@vigia/api";
import { isRtcp, parseRtpPacket } from "@vigia/rtp";
import { PeerConnection, RtcpReceivingSession, type Track } from "node-datachannel";
import WebSocket from "ws";
import { systemClock } from "../../server/src/platform/clock.ts";
import { openRtspSource, WALL_MEDIA } from "../../server/src/sources/rtsp-source.ts";
import type { ReceivedPicture } from "./ipc.ts";

const TILES = 16;
const url = process.argv[2] as string;
const socket = new WebSocket(`${url.replace("http", "ws")}/api/wall`);
const send = (message: unknown): void => socket.send(JSON.stringify(message));
/** By the wall protocol's connection number: the server may replace a connection that failed. */
const peers = new Map<number, PeerConnection>();
const channelOfMid = new Map<string, number>();
const receiving = new Set<string>();
let received: ReceivedPicture[] = [];
let direct: ReceivedPicture[] = [];
let packets = 0;
/** The library ends a track whose object was collected. */
const tracks: Track[] = [];

function openPeer(): PeerConnection {
	const peer = new PeerConnection("viewer", { iceServers: [] });
	peer.onTrack(receive);
	return peer;
}

function receive(track: Track): void {
	// Answers with receiver reports, as a browser does.
	tracks.push(track);
	track.setMediaHandler(new RtcpReceivingSession());
	const mid = track.mid();
	track.onMessage((data) => {
		if (isRtcp(data)) return;
		packets++;
		const parsed = parseRtpPacket(data);
		if (!parsed.ok || !parsed.packet.marker) return;
		received.push([channelOfMid.get(mid) ?? 0, performance.timeOrigin + performance.now()]);
		if (receiving.size < TILES && receiving.add(mid).size === TILES) process.send?.({ live: true });
	});
}
socket.on("open", () => {
	send({ type: "hello", version: WALL_PROTOCOL_VERSION, webrtc: ["h264"], mse: [] });
	const tiles = Array.from({ length: TILES }, (_, slot) => ({ slot, camera: `cam${slot + 1}`, stream: "sub" }));
	send({ type: "view", revision: 1, tiles, channels: [] });
});
socket.on("message", (data: Buffer) => {
	const message = JSON.parse(data.toString("utf8")) as {
		type: string;
		connection: number;
		negotiation: number;
		sdp: string;
		slots: { slot: number; mid: string }[];
	};
	if (message.type !== "offer") return;
	const { connection, negotiation, slots } = message;
	for (const { slot, mid } of slots) channelOfMid.set(mid, slot + 1);
	const peer = peers.get(connection) ?? openPeer();
	peers.set(connection, peer);
	peer.onGatheringStateChange((state) => {
		if (state !== "complete") return;
		send({ type: "answer", connection, negotiation, sdp: peer.localDescription()?.sdp });
	});
	peer.setRemoteDescription(message.sdp, "offer" as Parameters<PeerConnection["setRemoteDescription"]>[1]);
});
function readDirectly(port: number, channel: number): void {
	const path = `/cam/realmonitor?channel=${channel}&subtype=1`;
	const address = { scheme: "rtsp", host: "127.0.0.1", port, path } as const;
	openRtspSource({ address, clock: systemClock, transport: "tcp", tls: { mode: "verify" }, media: WALL_MEDIA })({
		onPlaying() {},
		onParameterSets() {},
		onVideo: (_unit, arrivalMs) => direct.push([channel, performance.timeOrigin + arrivalMs]),
		onEnd: (failure) => console.error(`reading camera ${channel} directly ended: ${failure?.detail}`),
	});
}
const camerasPort = Number(process.argv[3]);
for (let channel = 1; camerasPort > 0 && channel <= TILES; channel++) readDirectly(camerasPort, channel);

// As a page does: a connection that brings nothing for this long is asked for anew.
const NOTHING_MS = 6_000;
setInterval(() => {
	const connection = [...peers.keys()].at(-1);
	if (receiving.size < TILES && connection !== undefined) send({ type: "reconnect", connection });
}, NOTHING_MS);
setInterval(() => {
	process.send?.({ received, direct, packets });
	received = [];
	direct = [];
}, 1000);
process.on("disconnect", () => process.exit());
