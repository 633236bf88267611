/** The settings as the rest of the server sees them. @module */
import type { IceServer, StreamName } from "@vigia/api";
import type { Credentials } from "./credentials.ts";
import type { Go2rtcAddress } from "./go2rtc-url.ts";

/** Where one stream of a camera is. The path goes on the wire byte for byte. */
export interface StreamAddress {
	readonly scheme: "rtsp" | "rtsps";
	/** Host name or IP address, IPv6 without brackets. */
	readonly host: string;
	readonly port: number;
	/** Begins with `/`, with its query, never with user information. */
	readonly path: string;
	/** Nobody has said that it is the right device which is there: it is not sent the password readable (Basic). */
	readonly isFound?: boolean;
}

/** How much a camera's TLS certificate must prove (`rtsps://` only). Nearly all cameras have a self-signed one. */
export type TlsPolicy =
	/** It must hold against the system's authorities and the host's name. */
	| { readonly mode: "verify" }
	/** It must be exactly this one: SHA-256 of its DER form, 64 lower-case hexadecimal digits. */
	| { readonly mode: "pin"; readonly sha256: string }
	/** Any will do. `legacy` also takes TLS 1.0 and short keys. */
	| { readonly mode: "insecure"; readonly legacy: boolean };

/** How media is fetched: `auto` tries TCP, then UDP, then RTSP through HTTP, and remembers what worked. */
export type RtspTransport = "auto" | "tcp" | "udp" | "http";

export interface CameraSettings {
	readonly id: string;
	readonly name: string;
	readonly credentials?: Credentials;
	/** Default: that of the settings as a whole. */
	readonly transport?: RtspTransport;
	/** Default: `verify`. */
	readonly tls?: TlsPolicy;
	/** Of the device by ONVIF, where it was added so: it is found again by it. */
	readonly serial?: string;
	readonly streams: Partial<Record<StreamName, StreamAddress>>;
}

export interface Settings {
	/** HTTP. */
	readonly host: string;
	readonly port: number;
	/** Files of the certificate and of its key: the page is served over HTTPS. */
	readonly tls?: { readonly certFile: string; readonly keyFile: string };
	/** The one UDP port of all WebRTC media. */
	readonly webrtcPort: number;
	/** Addresses or names to offer besides the interfaces and the page's host. */
	readonly webrtcHosts: readonly string[];
	readonly iceServers: readonly IceServer[];
	/** Further origins (`https://host[:port]`) whose pages may use the API from a browser. */
	readonly allowOrigins: readonly string[];
	/** Addresses and networks of proxies whose fields count, `loopback`, `private`. */
	readonly trustProxy: readonly string[];
	/** The path below which a proxy serves the wall and which it passes on: `/cams`; empty: none. */
	readonly basePath: string;
	readonly protocol: "auto" | "webrtc" | "mse" | "hls";
	readonly rtspTransport: RtspTransport;
	/** Where others fetch the cameras from; absent: nowhere. Without credentials anybody may. */
	readonly rtspOutput?: { readonly port: number; readonly credentials?: Credentials };
	/** Streams that are transcoded at the same time; 0 switches transcoding off. */
	readonly transcodeMax: number;
	/** The FFmpeg program: a path, or a name on `PATH`. */
	readonly ffmpeg: string;
	/** A go2rtc whose streams are cameras here. */
	readonly go2rtc?: Go2rtcAddress;
	/** Who plays over WebRTC, as long as it can. */
	readonly webrtcEngine: "builtin" | "go2rtc";
	/** The go2rtc program: a path, or a name on `PATH`. */
	readonly go2rtcBin: string;
	readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "silent";
	/** Empty: the demo's simulated cameras are used. */
	readonly cameras: readonly CameraSettings[];
}
