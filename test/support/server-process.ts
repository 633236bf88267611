/** The real server in a process of its own, as a user starts it. @module */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get as getHttp, type IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { CameraStatus } from "@vigia/api";
import { eventually } from "./eventually.ts";

/** The program, for Node. */
export const MAIN = fileURLToPath(new URL("../../server/src/main.ts", import.meta.url));

export interface ServerProcess extends AsyncDisposable {
	readonly url: string;
	readonly pid: number;
	/** Everything it wrote so far, both outputs. */
	output(): string;
	cameras(): Promise<CameraStatus[]>;
	/** Resolves with the exit code. */
	kill(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
	/** Starts it again on the same ports; the one before must have ended. */
	restart(): Promise<void>;
}

/**
 * Starts the server with these settings in a folder that holds nothing but the `.env` given, and waits until it
 * answers.
 */
export async function startServer(env: Record<string, string>, dotEnv?: string): Promise<ServerProcess> {
	const directory = mkdtempSync(join(tmpdir(), "vigia-test-"));
	if (dotEnv !== undefined) writeFileSync(join(directory, ".env"), dotEnv);
	const ports = { PORT: String(await freeTcpPort()), WEBRTC_PORT: String(await freeUdpPort()) };
	const url = `${env.TLS_CERT === undefined ? "http" : "https"}://127.0.0.1:${ports.PORT}`;
	let output = "";
	let child: ChildProcess;
	let exited: Promise<number | null>;

	const start = async (): Promise<void> => {
		child = spawn(process.execPath, [MAIN], {
			cwd: directory,
			env: { PATH: process.env.PATH, HOST: "127.0.0.1", ...ports, ...env },
			stdio: ["ignore", "pipe", "pipe"],
		});
		const running = child;
		for (const stream of [running.stdout, running.stderr]) {
			stream?.setEncoding("utf8").on("data", (text: string) => {
				output += text;
			});
		}
		exited = new Promise((resolve) => running.once("exit", (code) => resolve(code)));
		const ended = exited.then((code) => Promise.reject(new Error(`the server ended with ${code}:\n${output}`)));
		// Only the start is interested in it.
		ended.catch(() => undefined);
		await Promise.race([eventually("the server answers", () => readCameras(url)), ended]);
	};
	const kill = async (signal: "SIGTERM" | "SIGKILL"): Promise<number | null> => {
		if (child.exitCode === null && child.signalCode === null) child.kill(signal);
		return await exited;
	};

	await start();
	return {
		url,
		get pid() {
			return child.pid as number;
		},
		output: () => output,
		cameras: () => readCameras(url),
		kill,
		restart: start,
		async [Symbol.asyncDispose]() {
			await kill("SIGKILL");
			rmSync(directory, { recursive: true, force: true });
		},
	};
}

/** The certificate is the test's own, for any name. */
async function readCameras(url: string): Promise<CameraStatus[]> {
	const response = await new Promise<IncomingMessage>((resolve, reject) => {
		const get = url.startsWith("https:") ? getHttps : getHttp;
		get(`${url}/api/cameras`, { agent: false, rejectUnauthorized: false }, resolve).on("error", reject);
	});
	return JSON.parse(await text(response)) as CameraStatus[];
}

export async function freeTcpPort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	await new Promise((resolve) => server.close(resolve));
	if (address === null || typeof address === "string") throw new Error("no port");
	return address.port;
}

export async function freeUdpPort(): Promise<number> {
	const socket = createSocket("udp4");
	await new Promise<void>((resolve) => socket.bind(0, resolve));
	const { port } = socket.address();
	await new Promise<void>((resolve) => socket.close(resolve));
	return port;
}

/** Somebody listens on this port of the machine itself. */
export async function accepts(port: number): Promise<boolean> {
	return await new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}
