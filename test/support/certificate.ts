/** Self-signed certificates of the page, made by OpenSSL as a user makes one. @module */
import { spawnSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";

/** It is installed nearly everywhere; where it is not, that is printed once per test file. */
export const OPENSSL_IS_THERE = spawnSync("openssl", ["version"], { stdio: "ignore" }).status === 0;
if (!OPENSSL_IS_THERE) console.log("SKIPPED: OpenSSL is not installed (Debian: openssl)");

export class CertificateFiles implements Disposable {
	readonly #directory = mkdtempSync(join(tmpdir(), "vigia-certificate-"));
	readonly certFile = join(this.#directory, "fullchain.pem");
	readonly keyFile = join(this.#directory, "privkey.pem");

	constructor() {
		this.renew();
	}

	/** Puts another certificate and another key in the places of the old ones, one after the other, as renewers do. */
	renew(): void {
		const [key, cert] = [`${this.keyFile}.new`, `${this.certFile}.new`];
		const names = ["-subj", "/CN=vigia.test", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
		const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
		const args = ["req", "-x509", "-days", "2", ...curve, ...names, "-keyout", key, "-out", cert];
		const { status, stderr } = spawnSync("openssl", args, { encoding: "utf8" });
		if (status !== 0) throw new Error(`openssl failed: ${stderr}`);
		renameSync(cert, this.certFile);
		renameSync(key, this.keyFile);
	}

	[Symbol.dispose](): void {
		rmSync(this.#directory, { recursive: true, force: true });
	}
}

/** SHA-256 of the certificate that a new connection to this URL gets. */
export async function fingerprintAt(url: string): Promise<string> {
	const { hostname: host, port } = new URL(url);
	return await new Promise((resolve, reject) => {
		const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
			resolve(socket.getPeerCertificate().fingerprint256);
			socket.destroy();
		});
		socket.on("error", reject);
	});
}
