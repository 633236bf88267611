/** One camera at run time: its streams, who keeps them alive, and what the public may know of them. @module */
import { isDeepStrictEqual } from "node:util";
import { type CameraStatus, REASON_TEXTS, type StreamName, type StreamStatus } from "@vigia/api";
import type { CameraSettings, StreamAddress } from "../config/settings.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { AuthGuard } from "../sources/auth-guard.ts";
import type { HostGate } from "../sources/host-gate.ts";
import { IN_REACH } from "../sources/retry-policy.ts";
import type { OpenSource } from "../sources/source.ts";
import { Supervisor, type SupervisorStatus, type SupervisorTarget } from "../sources/supervisor.ts";
import type { VideoFormat } from "../streams/reader.ts";
import { Stream } from "../streams/stream.ts";

/** A stream that is pulled on demand goes on this long without readers: somebody leafing through tiles comes back. */
export const LINGER_MS = 10_000;

export interface CameraOptions {
	readonly settings: CameraSettings;
	readonly clock: Clock;
	readonly random: () => number;
	readonly hostGate: HostGate;
	readonly authGuard: AuthGuard;
	readonly openSource: (camera: CameraSettings, address: StreamAddress) => OpenSource;
	/** A state changed: whoever shows states should look again. */
	readonly onChange: (camera: Camera, name: StreamName, status: SupervisorStatus) => void;
	readonly onReaderFailed: (camera: Camera, error: unknown) => void;
}

export interface CameraStream {
	readonly name: StreamName;
	/** Stays the same when the camera's address changes: whoever reads it goes on. */
	readonly stream: Stream;
	readonly supervisor: Supervisor;
}

const STREAM_NAMES = ["sub", "main"] as const;

export class Camera {
	readonly id: string;
	readonly #options: CameraOptions;
	#settings: CameraSettings;
	/** The sub stream first. */
	#streams: ReadonlyMap<StreamName, CameraStream>;
	readonly #lingers = new Map<StreamName, Timer>();
	#running = false;
	#isUnconfirmed = false;

