/** Who plays to WHEP players: our own WebRTC, or another program's. @module */
import type { WebrtcEngine } from "@vigia/api";
import type { ReadableStreamSource } from "../../streams/reader.ts";
import type { PlayerOffer } from "./player-offer.ts";
import type { PlayerSession } from "./player-session.ts";

/** A session with a player, as long as it lasts. */
export interface Player extends Pick<PlayerSession, "answerSdp" | "iceUfrag" | "addCandidate" | "close"> {
	/** Who plays, where it is not our own WebRTC. */
	readonly engine?: WebrtcEngine["name"];
}

export interface EnginePlayerOptions {
	readonly cameraId: string;
	readonly stream: "main" | "sub";
	readonly source: ReadableStreamSource;
	readonly offer: PlayerOffer;
	readonly offerSdp: string;
	/** Host name or address that the player used, without port. */
	readonly pageHost: string | undefined;
	readonly onClose: () => void;
}

export interface PlayerEngine {
	/** As {@link Webrtc.openPlayer}: `undefined` when there are as many players as there may be. */
	openPlayer(options: EnginePlayerOptions): Promise<Player | undefined>;
	/** The list of cameras has changed: ends the sessions of those that are not in it any more. */
	endGone(): void;
}
