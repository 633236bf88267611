/** What a simulated ONVIF device is like, and how it can misbehave. @module */
import type { DigestAlgorithm, PlainCredentials } from "@vigia/rtsp";
import type { StreamName } from "../clip-index.ts";

export interface OnvifDeviceOptions {
	/** Where HTTP and unicast discovery listen. Default 127.0.0.1. */
	readonly host?: string;
	/** TCP. Default 0: any free one. */
	readonly port?: number;
	/** UDP. Default 0: any free one; real devices have 3702. */
	readonly discoveryPort?: number;
	/** Joins the discovery group on the interface with this address, and listens on all. */
	readonly multicastInterface?: string;
	/** `https` with these (PEM). */
	readonly tls?: { readonly key: string; readonly cert: string };
	/** The endpoint reference's UUID. Default: a new one. */
	readonly endpoint?: string;
	readonly manufacturer?: string;
	readonly model?: string;
	readonly firmware?: string;
	/** Default SIM0000001. */
	readonly serial?: string;
	/** Says its serial number in the scopes, to who has no password; a text: this one there. */
	readonly serialInScopes?: boolean | string;
	/** Which Probes it answers. Default: both. */
	readonly types?: readonly ("NetworkVideoTransmitter" | "Device")[];
	/** Video sources, each with a main and a sub profile. Default 1. */
	readonly channels?: number;
	/** Channels for which GetStreamUri answers with a fault. */
	readonly brokenChannels?: readonly number[];
	/** Channels for which GetStreamUri is never answered. */
	readonly silentChannels?: readonly number[];
	/** Asks for these; without them nobody is asked. */
	readonly credentials?: PlainCredentials;
	/** How it takes them: ONVIF Core Specification section 5.9. Default `both`. */
	readonly authentication?: "token" | "digest" | "both";
	readonly digest?: {
		readonly algorithm?: DigestAlgorithm;
		readonly qopAuth?: boolean;
		/** A nonce for each refusal, as most devices have it. Default: one for all. */
		readonly freshNonces?: boolean;
	};
	/** Asks for the password for its time too, against the specification. */
	readonly timeNeedsPassword?: boolean;
	/** The right password is not enough for the media services. */
	readonly mediaForbidden?: boolean;
	/** Its clock minus the real one. Default 0. */
	readonly clockOffsetMs?: number;
	/** The real clock, in milliseconds since 1970. Default: the system's. */
	readonly wallMs?: () => number;
	/** Default `media`. */
	readonly media?: "media" | "media2" | "both";
	/** Devices before ONVIF 2.1 do not. Default `true`. */
	readonly knowsGetServices?: boolean;
	/** The host in all addresses that it tells, as behind NAT. Default: `host`. */
	readonly reportedHost?: string;
	/** What GetStreamUri answers. Default: Dahua's path on port 554 of `reportedHost`. */
	readonly streamUri?: (channel: number, stream: StreamName) => string;
}

/** What every HTTP request is answered with. */
export type OnvifHttpFault =
	/** Nothing, for ever. */
	| "silence"
	/** A byte now and then, for ever. */
	| "drip"
	/** Valid XML without an end. */
	| "endless"
	/** The beginning of the right answer. */
	| "truncated"
	/** A login page. */
	| "web-page"
	/** A hundred thousand open elements. */
	| "deep"
	/** A document type with entities that grow. */
	| "entity-bomb"
	/** A redirect to another host. */
	| "redirect"
	/** The connection closes. */
	| "cut"
	/** A Digest challenge with control characters in it. */
	| "bad-challenge"
	/** A fault of the device's own. */
	| "device-fault";

/** What a Probe is answered with. */
export type OnvifDiscoveryFault =
	/** Thousands of answers, each of another device. */
	| "flood"
	/** One datagram of sixty kilobytes. */
	| "oversized"
	/** An answer to somebody else's Probe. */
	| "unrelated"
	/** Half an answer. */
	| "truncated";
