/** Self-signed certificates of no authority, made for tests only: their keys are public. @module */
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

export interface TestCertificate {
	/** PEM. */
	readonly key: string;
	/** PEM. */
	readonly cert: string;
	/** Of its DER form, as a pin names it. */
	readonly sha256: string;
}

/** A present-day camera's: P-256, CN vigia-test-only-camera, no subject alternative name. */
export const CAMERA_CERTIFICATE: TestCertificate = read("test-only-camera");
/** One of 2010: RSA with 1024 bits, signed with SHA-1. */
export const OLD_CAMERA_CERTIFICATE: TestCertificate = read("test-only-old-camera");

function read(name: string): TestCertificate {
	const [key, cert] = ["key", "cert"].map((part) =>
		readFileSync(new URL(`./${name}.${part}.pem`, import.meta.url), "utf8"),
	) as [string, string];
	return { key, cert, sha256: createHash("sha256").update(new X509Certificate(cert).raw).digest("hex") };
}
