/** Looks at a camera's TLS certificate without trusting it. @module */
import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, type ConnectionOptions } from "node:tls";
import type { ProbeCertificate } from "@vigia/api";

/** A handshake takes a slow camera two seconds; there are two tries. */
const HANDSHAKE_TIMEOUT_MS = 5000;

/** What old cameras speak: TLS 1.0, and keys and hashes that OpenSSL refuses by default (quirk 12). */
const LEGACY: ConnectionOptions = { minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" };

/**
 * The certificate of whoever answers, `undefined` if none is shown in time. It sends nothing over the connection.
 * @param signal ends it at once.
 */
export async function readCertificate(
	host: string,
	port: number,
	signal: AbortSignal,
): Promise<ProbeCertificate | undefined> {
	const modern = await handshake(host, port, {}, signal);
	if (modern || signal.aborted) return modern;
	const old = await handshake(host, port, LEGACY, signal);
	return old && { ...old, legacy: true };
}

async function handshake(
	host: string,
	port: number,
	options: ConnectionOptions,
	signal: AbortSignal,
): Promise<ProbeCertificate | undefined> {
	const servername = isIP(host) === 0 ? { servername: host } : {};
	const { promise, resolve } = Promise.withResolvers<ProbeCertificate | undefined>();
	// The certificate is looked at only: whether it is to be trusted is what this finds out.
	const socket = connect({ host, port, rejectUnauthorized: false, ...servername, ...options }, () => {
		const certificate = socket.getPeerX509Certificate();
		resolve(certificate && described(certificate, socket.authorized));
	});
	socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => socket.destroy());
	socket.on("error", () => resolve(undefined));
	socket.on("close", () => resolve(undefined));
	const abort = (): void => void socket.destroy();
	signal.addEventListener("abort", abort);
	try {
		return await promise;
	} finally {
		signal.removeEventListener("abort", abort);
		socket.destroy();
	}
}

function described(certificate: X509Certificate, trusted: boolean): ProbeCertificate {
	// Cameras make certificates with a thirteenth month too. OpenSSL's text says so; Node's `validToDate` is then anything.
	const validTo = new Date(certificate.validTo);
	return {
		sha256: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
		selfSigned: certificate.checkIssued(certificate),
		trusted,
		...(Number.isFinite(validTo.getTime()) && { validTo: validTo.toISOString() }),
		legacy: false,
	};
}
