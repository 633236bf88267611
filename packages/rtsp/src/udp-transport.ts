/** Media in datagrams of its own: RFC 2326 section 12.39, RFC 3550 section 11. @module */
import type { AgreedTransport } from "./client-contract.ts";
import { RtspError } from "./errors.ts";
import type { MediaTransport, TransportContext } from "./media-transport.ts";
import type { PresentationTrack } from "./presentation.ts";
import { type TransportSpec, writeTransport } from "./transport-header.ts";

/** How often a firewall on the way is reminded that an answer is expected, until media come. */
export const PUNCH_INTERVAL_MS: number = 10_000;
/** Video that does not come so long after PLAY was accepted does not get through: another transport is due. */
export const UDP_SILENCE_MS: number = 3000;
/** Server ports 0 and 1 stand for "any" (gortsplib found both in cameras). */
const LAST_ANY_PORT = 1;
/** Version 2, nothing else: the shortest RTP packet, RFC 3550 section 5.1. */
const EMPTY_RTP_BYTES = 12;
/** A receiver report without blocks: RFC 3550 section 6.4.2. */
const EMPTY_REPORT: readonly number[] = [0x80, 201, 0, 1, 0, 0, 0, 0];
const RTP_VERSION_2 = 0x80;

export class UdpTransport implements MediaTransport {
	readonly #context: TransportContext;
	readonly #ports: readonly (readonly [number, number])[];
	/** By pair. */
	readonly #tracks: PresentationTrack[] = [];
	/** Pairs that no RTP has come to. */
	readonly #waiting = new Set<number>();
	/** RTP of the first track came, that of the pictures: sound alone is no sign of life. */
	#heardFirst = false;
	#punchAtMs: number | undefined;
	#silentAtMs: number | undefined;

	constructor(ports: readonly (readonly [number, number])[], context: TransportContext) {
		this.#ports = ports;
		this.#context = context;
	}

	/** Asks for the ports of the next pair. */
	offer(): string {
		const clientPort = this.#ports[this.#tracks.length];
		if (!clientPort) throw new RtspError("usage", "RTSP_NO_PORTS", "there are fewer UDP port pairs than tracks");
		return writeTransport({ protocol: "RTP/AVP", clientPort });
	}

	accept(track: PresentationTrack, answer: TransportSpec | undefined, nowMs: number): AgreedTransport {
		if (answer?.multicast === true) {
			throw new RtspError("unsupported-transport", "RTSP_MULTICAST", "the camera answered with multicast");
		}
		const pair = this.#tracks.length;
		const named = answer?.serverPort;
		const serverPort = named && named[0] > LAST_ANY_PORT ? named : undefined;
		if (!serverPort) this.#context.onQuirk("server-port-missing");
		this.#tracks.push(track);
		this.#waiting.add(pair);
		this.#punchAtMs = nowMs;
		return { type: "udp", pair, serverPort };
	}

	sendRtcp(track: PresentationTrack, packet: Uint8Array): boolean {
		const pair = this.#tracks.indexOf(track);
		if (pair < 0) return false;
		// A copy that is one even of Node's Buffer, whose `slice` is a view.
		this.#context.sink.transmitDatagram(pair, "rtcp", new Uint8Array(packet));
		return true;
	}

	trackOf(pair: number): PresentationTrack | undefined {
		return this.#tracks[pair];
	}

	/** RTP came to a pair: the way is open. Hot path. */
	heard(pair: number): void {
		if (this.#waiting.size === 0 || !this.#waiting.delete(pair)) return;
		if (pair === 0) {
			this.#heardFirst = true;
			this.#silentAtMs = undefined;
		}
		if (this.#waiting.size === 0) this.#punchAtMs = undefined;
	}

	/** PLAY was accepted: from now on silence counts, if anything comes this way at all. */
	playing(nowMs: number): void {
		if (!this.#heardFirst && this.#tracks.length > 0) this.#silentAtMs = nowMs + UDP_SILENCE_MS;
	}

	nextTimeout(): number {
		return Math.min(this.#punchAtMs ?? Number.POSITIVE_INFINITY, this.#silentAtMs ?? Number.POSITIVE_INFINITY);
	}

	/** @throws {RtspError} kind `unsupported-transport` if nothing has come for too long. */
	handleTimeout(nowMs: number): void {
		if (this.#silentAtMs !== undefined && nowMs >= this.#silentAtMs) {
			const seconds = UDP_SILENCE_MS / 1000;
			const message = `no video came over UDP within ${seconds} s: a firewall may be in between`;
			throw new RtspError("unsupported-transport", "RTSP_UDP_SILENT", message);
		}
		if (this.#punchAtMs === undefined || nowMs < this.#punchAtMs) return;
		this.#punchAtMs = nowMs + PUNCH_INTERVAL_MS;
		for (const pair of this.#waiting) {
			const emptyRtp = new Uint8Array(EMPTY_RTP_BYTES);
			emptyRtp[0] = RTP_VERSION_2;
			this.#context.sink.transmitDatagram(pair, "rtp", emptyRtp);
			this.#context.sink.transmitDatagram(pair, "rtcp", Uint8Array.from(EMPTY_REPORT));
		}
	}
}
