/** One camera at run time: its streams, who keeps them alive, and what the public may know of them. @module */
import { type CameraStatus, REASON_TEXTS, type StreamName, type StreamStatus } from "@vigia/api";
import type { CameraSettings, StreamAddress } from "../config/settings.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { AuthGuard } from "../sources/auth-guard.ts";
import type { HostGate } from "../sources/host-gate.ts";
import type { OpenSource } from "../sources/source.ts";
import { Supervisor, type SupervisorStatus } from "../sources/supervisor.ts";
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
	readonly stream: Stream;
	readonly supervisor: Supervisor;
}

export class Camera {
	readonly id: string;
	readonly name: string;
	readonly streams: ReadonlyMap<StreamName, CameraStream>;
	/** Fills the grid and is pulled always: the sub stream, or the only one there is. */
	readonly gridStream: CameraStream;
	readonly #options: CameraOptions;
	readonly #lingers = new Map<StreamName, Timer>();
	#stopped = false;

	constructor(options: CameraOptions) {
		this.#options = options;
		this.id = options.settings.id;
		this.name = options.settings.name;
		const streams = new Map<StreamName, CameraStream>();
		for (const name of ["sub", "main"] as const) {
			const address = options.settings.streams[name];
			if (address) streams.set(name, this.#makeStream(name, address));
		}
		const grid = streams.get("sub") ?? streams.get("main");
		if (!grid) throw new Error(`camera ${this.id} has no stream`);
		this.streams = streams;
		this.gridStream = grid;
	}

	start(): void {
		this.gridStream.supervisor.start();
	}

	/** Says TEARDOWN on every session; resolves when all are closed. */
	async stop(): Promise<void> {
		this.#stopped = true;
		for (const timer of this.#lingers.values()) timer.cancel();
		this.#lingers.clear();
		await Promise.all([...this.streams.values()].map(({ supervisor }) => supervisor.stop()));
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
		const { clock, random, hostGate, authGuard, settings } = this.#options;
		const host = `${address.host.toLowerCase()}:${address.port}`;
		const stream = new Stream({
			readersChanged: (count) => this.#onReadersChanged(name, count),
			readerFailed: (error) => this.#options.onReaderFailed(this, error),
		});
		const supervisor = new Supervisor({
			clock,
			random,
			host,
			hostGate,
			auth: authGuard.ticket(host, settings.credentials),
			stream,
			openSource: this.#options.openSource(settings, address),
			onChange: (status) => this.#options.onChange(this, name, status),
		});
		return { name, stream, supervisor };
	}

	#onReadersChanged(name: StreamName, count: number): void {
		const entry = this.streams.get(name);
		if (!entry || entry === this.gridStream || this.#stopped) return;
		this.#lingers.get(name)?.cancel();
		this.#lingers.delete(name);
		if (count > 0) entry.supervisor.start();
		else
			this.#lingers.set(
				name,
				this.#options.clock.after(LINGER_MS, () => void entry.supervisor.stop()),
			);
	}

	/** Why a stream is not live, and when it is tried again. */
	#outage({ supervisor }: Pick<CameraStream, "supervisor">): Pick<StreamStatus, "reason" | "retryInMs"> {
		const { failure, retryAtMs } = supervisor.status;
		return {
			...(failure && { reason: { code: failure.code, text: REASON_TEXTS[failure.code] } }),
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
