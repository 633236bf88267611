/** The certificate of the page and its key: read at the start, and again when they have been renewed. @module */
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createSecureContext } from "node:tls";
import type { Logger } from "../observe/log.ts";
import type { Clock, Timer } from "../platform/clock.ts";

/** How often the files' times are looked at, in ms: notifications do not come from what containers mount. */
const LOOK_EVERY_MS = 1_000;
/** From a change to the reading, in ms: the two files are not written at once. */
const SETTLE_MS = 2_000;

/** Both in PEM. */
export interface TlsMaterial {
	readonly cert: Buffer;
	readonly key: Buffer;
}

export interface TlsFilesOptions {
	/** Of the certificate with its chain, and of its key. */
	readonly certFile: string;
	readonly keyFile: string;
	readonly clock: Clock;
	readonly log: Pick<Logger, "info" | "error">;
}

export class TlsFiles implements Disposable {
	/** As it was read first. */
	readonly material: TlsMaterial;
	readonly #options: TlsFilesOptions;
	#settling: Timer | undefined;
	#onRenewed: (material: TlsMaterial) => void = () => {};
	readonly #changed = (): void => {
		this.#settling?.cancel();
		this.#settling = this.#options.clock.after(SETTLE_MS, () => this.#renew());
	};

	/** @throws Error that says which file is wrong. */
	constructor(options: TlsFilesOptions) {
		this.#options = options;
		this.material = readMaterial(options);
	}

	/** Calls `onRenewed` with what the files hold then, until this is disposed of. Files that do not fit are told in the log. */
	watch(onRenewed: (material: TlsMaterial) => void): void {
		this.#onRenewed = onRenewed;
		for (const file of this.#files) watchFile(file, { persistent: false, interval: LOOK_EVERY_MS }, this.#changed);
	}

	[Symbol.dispose](): void {
		for (const file of this.#files) unwatchFile(file, this.#changed);
		this.#settling?.cancel();
	}

	get #files(): readonly string[] {
		return [this.#options.certFile, this.#options.keyFile];
	}

	#renew(): void {
		const { log } = this.#options;
		try {
			this.#onRenewed(readMaterial(this.#options));
			log.info({}, "the renewed certificate is in use");
		} catch (error) {
			const problem = error instanceof Error ? error.message : String(error);
			log.error({}, `the certificate has changed and is not used, the old one stays: ${problem}`);
		}
	}
}

function readMaterial({ certFile, keyFile }: TlsFilesOptions): TlsMaterial {
	const material = { cert: read("TLS_CERT", certFile), key: read("TLS_KEY", keyFile) };
	try {
		createSecureContext(material);
	} catch (error) {
		const problem = error instanceof Error ? error.message : String(error);
		throw new Error(
			`TLS_CERT and TLS_KEY do not fit together, or are not in PEM (${problem}): TLS_CERT is the certificate with its chain, TLS_KEY its private key without a passphrase`,
			{ cause: error },
		);
	}
	return material;
}

function read(name: string, file: string): Buffer {
	try {
		return readFileSync(file);
	} catch (error) {
		const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
		const remedy = code === "EACCES" ? "let this user read it" : "give the path of a file that is there";
		throw new Error(`${name} cannot be read (${code}): ${remedy}`, { cause: error });
	}
}
