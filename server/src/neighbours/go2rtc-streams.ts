/**
 * The streams of a go2rtc as cameras, fetched over its RTSP port. The list is asked for again and again; while go2rtc is
 * away the last one stays, because its cameras come back with it.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import type { StreamName } from "@vigia/api";
import type { Go2rtcAddress } from "../config/go2rtc-url.ts";
import type { CameraSettings, StreamAddress } from "../config/settings.ts";
import { buildCameras } from "../import/imported-camera.ts";
import { Notes } from "../import/notes.ts";
import { joinPairs } from "../import/stream-pairs.ts";
import type { Logger } from "../observe/log.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { type Go2rtcClient, Go2rtcError, type Go2rtcProblem } from "./go2rtc-client.ts";

/** Soon enough for who has just added a stream and looks at the wall, and a few kB a minute. */
export const POLL_EVERY_MS = 2_000;

export interface Go2rtcStreamsOptions {
	readonly client: Pick<Go2rtcClient, "info" | "streamNames">;
	readonly address: Go2rtcAddress;
	readonly clock: Clock;
	readonly log: Pick<Logger, "info" | "warn">;
	/** Its streams are others now. */
	readonly onChange: () => void;
}

/** What its RTSP server has. */
interface Found {
	readonly port: number;
	readonly names: readonly string[];
}

export class Go2rtcStreams implements Disposable {
	readonly #options: Go2rtcStreamsOptions;
	#found: Found | undefined;
	/** Told in the log; each problem once, until it answers again. */
	#told: Go2rtcProblem | "no-rtsp" | undefined;
	#answers = false;
	#timer: Timer | undefined;
	#closed = false;

	constructor(options: Go2rtcStreamsOptions) {
		this.#options = options;
	}

	/** Whether it answered when it was asked last. */
	get isThere(): boolean {
		return this.#answers;
	}

	/** Asks once, and from then on again and again. Resolves when the first answer is there, or is not to be had. */
	async start(): Promise<void> {
		await this.#look();
	}

	[Symbol.dispose](): void {
		this.#closed = true;
		this.#timer?.cancel();
	}

	/** Its cameras. @param taken ids of other cameras: those here get others. */
	cameras(taken: readonly string[]): CameraSettings[] {
		return this.#found ? camerasOf(this.#found, this.#options.address, taken) : [];
	}

	async #look(): Promise<void> {
		const { client, clock, onChange } = this.#options;
		let changed = false;
		try {
			const [{ rtspPort }, names] = await Promise.all([client.info(), client.streamNames()]);
			if (this.#closed) return;
			this.#answers = true;
			if (rtspPort === undefined) this.#tell("no-rtsp");
			else {
				this.#tell(undefined);
				const found = { port: rtspPort, names };
				changed = !isDeepStrictEqual(found, this.#found);
				this.#found = found;
			}
		} catch (error) {
			if (!(error instanceof Go2rtcError)) throw error;
			if (this.#closed) return;
			this.#answers = false;
			this.#tell(error.code, error.message);
		}
		this.#timer = clock.after(POLL_EVERY_MS, () => void this.#look());
		if (changed) onChange();
	}

	#tell(problem: Go2rtcProblem | "no-rtsp" | undefined, message?: string): void {
		if (problem === this.#told) return;
		const { log, address } = this.#options;
		const fields = { host: address.host, port: address.port };
		if (problem === undefined) log.info(fields, "go2rtc answers again");
		else if (problem === "no-rtsp") {
			log.warn(fields, "go2rtc's RTSP server is switched off, so that its cameras cannot be had: set rtsp: listen");
		} else log.warn(fields, `${message ?? problem}; its last known cameras stay, and it is asked again`);
		this.#told = problem;
	}
}

/** As cameras of this server, two streams of one camera (`front`, `front_sub`) as one. The same for the same names. */
function camerasOf({ port, names }: Found, address: Go2rtcAddress, taken: readonly string[]): CameraSettings[] {
	const { host, credentials } = address;
	const drafts = names.map((name) => ({
		key: name,
		place: "",
		main: {
			address: { scheme: "rtsp", host, port, path: `/${encodeURIComponent(name)}` } as const,
			...(credentials && { credentials }),
		},
	}));
	return buildCameras(joinPairs(drafts), taken, "", new Notes()).map(({ id, name, streams }) => ({
		id,
		name,
		...(credentials && { credentials }),
		// It serves on the one connection that it is asked on, also where UDP would not get through.
		transport: "tcp" as const,
		streams,
	}));
}

/** The name under which go2rtc has this stream of a camera of its own; a camera with one stream has it for both. */
export function go2rtcNameOf({ streams }: CameraSettings, stream: StreamName): string | undefined {
	const address: StreamAddress | undefined = streams[stream] ?? streams.main ?? streams.sub;
	return address && decodeURIComponent(address.path.slice(1));
}
