/** The page's certificate is renewed on disk while the server runs. */
import { connect, type ClientHttp2Session } from "node:http2";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { CertificateFiles, fingerprintAt, OPENSSL_IS_THERE } from "../support/certificate.ts";
import { eventually } from "../support/eventually.ts";
import { startServer } from "../support/server-process.ts";

const statusOver = async (session: ClientHttp2Session): Promise<string> =>
	await text(session.request({ ":path": "/api/cameras/cam1" }));

test.skipIf(!OPENSSL_IS_THERE)("new connections get the renewed certificate, and open ones go on", async () => {
	using files = new CertificateFiles();
	await using server = await startServer({ TLS_CERT: files.certFile, TLS_KEY: files.keyFile });
	const first = await fingerprintAt(server.url);
	const session = connect(server.url, { rejectUnauthorized: false });
	try {
		expect(JSON.parse(await statusOver(session))).toMatchObject({ id: "cam1" });

		files.renew();
		await eventually("new connections get the new one", async () => (await fingerprintAt(server.url)) !== first);
		expect(server.output()).toContain("the renewed certificate is in use");
		expect(JSON.parse(await statusOver(session))).toMatchObject({ id: "cam1" });
	} finally {
		session.destroy();
	}
});
