/** The transports of one client session: the one that is asked for, and the one that a camera answers with. @module */
import type { AgreedTransport, RtspClientOptions } from "./client-contract.ts";
import { RtspError } from "./errors.ts";
import { InterleavedTransport } from "./interleaved-transport.ts";
import type { MediaTransport, TransportContext } from "./media-transport.ts";
import type { PresentationTrack } from "./presentation.ts";
import { parseTransport, type TransportSpec } from "./transport-header.ts";
import { UdpTransport } from "./udp-transport.ts";

export class MediaTransports {
	readonly interleaved: InterleavedTransport;
	/** `undefined` if the caller has no ports for it. */
	readonly udp: UdpTransport | undefined;
	readonly #context: TransportContext;

	constructor(options: Pick<RtspClientOptions, "udpPorts">, context: TransportContext) {
		this.#context = context;
		this.interleaved = new InterleavedTransport(context);
		this.udp = options.udpPorts ? new UdpTransport(options.udpPorts, context) : undefined;
	}

	/** The Transport field of the next SETUP. */
	offer(): string {
		return (this.udp ?? this.interleaved).offer();
	}

	/**
	 * Takes the Transport field of the answer, whatever was asked for.
	 * @throws {RtspError} kind `unsupported-transport`, or `encrypted`.
	 */
	accept(track: PresentationTrack, value: string | undefined, nowMs: number): AgreedTransport {
		const answer = value === undefined ? undefined : parseTransport(value)[0];
		if (!answer) this.#context.onQuirk("transport-header-missing");
		return this.#chosen(answer).accept(track, answer, nowMs);
	}

	#chosen(answer: TransportSpec | undefined): MediaTransport {
		const asked = this.udp ?? this.interleaved;
		if (!answer) return asked;
		// Interleaved counts even without /TCP (Escam Q6).
		if (answer.interleaved || answer.protocol.includes("TCP")) {
			if (asked !== this.interleaved) this.#context.onQuirk("other-transport-answered");
			return this.interleaved;
		}
		if (this.udp) return this.udp;
		// An answer that names neither channels nor ports says nothing: what was asked for holds.
		const meansUdp = answer.serverPort ?? answer.clientPort ?? (answer.multicast || answer.protocol.endsWith("UDP"));
		if (meansUdp === false) return this.interleaved;
		this.#context.onQuirk("other-transport-answered");
		const message = "the camera answered a request for TCP with UDP";
		throw new RtspError("unsupported-transport", "RTSP_TRANSPORT", message);
	}

	/** Sends RTCP on a track's way; nothing happens if the track is not set up. The bytes stay the caller's. */
	sendRtcp(track: PresentationTrack, packet: Uint8Array): void {
		if (!this.interleaved.sendRtcp(track, packet)) this.udp?.sendRtcp(track, packet);
	}

	nextTimeout(): number {
		return this.udp?.nextTimeout() ?? Number.POSITIVE_INFINITY;
	}

	/** @throws {RtspError} kind `unsupported-transport` if UDP stays silent. */
	handleTimeout(nowMs: number): void {
		this.udp?.handleTimeout(nowMs);
	}
}
