/**
 * WebRTC peers over libdatachannel: the only file, with its tracks beside it, that imports
 * node-datachannel. One UDP port carries the media of all
 * peers (ICE multiplexing, RFC 8445 with the user fragment as the key).
 *
 * Three properties of the library shape this port:
 * - Some failures on its own threads end the process instead of throwing: gathering on a port that is taken, and an
 *   offer without a track. The port is therefore held by a listener from start to end, and {@link Peer.createOffer}
 *   refuses to offer nothing.
 * - Its `cleanup()` touches peers that the garbage collector has already taken and crashes, so it is never called. Its
 *   threads keep the process alive: the composition root ends with `process.exit`.
 * - RTCP of the application must not go through a track's `send`: the retransmission history would keep it as if it
 *   were RTP.
 *
 * @module
 */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { IceServer } from "@vigia/api";
import nodeDataChannel, { type IceUdpMuxListener, type PeerConnection } from "node-datachannel";
import {
	AUDIO_PAYLOAD_TYPES,
	type AudioTrack,
	type AudioTrackOptions,
	CNAME,
	NativeAudioTrack,
	NativeVideoTrack,
	type VideoTrack,
	type VideoTrackOptions,
} from "./datachannel-tracks.ts";
import { nativeIceServers } from "./native-ice-servers.ts";
import { RelayDoors, takeRelays } from "./relay-doors.ts";

/** Peers of all walls and players together: 100 pages and 100 WHEP players. */
export const MAX_PEERS = 200;
/** How long an offer or answer waits for candidates of STUN and TURN servers, in ms; interfaces take 5 ms. */
export const GATHERING_LIMIT_MS = 2000;
/**
 * A page's relay came so long ago, in ms, and libjuice has chosen it without its door: this is as long as libjuice waits
 * with a nomination, and a browser that had not given that pair up would have finished DTLS.
 */
const RELAY_LIMIT_MS = 2000;
const STREAM_ID = "wall";
/** Of its own: browsers hold pictures back to keep them in step with the sound of the same stream. */
const AUDIO_STREAM_ID = "sound";
/** SSRCs of a peer count up from a random start that leaves room for 2^16 of them below 2^32. */
const SSRC_START_LIMIT = 2 ** 32 - 2 ** 16;

/** Why a peer could not do what was asked. `code` says whose turn it is; the message never holds SDP. */
export class PeerError extends Error {
	override readonly name = "PeerError";
	readonly code: "too-many-peers" | "bad-description" | "codec-not-accepted" | "no-answer" | "closed";

	constructor(code: PeerError["code"], message: string) {
		super(message);
		this.code = code;
	}
}

export type PeerState = "new" | "connecting" | "connected" | "disconnected" | "failed" | "closed";

/** One PeerConnection. After {@link Peer.close} no callback is called any more. */
export interface Peer {
	readonly state: PeerState;
	addVideoTrack(options: VideoTrackOptions): VideoTrack;
	addAudioTrack(options: AudioTrackOptions): AudioTrack;
	/** Makes the local offer, all candidates inside. Not while an answer is awaited. */
	createOffer(): Promise<string>;
	/** @throws PeerError `codec-not-accepted` when every media section was rejected, else `bad-description`. */
	acceptAnswer(sdp: string): void;
	/** Takes the remote offer, for which the tracks were added before, and makes the answer. Throws like an answer. */
	answerOffer(sdp: string): Promise<string>;
	/** False when the candidate was not understood or the connection is gone. */
	addRemoteCandidate(candidate: string, mid: string): boolean;
	/** Round-trip time of the selected pair in ms, or undefined before it is known. */
	roundTripMs(): number | undefined;
	close(): void;
}

export interface MediaPortOptions {
	/** UDP; 0 takes a free one. */
	readonly port: number;
	readonly iceServers: readonly IceServer[];
}

/** The UDP port of all WebRTC media. */
export class MediaPort {
	readonly port: number;
	readonly #listener: IceUdpMuxListener;
	readonly #iceServers: ReturnType<typeof nativeIceServers>;
	readonly #peers = new Set<NativePeer>();
	#closed = false;

	private constructor(port: number, listener: IceUdpMuxListener, iceServers: readonly IceServer[]) {
		this.port = port;
		this.#listener = listener;
		this.#iceServers = nativeIceServers(iceServers);
	}

	/** Takes the port and holds it. @throws Error with the remedy when the port is taken. */
	static async open(options: MediaPortOptions): Promise<MediaPort> {
		nodeDataChannel.initLogger("Fatal", () => {});
		const port = await checkPort(options.port);
		try {
			return new MediaPort(port, new nodeDataChannel.IceUdpMuxListener(port), options.iceServers);
		} catch {
			throw portTaken(port);
		}
	}

	/** Peers that are open now. */
	get peerCount(): number {
		return this.#peers.size;
	}

