/**
 * go2rtc as the engine of WHEP players, and the built-in one whenever it cannot: docs/design/0006. A player sees one
 * endpoint either way.
 *
 * @module
 */
import { parse } from "sdp-transform";
import type { Logger } from "../observe/log.ts";
import type { EnginePlayerOptions, Player, PlayerEngine } from "../outputs/webrtc/player-engine.ts";
import type { StreamDirectory } from "../streams/reader.ts";
import { type Go2rtcClient, Go2rtcError } from "./go2rtc-client.ts";

/**
 * Sessions that are remembered for their DELETE. What is played is between the player and go2rtc, which does not tell
 * us its end: beyond this many the oldest is forgotten, which ends nothing.
 */
export const MAX_REMEMBERED = 256;

/** A go2rtc that may be asked. */
export interface Go2rtcHost {
	readonly isReady: boolean;
	readonly client: Pick<Go2rtcClient, "answerOffer">;
	/** Its name for this stream; `undefined`: it has none. */
	nameOf(cameraId: string, stream: "main" | "sub"): string | undefined;
	/** Puts in the addresses at which it is reached, where we know better. */
	finishAnswer?(answerSdp: string, pageHost: string | undefined): Promise<string>;
}

export interface Go2rtcEngineOptions {
	readonly host: Go2rtcHost;
	readonly builtIn: PlayerEngine;
	/** All cameras. */
	readonly directory: Pick<StreamDirectory, "hasCamera">;
	readonly log: Pick<Logger, "debug">;
}

export class Go2rtcEngine implements PlayerEngine {
	readonly #options: Go2rtcEngineOptions;
	/** With their cameras, the oldest first. */
	readonly #players = new Map<Player, string>();

	constructor(options: Go2rtcEngineOptions) {
		this.#options = options;
	}

	async openPlayer(options: EnginePlayerOptions): Promise<Player | undefined> {
		return (await this.#openAtGo2rtc(options)) ?? (await this.#options.builtIn.openPlayer(options));
	}

	/**
	 * A camera whose address alone has changed goes on under its name: go2rtc fetches it from us anew. What it still sends
	 * of the others ends with its run, which other cameras replace; one that runs elsewhere has no means to end it.
	 */
	endGone(): void {
		const { builtIn, directory } = this.#options;
		for (const [player, cameraId] of [...this.#players]) if (!directory.hasCamera(cameraId)) player.close();
		builtIn.endGone();
	}

	async #openAtGo2rtc(options: EnginePlayerOptions): Promise<Player | undefined> {
		const { host, log } = this.#options;
		const { cameraId, stream, offer, offerSdp, pageHost, onClose } = options;
		const name = host.isReady ? host.nameOf(cameraId, stream) : undefined;
		if (name === undefined) return undefined;
		try {
			const answer = await host.client.answerOffer(name, offerSdp);
			if (!plays(answer, offer.mid)) throw new Go2rtcError("failed");
			const answerSdp = (await host.finishAnswer?.(answer, pageHost)) ?? answer;
			return this.#remember(cameraId, answerSdp, offer.iceUfrag, onClose);
		} catch (error) {
			if (!(error instanceof Go2rtcError)) throw error;
			log.debug(
				{ camera: cameraId, stream, code: error.code },
				"go2rtc did not take a player: the built-in engine does",
			);
			return undefined;
		}
	}

	#remember(cameraId: string, answerSdp: string, iceUfrag: string, onClose: () => void): Player {
		const player: Player = {
			engine: "go2rtc",
			answerSdp,
			iceUfrag,
			// go2rtc has no place for them and needs none: it answers to wherever the player's own checks come from.
			addCandidate: () => {},
			// The player closes its end, which go2rtc notices.
			close: () => {
				if (this.#players.delete(player)) onClose();
			},
		};
		this.#players.set(player, cameraId);
		for (const oldest of this.#players.keys()) {
			if (this.#players.size <= MAX_REMEMBERED) break;
			oldest.close();
		}
		return player;
	}
}

/** Whether the answer promises pictures in that section: where it has no codec in common, go2rtc sends sound alone. */
function plays(answer: string, mid: string): boolean {
	const { media } = parse(answer);
	const section = media.find((one) => String(one.mid) === mid);
	return section !== undefined && section.port !== 0 && ["sendonly", "sendrecv"].includes(section.direction ?? "");
}
