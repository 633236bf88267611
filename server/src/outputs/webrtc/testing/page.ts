/** For tests: the smallest page that speaks the wall protocol, and a server for it. @module */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type ClientMessage, parseClientMessage, type ServerMessage } from "@vigia/api";
import { WebSocketServer } from "ws";

/** What the page's script is: plain JavaScript, because the server's compiler knows no DOM. */
const SCRIPT = `
const wall = { offers: 0, connections: [], slots: [], errors: [], firstFrameMs: {}, peer: undefined, byMid: new Map() };
window.wall = wall;
const socket = new WebSocket(location.href.replace("http", "ws"));
const say = (message) => socket.send(JSON.stringify(message));
wall.say = say;
socket.onopen = () => say({ type: "hello", version: 2, webrtc: ["h264"], mse: [] });
let queue = Promise.resolve();
socket.onmessage = ({ data }) => { queue = queue.then(() => handle(JSON.parse(data))).catch((e) => wall.errors.push(String(e))); };
async function handle(message) {
	if (message.type === "slot") wall.slots.push(message);
	if (message.type === "error") wall.errors.push(message.code);
	if (message.type !== "offer") return;
	wall.offers++;
	if (wall.connections.at(-1) !== message.connection) {
		wall.connections.push(message.connection);
		wall.peer?.close();
		document.body.replaceChildren();
		wall.byMid.clear();
		wall.peer = new RTCPeerConnection();
		wall.peer.ontrack = ({ transceiver, track }) => {
			const video = document.createElement("video");
			video.muted = video.autoplay = video.playsInline = true;
			video.style.width = "120px";
			video.srcObject = new MediaStream([track]);
			document.body.append(video);
			wall.byMid.set(transceiver.mid, video);
			const seen = (now, meta) => {
				video.rtpTimestamp = meta.rtpTimestamp;
				if (video.videoWidth > 2) wall.firstFrameMs[transceiver.mid] ??= performance.now();
				video.requestVideoFrameCallback(seen);
			};
			video.requestVideoFrameCallback(seen);
		};
		const peer = wall.peer, connection = message.connection;
		peer.onicecandidate = ({ candidate }) => candidate && say({ type: "candidate", connection, mid: candidate.sdpMid, candidate: candidate.candidate });
	}
	wall.offerSdp = message.sdp;
	await wall.peer.setRemoteDescription({ type: "offer", sdp: message.sdp });
	await wall.peer.setLocalDescription();
	const { sdp } = wall.peer.localDescription;
	say({ type: "answer", connection: message.connection, negotiation: message.negotiation, sdp });
}
wall.stats = async () => {
	const decoded = {};
	for (const stat of (await wall.peer?.getStats())?.values() ?? []) {
		if (stat.type !== "inbound-rtp") continue;
		decoded[stat.mid] = { frames: stat.framesDecoded ?? 0, dropped: stat.framesDropped ?? 0, lost: stat.packetsLost ?? 0, pli: stat.pliCount ?? 0, nack: stat.nackCount ?? 0, width: stat.frameWidth ?? 0, freezes: stat.freezeCount ?? 0 };
	}
	return decoded;
};
`;

/** What the page counts for one track: getStats of `inbound-rtp`. */
export interface PageTrack {
	readonly frames: number;
	readonly dropped: number;
	readonly lost: number;
	readonly pli: number;
	readonly nack: number;
	readonly width: number;
	readonly freezes: number;
}

/** The page's side of one socket. */
export interface PageSession {
	handle(message: ClientMessage): void;
	close(): void;
}

/** Serves the page and its socket on a free port of loopback. */
export async function servePage(
	open: (send: (message: ServerMessage) => void) => PageSession,
): Promise<{ readonly url: string; close(): Promise<void> }> {
	const server = createServer((_request, response) => {
		response.setHeader("content-type", "text/html");
		response.end(`<!doctype html><title>wall</title><body></body><script>${SCRIPT}</script>`);
	});
	const sockets = new WebSocketServer({ server });
	sockets.on("connection", (socket) => {
		const session = open((message) => socket.send(JSON.stringify(message)));
		socket.on("message", (data: Buffer) => {
			const parsed = parseClientMessage(data.toString("utf8"));
			if (!parsed.ok) throw new Error(parsed.problem);
			session.handle(parsed.message);
		});
		socket.on("close", () => session.close());
	});
	await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
		async close() {
			for (const client of sockets.clients) client.terminate();
			server.closeAllConnections();
			await new Promise((closed) => server.close(closed));
		},
	};
}
