/** One client's connection to a scripted camera: the camera's half of RTSP. @module */
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
	type HashFunctions,
	headerOf,
	makeChallenge,
	RtspParser,
	type RtspRequest,
	verifyAuthorization,
	writeInterleavedHeader,
} from "@vigia/rtsp";
import type { Timer } from "../../../server/src/platform/clock.ts";
import type { Answer, Reply, UdpScript } from "./camera-script.ts";
import type { QuirkCamera } from "./quirk-camera.ts";
import { TrackSender } from "./track-sender.ts";

export const hashes: HashFunctions = {
	md5: (bytes) => createHash("md5").update(bytes).digest("hex"),
	sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
};
const DEFAULT_TIMEOUT_S = 60;
const DEFAULT_PUBLIC = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER";

/** A session that a SETUP made. */
export interface CameraSession {
	readonly id: string;
	readonly senders: Map<number, TrackSender>;
	/** The client knows of it: SETUP was answered. */
	announced: boolean;
	endedBy: "teardown" | "camera" | "client" | undefined;
}

/** Where the bytes of a connection go and come from: a socket, or the two of a tunnel. */
export interface Line {
	write(bytes: Uint8Array): void;
	end(): void;
	reset(): void;
	/** Where the client is. */
	readonly peerAddress: string;
	readonly isOpen: boolean;
}

export class CameraConnection {
	readonly camera: QuirkCamera;
	readonly line: Line;
	/** RTSP inside of HTTP. */
	readonly isTunnelled: boolean;
	readonly requests: RtspRequest[] = [];
	/** Interleaved frames from the client. */
	readonly frames: { readonly channel: number; readonly payload: Uint8Array }[] = [];
	session: CameraSession | undefined;
	readonly #parser: RtspParser;
	#nonce = 0;
	#nonceUses = 0;
	#setups = 0;
	#frameCount = 0;
	#gathered: Uint8Array[] | undefined;
	#expiry: Timer | undefined;
	#closed = false;

