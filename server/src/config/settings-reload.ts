/** Takes up changed settings while the server runs: the cameras at once, the others with the next start. @module */
import { statSync, unwatchFile, watchFile } from "node:fs";
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "../observe/log.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { Credentials } from "./credentials.ts";
import { exposedFiles } from "./exposed-files.ts";
import { type LoadOptions, loadSettings } from "./load.ts";
import { configFileOf } from "./setting-layers.ts";
import type { Settings } from "./settings.ts";
import { formatProblems, SettingsError } from "./settings-error.ts";

/**
 * How often the file's time is looked at, in ms. Looking works where notifications do not: on mounted files of
 * containers, on network drives, and with editors that write another file in its place.
 */
const LOOK_EVERY_MS = 1_000;
/** From a change to the reading, in ms: editors empty a file before they write it. */
const SETTLE_MS = 300;

/** Settings that count with the next start, by their names in the environment. */
const WITH_NEXT_START: Readonly<Record<Exclude<keyof Settings, "cameras">, string>> = {
	host: "HOST",
	port: "PORT",
	tls: "TLS_CERT, TLS_KEY",
	webrtcPort: "WEBRTC_PORT",
	webrtcHosts: "WEBRTC_HOSTS",
	iceServers: "ICE_SERVERS",
	allowOrigins: "ALLOW_ORIGINS",
	trustProxy: "TRUST_PROXY",
	basePath: "BASE_PATH",
	protocol: "PROTOCOL",
	rtspTransport: "RTSP_TRANSPORT",
	rtspOutput: "RTSP_PORT, RTSP_USER, RTSP_PASS",
	transcodeMax: "TRANSCODE_MAX",
	ffmpeg: "FFMPEG",
	go2rtc: "GO2RTC_URL",
	webrtcEngine: "WEBRTC_ENGINE",
	go2rtcBin: "GO2RTC_BIN",
	logLevel: "LOG_LEVEL",
};

export interface SettingsReloadOptions {
	readonly load: LoadOptions;
	/** As they were loaded at the start. */
	readonly settings: Settings;
	readonly clock: Clock;
	readonly log: Pick<Logger, "info" | "warn" | "error">;
	/**
	 * The cameras are others now. Called anew only once it is done with those before. What it rejects with is a mistake
	 * of ours; the next reload tries the same again.
	 */
	readonly onCameras: (settings: Settings) => Promise<void>;
}

export class SettingsReload implements Disposable {
	readonly #options: SettingsReloadOptions;
	readonly #file: string;
	readonly #started: Settings;
	#cameras: Settings["cameras"];
	/** The file had something in it when it was read last. */
	#hadFile: boolean;
	#settling: Timer | undefined;
	/** The reload that runs, or ran last; never rejects. */
	#running: Promise<boolean> = Promise.resolve(true);
	/** The one after it: whoever asks meanwhile waits for it, since it reads the file later than that. */
	#waiting: Promise<boolean> | undefined;
	#closed = false;
	readonly #changed = (): void => {
		this.#settling?.cancel();
		this.#settling = this.#options.clock.after(SETTLE_MS, () => void this.reload());
	};

	constructor(options: SettingsReloadOptions) {
		this.#options = options;
		this.#started = options.settings;
		this.#cameras = options.settings.cameras;
		const { argv, cwd } = options.load;
		this.#file = resolve(cwd, configFileOf(argv));
		this.#hadFile = hasContent(this.#file);
	}

	/** Reloads whenever `vigia.yaml` (or the file of `--config`) has changed, until this is disposed of. */
	watch(): void {
		watchFile(this.#file, { persistent: false, interval: LOOK_EVERY_MS }, this.#changed);
	}

	[Symbol.dispose](): void {
		this.#closed = true;
		unwatchFile(this.#file, this.#changed);
		this.#settling?.cancel();
	}

	/**
	 * Reads all settings anew. Wrong ones are told in the log, and change nothing. Resolves when it is done, and never
	 * rejects; however often it is called, one runs and one waits.
	 * @returns whether the settings are those of the files now.
	 */
	reload(): Promise<boolean> {
		this.#waiting ??= this.#running.then(() => {
			this.#waiting = undefined;
			this.#running = this.#reload().catch((error: unknown) => {
				this.#options.log.error({ error }, "the changed settings could not be taken up by our mistake");
				return false;
			});
			return this.#running;
		});
		return this.#waiting;
	}

	async #reload(): Promise<boolean> {
		if (this.#closed) return false;
		const { log, onCameras } = this.#options;
		const settings = this.#read();
		if (!settings) return false;
		const waiting = Object.entries(WITH_NEXT_START).flatMap(([key, name]) =>
			isSame(settings[key as keyof Settings], this.#started[key as keyof Settings]) ? [] : [name],
		);
		if (waiting.length > 0) log.warn({}, `changed, and used from the next start on: ${waiting.join(", ")}`);
		if (isSame(settings.cameras, this.#cameras)) return true;
		await onCameras(settings);
		this.#cameras = settings.cameras;
		log.info({ cameras: settings.cameras.length }, "the cameras are those of the changed settings");
		return true;
	}

	#read(): Settings | undefined {
		const { log, load } = this.#options;
		const hasFile = hasContent(this.#file);
		// A share that is not mounted or a full disk must not empty the wall.
		if (this.#hadFile && !hasFile) {
			log.error(
				{},
				"The settings' file is gone or empty, and the old settings stay: put it back, or restart without it",
			);
			return undefined;
		}
		this.#hadFile = hasFile;
		try {
			const loaded = loadSettings(load);
			if (loaded.type !== "settings") return undefined;
			for (const warning of [...loaded.warnings, ...exposedFiles(load)]) log.warn({}, warning);
			return loaded.settings;
		} catch (error) {
			if (!(error instanceof SettingsError)) throw error;
			log.error({}, formatProblems(error.problems, "The changed settings are not used, and the old ones stay"));
			return undefined;
		}
	}
}

function hasContent(file: string): boolean {
	try {
		return statSync(file).size > 0;
	} catch {
		return false;
	}
}

/** Credentials tell nothing of themselves to a comparison, so that they are laid open for it. */
function isSame(a: unknown, b: unknown): boolean {
	return isDeepStrictEqual(laidOpen(a), laidOpen(b));
}

function laidOpen(value: unknown): unknown {
	if (value instanceof Credentials) return value.reveal();
	if (Array.isArray(value)) return value.map(laidOpen);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, laidOpen(inner)]));
}
