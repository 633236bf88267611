/** One RTSP connection of a client: its socket, its session and the media that the session asked for. @module */
import { createHash, randomBytes, randomInt } from "node:crypto";
import type { Socket } from "node:net";
import type {
	HashFunctions,
	RtpInfo,
	RtspAuthentication,
	RtspRefusal,
	RtspServerEnd,
	RtspServerHandler,
	RtspSetup,
	RtspSetupAnswer,
	ServerTransport,
} from "@vigia/rtsp";
import { RtspServerSession } from "@vigia/rtsp";
import type { Channel, ChannelConnection } from "./channel.ts";
import type { StreamName } from "./clip-index.ts";
import { PAYLOAD_TYPE, TRACK_CONTROL } from "./clip-store.ts";
import { frameInterleaved, type Packets, RtpSender } from "./rtp-sender.ts";
import {
	SOUND_BLOCK_MS,
	SOUND_BLOCK_SAMPLES,
	SOUND_CLOCK_HZ,
	SOUND_CONTROL,
	SOUND_PAYLOAD_TYPE,
	SOUND_SDP,
	soundBlock,
} from "./sound.ts";
import type { DuePicture, StreamClock, StreamViewer } from "./stream-clock.ts";
import type { CameraTarget } from "./target.ts";
import { parseCameraTarget } from "./target.ts";
import type { UdpPorts } from "./udp-ports.ts";

/** More than this waiting for a client: it gets no pictures until the queue is shorter and a random access point comes. */
const MAX_QUEUED_BYTES = 256 * 1024;
/** More than this, answers to its requests included: it is cut off at once. */
const MAX_QUEUED_WITH_ANSWERS_BYTES = 1024 * 1024;
/** A client whose queue stays full for so long is cut off. */
const SLOW_CLIENT_MS = 10_000;
/** RFC 3550 section 6.2: five seconds between reports. */
const REPORT_INTERVAL_MS = 5000;

/** What a connection needs of the simulator. */
export interface ConnectionHost {
	findChannel(number: number): Channel | undefined;
	clockOf(channel: number, stream: StreamName): StreamClock | undefined;
	/** What protects a channel besides its name and password. */
	readonly digest: Pick<RtspAuthentication, "realm" | "algorithm" | "qopAuth">;
	readonly sessionTimeoutS: number | undefined;
	readonly udp: UdpPorts;
	onClosed(connection: Connection): void;
}

/** After a longer pause of the process the missed sound is left out. */
const MAX_SOUND_CATCH_UP_MS = 1000;

interface Track {
	readonly transport: ServerTransport;
	readonly sender: RtpSender;
}

interface Media {
	readonly clock: StreamClock;
	readonly video: Track;
	sound: Track | undefined;
	/** The block of sound that is sent next. */
	nextBlock: number;
}

function openSender(payloadType: number): RtpSender {
	return new RtpSender(payloadType, {
		ssrc: randomBytes(4).readUInt32BE(),
		timestampOffset: randomBytes(4).readUInt32BE(),
		sequenceNumber: randomBytes(2).readUInt16BE(),
	});
}

const hashes: HashFunctions = {
	md5: (bytes) => createHash("md5").update(bytes).digest("hex"),
	sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
};

export class Connection implements RtspServerHandler, StreamViewer, ChannelConnection {
	readonly #socket: Socket;
	readonly #host: ConnectionHost;
	readonly #session: RtspServerSession;
	/** With a port per camera: the only channel that is served here. */
	readonly #onlyChannel: Channel | undefined;
	#channel: Channel | undefined;
	#media: Media | undefined;
	#silent = false;
	#closed = false;
	#awaitsRandomAccess = false;
	#queueFullSinceMs: number | undefined;
	#nextReportMs = 0;

