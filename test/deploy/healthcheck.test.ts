/** The image's HEALTHCHECK as Docker runs it. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { healthUrl } from "../../deploy/healthcheck.ts";
import { CAMERA_CERTIFICATE } from "../../server/src/sources/testing/test-certificates.ts";

const SCRIPT = fileURLToPath(new URL("../../deploy/healthcheck.ts", import.meta.url));

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "vigia-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function check(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
	const child = spawn(process.execPath, [SCRIPT], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
	let output = "";
	child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
	return await new Promise((resolve) => child.once("close", (code) => resolve({ code, output })));
}

test.each([
	[200, "http", 0],
	[503, "http", 1],
	[200, "https", 0],
	[200, "https by vigia.yaml", 0],
] as const)("an answer of %i over %s ends it with its code", async (status, by, code) => {
	const [scheme] = by.split(" ");
	const isByYaml = by !== scheme;
	const { key, cert } = CAMERA_CERTIFICATE;
	const server = scheme === "https" ? createTlsServer({ key, cert }) : createServer();
	server.on("request", (request, response) => {
		response.writeHead(request.url === "/health" ? status : 404).end('{"status":"..."}');
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	if (isByYaml) {
		const cameras = "cameras:\n  - { id: door, host: 192.0.2.1, port: 1, user: a, password: s3cret }\n";
		writeFileSync(join(folder, "vigia.yaml"), `port: ${port}\ntls_cert: /cert.pem\ntls_key: /key.pem\n${cameras}`);
	} else writeFileSync(join(folder, ".env"), `PORT=${port}\nCAM_PASS=s3cret\n`);
	const result = await check(by === "https" ? { TLS_CERT: "/cert.pem" } : {});
	expect(result.code).toBe(code);
	expect(result.output).toContain(`${scheme}://127.0.0.1:${port}/health ${status}: {"status":"..."}`);
	expect(result.output).not.toContain("s3cret");
	server.close();
});

test("no server ends it with 1 and the reason", async () => {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	const { code, output } = await check({ PORT: String(port) });
	expect(code).toBe(1);
	expect(output).toContain("ECONNREFUSED");
});

test.each([
	[{}, "", "", "http://127.0.0.1:8000/health"],
	[{ PORT: "8080" }, "PORT=9090", "", "http://127.0.0.1:8080/health"],
	[{ PORT: "" }, "PORT='9090'", "port: 7070", "http://127.0.0.1:9090/health"],
	[{ HOST: "0.0.0.0" }, "", "host: 192.168.1.5", "http://127.0.0.1:8000/health"],
	[{}, "HOST=192.168.1.5", "", "http://192.168.1.5:8000/health"],
	[{ HOST: "fd00::5" }, "", "", "http://[fd00::5]:8000/health"],
	[{ HOST: "::" }, "", "", "http://127.0.0.1:8000/health"],
	[{}, "TLS_CERT=/etc/vigia.pem", "", "https://127.0.0.1:8000/health"],
	[{}, "", "port: 7070\nhost: '[fd00::5]'\n", "http://[fd00::5]:7070/health"],
	[{}, "PORT=9090", "port: 7070\ntls_cert: /data/fullchain.pem\n", "https://127.0.0.1:9090/health"],
	[{}, "", "port: 7070\ncameras: [", "http://127.0.0.1:7070/health"],
])("with %j, .env %j and vigia.yaml %j it asks %s", async (env, dotEnv, yaml, url) => {
	expect(await healthUrl(env, dotEnv, yaml)).toBe(url);
});
