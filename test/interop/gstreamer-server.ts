/** GStreamer's RTSP server in a process of its own: gst-rtsp-server.py. @module */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.ts";

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
	readonly #process: ChildProcess;
	readonly port: number;

	private constructor(process: ChildProcess, port: number) {
		this.#process = process;
		this.port = port;
	}

	/** @param certificate path of a PEM file with certificate and key: then it speaks TLS only. */
	static async start(certificate?: string): Promise<GstreamerServer> {
		const script = fileURLToPath(new URL("gst-rtsp-server.py", import.meta.url));
		const args = [script, LOGIN.username, LOGIN.password, ...(certificate === undefined ? [] : [certificate])];
		const process = spawn(PYTHON, args, { stdio: ["pipe", "pipe", "inherit"] });
		let output = "";
		process.stdout.setEncoding("utf8").on("data", (text: string) => {
			output += text;
		});
		const port = await eventually("GStreamer listens", () => /^port (\d+)$/m.exec(output)?.[1]);
		return new GstreamerServer(process, Number(port));
	}

	[Symbol.dispose](): void {
		this.#process.stdin?.end();
	}
}
