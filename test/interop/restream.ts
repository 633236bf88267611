/** Cameras of all kinds behind our own RTSP server, in one process, for clients that we did not write. @module */
import { type CameraSim, startCameraSim } from "@vigia/camera-sim";
import { Cameras } from "../../server/src/cameras/cameras.ts";
import { Credentials } from "../../server/src/config/credentials.ts";
import type { CameraSettings } from "../../server/src/config/settings.ts";
import { openRtspOutput, type RtspOutput } from "../../server/src/outputs/rtsp/rtsp-output.ts";
import { systemClock } from "../../server/src/platform/clock.ts";
import { HostGate } from "../../server/src/sources/host-gate.ts";
import { openRtspSource, WALL_MEDIA } from "../../server/src/sources/rtsp-source.ts";
import { eventually } from "../support/eventually.ts";
import { openCodedCamera } from "./coded-camera.ts";
import { GSTREAMER_IS_THERE, GstreamerServer, LOGIN as GSTREAMER_LOGIN } from "./gstreamer-server.ts";

/** What recorders need to say; of characters that every client can have in a URL when they are escaped. */
export const LOGIN = { username: "viewer", password: "p@ss;w#rd" };

/**
 * - `door`: H.264 in two sizes with G.711 that beeps in step with the pictures.
 * - `h265`, `mjpeg`, `bframes`: one stream of that kind.
 * - `aac`, `opus`, `l16`: H.264 with that sound, where GStreamer is there.
 */
export class Restream implements AsyncDisposable {
	readonly output: RtspOutput;
	readonly errors: readonly unknown[];
	readonly #stack: AsyncDisposableStack;

	private constructor(output: RtspOutput, errors: readonly unknown[], stack: AsyncDisposableStack) {
		this.output = output;
		this.errors = errors;
		this.#stack = stack;
	}

	/** Resolves when all cameras have pictures. */
	static async open(): Promise<Restream> {
		await using stack = new AsyncDisposableStack();
		const sim = stack.use(await startCameraSim({ count: 1, sound: [1] }));
		const settings = [doorOf(sim)];
		for (const kind of ["h265", "mjpeg", "bframes"] as const) {
			const camera = await openCodedCamera(kind, LOGIN);
			stack.defer(() => camera.close());
			settings.push(cameraOf(kind, camera.port, "/stream", LOGIN));
		}
		if (GSTREAMER_IS_THERE) {
			const gstreamer = stack.use(await GstreamerServer.start());
			for (const kind of ["aac", "opus", "l16"])
				settings.push(cameraOf(kind, gstreamer.port, `/${kind}`, GSTREAMER_LOGIN));
		}
		const errors: unknown[] = [];
		const clock = systemClock;
		const cameras = new Cameras({
			cameras: settings,
			clock,
			random: Math.random,
			hostGate: new HostGate(clock),
			openSource: ({ credentials }, address) =>
				openRtspSource({ address, credentials, transport: "tcp", tls: { mode: "verify" }, media: WALL_MEDIA, clock }),
			onChange: () => {},
			onReaderFailed: (_camera, error) => errors.push(error),
		});
		stack.defer(() => cameras.stop());
		cameras.start();
		const output = await openRtspOutput({
			host: "127.0.0.1",
			port: 0,
			credentials: new Credentials(LOGIN.username, LOGIN.password),
			directory: cameras,
			clock,
			onError: (error) => errors.push(error),
		});
		stack.defer(() => output.close());
		await eventually("all cameras are live", () => cameras.statuses().every(({ state }) => state === "live"));
		return new Restream(output, errors, stack.move());
	}

	/** With user and password, as a recorder's settings have it. */
	url(path: string): string {
		const { username, password } = LOGIN;
		return `rtsp://${username}:${encodeURIComponent(password)}@127.0.0.1:${this.output.port}${path}`;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#stack.disposeAsync();
	}
}

function doorOf(sim: CameraSim): CameraSettings {
	const address = (stream: "main" | "sub") => {
		const { pathname, search } = new URL(sim.url(1, stream));
		return { scheme: "rtsp", host: "127.0.0.1", port: sim.port, path: `${pathname}${search}` } as const;
	};
	return { id: "door", name: "Door", streams: { sub: address("sub"), main: address("main") } };
}

function cameraOf(id: string, port: number, path: string, login: typeof LOGIN): CameraSettings {
	return {
		id,
		name: id,
		credentials: new Credentials(login.username, login.password),
		streams: { sub: { scheme: "rtsp", host: "127.0.0.1", port, path } },
	};
}
