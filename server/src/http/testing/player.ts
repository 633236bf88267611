/** For tests: a player that is not a browser. @module */
import { isRtcp, parseRtpPacket, type RtpPacket } from "@vigia/rtp";
import nodeDataChannel, { type PeerConnection, type Track } from "node-datachannel";
import { vi } from "vitest";

/** Only a fault reaches it. */
const WAIT = { timeout: 15_000, interval: 20 };

/** A player: libdatachannel as the side that offers. */
export class Player implements Disposable {
	readonly peer: PeerConnection = new nodeDataChannel.PeerConnection("player", { iceServers: [] });
	readonly received: RtpPacket[] = [];
	/** Kept, because the library's callbacks end with the object. */
	readonly #track: Track;

	constructor(codec: "H264" | "VP8" = "H264") {
		const video = new nodeDataChannel.Video("picture", "RecvOnly");
		if (codec === "H264") video.addH264Codec(102, "profile-level-id=42e01f;packetization-mode=1");
		else video.addVP8Codec(102);
		const track = this.peer.addTrack(video);
		this.#track = track;
		track.setMediaHandler(new nodeDataChannel.RtcpReceivingSession());
		track.onMessage((bytes) => {
			const parsed = isRtcp(bytes) ? undefined : parseRtpPacket(new Uint8Array(bytes));
			if (parsed?.ok) this.received.push(parsed.packet);
		});
	}

	[Symbol.dispose](): void {
		this.peer.close();
	}

	async offer(): Promise<string> {
		this.peer.setLocalDescription("offer");
		await vi.waitUntil(() => this.peer.gatheringState() === "complete", WAIT);
		return withoutCandidates(this.peer.localDescription()?.sdp ?? "");
	}

	/**
	 * Starts ICE only when the answer is taken. libdatachannel hands a description to ICE before it keeps the
	 * fingerprint, and two peers in one process are fast enough to fail in DTLS in between.
	 */
	accept(answer: string): void {
		this.peer.setRemoteDescription(withoutCandidates(answer), "answer");
		for (const line of answer.match(/^a=candidate:.*$/gm) ?? []) this.peer.addRemoteCandidate(line.trim(), "picture");
	}
}

const withoutCandidates = (sdp: string): string => sdp.replace(/^a=candidate:.*\r\n/gm, "");
