/**
 * Chromium driven by as little of the DevTools protocol as can be. Playwright has Chromium note what comes over the
 * network, and its renderer then keeps some hundred megabytes of answers: too much for who measures memory. Each request
 * costs processor time besides, which a page with a hundred of them a second has not. @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";
import { CHROMIUM } from "./browser.ts";
import { Child } from "./child.ts";

const FLAGS = [
	"--headless",
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--no-first-run",
	"--mute-audio",
	"--ignore-certificate-errors",
	"--remote-debugging-port=0",
];

interface Answer {
	readonly id?: number;
	readonly result?: unknown;
	readonly error?: { readonly message: string };
}

interface Evaluated {
	readonly result: { readonly value?: unknown };
	readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
}

/** One Chromium with one page. */
export class BareChromium implements AsyncDisposable {
	readonly #child: Child;
	readonly #directory: string;
	readonly #socket: WebSocket;
	readonly #waiting = new Map<number, (answer: Answer) => void>();
	#nextId = 0;
	#session: string | undefined;

	private constructor(child: Child, directory: string, socket: WebSocket) {
		this.#child = child;
		this.#directory = directory;
		this.#socket = socket;
		socket.on("message", (data: Buffer) => {
			const answer = JSON.parse(data.toString("utf8")) as Answer;
			if (answer.id === undefined) return;
			this.#waiting.get(answer.id)?.(answer);
			this.#waiting.delete(answer.id);
		});
		socket.on("close", () => {
			for (const end of this.#waiting.values()) end({ error: { message: "Chromium ended" } });
			this.#waiting.clear();
		});
		socket.on("error", () => undefined);
	}

	/**
	 * @param initScript runs in the page before its own scripts.
	 * @param size of the window, in pixels.
	 */
	static async open(
		url: string,
		initScript: string,
		size: readonly [number, number] = [1280, 720],
	): Promise<BareChromium> {
		const directory = mkdtempSync(join(tmpdir(), "vigia-chromium-"));
		const own = [`--window-size=${size.join(",")}`, `--user-data-dir=${directory}`];
		const child = new Child(CHROMIUM, [...FLAGS, ...own, "about:blank"]);
		const endpoint = await child.until("Chromium listens", (output) => /listening on (ws:\S+)/.exec(output)?.[1]);
		const socket = new WebSocket(endpoint);
		await new Promise<void>((resolve, reject) => socket.once("open", resolve).once("error", reject));
		const chromium = new BareChromium(child, directory, socket);
		try {
			const { targetId } = (await chromium.send("Target.createTarget", { url: "about:blank" })) as { targetId: string };
			const attached = await chromium.send("Target.attachToTarget", { targetId, flatten: true });
			chromium.#session = (attached as { sessionId: string }).sessionId;
			await chromium.send("Page.enable");
			await chromium.send("Page.addScriptToEvaluateOnNewDocument", { source: initScript });
			await chromium.send("Page.navigate", { url });
			return chromium;
		} catch (error) {
			await chromium[Symbol.asyncDispose]();
			throw error;
		}
	}

	/** Of the page once there is one, else of the browser. */
	async send(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
		return await this.#call({ method, params, ...(this.#session !== undefined && { sessionId: this.#session }) });
	}

	/** All its processes. */
	async pids(): Promise<number[]> {
		const answer = await this.#call({ method: "SystemInfo.getProcessInfo" });
		return (answer as { processInfo: { id: number }[] }).processInfo.map(({ id }) => id);
	}

	/** @param expression of what can be told as JSON. */
	async evaluate(expression: string): Promise<unknown> {
		const { result, exceptionDetails } = (await this.send("Runtime.evaluate", {
			expression,
			returnByValue: true,
		})) as Evaluated;
		if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
		return result.value;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#socket.terminate();
		await this.#child[Symbol.asyncDispose]();
		rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
	}

	async #call(message: { readonly method: string; readonly [field: string]: unknown }): Promise<unknown> {
		const id = ++this.#nextId;
		const answer = await new Promise<Answer>((resolve) => {
			if (this.#socket.readyState !== WebSocket.OPEN) return resolve({ error: { message: "Chromium ended" } });
			this.#waiting.set(id, resolve);
			this.#socket.send(JSON.stringify({ id, ...message }));
		});
		if (answer.error) throw new Error(`${message.method}: ${answer.error.message}`);
		return answer.result;
	}
}
