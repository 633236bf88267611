/** Drives an {@link RtspClientSession} without a socket: the test is the camera. @module */
import { fromByteString, toByteString } from "../bytes.ts";
import type { AgreedTransport, RtspClientOptions } from "../client-contract.ts";
import { RtspClientSession } from "../client-session.ts";
import type { PlainCredentials } from "../digest.ts";
import type { RtspError } from "../errors.ts";
import { headerOf, type RtspRequest, type RtspResponse } from "../message.ts";
import { RtspParser, writeInterleavedHeader } from "../message-parser.ts";
import type { PresentationTrack } from "../presentation.ts";
import { hashes } from "./hashes.ts";

export const VIDEO_SDP =
	"v=0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n";

/** What a test chooses; everything else is that of a session over TCP with video in H.264 and no sound. */
export type HarnessOptions = { readonly credentials?: PlainCredentials; readonly path?: string } & Partial<
	Pick<RtspClientOptions, "videoEncodings" | "audioEncodings" | "udpPorts" | "challenges" | "backchannel">
>;

export const AUDIO_SDP = `${VIDEO_SDP}m=audio 0 RTP/AVP 8\r\na=control:trackID=2\r\n`;

export class SessionHarness {
	readonly session: RtspClientSession;
	readonly requests: RtspRequest[] = [];
	readonly responses: RtspResponse[] = [];
	/** Frames that the client sent. */
	readonly frames: { channel: number; payload: string }[] = [];
	/** `described`, `playing`, `rtp:...`, `rtcp:...`, `failed:kind:code`, `closed`, in order. */
	readonly events: string[] = [];
	error: RtspError | undefined;
	/** The tracks that the session set out to set up; the first is the video track. */
	tracks: readonly PresentationTrack[] = [];
	readonly agreements: AgreedTransport[] = [];
	/** `pair:kind:length` of the datagrams that the client sent. */
	readonly datagrams: string[] = [];
	nowMs = 0;

	constructor(options: HarnessOptions = {}) {
		const parser = new RtspParser({
			onMessage: (message) => {
				if (message.type === "request") this.requests.push(message);
				else this.responses.push(message);
			},
			onInterleaved: (channel, payload) => this.frames.push({ channel, payload: toByteString(payload) }),
		});
		const { path = "/live", credentials, ...more } = options;
		this.session = new RtspClientSession(
			{
				address: { scheme: "rtsp", host: "10.0.0.9", port: 554, path },
				credentials,
				hashes,
				// No jitter.
				randomHex: (digits) => "0".repeat(digits),
				userAgent: "Vigia",
				videoEncodings: ["H264"],
				audioEncodings: [],
				...more,
			},
			{
				transmit: (bytes) => parser.push(bytes),
				transmitDatagram: (pair, kind, bytes) => this.datagrams.push(`${pair}:${kind}:${bytes.length}`),
				described: (_presentation, tracks) => {
					this.tracks = tracks;
					this.events.push("described");
				},
				agreed: (_track, transport) => this.agreements.push(transport),
				playing: () => this.events.push("playing"),
				rtp: (_track, packet) => this.events.push(`rtp:${packet.length}`),
				rtcp: (_track, packet) => this.events.push(`rtcp:${packet.length}`),
				failed: (error) => {
					this.error = error;
					this.events.push(`failed:${error.kind}:${error.code}`);
				},
				closed: () => this.events.push("closed"),
			},
		);
		this.session.start(this.nowMs);
	}

	/** The last request. */
	get request(): RtspRequest {
		const request = this.requests.at(-1);
		if (!request) throw new Error("the client sent no request");
		return request;
	}

	get methods(): string[] {
		return this.requests.map((request) => request.method);
	}

	input(text: string): void {
		this.session.handleInput(fromByteString(text), this.nowMs);
	}

	/** Answers the last request. */
	reply(
		status = 200,
		lines: readonly string[] = [],
		body = "",
		cseq = headerOf(this.request, "cseq"),
		contentType = "application/sdp",
	): void {
		const head = [`RTSP/1.0 ${status} Reason`, ...(cseq === undefined ? [] : [`CSeq: ${cseq}`]), ...lines];
		if (body !== "" && contentType !== "") head.push(`Content-Type: ${contentType}`);
		if (body !== "") head.push(`Content-Length: ${body.length}`);
		this.input(`${head.join("\r\n")}\r\n\r\n${body}`);
	}

	frame(channel: number, payload: string): void {
		this.input(toByteString(writeInterleavedHeader(channel, payload.length)) + payload);
	}

	/** A datagram of the camera. */
	datagram(pair: number, text: string): void {
		this.session.handleDatagram(pair, fromByteString(text), this.nowMs);
	}

	/** The camera closes the connection. */
	end(): void {
		this.session.handleEnd(this.nowMs);
	}

	rtp(channel = 0): void {
		this.frame(channel, `\x80\x60${"x".repeat(10)}`);
	}

	/** Moves time on, ringing as a driver would. */
	advance(byMs: number): void {
		const endMs = this.nowMs + byMs;
		for (;;) {
			const dueMs = this.session.nextTimeout();
			if (dueMs === undefined || dueMs > endMs) break;
			this.nowMs = Math.max(this.nowMs, dueMs);
			this.session.handleTimeout(this.nowMs);
		}
		this.nowMs = endMs;
	}

	toDescribe(): void {
		this.reply(200, ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"]);
	}

	toSetup(sdp = VIDEO_SDP, lines: readonly string[] = []): void {
		this.toDescribe();
		this.reply(200, lines, sdp);
	}

	toPlay(session = "77;timeout=60"): void {
		this.toSetup();
		this.reply(200, ["Transport: RTP/AVP/TCP;interleaved=0-1", `Session: ${session}`]);
	}

	toPlaying(session?: string): void {
		this.toPlay(session);
		this.reply();
	}
}
