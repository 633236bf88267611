/** Probes for the API: few at a time, one per camera, and gentle with wrong passwords. @module */
import type { StreamName } from "@vigia/api";
import type { CameraSettings, RtspTransport } from "../config/settings.ts";
import type { Clock } from "../platform/clock.ts";
import { cameraStream, type ProbeTarget } from "./camera-stream.ts";
import { DEFAULT_PROBE_SECONDS, type ProbeFindings, runProbe } from "./run-probe.ts";
import { type LoginVerdict, REFUSED_HOLD_MS, TriedLogins } from "./tried-logins.ts";

/** Each is a session with a camera and a few megabits a second; people look at one camera after the other. */
export const MAX_RUNNING_PROBES = 4;
/** What one stream of a device says with these is so for its others. */
const SAYS_ALL: ReadonlySet<string> = new Set([
	"address-unknown",
	"no-route",
	"connection-refused",
	"no-answer",
	"auth-refused",
	"certificate-untrusted",
]);

export type ProbeRefusal = "unknown-camera" | "unknown-stream" | "probe-running" | "too-many-probes";
export type ProbeAnswer = { readonly findings: ProbeFindings } | { readonly refusal: ProbeRefusal };
/** In the order of the streams; the last ones are left out where they would only say the same. */
export type DeviceAnswer =
	| { readonly findings: readonly [ProbeFindings, ...ProbeFindings[]] }
	| { readonly refusal: ProbeRefusal };

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
	readonly #running = new Set<Promise<unknown>>();
	readonly #logins: TriedLogins<ProbeFindings>;

	constructor(options: ProbeServiceOptions) {
		this.#options = options;
		this.#logins = new TriedLogins(options.clock, verdictOf);
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
		const answer = await this.probeDevice([target]);
		return "refusal" in answer ? answer : { findings: answer.findings[0] };
	}

	/**
	 * Probes streams of a device that is in no settings, one after the other in one place. A password that it refused is
	 * not tried again for a while: until then the answer is the one from then.
	 */
	async probeDevice([first, ...others]: readonly [ProbeTarget, ...ProbeTarget[]]): Promise<DeviceAnswer> {
		if (this.#running.size >= MAX_RUNNING_PROBES) return { refusal: "too-many-probes" };
		return await this.#hold(async () => {
			const findings: [ProbeFindings, ...ProbeFindings[]] = [await this.#tryLogin(first)];
			let last = findings[0];
			for (const target of others) {
				if (this.#stop.signal.aborted || SAYS_ALL.has(last("en").failure?.code ?? "")) break;
				last = await this.#tryLogin(target);
				findings.push(last);
			}
			return { findings };
		});
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

	#tryLogin(target: ProbeTarget): Promise<ProbeFindings> {
		return this.#logins.use(target.address.host, target.credentials, () => this.#probe(target));
	}

	#run(target: ProbeTarget): Promise<ProbeFindings> {
		return this.#hold(() => this.#probe(target));
	}

	#probe(target: ProbeTarget): Promise<ProbeFindings> {
		const { clock, seconds = DEFAULT_PROBE_SECONDS } = this.#options;
		return runProbe({ ...target, clock, seconds, signal: this.#stop.signal });
	}

	/** Takes one of the places while the work runs. */
	async #hold<T>(work: () => Promise<T>): Promise<T> {
		const running = work();
		this.#running.add(running);
		try {
			return await running;
		} finally {
			this.#running.delete(running);
		}
	}
}

function verdictOf(findings: ProbeFindings): LoginVerdict {
	const { failure, tracks } = findings("en");
	if (failure?.code === "auth-refused") return "refused";
	return tracks.length > 0 ? "accepted" : "unknown";
}
