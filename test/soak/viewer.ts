/**
 * A viewer that is no browser: speaks the wall protocol, receives by node-datachannel, comes back like a page. Shows so
 * many cameras at a time from a first one on, and moves on by some now and then. Arguments: the server's URL, cameras in
 * all, tiles, first camera. @module
 */
import { isRtcp } from "@vigia/rtp";
import { parseServerMessage, WALL_PROTOCOL_VERSION } from "@vigia/api";
import { PeerConnection, RtcpReceivingSession, type Track } from "node-datachannel";
import WebSocket from "ws";
import type { ReceivedPackets, ViewerMessage } from "./ipc.ts";

const REPORT_MS = 100;
/** As a page does: a connection that brings nothing for so long is asked for anew. */
const NOTHING_MS = 6_000;
const SOCKET_BACK_MS = 1_000;
const MOVE_EVERY_MS = 20_000;
/** Tiles that change at a move. */
const MOVE_BY = 4;

const [url = "", ...numbers] = process.argv.slice(2);
const [cameras = 0, tiles = 0, first = 0] = numbers.map(Number);

interface Slot {
	camera: number | undefined;
	/** Packets before this timestamp are of what the slot showed before. */
	fromTimestamp: number;
	firstAtMs: number;
	lastAtMs: number;
}

const slots: Slot[] = Array.from({ length: tiles }, () => ({
	camera: undefined,
	fromTimestamp: 0,
	firstAtMs: 0,
	lastAtMs: 0,
}));
/** By the wall protocol's connection number. */
const peers = new Map<number, PeerConnection>();
/** The library ends a track whose object was collected. */
const tracks = new Set<Track>();
const slotOfMid = new Map<string, number>();
let socket: WebSocket | undefined;
let sockets = 0;
let connections = 0;
let latest = 0;
let lastPacketMs = performance.now();
let total = 0;
let start = first;
let revision = 0;

function connect(): void {
	sockets++;
	latest = 0;
	socket = new WebSocket(`${url.replace("http", "ws")}/api/wall`);
	socket.on("open", () => {
		send({ type: "hello", version: WALL_PROTOCOL_VERSION, webrtc: ["h264"], mse: [] });
		show();
	});
	socket.on("message", (data: Buffer) => hear(data.toString("utf8")));
	socket.on("error", () => undefined);
	socket.on("close", () => {
		for (const peer of peers.values()) peer.close();
		peers.clear();
		setTimeout(connect, SOCKET_BACK_MS);
	});
}

function send(message: unknown): void {
	if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** A camera keeps its slot while it is shown: its number modulo the tiles. */
function show(): void {
	const wishes = Array.from({ length: tiles }, (_, index) => {
		const camera = ((start + index) % cameras) + 1;
		return { slot: (start + index) % tiles, camera: `cam${camera}`, stream: "sub" };
	});
	for (const { slot, camera } of wishes) {
		const known = slots[slot];
		if (known && camera !== `cam${known.camera}`) known.camera = undefined;
	}
	send({ type: "view", revision: ++revision, tiles: wishes, channels: [] });
}

function hear(text: string): void {
	const parsed = parseServerMessage(text);
	if (!parsed.ok) throw new Error(`the server said something that is not in the protocol: ${parsed.problem}`);
	const { message } = parsed;
	if (message.type === "offer") accept(message);
	if (message.type === "slot") {
		const slot = slots[message.slot];
		if (slot) Object.assign(slot, { camera: Number(message.camera.slice(3)), fromTimestamp: message.rtpTimestamp });
	}
}

function accept(offer: {
	connection: number;
	negotiation: number;
	sdp: string;
	slots: { slot: number; mid: string }[];
}): void {
	const { connection, negotiation } = offer;
	for (const { slot, mid } of offer.slots) slotOfMid.set(mid, slot);
	let peer = peers.get(connection);
	if (!peer) {
		for (const [number, old] of peers) {
			old.close();
			peers.delete(number);
		}
		connections++;
		tracks.clear();
		lastPacketMs = performance.now();
		peer = new PeerConnection("soak", { iceServers: [] });
		peer.onTrack(receive);
		peers.set(connection, peer);
	}
	latest = connection;
	const current = peer;
	current.onGatheringStateChange((state) => {
		if (state === "complete") send({ type: "answer", connection, negotiation, sdp: current.localDescription()?.sdp });
	});
	current.setRemoteDescription(offer.sdp, "offer" as Parameters<PeerConnection["setRemoteDescription"]>[1]);
}

function receive(track: Track): void {
	tracks.add(track);
	// Answers with receiver reports, as a browser does.
	track.setMediaHandler(new RtcpReceivingSession());
	const index = slotOfMid.get(track.mid()) ?? -1;
	track.onMessage((data) => {
		if (isRtcp(data)) return;
		total++;
		lastPacketMs = performance.now();
		const slot = slots[index];
		if (!slot || slot.camera === undefined || ((data.readUInt32BE(4) - slot.fromTimestamp) | 0) < 0) return;
		slot.lastAtMs = performance.timeOrigin + lastPacketMs;
		if (slot.firstAtMs === 0) slot.firstAtMs = slot.lastAtMs;
	});
}

function report(): void {
	const packets: ReceivedPackets[] = [];
	for (const slot of slots) {
		if (slot.firstAtMs === 0) continue;
		if (slot.camera !== undefined) packets.push([slot.camera, slot.firstAtMs, slot.lastAtMs]);
		slot.firstAtMs = 0;
	}
	const reconnects = Math.max(0, connections - 1) + Math.max(0, sockets - 1);
	const message: ViewerMessage = { packets, total, reconnects, receiving: packets.length };
	process.send?.(message);
}

connect();
setInterval(report, REPORT_MS);
setInterval(() => {
	if (latest > 0 && performance.now() - lastPacketMs > NOTHING_MS) send({ type: "reconnect", connection: latest });
}, NOTHING_MS);
if (tiles < cameras) {
	setInterval(() => {
		start = (start + MOVE_BY) % cameras;
		show();
	}, MOVE_EVERY_MS);
}
process.on("disconnect", () => process.exit());
process.on("SIGINT", () => undefined);
