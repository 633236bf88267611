/** GStreamer's RTSP server in a process of its own: gst-rtsp-server.py. @module */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Child } from "../support/child.ts";
import { type CodedClip, codedClips } from "./coded-clips.ts";

const PYTHON = "/usr/bin/python3";
const BINDINGS = 'import gi; gi.require_version("GstRtspServer", "1.0")';
/** What its cameras want. */
export const LOGIN = { username: "operator", password: "p@ss:w#rd%/ñ" };

/** It is installed; where it is not, that is printed once per test file. */
export const GSTREAMER_IS_THERE = spawnSync(PYTHON, ["-c", BINDINGS], { stdio: "ignore" }).status === 0;
if (!GSTREAMER_IS_THERE) {
	console.log("SKIPPED: GStreamer's RTSP server is not installed (Debian: gir1.2-gst-rtsp-server-1.0)");
}

/** Dispose of it to end the process. */
export class GstreamerServer implements Disposable {
	readonly port: number;
	readonly #child: Child;

	private constructor(child: Child, port: number) {
		this.#child = child;
		this.port = port;
	}

	/** @param certificate path of a PEM file with certificate and key: then it speaks TLS only. */
	static async start(certificate?: string): Promise<GstreamerServer> {
		return await GstreamerServer.#start(certificate === undefined ? [] : ["--certificate", certificate]);
	}

	/** With cameras that play the simulator's pictures in other codecs: {@link clipPath}. The first time it takes some seconds more. */
	static async startWithClips(): Promise<GstreamerServer> {
		return await GstreamerServer.#start(["--clips", await codedClips()]);
	}

	static async #start(options: readonly string[]): Promise<GstreamerServer> {
		const script = fileURLToPath(new URL("gst-rtsp-server.py", import.meta.url));
		const child = new Child(PYTHON, [script, ...options, LOGIN.username, LOGIN.password], { endBy: "input-end" });
		const port = await child.until("GStreamer listens", (output) => /^port (\d+)$/m.exec(output)?.[1]);
		return new GstreamerServer(child, Number(port));
	}

	/** What it wrote so far: its pipelines' faults are in it. */
	get output(): string {
		return this.#child.output;
	}

	/** Where a clip's camera is, for {@link startWithClips}. */
	clipPath(clip: CodedClip): string {
		return `/clip/${clip}`;
	}

	[Symbol.dispose](): void {
		void this.#child[Symbol.asyncDispose]();
	}
}
