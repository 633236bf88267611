/** Probes for the API: few at a time, one per camera, and gentle with wrong passwords. @module */
import type { StreamName } from "@vigia/api";
import type { CameraSettings, RtspTransport } from "../config/settings.ts";
import type { Clock } from "../platform/clock.ts";
import { cameraStream, type ProbeTarget } from "./camera-stream.ts";
import { DEFAULT_PROBE_SECONDS, type ProbeFindings, runProbe } from "./run-probe.ts";

/** Each is a session with a camera and a few megabits a second; people look at one camera after the other. */
export const MAX_RUNNING_PROBES = 4;
/**
 * A refused password is not tried again so soon: cameras lock after a few tries (quirk 29), and whoever presses a
 * button once presses it again.
 */
export const REFUSED_HOLD_MS = 60_000;

export type ProbeRefusal = "unknown-camera" | "unknown-stream" | "probe-running" | "too-many-probes";
export type ProbeAnswer = { readonly findings: ProbeFindings } | { readonly refusal: ProbeRefusal };

export interface ProbeServiceOptions {
	/** Those of the settings, as they are now. */
	readonly cameras: () => readonly CameraSettings[];
	readonly clock: Clock;
	readonly transport: RtspTransport;
	/** How long pictures are watched at most. Default: {@link DEFAULT_PROBE_SECONDS}. */
	readonly seconds?: number;
}

interface CameraProbe {
	readonly stream: StreamName;
	readonly findings: Promise<ProbeFindings>;
	/** It is over, and until then its refused password is not tried again, on neither stream. */
	heldUntilMs?: number;
}

export class ProbeService {
	readonly #options: ProbeServiceOptions;
	/** Running ones, and those whose answer is held. By camera. */
	readonly #probes = new Map<string, CameraProbe>();
	readonly #stop = new AbortController();
	readonly #running = new Set<Promise<ProbeFindings>>();

	constructor(options: ProbeServiceOptions) {
		this.#options = options;
	}

	/**
	 * Probes a camera of the settings; joins the probe of it that runs already.
	 * @param stream default: the one that fills the grid.
	 */
	async probeCamera(id: string, stream: StreamName | undefined): Promise<ProbeAnswer> {
		const camera = this.#options.cameras().find((entry) => entry.id === id);
		if (!camera) return { refusal: "unknown-camera" };
		const target = cameraStream(camera, stream, this.#options.transport);
		if (!target) return { refusal: "unknown-stream" };
		const known = this.#known(id);
		if (known && known.heldUntilMs === undefined && known.stream !== target.name) return { refusal: "probe-running" };
		if (known) return { findings: await known.findings };
		if (this.#running.size >= MAX_RUNNING_PROBES) return { refusal: "too-many-probes" };
		const probe: CameraProbe = { stream: target.name, findings: this.#run(target) };
		this.#probes.set(id, probe);
		try {
			const findings = await probe.findings;
			const isRefused = findings("en").failure?.code === "auth-refused";
			if (isRefused) probe.heldUntilMs = this.#options.clock.nowMs() + REFUSED_HOLD_MS;
			return { findings };
		} finally {
			if (probe.heldUntilMs === undefined) this.#probes.delete(id);
		}
	}

	/** Probes an address that is in no settings. */
	async probeAddress(target: ProbeTarget): Promise<ProbeAnswer> {
		if (this.#running.size >= MAX_RUNNING_PROBES) return { refusal: "too-many-probes" };
		return { findings: await this.#run(target) };
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

	async #run(target: ProbeTarget): Promise<ProbeFindings> {
		const { clock, seconds = DEFAULT_PROBE_SECONDS } = this.#options;
		const findings = runProbe({ ...target, clock, seconds, signal: this.#stop.signal });
		this.#running.add(findings);
		try {
			return await findings;
		} finally {
			this.#running.delete(findings);
		}
	}
}
