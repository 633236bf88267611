import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, test } from "vitest";
import { MediaPort, PeerError } from "./datachannel.ts";

const track = { payloadType: 96, fmtp: "packetization-mode=1", onOpen: () => {}, onRtcp: () => {} };

test("a taken port stops the start with the port and the remedy", async () => {
	const socket = createSocket("udp4");
	socket.bind(0);
	await once(socket, "listening");
	const { port } = socket.address();
	await expect(MediaPort.open({ port, iceServers: [] })).rejects.toThrow(
		`UDP port ${port} for WebRTC is already in use: stop the other program or choose another port`,
	);
	socket.close();
});

test("a port that only IPv6 uses is taken too", async ({ skip }) => {
	const socket = createSocket({ type: "udp6", ipv6Only: true });
	const bound = once(socket, "listening").then(
		() => true,
		() => false,
	);
	socket.bind(0);
	if (!(await bound)) skip("no IPv6 here");
	await expect(MediaPort.open({ port: socket.address().port, iceServers: [] })).rejects.toThrow("is already in use");
	socket.close();
});

test("the port is held while there is no peer, and a second server cannot take it", async () => {
	const first = await MediaPort.open({ port: 0, iceServers: [] });
	first.createPeer(() => {}).close();
	await expect(MediaPort.open({ port: first.port, iceServers: [] })).rejects.toThrow("is already in use");
	first.close();
});

test("an offer has its candidates inside, on the one port, and each track its own SSRC", async () => {
	const port = await MediaPort.open({ port: 0, iceServers: [] });
	const peer = port.createPeer(() => {});
	const tracks = ["0", "1"].map((mid) => peer.addVideoTrack({ ...track, mid }));
	const sdp = await peer.createOffer();
	expect(sdp.match(/^m=video/gm)).toHaveLength(2);
	for (const { mid, ssrc } of tracks) {
		expect(sdp).toContain(`a=mid:${mid}\r\n`);
		expect(sdp).toContain(`a=ssrc:${ssrc} cname:vigia\r\n`);
	}
	expect(tracks[0]?.ssrc).not.toBe(tracks[1]?.ssrc);
	const candidates = sdp.match(/^a=candidate.*$/gm) ?? [];
	expect(candidates.every((line) => line.includes(` ${port.port} typ host`))).toBe(true);
	expect(tracks[0]?.send(new Uint8Array(12))).toBe(false);
	port.close();
	expect(port.peerCount).toBe(0);
});

test("what the library could only answer by ending the process is refused before", async () => {
	const port = await MediaPort.open({ port: 0, iceServers: [] });
	const peer = port.createPeer(() => {});
	expect(() => peer.createOffer()).toThrow(PeerError);
	peer.close();
	peer.close();
	expect(() => peer.addVideoTrack({ ...track, mid: "0" })).toThrow("The connection is closed");
	expect(peer.addRemoteCandidate("candidate:1 1 UDP 1 127.0.0.1 9 typ host", "0")).toBe(false);
	port.close();
	expect(() => port.createPeer(() => {})).toThrow("The server is stopping");
});

test("a description that makes no sense is refused without being quoted", async () => {
	const port = await MediaPort.open({ port: 0, iceServers: [] });
	const peer = port.createPeer(() => {});
	peer.addVideoTrack({ ...track, mid: "0" });
	await peer.createOffer();
	const code = (sdp: string): string => {
		try {
			peer.acceptAnswer(sdp);
			return "accepted";
		} catch (error) {
			expect(String(error)).not.toContain("hidden");
			return (error as PeerError).code;
		}
	};
	expect(code("v=0\r\na=hidden\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n")).toBe("bad-description");
	expect(code("v=0\r\na=hidden\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\n")).toBe("codec-not-accepted");
	port.close();
});
