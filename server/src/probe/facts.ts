/** What a probe measures, before anybody judges it. @module */
import type { ProbeCertificate, ProbeReport, ProbeVideo } from "@vigia/api";
import type { RtspTransport, TlsPolicy } from "../config/settings.ts";
import type { SourceFailure, SourceTrack } from "../sources/source.ts";

/** What is known of a camera before it is asked. */
export interface ProbeContext {
	/** It is addressed by `rtsps`. */
	readonly encrypted: boolean;
	readonly tls: TlsPolicy;
	readonly transportAsked: RtspTransport;
	readonly hasCredentials: boolean;
	/** What the wall uses this stream for; `undefined` for an address that is in no settings. */
	readonly use: ProbeUse | undefined;
}

export interface ProbeUse {
	/** It fills a tile of the grid. */
	readonly inGrid: boolean;
	/** The camera has no other stream in the settings. */
	readonly isOnly?: boolean;
}

/** All that one probe found out. */
export interface ProbeFacts extends ProbeContext {
	/** Why it ended without a picture that decoding can begin with. */
	readonly failure: SourceFailure | undefined;
	/** Why it ended by itself after pictures came. */
	readonly brokenOff: SourceFailure | undefined;
	/** From the first picture to the end. */
	readonly measuredSeconds: number;
	/** From the last picture to the end. */
	readonly silentSeconds: number;
	readonly server: string;
	readonly transport: ProbeReport["transport"];
	readonly certificate: ProbeCertificate | undefined;
	readonly tracks: readonly SourceTrack[];
	readonly video: ProbeVideo | undefined;
	/** How far the pictures' own timestamps went; 0 where they stand still. */
	readonly mediaSeconds: number;
	readonly audio: ProbeReport["audio"];
	readonly firstPictureMs: number | undefined;
	readonly packets: ProbeReport["packets"];
	readonly quirks: readonly string[];
}
