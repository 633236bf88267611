/**
 * Debian's Firefox ESR without a window, driven over WebDriver BiDi (W3C working draft) by a WebSocket: it needs no
 * driver program. @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";
import { tileReaderScript } from "./browser.ts";
import { Child } from "./child.ts";

const FIREFOX = process.env.FIREFOX_PATH ?? "firefox-esr";

/** It is installed; where it is not, that is printed once per test file. */
export const FIREFOX_IS_THERE = spawnSync(FIREFOX, ["--version"], { stdio: "ignore" }).status === 0;
if (!FIREFOX_IS_THERE) console.log("SKIPPED: Firefox ESR is not installed (Debian: firefox-esr)");

/** Nothing but what a test asks for: no first-run pages, no updates, no traffic of its own. */
const PREFERENCES = {
	"app.normandy.enabled": false,
	"app.update.disabledForTesting": true,
	"browser.aboutwelcome.enabled": false,
	"browser.shell.checkDefaultBrowser": false,
	"browser.startup.homepage_override.mstone": "ignore",
	"browser.startup.page": 0,
	"datareporting.policy.dataSubmissionEnabled": false,
	"extensions.update.enabled": false,
	"media.gmp-manager.updateEnabled": false,
	"network.captive-portal-service.enabled": false,
	"network.connectivity-service.enabled": false,
	"services.settings.server": "data:,#remote-settings-dummy/v1",
	"toolkit.telemetry.reportingpolicy.firstRun": false,
};

/** What a method of BiDi answers, as far as it is read here. */
interface Answer {
	readonly id?: number;
	readonly type: "success" | "error" | "event";
	readonly error?: string;
	readonly message?: string;
	readonly method?: string;
	readonly params?: { readonly level?: string; readonly text?: string };
	readonly result: {
		readonly type?: string;
		readonly context?: string;
		readonly contexts?: readonly { readonly context: string }[];
		readonly result?: { readonly type: string; readonly value?: string };
		readonly exceptionDetails?: { readonly text: string };
		readonly data?: string;
	};
}

/** One Firefox with one page. Dispose of it to end the browser and remove its profile. */
export class Firefox implements AsyncDisposable {
	/** Lines that pages wrote to the console, errors included. */
	readonly console: string[] = [];
	readonly #child: Child;
	readonly #profile: string;
	readonly #pending = new Map<number, PromiseWithResolvers<Answer["result"]>>();
	#socket: WebSocket | undefined;
	#context = "";
	#lastId = 0;

	private constructor(child: Child, profile: string) {
		this.#child = child;
		this.#profile = profile;
	}

	/** Starts it with a page of this size that can read the simulated cameras' codes. */
	static async launch(width = 1280, height = 720): Promise<Firefox> {
		const profile = mkdtempSync(join(tmpdir(), "vigia-firefox-"));
		const lines = Object.entries(PREFERENCES).map(
			([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
		);
		writeFileSync(join(profile, "user.js"), lines.join("\n"));
		const args = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank"];
		const firefox = new Firefox(
			new Child(FIREFOX, args, { env: { ...process.env, MOZ_CRASHREPORTER_DISABLE: "1" } }),
			profile,
		);
		try {
			await firefox.#open(width, height);
		} catch (error) {
			await firefox[Symbol.asyncDispose]();
			throw error;
		}
		return firefox;
	}

	/** Resolves when the page's `load` event has fired. */
	async goto(url: string): Promise<void> {
		await this.#send("browsingContext.navigate", { context: this.#context, url, wait: "complete" });
	}

	/**
	 * Calls a function in the page, as Playwright's `evaluate` does, and waits for its promise.
	 * @param use must not refer to anything outside itself.
	 * @param input goes to the function, and its answer comes back, as JSON.
	 * @throws Error with the page's own words when the function throws.
	 */
	async evaluate<Input, Output>(use: (input: Input) => Output | Promise<Output>, input: Input): Promise<Output> {
		const called = `(${use.toString()})(${JSON.stringify(input) ?? "undefined"})`;
		const expression = `Promise.resolve(${called}).then((value) => JSON.stringify(value))`;
		const target = { context: this.#context };
		const answer = await this.#send("script.evaluate", { expression, target, awaitPromise: true });
		if (answer.exceptionDetails) throw new Error(`in the page: ${answer.exceptionDetails.text}`);
		const text = answer.result?.value;
		return (text === undefined ? undefined : JSON.parse(text)) as Output;
	}

	/** What the page shows, as a PNG. */
	async screenshot(): Promise<Buffer> {
		const { data = "" } = await this.#send("browsingContext.captureScreenshot", { context: this.#context });
		return Buffer.from(data, "base64");
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#socket?.terminate();
		await this.#child[Symbol.asyncDispose]();
		rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
	}

	async #open(width: number, height: number): Promise<void> {
		const address = await this.#child.until(
			"Firefox listens",
			(output) => /WebDriver BiDi listening on (ws:\S+)/.exec(output)?.[1],
		);
		const socket = new WebSocket(`${address}/session`);
		this.#socket = socket;
		socket.on("message", (data: Buffer) => this.#receive(JSON.parse(data.toString("utf8")) as Answer));
		await new Promise<void>((resolve, reject) => {
			socket.once("open", resolve);
			socket.once("error", reject);
		});
		socket.on("error", () => undefined);
		socket.on("close", () => {
			for (const { reject } of this.#pending.values()) reject(new Error("Firefox ended"));
			this.#pending.clear();
		});
		await this.#send("session.new", { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } });
		await this.#send("session.subscribe", { events: ["log.entryAdded"] });
		const { contexts } = await this.#send("browsingContext.getTree", {});
		this.#context = contexts?.[0]?.context ?? "";
		const viewport = { width, height };
		await this.#send("browsingContext.setViewport", { context: this.#context, viewport });
		await this.#send("script.addPreloadScript", { functionDeclaration: `() => { ${tileReaderScript()} }` });
	}

	async #send(method: string, params: unknown): Promise<Answer["result"]> {
		const id = ++this.#lastId;
		const answer = Promise.withResolvers<Answer["result"]>();
		this.#pending.set(id, answer);
		this.#socket?.send(JSON.stringify({ id, method, params }));
		return await answer.promise;
	}

	#receive(answer: Answer): void {
		if (answer.method === "log.entryAdded") this.console.push(`${answer.params?.level}: ${answer.params?.text}`);
		const pending = this.#pending.get(answer.id ?? -1);
		if (!pending) return;
		this.#pending.delete(answer.id ?? -1);
		if (answer.type === "error") pending.reject(new Error(`Firefox: ${answer.error}: ${answer.message}`));
		else pending.resolve(answer.result);
	}
}
