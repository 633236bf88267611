/** What a scenario says of its camera: one readable object. @module */
import type { ChallengeOffer, PlainCredentials, RtspRequest } from "@vigia/rtsp";
import type { CameraConnection } from "./camera-connection.ts";
import type { QuirkCamera } from "./quirk-camera.ts";
import type { RtpOut } from "./rtp-out.ts";

/** An answer; `null` leaves a field out that is usually there, an array repeats it. */
export interface Reply {
	readonly status: number;
	/** Default: `OK` or `No`. */
	readonly reason?: string;
	/** In the order of the wire. `CSeq` and `Content-Length` are added unless they are here. */
	readonly fields: Readonly<Record<string, string | readonly string[] | null>>;
	readonly body: string;
	/** Ends the connection after it. */
	readonly close?: boolean;
}

/** What the camera does with a request: an answer, bytes of any kind, or nothing. */
export type Answer = Reply | { readonly raw: string | Uint8Array } | "silence";

export interface TrackScript {
	/** Lines of its media section but for `a=control`. */
	readonly sdp: string;
	/** `null`: no such line. */
	readonly control: string | null;
	readonly payloadType: number;
	readonly ssrc: number;
	readonly firstTimestamp: number;
	readonly firstSequenceNumber: number;
	/** Pictures or audio packets of one session; may be infinite. */
	readonly units: number;
	readonly intervalMs: number;
	/** RTP payloads of one unit. `tag` counts from 1 over all sessions, `index` from 0 in this one. */
	payloads(tag: number, index: number): readonly Uint8Array[];
	/** RTP time of a unit before the offset. */
	ticks(index: number): number;
	/** Default: every interval. */
	atMs?(index: number): number;
	/** Drops, doubles, delays or spoils the packets of a unit. */
	packets?(packets: readonly RtpOut[], index: number): readonly RtpOut[];
	/** An RTCP packet that is sent before this unit. */
	rtcp?(index: number, timestamp: number): Uint8Array | undefined;
}

export interface AuthScript {
	/** The challenges of a 401, strongest first or not. */
	readonly offers: (nonce: string) => readonly ChallengeOffer[];
	/** Default: those that the scenario's server is given. */
	readonly credentials?: PlainCredentials;
	/** The WWW-Authenticate fields as they stand on the wire; default: one per offer. */
	readonly challenges?: (offers: readonly ChallengeOffer[]) => readonly string[];
	/** Authorization fields that are refused although they are right. */
	readonly refuses?: RegExp;
	/** Only these methods need authorization. */
	readonly methods?: readonly string[];
	/** After so many good answers a nonce is stale. */
	readonly nonceLife?: number;
	readonly closeOn401?: boolean;
}

export interface WireScript {
	/** Rewrites the head of each answer, up to its empty line. */
	readonly head?: (text: string) => string;
	/** Cuts everything that is sent. */
	readonly split?: (bytes: Uint8Array) => readonly Uint8Array[];
	/** Bytes that are sent before each interleaved frame. */
	readonly beforeFrame?: (count: number) => Uint8Array | undefined;
	/** An answer and the frames directly after it leave in one write. */
	readonly gather?: boolean;
}

export interface UdpScript {
	/** The port that is announced as `server_port`; default: the true one. `null`: none. */
	readonly announced?: (port: number) => string | null;
	/** Where packets come from: default the announced socket. */
	readonly from?: "announced" | "other-port" | "other-address";
	/** Nothing is sent. */
	readonly silent?: boolean | ((camera: QuirkCamera) => boolean);
	/** Packets of strangers that are sent before each packet, from another address. */
	readonly stranger?: (packet: Uint8Array) => Uint8Array;
	/** Changes the order or number of all packets of a session: called with each, gives those that are sent now. */
	readonly path?: () => (packet: Uint8Array) => readonly Uint8Array[];
}

export interface CameraScript {
	/** Default 127.0.0.1. A camera that goes down and comes back has an address of its own: nobody takes its port. */
	readonly host?: string;
	readonly tls?: { readonly key: string; readonly cert: string };
	/** Default: one H.264 track. */
	readonly tracks?: readonly TrackScript[];
	/** Of the description; default `a=control:*`. */
	readonly sessionLines?: readonly string[];
	/** The whole description. */
	readonly sdp?: string;
	readonly auth?: AuthScript;
	/** Further fields of the answer to a method; `null` takes one away. */
	readonly fields?: Readonly<Record<string, Readonly<Record<string, string | null>>>>;
	/** The last word on an answer; `undefined`: the usual one. */
	readonly answer?: (request: RtspRequest, reply: Reply, connection: CameraConnection) => Answer | undefined;
	/** Transports that SETUP takes; others get 461. Default: both. */
	readonly transports?: readonly ("tcp" | "udp")[];
	/** The Transport field of an answer; `null`: none. */
	readonly transport?: (usual: string, track: number) => string | null;
	/** The Session field of the answer to the n-th SETUP; `null`: none. */
	readonly session?: (usual: string, setup: number) => string | null;
	/** Units that are sent before PLAY is answered. */
	readonly mediaBeforePlay?: number;
	/** Seconds after which a session without a sign of life is ended by the camera. */
	readonly expiresAfterS?: number;
	/** Only receiver reports are a sign of life. */
	readonly needsReports?: boolean;
	readonly maxSessions?: number;
	/** A session that ended without TEARDOWN counts for so long; default 65 s. */
	readonly holdMs?: number;
	readonly wire?: WireScript;
	readonly udp?: UdpScript;
	/** RTSP through HTTP is spoken on the same port. RTSP alone is hung up on unless `plainToo`. */
	readonly tunnel?: {
		readonly plainToo: boolean;
		/** A GET without Authorization gets 401 with a Basic challenge, and the connection ends; or any GET does. */
		readonly challengesGet?: boolean | "always";
	};
}