	constructor(camera: QuirkCamera, line: Line, isTunnelled = false) {
		this.camera = camera;
		this.line = line;
		this.isTunnelled = isTunnelled;
		this.#nonce = camera.nonceBase();
		this.#parser = new RtspParser({
			onMessage: (message) => {
				if (message.type === "request") this.#onRequest(message);
				else camera.responses.push(message);
			},
			onInterleaved: (channel, payload) => {
				camera.activity++;
				this.frames.push({ channel, payload: payload.slice() });
				if (camera.script.needsReports === true && (payload[1] === 201 || payload[1] === 200)) this.#alive();
			},
		});
	}

	receive(bytes: Uint8Array): void {
		this.camera.activity++;
		if (this.#closed) return;
		try {
			this.#parser.push(bytes);
		} catch {
			// It is not RTSP, for instance the start of a TLS handshake: cameras hang up.
			this.close("end");
		}
	}

	/** Bytes as they are, cut as the scenario wants it. */
	send(bytes: Uint8Array | string): void {
		if (this.#closed) return;
		const data = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
		if (this.#gathered) {
			this.#gathered.push(data);
			return;
		}
		this.camera.activity++;
		for (const piece of this.camera.script.wire?.split?.(data) ?? [data]) this.line.write(piece);
	}

	sendFrame(channel: number, payload: Uint8Array): void {
		const before = this.camera.script.wire?.beforeFrame?.(this.#frameCount++);
		if (before) this.send(before);
		this.send(Buffer.concat([writeInterleavedHeader(channel, payload.length), payload]));
	}

	/** A request of the camera's own. */
	sendRequest(method: string, lines: readonly string[] = []): void {
		this.send([`${method} rtsp://192.0.2.9/stream RTSP/1.0`, "CSeq: 4711", ...lines, "", ""].join("\r\n"));
	}

	/** The camera ends the connection, and with it the session. */
	close(how: "end" | "reset"): void {
		if (this.session) this.session.endedBy ??= "camera";
		if (how === "end") this.line.end();
		else this.line.reset();
		this.closed();
	}

	/** The connection is gone, by whoever. */
	closed(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.camera.activity++;
		this.#expiry?.cancel();
		this.stopMedia();
		if (!this.session || this.session.endedBy === "teardown") return;
		this.session.endedBy ??= "client";
		this.camera.holdSession(this.session);
	}

	/** The media stop, nothing else does. */
	stopMedia(): void {
		for (const sender of this.session?.senders.values() ?? []) sender.stop();
	}

	#onRequest(request: RtspRequest): void {
		const { camera } = this;
		camera.activity++;
		camera.requests.push(request);
		this.requests.push(request);
		if (camera.script.needsReports !== true) this.#alive();
		if (!this.#isAuthorized(request)) {
			this.#send401(request);
			return;
		}
		this.#gathered = camera.script.wire?.gather === true ? [] : undefined;
		if (request.method === "PLAY") this.#sendEarlyMedia();
		const usual = this.#usualReply(request);
		const answer = camera.script.answer?.(request, usual, this) ?? usual;
		this.#answer(request, answer);
		const refused = answer !== "silence" && "status" in answer && answer.status >= 300;
		if (request.method === "SETUP" && refused) this.#forgetSetup();
		if (this.session && answer !== "silence") this.session.announced = true;
		if (request.method === "PLAY" && !refused) this.#startMedia();
		this.#flush();
	}

	#flush(): void {
		const gathered = this.#gathered;
		this.#gathered = undefined;
		if (gathered && gathered.length > 0) this.send(Buffer.concat(gathered));
	}

	#answer(request: RtspRequest, answer: Answer): void {
		if (answer === "silence") return;
		if ("raw" in answer) {
			this.send(answer.raw);
			return;
		}
		this.send(this.reply(request, answer));
		if (answer.close === true) {
			this.#flush();
			this.close("end");
		}
	}

	/** The text of an answer, with what the wire script does to heads. */
	reply(request: RtspRequest, reply: Reply): string {
		const reason = reply.reason ?? (reply.status < 300 ? "OK" : "No");
		const fields: Record<string, string | readonly string[] | null> = {
			CSeq: headerOf(request, "cseq") ?? "",
			...reply.fields,
		};
		if (reply.body !== "" && !("Content-Length" in fields)) {
			fields["Content-Length"] = String(Buffer.byteLength(reply.body, "latin1"));
		}
		const lines = [`RTSP/1.0 ${reply.status} ${reason}`];
		for (const [name, value] of Object.entries(fields)) {
			for (const one of value === null ? [] : typeof value === "string" ? [value] : value)
				lines.push(`${name}: ${one}`);
		}
		const head = `${lines.join("\r\n")}\r\n\r\n`;
		return (this.camera.script.wire?.head?.(head) ?? head) + reply.body;
	}

	#isAuthorized(request: RtspRequest): boolean {
		const { auth } = this.camera.script;
		if (!auth || (auth.methods && !auth.methods.includes(request.method))) return true;
		const authorization = headerOf(request, "authorization");
		const offers = auth.offers(this.#nonceText());
		const credentials = auth.credentials ?? this.camera.credentials;
		const { method, target } = request;
		const verdict = verifyAuthorization({ authorization, method, target, credentials, offers }, hashes);
		if (verdict !== "accepted" || auth.refuses?.test(authorization ?? "") === true) return false;
		if (auth.nonceLife !== undefined && ++this.#nonceUses > auth.nonceLife) {
			this.#nonce++;
			this.#nonceUses = 0;
			return false;
		}
		return true;
	}

	#nonceText(): string {
		return `nonce-${this.#nonce}`;
	}

	#send401(request: RtspRequest): void {
		const { auth } = this.camera.script;
		const offers = auth?.offers(this.#nonceText()) ?? [];
		const challenges = auth?.challenges?.(offers) ?? offers.map(makeChallenge);
		const close = auth?.closeOn401 === true;
		this.#answer(request, {
			status: 401,
			reason: "Unauthorized",
			fields: { "WWW-Authenticate": challenges, ...(close ? { Connection: "close" } : {}) },
			body: "",
			close,
		});
	}

	#usualReply(request: RtspRequest): Reply {
		const { camera } = this;
		const usual = this.#methodReply(request);
		const fields = { ...usual.fields, ...camera.script.fields?.[request.method] };
		return { ...usual, fields };
	}

	#methodReply(request: RtspRequest): Reply {
		const sessionField: Record<string, string> = this.session ? { Session: this.session.id } : {};
		switch (request.method) {
			case "OPTIONS":
				return ok({ Public: DEFAULT_PUBLIC });
			case "DESCRIBE":
				return { ...ok({ "Content-Type": "application/sdp" }), body: this.camera.sdp };
			case "SETUP":
				return this.#setup(request);
			case "PLAY":
				return ok({ ...sessionField, Range: "npt=0.000-" });
			case "TEARDOWN":
				this.stopMedia();
				if (this.session) this.session.endedBy = "teardown";
				return ok({});
			default:
				return ok(sessionField);
		}
	}

	#setup(request: RtspRequest): Reply {
		const { camera } = this;
		const { script } = camera;
		const asked = headerOf(request, "transport") ?? "";
		const kind = /client_port/i.test(asked) && !/TCP/i.test(asked) ? "udp" : "tcp";
		if (script.transports && !script.transports.includes(kind)) return failed(461, "Unsupported Transport");
		if (!this.session && camera.isFull()) return failed(453, "Not Enough Bandwidth");
		this.session ??= camera.newSession();
		const trackIndex = camera.trackOf(request.target, this.session.senders.size);
		const usual = kind === "udp" ? this.#udpTransport(asked, trackIndex) : asked;
		const transport = script.transport ? script.transport(usual, trackIndex) : usual;
		this.#addSender(trackIndex, transport ?? asked, asked);
		const sessionText = `${this.session.id};timeout=${script.expiresAfterS ?? DEFAULT_TIMEOUT_S}`;
		const sessionField = script.session ? script.session(sessionText, this.#setups) : sessionText;
		this.#setups++;
		return ok({ Transport: transport, Session: sessionField });
	}

	/** The scenario refused what the camera would have taken: there is no session then. */
	#forgetSetup(): void {
		if (!this.session || this.session.senders.size > 1) return;
		this.camera.sessions.splice(this.camera.sessions.indexOf(this.session), 1);
		this.session = undefined;
	}

	#udpTransport(asked: string, trackIndex: number): string {
		const port = this.camera.udpPort(trackIndex);
		const { announced } = this.camera.script.udp ?? {};
		const text = announced ? announced(port) : `${port}-${port + 1}`;
		return text === null ? asked : `${asked};server_port=${text}`;
	}

	/** Media go where the answer says, as a camera's do. */
	#addSender(trackIndex: number, transport: string, asked: string): void {
		const { camera } = this;
		const track = camera.tracks[trackIndex];
		if (!track || !this.session) return;
		const channels = /interleaved=\s*(\d+)(?:-(\d+))?/.exec(transport) ?? /interleaved=\s*(\d+)(?:-(\d+))?/.exec(asked);
		const clientPort = /client_port=(\d+)-(\d+)/.exec(transport) ?? /client_port=(\d+)-(\d+)/.exec(asked);
		const overUdp = clientPort !== null && !/TCP/.test(transport);
		const rtpChannel = Number(channels?.[1] ?? 0);
		const rtcpChannel = Number(channels?.[2] ?? rtpChannel + 1);
		const path = (camera.script.udp?.path satisfies UdpScript["path"])?.();
		this.session.senders.set(
			trackIndex,
			new TrackSender({
				track,
				clock: camera.clock,
				nextTag: () => camera.nextTag(trackIndex),
				send: (kind, packet) => {
					if (!overUdp) this.sendFrame(kind === "rtp" ? rtpChannel : rtcpChannel, packet);
					else {
						const port = Number(clientPort[kind === "rtp" ? 1 : 2]);
						const packets = kind === "rtp" && path ? path(packet) : [packet];
						for (const one of packets) camera.sendDatagram(trackIndex, kind, one, port, this.line.peerAddress);
					}
				},
			}),
		);
	}

	#sendEarlyMedia(): void {
		for (let unit = 0; unit < (this.camera.script.mediaBeforePlay ?? 0); unit++) {
			for (const sender of this.session?.senders.values() ?? []) sender.sendUnit();
		}
	}

	#startMedia(): void {
		for (const sender of this.session?.senders.values() ?? []) sender.start();
	}

	#alive(): void {
		const { expiresAfterS } = this.camera.script;
		if (expiresAfterS === undefined) return;
		this.#expiry?.cancel();
		this.#expiry = this.camera.clock.after(expiresAfterS * 1000, () => {
			this.camera.expired++;
			this.close("end");
		});
	}
}

function ok(fields: Reply["fields"]): Reply {
	return { status: 200, fields, body: "" };
}

function failed(status: number, reason: string): Reply {
	return { status, reason, fields: {}, body: "" };
}

/** A line of one socket, plain or TLS, over a plain one. */
export function socketLine(socket: Duplex, raw: Socket): Line {
	return {
		write: (bytes) => {
			if (!socket.destroyed && socket.writable) socket.write(bytes);
		},
		end: () => socket.end(),
		reset: () => {
			if (!raw.destroyed) raw.resetAndDestroy();
		},
		peerAddress: raw.remoteAddress ?? "",
		get isOpen() {
			return !raw.destroyed && raw.writable;
		},
	};
}
