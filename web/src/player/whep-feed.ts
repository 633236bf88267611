/**
 * A WebRTC connection for one picture alone, by WHEP (draft-ietf-wish-whep): the page offers, and a program that plays in
 * place of the server answers. What it cannot bring the page's own connection does, so that it has no faults: it ends.
 * @module
 */
import { type IceServer, WEBRTC_ENGINE_HEADER, type WebrtcEngine } from "@vigia/api";
import type { Feed, FeedCounters } from "./feed.ts";
import { toRtcIceServer } from "./peer-session.ts";

export interface WhepFeedOptions {
	/** Of the camera's endpoint, with the stream. */
	readonly url: string;
	/** Who is to answer: what the server plays itself is better had over the page's one connection. */
	readonly engine: WebrtcEngine["name"];
	readonly iceServers: readonly IceServer[];
	/** It brings nothing more. Called at most once, and not for {@link WhepFeed.hangUp}. */
	readonly onEnd: (end: WhepEnd, detail: string) => void;
}

/** Why it ended. */
export type WhepEnd =
	/** The server or the browser did not take the offer, or somebody else did. */
	| "refused"
	/** No answer, or no connection any more. */
	| "network";

/** One connection: a failed one is closed and replaced, never reset. */
export class WhepFeed implements Feed {
	readonly rung = "webrtc";
	onFault: Feed["onFault"];
	readonly #options: WhepFeedOptions;
	readonly #abort = new AbortController();
	#peer: RTCPeerConnection | undefined;
	#receiver: RTCRtpReceiver | undefined;
	/** The session's address, once there is one. */
	#session: URL | undefined;
	#video: HTMLVideoElement | undefined;
	#inbound: RTCInboundRtpStreamStats | undefined;
	#asks = false;
	#over = false;

	constructor(options: WhepFeedOptions) {
		this.#options = options;
	}

	/** It brings nothing more. */
	get isOver(): boolean {
		return this.#over;
	}

	/** Who plays. */
	get engine(): string {
		return this.#options.engine;
	}

	/** The last statistics. */
	get inbound(): RTCInboundRtpStreamStats | undefined {
		return this.#inbound;
	}

	attach(video: HTMLVideoElement): void {
		if (this.#over) return;
		this.#video = video;
		const peer = new RTCPeerConnection({
			iceServers: this.#options.iceServers.map(toRtcIceServer),
			bundlePolicy: "max-bundle",
		});
		this.#peer = peer;
		this.#receiver = peer.addTransceiver("video", { direction: "recvonly" }).receiver;
		video.srcObject = new MediaStream([this.#receiver.track]);
		peer.onconnectionstatechange = () => {
			if (peer.connectionState === "failed") this.#end("network", "the connection is lost");
		};
		this.#connect(peer).catch((error: unknown) => {
			if (error instanceof Refusal) this.#end("refused", error.message);
			else this.#end("network", String(error));
		});
	}

	counters(): FeedCounters {
		const { packetsReceived = 0, framesDecoded = 0, bytesReceived = 0 } = this.#inbound ?? {};
		return { received: packetsReceived, decoded: framesDecoded, bytes: bytesReceived };
	}

	/** A track without media paints a blank picture. */
	isOwn({ rtpTimestamp }: VideoFrameCallbackMetadata): boolean {
		return rtpTimestamp !== undefined || this.counters().decoded > 0;
	}

	tick(): void {
		if (!this.#receiver || this.#asks || this.#over) return;
		this.#asks = true;
		void this.#readStats(this.#receiver);
	}

	/** Ends the session here and there; the last picture stays where it is shown. Safe to call twice. */
	hangUp(): void {
		if (this.#over) return;
		this.#over = true;
		this.#abort.abort();
		if (this.#peer) {
			this.#peer.onconnectionstatechange = null;
			this.#peer.close();
		}
		this.#delete();
	}

	close(): void {
		this.hangUp();
		if (this.#video) this.#video.srcObject = null;
		this.#video = undefined;
	}

	async #connect(peer: RTCPeerConnection): Promise<void> {
		await peer.setLocalDescription();
		// Without candidates: the other side answers to wherever the checks come from (RFC 8445 section 7.3.1.3).
		const response = await fetch(this.#options.url, {
			method: "POST",
			headers: { "content-type": "application/sdp" },
			body: peer.localDescription?.sdp ?? "",
			signal: this.#abort.signal,
		});
		if (!response.ok) throw new Refusal(`WHEP was refused with ${response.status}`);
		const location = response.headers.get("location");
		// Relative to the endpoint.
		if (location !== null) this.#session = new URL(location, this.#options.url);
		const answerSdp = await response.text();
		if (this.#over) return this.#delete();
		const { engine } = this.#options;
		if (response.headers.get(WEBRTC_ENGINE_HEADER) !== engine) throw new Refusal(`${engine} did not answer`);
		try {
			await peer.setRemoteDescription({ type: "answer", sdp: answerSdp });
		} catch (error) {
			if (!this.#over) throw new Refusal(String(error));
		}
	}

	async #readStats(receiver: RTCRtpReceiver): Promise<void> {
		try {
			const report = await receiver.getStats();
			report.forEach((entry: RTCStats) => {
				if (entry.type === "inbound-rtp") this.#inbound = entry as RTCInboundRtpStreamStats;
			});
		} catch {
			// A connection that is closed has none.
		} finally {
			this.#asks = false;
		}
	}

	#end(end: WhepEnd, detail: string): void {
		if (this.#over) return;
		this.hangUp();
		this.#options.onEnd(end, detail);
	}

	/** Also of a page that is put away. */
	#delete(): void {
		const session = this.#session;
		this.#session = undefined;
		if (session) void fetch(session, { method: "DELETE", keepalive: true }).catch(() => undefined);
	}
}

/** The offer was not taken, and will not be soon. */
class Refusal extends Error {
	override readonly name = "Refusal";
}