	/** @throws PeerError `too-many-peers` above {@link MAX_PEERS}, `closed` after {@link close}. */
	createPeer(onState: (state: PeerState) => void): Peer {
		if (this.#closed) throw new PeerError("closed", "The server is stopping");
		if (this.#peers.size >= MAX_PEERS) {
			throw new PeerError("too-many-peers", `The server already serves ${MAX_PEERS} viewers: close one of them`);
		}
		const connection = new nodeDataChannel.PeerConnection("vigia", {
			iceServers: this.#iceServers,
			enableIceUdpMux: true,
			portRangeBegin: this.port,
			portRangeEnd: this.port,
			disableAutoNegotiation: true,
			forceMediaTransport: true,
		});
		const peer = new NativePeer(connection, this.port, onState, () => this.#peers.delete(peer));
		this.#peers.add(peer);
		return peer;
	}

	/** Closes all peers and lets the port go. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		for (const peer of this.#peers) peer.close();
		this.#listener.stop();
	}
}

class NativePeer implements Peer {
	readonly #connection: PeerConnection;
	readonly #onState: (state: PeerState) => void;
	readonly #onClosed: () => void;
	readonly #tracks: (NativeVideoTrack | NativeAudioTrack)[] = [];
	readonly #doors: RelayDoors;
	readonly #ssrcStart = randomInt(1, SSRC_START_LIMIT);
	#state: PeerState = "new";
	/** Resolves the description that is being made. */
	#described: (() => void) | undefined;
	#relayLimit: NodeJS.Timeout | undefined;
	/** We offer, and so libjuice nominates: RFC 8445 section 6.1.1. */
	#offers = false;

	constructor(
		connection: PeerConnection,
		mediaPort: number,
		onState: (state: PeerState) => void,
		onClosed: () => void,
	) {
		this.#connection = connection;
		this.#doors = new RelayDoors({
			mediaPort,
			icePassword: () => /^a=ice-pwd:(\S+)/m.exec(connection.localDescription()?.sdp ?? "")?.[1],
			add: (candidate, mid) => this.#addCandidate(candidate, mid),
		});
		this.#onState = onState;
		this.#onClosed = onClosed;
		connection.onStateChange((state) => {
			if (this.#state === "closed") return;
			if (state === "closed") this.close();
			else this.#state = state as PeerState;
			onState(this.#state);
		});
		connection.onLocalDescription(() => this.#checkDescribed());
		connection.onGatheringStateChange(() => this.#checkDescribed());
	}

	get state(): PeerState {
		return this.#state;
	}

	addVideoTrack(options: VideoTrackOptions): VideoTrack {
		this.#assertOpen();
		const ssrc = this.#ssrcStart + this.#tracks.length;
		const video = new nodeDataChannel.Video(options.mid, "SendOnly");
		video.addH264Codec(options.payloadType, options.fmtp);
		video.addSSRC(ssrc, CNAME, STREAM_ID, `slot-${options.mid}`);
		const native = this.#connection.addTrack(video);
		const track = new NativeVideoTrack(native, options, ssrc);
		native.onOpen(() => {
			if (this.#state !== "closed") options.onOpen();
		});
		native.onMessage((packet) => {
			if (this.#state !== "closed") options.onRtcp(packet);
		});
		this.#tracks.push(track);
		return track;
	}

	addAudioTrack(options: AudioTrackOptions): AudioTrack {
		this.#assertOpen();
		const ssrc = this.#ssrcStart + this.#tracks.length;
		const audio = new nodeDataChannel.Audio(options.mid, "SendOnly");
		audio.addOpusCodec(AUDIO_PAYLOAD_TYPES.opus);
		audio.addAudioCodec(AUDIO_PAYLOAD_TYPES.pcmu, "PCMU/8000");
		audio.addAudioCodec(AUDIO_PAYLOAD_TYPES.pcma, "PCMA/8000");
		audio.addSSRC(ssrc, CNAME, AUDIO_STREAM_ID, options.mid);
		const native = this.#connection.addTrack(audio);
		const track = new NativeAudioTrack(native, ssrc);
		native.onOpen(() => {
			if (this.#state !== "closed") options.onOpen();
		});
		this.#tracks.push(track);
		return track;
	}

	createOffer(): Promise<string> {
		this.#assertOpen();
		if (this.#tracks.length === 0) throw new PeerError("bad-description", "An offer needs a track");
		this.#offers = true;
		return this.#describe("offer");
	}

	acceptAnswer(sdp: string): void {
		this.#assertOpen();
		if (!acceptsVideo(sdp)) {
			throw new PeerError("codec-not-accepted", "The browser accepts no H.264 over WebRTC");
		}
		const { rest, relays } = takeRelays(sdp);
		this.#setRemoteDescription(rest, "answer");
		for (const { candidate, mid } of relays) this.addRemoteCandidate(candidate, mid);
	}

	async answerOffer(sdp: string): Promise<string> {
		this.#assertOpen();
		const { rest, relays } = takeRelays(sdp);
		this.#setRemoteDescription(rest, "offer");
		const answer = await this.#describe("answer");
		for (const { candidate, mid } of relays) this.addRemoteCandidate(candidate, mid);
		return answer;
	}

	addRemoteCandidate(candidate: string, mid: string): boolean {
		if (!this.#doors.take(candidate, mid)) return this.#addCandidate(candidate, mid);
		if (this.#offers) this.#relayLimit ??= setTimeout(() => this.#checkRelay(), RELAY_LIMIT_MS);
		return true;
	}

	roundTripMs(): number | undefined {
		if (this.#state !== "connected") return undefined;
		const milliseconds = this.#connection.rtt();
		return milliseconds > 0 ? milliseconds : undefined;
	}

	close(): void {
		if (this.#state === "closed") return;
		this.#state = "closed";
		this.#onClosed();
		this.#described?.();
		for (const track of this.#tracks) track.close();
		clearTimeout(this.#relayLimit);
		this.#doors.close();
		this.#connection.close();
	}

	#addCandidate(candidate: string, mid: string): boolean {
		if (this.#state === "closed") return false;
		try {
			this.#connection.addRemoteCandidate(candidate, mid);
			return true;
		} catch {
			return false;
		}
	}

	/** The page's first check over its relay came before the relay's candidate: docs/design/0007-turn.md. */
	#checkRelay(): void {
		if (this.#state === "connected" || this.#state === "closed") return;
		const remote = this.#connection.getSelectedCandidatePair()?.remote;
		if (!remote || !this.#doors.has(remote.address, remote.port)) return;
		this.#state = "failed";
		this.#onState("failed");
	}

	#setRemoteDescription(sdp: string, type: "offer" | "answer"): void {
		try {
			this.#connection.setRemoteDescription(sdp, type);
		} catch {
			// The library's text may quote the description, so it is not passed on.
			throw new PeerError("bad-description", `The ${type} is not a valid session description for this connection`);
		}
	}

	async #describe(type: "offer" | "answer"): Promise<string> {
		const described = Promise.withResolvers<void>();
		this.#described = described.resolve;
		const limit = setTimeout(described.resolve, GATHERING_LIMIT_MS);
		try {
			try {
				this.#connection.setLocalDescription(type);
			} catch {
				throw new PeerError("bad-description", `No ${type} can be made in the present state of the connection`);
			}
			await described.promise;
		} finally {
			clearTimeout(limit);
			this.#described = undefined;
		}
		this.#assertOpen();
		const description = this.#connection.localDescription();
		if (!description) throw new PeerError("bad-description", `The ${type} was not made in time`);
		return description.sdp;
	}

	#checkDescribed(): void {
		if (this.#state === "closed" || !this.#described) return;
		if (this.#connection.gatheringState() === "complete" && this.#connection.localDescription()) this.#described();
	}

	#assertOpen(): void {
		if (this.#state === "closed") throw new PeerError("closed", "The connection is closed");
	}
}

/** RFC 3264 section 6: a rejected media section has port 0. */
function acceptsVideo(sdp: string): boolean {
	return /^m=video (?!0 )\d+ /m.test(sdp);
}

function portTaken(port: number): Error {
	return new Error(
		`UDP port ${port} for WebRTC is already in use: stop the other program or choose another port, e.g. WEBRTC_PORT=8556`,
	);
}

/** What binding says where the system has no IPv6 (or has it switched off). */
const NO_IPV6 = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL", "EINVAL"]);

/**
 * Finds out whether the port is free, or picks a free one for 0. The library's socket is an IPv6 one that takes IPv4
 * too, or an IPv4 one where there is no IPv6; so is this one.
 */
async function checkPort(port: number): Promise<number> {
	try {
		return await bindOnce("udp6", port).catch((error: unknown) => {
			if (NO_IPV6.has(codeOf(error))) return bindOnce("udp4", port);
			throw error;
		});
	} catch (error) {
		const code = codeOf(error);
		if (code === "EADDRINUSE") throw portTaken(port);
		throw new Error(`UDP port ${port} for WebRTC cannot be opened (${code}): choose another, e.g. WEBRTC_PORT=8555`);
	}
}

/** Binds the port, lets it go again and returns its number. */
async function bindOnce(type: "udp4" | "udp6", port: number): Promise<number> {
	const socket = createSocket(type);
	try {
		socket.bind(port);
		await once(socket, "listening");
		return socket.address().port;
	} finally {
		const closed = once(socket, "close");
		socket.close();
		await closed;
	}
}

function codeOf(error: unknown): string {
	return (error as NodeJS.ErrnoException).code ?? "unknown";
}
