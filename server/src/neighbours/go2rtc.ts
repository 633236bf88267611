/** All that go2rtc is to this server, as its settings want it: where cameras come from, and an engine for players. @module */
import type { WebrtcEngine } from "@vigia/api";
import type { CameraSettings, Settings } from "../config/settings.ts";
import type { Logger } from "../observe/log.ts";
import type { PlayerEngine } from "../outputs/webrtc/player-engine.ts";
import type { Clock } from "../platform/clock.ts";
import type { StreamDirectory } from "../streams/reader.ts";
import { Go2rtcClient } from "./go2rtc-client.ts";
import { Go2rtcEngine, type Go2rtcHost } from "./go2rtc-engine.ts";
import { go2rtcNameOf, Go2rtcStreams } from "./go2rtc-streams.ts";
import { OwnGo2rtc } from "./own-go2rtc.ts";

const MAX_PORT = 65_535;

export interface Go2rtcOptions {
	readonly settings: Pick<Settings, "go2rtc" | "go2rtcBin" | "webrtcEngine" | "webrtcHosts" | "iceServers">;
	readonly clock: Clock;
	readonly log: Logger;
	/** Its streams are others now: {@link Go2rtc.camerasWith} gives them. */
	readonly onChange: () => void;
}

export interface Go2rtcEngineParts {
	readonly builtIn: PlayerEngine;
	/** UDP port of the built-in engine: that of go2rtc is the next one. */
	readonly webrtcPort: number;
	/** The streams as the cameras send them. */
	readonly directory: StreamDirectory;
	/** All cameras as they are now. */
	readonly cameras: readonly CameraSettings[];
	/** A password that must not be logged. */
	readonly onSecret: (secret: { readonly username: string; readonly password: string }) => void;
}

export class Go2rtc implements AsyncDisposable {
	readonly #options: Go2rtcOptions;
	readonly #remote: { readonly client: Go2rtcClient; readonly streams: Go2rtcStreams } | undefined;
	/** Those of the remote one among all, by their ids. */
	#imported: ReadonlyMap<string, CameraSettings> = new Map();
	#own: OwnGo2rtc | undefined;

	constructor(options: Go2rtcOptions) {
		this.#options = options;
		const { settings, clock, log, onChange } = options;
		const { go2rtc: address } = settings;
		if (!address) return;
		const client = new Go2rtcClient({ address }, clock);
		this.#remote = { client, streams: new Go2rtcStreams({ client, address, clock, log, onChange }) };
	}

	/** Whether cameras come from it. Then there is no demo: they come as soon as it answers. */
	get isSource(): boolean {
		return this.#remote !== undefined;
	}

	/** As the page is told of it; `undefined` while the built-in engine plays. */
	get engine(): WebrtcEngine | undefined {
		if (this.#options.settings.webrtcEngine !== "go2rtc") return undefined;
		// That a remote one was started anew is not to be seen.
		const run = this.#remote ? (this.#remote.streams.isThere ? 0 : undefined) : this.#own?.run;
		return run === undefined ? undefined : { name: "go2rtc", run };
	}

	/** Asks for its streams, from now on. */
	start(): void {
		void this.#remote?.streams.start();
	}

	/** These cameras, and its own behind them. */
	camerasWith(own: readonly CameraSettings[]): readonly CameraSettings[] {
		const imported = this.#remote?.streams.cameras(own.map(({ id }) => id)) ?? [];
		this.#imported = new Map(imported.map((camera) => [camera.id, camera]));
		return [...own, ...imported];
	}

	/** The engine that the settings want; the built-in one where another cannot even be tried. */
	async openEngine(parts: Go2rtcEngineParts): Promise<PlayerEngine> {
		const { settings, clock, log } = this.#options;
		const { builtIn, webrtcPort, cameras, ...others } = parts;
		const { directory } = others;
		if (settings.webrtcEngine !== "go2rtc") return builtIn;
		if (this.#remote) return new Go2rtcEngine({ host: this.#remoteHost(this.#remote), builtIn, directory, log });
		const { webrtcHosts, iceServers, go2rtcBin: program } = settings;
		try {
			this.#own = await OwnGo2rtc.open({
				...others,
				...{ program, webrtcHosts, iceServers, clock, log },
				webrtcPort: webrtcPort < MAX_PORT ? webrtcPort + 1 : webrtcPort - 1,
				cameraIds: cameras.map(({ id }) => id),
			});
			return new Go2rtcEngine({ host: this.#own, builtIn, directory, log });
		} catch (error) {
			const reason = error instanceof Error ? error.message : String(error);
			log.warn({ reason }, "go2rtc cannot be started here: the built-in engine answers");
			log.debug({ error }, "where it happened");
			return builtIn;
		}
	}

	/** All cameras are these now. */
	setCameras(cameras: readonly CameraSettings[]): void {
		this.#own?.setCameras(cameras.map(({ id }) => id));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#remote?.streams[Symbol.dispose]();
		await this.#own?.[Symbol.asyncDispose]();
	}

	/** It plays what is its own. Cameras of ours would have to be written into its settings, which are not ours. */
	#remoteHost({ client, streams }: { readonly client: Go2rtcClient; readonly streams: Go2rtcStreams }): Go2rtcHost {
		return {
			get isReady() {
				return streams.isThere;
			},
			client,
			nameOf: (cameraId, stream) => {
				const camera = this.#imported.get(cameraId);
				return camera && go2rtcNameOf(camera, stream);
			},
		};
	}
}