	constructor(options: CameraOptions) {
		this.#options = options;
		this.#settings = options.settings;
		this.id = options.settings.id;
		const streams = new Map<StreamName, CameraStream>();
		for (const name of STREAM_NAMES) {
			const address = options.settings.streams[name];
			if (address) streams.set(name, this.#makeStream(name, address));
		}
		this.#streams = streams;
	}

	get name(): string {
		return this.#settings.name;
	}

	get streams(): ReadonlyMap<StreamName, CameraStream> {
		return this.#streams;
	}

	/** Fills the grid and is pulled always: the sub stream, or the only one there is. */
	get gridStream(): CameraStream {
		const grid = this.#streams.get("sub") ?? this.#streams.get("main");
		if (!grid) throw new Error(`camera ${this.id} has no stream`);
		return grid;
	}

	start(): void {
		this.#running = true;
		this.gridStream.supervisor.start();
	}

	/** Says TEARDOWN on every session; resolves when all are closed. */
	async stop(): Promise<void> {
		this.#running = false;
		for (const name of STREAM_NAMES) this.#lingerNot(name);
		await Promise.all([...this.#streams.values()].map(({ supervisor }) => supervisor.close()));
	}

	/** Takes other settings for the same id. A stream that is fetched as before is not touched. */
	apply(settings: CameraSettings): void {
		const before = this.#settings;
		this.#settings = settings;
		this.#isUnconfirmed &&= isDeepStrictEqual(before.streams, settings.streams);
		const reachedAsBefore = isReachedAlike(before, settings);
		const streams = new Map<StreamName, CameraStream>();
		for (const name of STREAM_NAMES) {
			const address = settings.streams[name];
			const known = this.#streams.get(name);
			if (!address) {
				this.#lingerNot(name);
				void known?.supervisor.close();
				continue;
			}
			streams.set(name, known ?? this.#makeStream(name, address));
			const isSame = reachedAsBefore && isDeepStrictEqual(address, before.streams[name]);
			if (known && !isSame) known.supervisor.retarget(this.#targetOf(address));
		}
		this.#streams = streams;
		if (!this.#running) return;
		for (const { name, stream } of this.#streams.values()) this.#onReadersChanged(name, stream.readers);
	}

	/**
	 * It was found at an address at which a person has to confirm it: that is why there is no picture, until it answers at
	 * the address that it has here.
	 */
	noteUnconfirmed(isUnconfirmed: boolean): void {
		this.#isUnconfirmed = isUnconfirmed && !IN_REACH.has(this.gridStream.supervisor.status.state);
	}

	status(): CameraStatus {
		const { state, sinceWallMs } = this.gridStream.supervisor.status;
		const streams: { main?: StreamStatus; sub?: StreamStatus } = {};
		for (const [name, entry] of this.streams) streams[name] = this.#streamStatus(entry);
		return {
			id: this.id,
			name: this.name,
			state,
			since: new Date(sinceWallMs).toISOString(),
			...this.#outage(this.gridStream),
			streams,
		};
	}

	/** What is known of one stream; `undefined` if the camera has none of that name. */
	streamStatus(name: StreamName): StreamStatus | undefined {
		const entry = this.streams.get(name);
		return entry && this.#streamStatus(entry);
	}

	#makeStream(name: StreamName, address: StreamAddress): CameraStream {
		const { clock, random, hostGate } = this.#options;
		const stream = new Stream({
			readersChanged: (count) => this.#onReadersChanged(name, count),
			readerFailed: (error) => this.#options.onReaderFailed(this, error),
		});
		const supervisor = new Supervisor({
			...this.#targetOf(address),
			clock,
			random,
			hostGate,
			stream,
			onChange: (status) => {
				if (IN_REACH.has(status.state)) this.#isUnconfirmed = false;
				this.#options.onChange(this, name, status);
			},
		});
		return { name, stream, supervisor };
	}

	#targetOf(address: StreamAddress): SupervisorTarget {
		const { authGuard, openSource } = this.#options;
		const host = `${address.host.toLowerCase()}:${address.port}`;
		const auth = authGuard.ticket(host, this.#settings.credentials);
		return { host, auth, openSource: openSource(this.#settings, address) };
	}

	#onReadersChanged(name: StreamName, count: number): void {
		const entry = this.#streams.get(name);
		if (!entry || !this.#running) return;
		this.#lingerNot(name);
		const { supervisor } = entry;
		if (entry === this.gridStream || count > 0) supervisor.start();
		else
			this.#lingers.set(
				name,
				this.#options.clock.after(LINGER_MS, () => void supervisor.stop()),
			);
	}

	#lingerNot(name: StreamName): void {
		this.#lingers.get(name)?.cancel();
		this.#lingers.delete(name);
	}

	/** Why a stream is not live, and when it is tried again. */
	#outage({ supervisor }: Pick<CameraStream, "supervisor">): Pick<StreamStatus, "reason" | "retryInMs"> {
		const { failure, retryAtMs } = supervisor.status;
		const code = failure && this.#isUnconfirmed ? "address-unconfirmed" : failure?.code;
		return {
			...(code && { reason: { code, text: REASON_TEXTS[code] } }),
			...(retryAtMs !== undefined && { retryInMs: Math.max(0, Math.round(retryAtMs - this.#options.clock.nowMs())) }),
		};
	}

	#streamStatus({ stream, supervisor }: CameraStream): StreamStatus {
		const nowMs = this.#options.clock.nowMs();
		const { video, audio, fps, bitrateBps, gopSeconds, lastVideoAtMs, readers } = stream.facts(nowMs);
		return {
			state: supervisor.status.state,
			...this.#outage({ supervisor }),
			...(video && describeVideo(video)),
			...(audio && { audio: audio.codec }),
			...(fps !== undefined && { fps: round(fps, 1) }),
			...(bitrateBps !== undefined && { bitrateBps: Math.round(bitrateBps) }),
			...(gopSeconds !== undefined && { gopSeconds: round(gopSeconds, 2) }),
			...(lastVideoAtMs !== undefined && { lastVideoMs: Math.max(0, Math.round(nowMs - lastVideoAtMs)) }),
			readers,
		};
	}
}

/** What is not known is left out. */
function describeVideo({ codec, codecString, width, height, hasBFrames }: VideoFormat): Partial<StreamStatus> {
	return {
		codec,
		...(codecString !== undefined && { codecString }),
		...(width > 0 && { width, height }),
		bFrames: hasBFrames,
	};
}

function round(value: number, digits: number): number {
	return Number(value.toFixed(digits));
}

/** All that decides how an address is connected to. */
function isReachedAlike(a: CameraSettings, b: CameraSettings): boolean {
	return (
		isDeepStrictEqual(a.credentials?.reveal(), b.credentials?.reveal()) &&
		a.transport === b.transport &&
		isDeepStrictEqual(a.tls, b.tls)
	);
}
