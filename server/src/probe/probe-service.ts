/** Probes for the API: few at a time, one per camera, and gentle with wrong passwords. @module */
import type { ProbeReport, StreamName } from "@vigia/api";
import type { Credentials } from "../config/credentials.ts";
import type { CameraSettings, RtspTransport, StreamAddress, TlsPolicy } from "../config/settings.ts";
import type { Clock } from "../platform/clock.ts";
import type { ProbeLanguage } from "./advice-texts.ts";
import { runProbe } from "./run-probe.ts";

/** Each is a session with a camera and a few megabits a second; people look at one camera after the other. */
export const MAX_RUNNING_PROBES = 4;
/**
 * A refused password is not tried again so soon: cameras lock after a few tries (quirk 29), and whoever presses a
 * button once presses it again.
 */
export const REFUSED_HOLD_MS = 60_000;

export type ProbeRefusal = "unknown-camera" | "unknown-stream" | "probe-running" | "too-many-probes";
export type ProbeAnswer = { readonly report: ProbeReport } | { readonly refusal: ProbeRefusal };

export interface ProbeServiceOptions {
	readonly cameras: readonly CameraSettings[];
	readonly clock: Clock;
	readonly transport: RtspTransport;
}

/** An address that is in no settings. */
export interface AddressProbe {
	readonly address: StreamAddress;
	readonly credentials?: Credentials | undefined;
	readonly transport: RtspTransport;
	readonly tls: TlsPolicy;
	readonly language: ProbeLanguage;
}

interface CameraProbe {
	/** Stream and language. */
	readonly what: string;
	readonly report: Promise<ProbeReport>;
	/** Until then a refused password is not tried again. */
	heldUntilMs?: number;
}

export class ProbeService {
	readonly #options: ProbeServiceOptions;
	/** Running ones, and those whose answer is held. By camera. */
	readonly #probes = new Map<string, CameraProbe>();
	readonly #stop = new AbortController();
	readonly #running = new Set<Promise<ProbeReport>>();

	constructor(options: ProbeServiceOptions) {
		this.#options = options;
	}

	/**
	 * Probes a camera of the settings; joins the probe of it that runs already.
	 * @param stream default: the one that fills the grid.
	 */
	async probeCamera(id: string, stream: StreamName | undefined, language: ProbeLanguage): Promise<ProbeAnswer> {
		const camera = this.#options.cameras.find((entry) => entry.id === id);
		if (!camera) return { refusal: "unknown-camera" };
		const gridStream = camera.streams.sub ? "sub" : "main";
		const name = stream ?? gridStream;
		const address = camera.streams[name];
		if (!address) return { refusal: "unknown-stream" };
		const what = `${name} ${language}`;
		const known = this.#known(id);
		if (known) return known.what === what ? { report: await known.report } : { refusal: "probe-running" };
		if (this.#running.size >= MAX_RUNNING_PROBES) return { refusal: "too-many-probes" };
		const report = this.#track(
			runProbe({
				address,
				credentials: camera.credentials,
				transport: camera.transport ?? this.#options.transport,
				tls: camera.tls ?? { mode: "verify" },
				clock: this.#options.clock,
				language,
				use: { stream: name, inGrid: name === gridStream },
				signal: this.#stop.signal,
			}),
		);
		const probe: CameraProbe = { what, report };
		this.#probes.set(id, probe);
		try {
			const { failure } = await report;
			if (failure?.code === "auth-refused") probe.heldUntilMs = this.#options.clock.nowMs() + REFUSED_HOLD_MS;
			else this.#probes.delete(id);
		} catch (error) {
			this.#probes.delete(id);
			throw error;
		}
		return { report: await report };
	}

	async probeAddress(probe: AddressProbe): Promise<ProbeAnswer> {
		if (this.#running.size >= MAX_RUNNING_PROBES) return { refusal: "too-many-probes" };
		const { clock } = this.#options;
		return { report: await this.#track(runProbe({ ...probe, clock, signal: this.#stop.signal })) };
	}

	/** Ends what runs: each says TEARDOWN and answers with what it knows. */
	async stop(): Promise<void> {
		this.#stop.abort();
		await Promise.allSettled(this.#running);
	}

	#known(id: string): CameraProbe | undefined {
		const known = this.#probes.get(id);
		if (known?.heldUntilMs === undefined || known.heldUntilMs > this.#options.clock.nowMs()) return known;
		this.#probes.delete(id);
		return undefined;
	}

	async #track(report: Promise<ProbeReport>): Promise<ProbeReport> {
		this.#running.add(report);
		try {
			return await report;
		} finally {
			this.#running.delete(report);
		}
	}
}