	constructor(socket: Socket, host: ConnectionHost, onlyChannel: Channel | undefined) {
		this.#socket = socket;
		this.#host = host;
		this.#onlyChannel = onlyChannel;
		this.#session = new RtspServerSession(
			{
				hashes,
				serverName: "Vigia camera simulator",
				nonce: randomBytes(16).toString("hex"),
				makeSessionId: () => randomInt(1e9, 1e10).toString(),
				...(host.sessionTimeoutS === undefined ? {} : { timeoutS: host.sessionTimeoutS }),
			},
			this,
			performance.now(),
		);
		socket.setNoDelay(true);
		socket.on("data", (bytes: Buffer) => {
			if (!this.#silent) this.#session.handleInput(bytes, performance.now());
		});
		socket.on("error", () => undefined);
		socket.on("close", () => this.#onClosed());
		if (onlyChannel) this.#bind(onlyChannel);
	}

	get silent(): boolean {
		return this.#silent;
	}

	get inSession(): boolean {
		return this.#media !== undefined;
	}

	cut(): void {
		if (this.#socket.destroyed) return;
		// A reset fails while a shutdown is under way (EINVAL of uv_tcp_close_reset) and would leave the socket open.
		if (this.#socket.writableEnded) this.#socket.destroy();
		else this.#socket.resetAndDestroy();
		this.#onClosed();
	}

	goSilent(): void {
		this.#silent = true;
		this.#socket.pause();
	}

	/** Ends the session if it showed no sign of life for too long. */
	handleTimeout(nowMs: number): void {
		if (!this.#silent) this.#session.handleTimeout(nowMs);
	}

	/** A receiver report came over UDP. */
	noteActivity(): void {
		this.#session.noteActivity(performance.now());
	}

	sendPicture(due: DuePicture): void {
		const media = this.#media;
		const channel = this.#channel;
		if (!media || !channel || this.#silent || channel.faults.freeze !== "none") return;
		if (this.#mustDrop(media.video.transport, due)) {
			channel.counters.picturesDropped++;
			return;
		}
		this.#send(media.video, due.picture, media.clock.timestampOf(due.index));
		channel.counters.picturesSent++;
	}

	tick(nowMs: number): void {
		const media = this.#media;
		if (!media || this.#silent || this.#channel?.faults.freeze === "all") return;
		this.#cutIfSlow(nowMs);
		if (this.#closed) return;
		if (media.sound) this.#sendSound(media, media.sound, nowMs);
		if (nowMs < this.#nextReportMs) return;
		this.#nextReportMs = nowMs + REPORT_INTERVAL_MS;
		const unixMs = Date.now();
		this.#report(media.video, media.video.sender.writeReport(media.clock.timestampAt(nowMs), unixMs));
		if (!media.sound) return;
		const soundTimestamp = Math.round((media.clock.elapsedMs(nowMs) * SOUND_CLOCK_HZ) / 1000);
		this.#report(media.sound, media.sound.sender.writeReport(soundTimestamp, unixMs));
	}

	/** All blocks that are over by now. */
	#sendSound(media: Media, track: Track, nowMs: number): void {
		const elapsedMs = media.clock.elapsedMs(nowMs);
		const end = Math.floor(elapsedMs / SOUND_BLOCK_MS);
		const oldest = Math.floor((elapsedMs - MAX_SOUND_CATCH_UP_MS) / SOUND_BLOCK_MS);
		const isFull = track.transport.type === "interleaved" && this.#socket.writableLength > MAX_QUEUED_BYTES;
		for (media.nextBlock = Math.max(media.nextBlock, oldest); media.nextBlock < end; media.nextBlock++) {
			if (isFull) continue;
			this.#send(track, soundBlock(media.nextBlock), media.nextBlock * SOUND_BLOCK_SAMPLES);
			if (this.#channel) this.#channel.counters.soundsSent++;
		}
	}

	#send({ transport, sender }: Track, packets: Packets, timestamp: number): void {
		if (transport.type === "interleaved") {
			this.#socket.write(sender.writeInterleaved(packets, timestamp, transport.channels[0]));
			return;
		}
		const address = this.#socket.remoteAddress;
		if (address === undefined) return;
		for (const datagram of sender.writeDatagrams(packets, timestamp))
			this.#host.udp.sendRtp(datagram, transport.clientPort[0], address);
	}

	#report({ transport }: Track, report: Uint8Array): void {
		if (transport.type === "interleaved") {
			this.#socket.write(frameInterleaved(report, transport.channels[1]));
		} else if (this.#socket.remoteAddress !== undefined) {
			this.#host.udp.sendRtcp(report, transport.clientPort[1], this.#socket.remoteAddress);
		}
	}

	transmit(bytes: Uint8Array): void {
		if (this.#silent || this.#closed) return;
		this.#socket.write(bytes);
		if (this.#socket.writableLength > MAX_QUEUED_WITH_ANSWERS_BYTES) this.#cutSlow();
	}

	disconnect(_reason: RtspServerEnd): void {
		this.#socket.destroySoon();
	}

	onRequest(method: string, target: string): void {
		const camera = this.#resolve(target);
		if (camera && !this.#media) this.#bind(camera.channel);
		this.#channel?.countRequest(method);
		const faults = this.#channel?.faults;
		if (faults?.halfOpen) this.goSilent();
		else if (faults?.stopped === "cut") this.cut();
	}

	authentication(target: string): RtspAuthentication | undefined {
		const channel = this.#resolve(target)?.channel ?? this.#channel;
		if (!channel || (!channel.credentials && !channel.faults.refusePasswords)) return undefined;
		return {
			...this.#host.digest,
			credentials: channel.faults.refusePasswords ? undefined : channel.credentials,
		};
	}

	describe(target: string): { readonly sdp: Uint8Array; readonly contentBase: string } | RtspRefusal {
		const found = this.#resolve(target);
		const clock = found && this.#host.clockOf(found.channel.number, found.camera.stream);
		if (!found || !clock) return { refuse: 404 };
		if (typeof found.channel.faults.stopped === "number") return { refuse: found.channel.faults.stopped };
		const { sdp } = clock.clip;
		return {
			sdp: found.channel.hasSound ? Buffer.concat([sdp, SOUND_SDP]) : sdp,
			contentBase: `${found.camera.presentationUrl}/`,
		};
	}

	setup({ target, transport }: RtspSetup): RtspSetupAnswer | RtspRefusal {
		const found = this.#resolve(target);
		const clock = found && this.#host.clockOf(found.channel.number, found.camera.stream);
		if (!found || !clock) return { refuse: 404 };
		const { faults } = found.channel;
		if (this.#closed || this.#silent) return { refuse: 503 };
		if (typeof faults.stopped === "number") return { refuse: faults.stopped };
		if (found.channel.hasSound && target.endsWith(`/${SOUND_CONTROL}`)) return this.#setupSound(transport);
		// There is one media section of pictures, so a second SETUP of the session has nothing left to set up.
		if (this.#media) return { refuse: 455 };
		if (faults.sessionLimit !== undefined && found.channel.activeSessions >= faults.sessionLimit)
			return { refuse: 453 };
		const video = { transport, sender: openSender(PAYLOAD_TYPE) };
		this.#media = { clock, video, sound: undefined, nextBlock: 0 };
		found.channel.counters.sessions++;
		return this.#agree(video);
	}

	/** Pictures are set up first, as all clients do it. */
	#setupSound(transport: ServerTransport): RtspSetupAnswer | RtspRefusal {
		if (!this.#media || this.#media.sound) return { refuse: 455 };
		const sound = { transport, sender: openSender(SOUND_PAYLOAD_TYPE) };
		this.#media.sound = sound;
		return this.#agree(sound);
	}

	#agree({ transport, sender: { ssrc } }: Track): RtspSetupAnswer {
		if (transport.type === "interleaved") return { ssrc };
		this.#host.udp.expect(this, this.#socket.remoteAddress ?? "", transport.clientPort);
		return { ssrc, serverPort: this.#host.udp.ports };
	}

	play(target: string): readonly RtpInfo[] | RtspRefusal {
		const media = this.#media;
		if (!media) return { refuse: 455 };
		media.clock.add(this);
		const presentationUrl = parseCameraTarget(target)?.presentationUrl ?? target;
		const { clock, video, sound } = media;
		media.nextBlock = Math.floor(clock.elapsedMs(performance.now()) / SOUND_BLOCK_MS);
		const info = ({ sender }: Track, control: string, timestamp: number): RtpInfo => ({
			url: `${presentationUrl}/${control}`,
			sequenceNumber: sender.sequenceNumber,
			rtpTimestamp: (timestamp + sender.timestampOffset) >>> 0,
		});
		const infos = [info(video, TRACK_CONTROL, clock.timestampOf(clock.nextIndex))];
		if (sound) infos.push(info(sound, SOUND_CONTROL, media.nextBlock * SOUND_BLOCK_SAMPLES));
		return infos;
	}

	pause(): void {
		this.#media?.clock.delete(this);
	}

	end(reason: RtspServerEnd): void {
		this.#media?.clock.delete(this);
		this.#media = undefined;
		this.#host.udp.forget(this);
		if (reason === "teardown" && this.#channel) this.#channel.counters.teardowns++;
	}

	onInterleaved(): void {
		// Receiver reports: that they come is all that counts, and the session has noted it.
	}

	#resolve(target: string): { readonly camera: CameraTarget; readonly channel: Channel } | undefined {
		const camera = parseCameraTarget(target);
		const channel = camera && this.#host.findChannel(camera.channel);
		if (!camera || !channel || (this.#onlyChannel && channel !== this.#onlyChannel)) return undefined;
		return { camera, channel };
	}

	#bind(channel: Channel): void {
		if (this.#channel === channel || this.#closed) return;
		this.#channel?.connections.delete(this);
		this.#channel = channel;
		channel.connections.add(this);
	}

	/** Whole pictures are left out up to the next random access point, so that what is sent can be decoded. */
	#mustDrop(transport: ServerTransport, due: DuePicture): boolean {
		const queued = transport.type === "interleaved" ? this.#socket.writableLength : 0;
		if (queued > MAX_QUEUED_BYTES) {
			this.#queueFullSinceMs ??= performance.now();
			this.#awaitsRandomAccess = true;
		} else {
			this.#queueFullSinceMs = undefined;
			if (due.picture.randomAccess) this.#awaitsRandomAccess = false;
		}
		return this.#awaitsRandomAccess;
	}

	#cutIfSlow(nowMs: number): void {
		if (this.#queueFullSinceMs !== undefined && nowMs - this.#queueFullSinceMs > SLOW_CLIENT_MS) this.#cutSlow();
	}

	#cutSlow(): void {
		if (this.#channel) this.#channel.counters.slowClientsCut++;
		this.cut();
	}

	#onClosed(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#session.handleConnectionClosed();
		this.#channel?.connections.delete(this);
		this.#host.onClosed(this);
	}
}
