/**
 * A go2rtc that we start ourselves. It fetches from an RTSP output of ours that is for it alone, so that each camera is
 * still asked once; its API is a socket that nobody else can open.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import type { IceServer } from "@vigia/api";
import { Credentials } from "../config/credentials.ts";
import type { Logger } from "../observe/log.ts";
import { openRtspOutput, type RtspOutput } from "../outputs/rtsp/rtsp-output.ts";
import { advertisedHosts, rewriteHostCandidates } from "../outputs/webrtc/candidates.ts";
import { NameCache } from "../outputs/webrtc/name-cache.ts";
import type { Clock } from "../platform/clock.ts";
import type { StreamDirectory } from "../streams/reader.ts";
import type { Go2rtcHost } from "./go2rtc-engine.ts";
import { Go2rtcSupervisor } from "./go2rtc-supervisor.ts";

const LOOPBACK = "127.0.0.1";
const USER = "vigia";
/** RFC 8445 section 5.1.2.1, with a type preference below that of UDP: RFC 6544 section 4.2. */
const TCP_TYPE_PREFERENCE = 90;

export interface OwnGo2rtcOptions {
	readonly program: string;
	/** UDP and TCP, of its media. */
	readonly webrtcPort: number;
	readonly webrtcHosts: readonly string[];
	readonly iceServers: readonly IceServer[];
	/** The streams as the cameras send them. */
	readonly directory: StreamDirectory;
	readonly cameraIds: readonly string[];
	readonly clock: Clock;
	readonly log: Logger;
	/** The password of the RTSP output, before anybody uses it: it must not be logged. */
	readonly onSecret: (secret: { readonly username: string; readonly password: string }) => void;
}

export class OwnGo2rtc implements Go2rtcHost, AsyncDisposable {
	readonly #options: OwnGo2rtcOptions;
	readonly #rtsp: RtspOutput;
	readonly #supervisor: Go2rtcSupervisor;
	readonly #names: NameCache;
	#cameraIds: readonly string[];

	private constructor(options: OwnGo2rtcOptions, rtsp: RtspOutput, login: Login) {
		this.#options = options;
		this.#rtsp = rtsp;
		this.#cameraIds = options.cameraIds;
		this.#names = new NameCache(options.clock);
		const { program, clock, log } = options;
		const config = (socketPath: string): string =>
			go2rtcConfig({ ...options, socketPath, login, rtspPort: rtsp.port, cameraIds: this.#cameraIds });
		this.#supervisor = new Go2rtcSupervisor({ program, config, clock, log });
	}

	/** Starts it; it is ready some time later. */
	static async open(options: OwnGo2rtcOptions): Promise<OwnGo2rtc> {
		const login = { username: USER, password: randomBytes(24).toString("base64url") };
		options.onSecret(login);
		const { directory, clock, log } = options;
		const rtsp = await openRtspOutput({
			host: LOOPBACK,
			port: 0,
			credentials: new Credentials(login.username, login.password),
			directory,
			clock,
			onError: (error) => log.error({ error }, "an RTSP session of go2rtc failed by our mistake"),
		});
		try {
			const own = new OwnGo2rtc(options, rtsp, login);
			own.#supervisor.start();
			return own;
		} catch (error) {
			await rtsp.close();
			throw error;
		}
	}

	get isReady(): boolean {
		return this.#supervisor.isReady;
	}

	/** Which run this is; `undefined` while it cannot be asked. */
	get run(): number | undefined {
		return this.isReady ? this.#supervisor.runs : undefined;
	}

	get client(): Go2rtcHost["client"] {
		return this.#supervisor.client;
	}

	nameOf(cameraId: string, stream: "main" | "sub"): string | undefined {
		return this.#cameraIds.includes(cameraId) ? `${cameraId}/${stream}` : undefined;
	}

	/** It knows only its own interfaces; behind Docker or NAT the address that reaches it is another one. */
	async finishAnswer(answerSdp: string, pageHost: string | undefined): Promise<string> {
		const { webrtcHosts, webrtcPort } = this.#options;
		const resolve = (name: string): Promise<readonly string[]> => this.#names.resolve(name);
		return withHosts(answerSdp, await advertisedHosts({ pageHost, webrtcHosts, resolve }), webrtcPort);
	}

	/** Other cameras than before need another run, since its API takes addresses in URLs only. */
	setCameras(cameraIds: readonly string[]): void {
		if (cameraIds.toSorted().join() === this.#cameraIds.toSorted().join()) return;
		this.#cameraIds = cameraIds;
		this.#supervisor.restart();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#supervisor.close();
		await this.#rtsp.close();
	}
}

interface Login {
	readonly username: string;
	readonly password: string;
}

interface ConfigOptions extends Pick<OwnGo2rtcOptions, "webrtcPort" | "iceServers" | "cameraIds"> {
	readonly socketPath: string;
	readonly login: Login;
	readonly rtspPort: number;
}

/** JSON is YAML. The password stands in it: for a file of mode 600. */
function go2rtcConfig({ socketPath, login, rtspPort, webrtcPort, iceServers, cameraIds }: ConfigOptions): string {
	const base = `rtsp://${login.username}:${login.password}@${LOOPBACK}:${rtspPort}`;
	const streams = cameraIds.flatMap((id) =>
		["main", "sub"].map((stream) => [`${id}/${stream}`, `${base}/${id}/${stream}#backchannel=0`] as const),
	);
	return JSON.stringify({
		// Nothing else: no programs, no scripts, no other protocols.
		app: { modules: ["api", "rtsp", "webrtc"] },
		log: { format: "json", output: "stdout", level: "info" },
		api: { listen: "", unix_listen: socketPath },
		rtsp: { listen: "" },
		// Without a list it asks STUN servers of its choice; without loopback this machine's own browser is left out.
		webrtc: { listen: `:${webrtcPort}`, ice_servers: iceServers, filters: { loopback: true } },
		streams: Object.fromEntries(streams),
	});
}

/** One UDP and one TCP candidate for each of `hosts`: RFC 6544 section 4.5 (passive: the player connects). */
function withHosts(sdp: string, hosts: readonly string[], port: number): string {
	const rewritten = rewriteHostCandidates(sdp, hosts, port);
	const tcp = hosts.map((host, index) => {
		const priority = TCP_TYPE_PREFERENCE * 2 ** 24 + (65_535 - index) * 2 ** 8 + 255;
		return `a=candidate:t${index + 1} 1 tcp ${priority} ${host} ${port} typ host tcptype passive\r\n`;
	});
	return rewritten.replace(/(?:^a=candidate:h\d+ .*\r\n)+/m, (lines) => lines + tcp.join(""));
}
