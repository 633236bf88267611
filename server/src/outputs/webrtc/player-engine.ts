/** Who plays to WHEP players: our own WebRTC, or another program's. @module */
import type { WebrtcEngine } from "@vigia/api";
import type { PlayerSession } from "./player-session.ts";
import type { OpenPlayerOptions } from "./webrtc.ts";

/** A session with a player, as long as it lasts. */
export interface Player extends Pick<PlayerSession, "answerSdp" | "iceUfrag" | "addCandidate" | "close"> {
	/** Who plays, where it is not our own WebRTC. */
	readonly engine?: WebrtcEngine["name"];
}

export interface EnginePlayerOptions extends OpenPlayerOptions {
	readonly cameraId: string;
	readonly stream: "main" | "sub";
}

export interface PlayerEngine {
	/** As {@link Webrtc.openPlayer}: `undefined` when there are as many players as there may be. */
	openPlayer(options: EnginePlayerOptions): Promise<Player | undefined>;
}
