/** A camera for tests that sends over UDP on loopback: its packets go as a test orders them. @module */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { packetizeH264, RTP_HEADER_BYTES, writeRtpHeader } from "@vigia/rtp";
import { headerOf, type RtspRequest } from "@vigia/rtsp";
import { answerTo, type CameraScript, ScriptedCamera } from "./scripted-camera.ts";

/** Between two pictures in units of 90 kHz: 25 a second. */
const TICKS_PER_PICTURE = 3600;

/** RTP packets of these pictures, numbered through. */
export function rtpPacketsOf(
	pictures: readonly (readonly Uint8Array[])[],
	first: { readonly sequenceNumber?: number; readonly timestamp?: number; readonly ssrc?: number } = {},
): Uint8Array[] {
	const { sequenceNumber = 65_530, timestamp = 0xffff_ff00, ssrc = 0x1234 } = first;
	const packets: Uint8Array[] = [];
	for (const [index, nalUnits] of pictures.entries()) {
		const payloads = packetizeH264(nalUnits, 1400);
		for (const [position, payload] of payloads.entries()) {
			const packet = new Uint8Array(RTP_HEADER_BYTES + payload.length);
			writeRtpHeader(packet, {
				payloadType: 96,
				marker: position === payloads.length - 1,
				sequenceNumber: (sequenceNumber + packets.length) & 0xffff,
				timestamp: (timestamp + index * TICKS_PER_PICTURE) >>> 0,
				ssrc,
			});
			packet.set(payload, RTP_HEADER_BYTES);
			packets.push(packet);
		}
	}
	return packets;
}

export interface UdpScript {
	/** The SETUP answer's server_port: as it is, none, or `0-1`, as some cameras have it. Default: as it is. */
	readonly serverPort?: "absent" | "zero";
	/** Sends media. Default: nothing is sent until the test does it. */
	readonly onPlay?: (camera: UdpCamera) => void;
	readonly script?: CameraScript;
}

export class UdpCamera implements AsyncDisposable {
	readonly rtsp: ScriptedCamera;
	readonly #rtp: Socket;
	readonly #rtcp: Socket;
	/** Where the client receives: RTP, RTCP. */
	clientPorts: readonly [number, number] | undefined;
	/** Datagrams from the client, by the port they came to. */
	readonly received: { readonly kind: "rtp" | "rtcp"; readonly bytes: Uint8Array }[] = [];

	private constructor(rtsp: ScriptedCamera, rtp: Socket, rtcp: Socket) {
		this.rtsp = rtsp;
		this.#rtp = rtp;
		this.#rtcp = rtcp;
		rtp.on("message", (bytes) => this.received.push({ kind: "rtp", bytes }));
		rtcp.on("message", (bytes) => this.received.push({ kind: "rtcp", bytes }));
	}

	static async open(options: UdpScript = {}): Promise<UdpCamera> {
		const [rtp, rtcp] = await Promise.all([openSocket("127.0.0.1"), openSocket("127.0.0.1")]);
		const own: { camera?: UdpCamera } = {};
		const rtsp = await ScriptedCamera.open({
			...options.script,
			pictures: options.script?.pictures ?? [],
			answer: (request, connection) => {
				const scripted = options.script?.answer?.(request, connection);
				if (scripted !== undefined || !own.camera) return scripted;
				if (request.method === "SETUP") return own.camera.#answerSetup(request, options);
				if (request.method === "PLAY") queueMicrotask(() => own.camera && options.onPlay?.(own.camera));
				return undefined;
			},
		});
		own.camera = new UdpCamera(rtsp, rtp, rtcp);
		return own.camera;
	}

	get port(): number {
		return this.rtsp.port;
	}

	/** Sends to the client's RTP port, or RTCP port, from this camera's own or from another socket. */
	send(packets: readonly Uint8Array[], from: Socket = this.#rtp, kind: "rtp" | "rtcp" = "rtp"): void {
		const port = this.clientPorts?.[kind === "rtp" ? 0 : 1];
		if (port === undefined) throw new Error("the client has not named its ports yet");
		for (const packet of packets) from.send(packet, port, "127.0.0.1");
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#rtp.close();
		this.#rtcp.close();
		await this.rtsp[Symbol.asyncDispose]();
	}

	#answerSetup(request: RtspRequest, { serverPort }: UdpScript): string | undefined {
		const asked = headerOf(request, "transport") ?? "";
		const ports = /client_port=(\d+)-(\d+)/.exec(asked);
		if (!ports) return undefined;
		this.clientPorts = [Number(ports[1]), Number(ports[2])];
		const own = serverPort === "zero" ? "0-1" : `${this.#rtp.address().port}-${this.#rtcp.address().port}`;
		const named = serverPort === "absent" ? "" : `;server_port=${own}`;
		const transport = `Transport: RTP/AVP;unicast;client_port=${ports[1]}-${ports[2]}${named}`;
		return answerTo(request, "200 OK", [transport, "Session: 12345678;timeout=60"]);
	}
}

/** A UDP socket on a loopback address; the whole of 127.0.0.0/8 is this machine on Linux. */
export async function openSocket(address: string): Promise<Socket> {
	const socket = createSocket("udp4");
	socket.bind(0, address);
	await once(socket, "listening");
	return socket;
}
