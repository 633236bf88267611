/** The configurations of nginx and Caddy in deploy/, each in the real program, in front of a small server. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, get as getHttp, type IncomingHttpHeaders } from "node:http";
import { get as getHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ROOT } from "../../scripts/run.ts";
import { CAMERA_CERTIFICATE } from "../../server/src/sources/testing/test-certificates.ts";
import { Child } from "../support/child.ts";
import { accepts, freeTcpPort } from "../support/server-process.ts";

const isThere = (program: string, argument: string): boolean =>
	spawnSync(program, [argument], { stdio: "ignore" }).status === 0;
const NGINX_IS_THERE = isThere("nginx", "-v");
const CADDY_IS_THERE = isThere("caddy", "version");
if (!NGINX_IS_THERE) console.log("SKIPPED: nginx is not installed (Debian: nginx-light)");
if (!CADDY_IS_THERE) console.log("SKIPPED: caddy is not installed");

let folder: string;
let upstream: Upstream;

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "vigia-test-"));
	upstream = await startUpstream();
});

afterEach(async () => {
	await upstream[Symbol.asyncDispose]();
	rmSync(folder, { recursive: true, force: true });
});

interface Upstream extends AsyncDisposable {
	readonly port: number;
	/** Of the last request. */
	headers(): IncomingHttpHeaders;
}

/** `/stream` begins an answer and never ends it; an upgrade is agreed to; all else is a short answer. */
async function startUpstream(): Promise<Upstream> {
	let headers: IncomingHttpHeaders = {};
	const upgraded = new Set<Duplex>();
	const server = createServer((request, response) => {
		({ headers } = request);
		response.writeHead(200, { "content-type": "text/plain" });
		if (request.url === "/stream") response.write("first");
		else response.end("whole");
	});
	server.on("upgrade", (request, socket) => {
		({ headers } = request);
		upgraded.add(socket);
		socket.on("error", () => undefined);
		socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		port: (server.address() as AddressInfo).port,
		headers: () => headers,
		async [Symbol.asyncDispose]() {
			for (const socket of upgraded) socket.destroy();
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

interface Answer {
	readonly status: number | undefined;
	readonly headers: IncomingHttpHeaders;
	/** What came first of the body. */
	readonly start: string;
}

/** Resolves with the first bytes of the answer, or when it is an upgrade. */
async function ask(url: string, extra: Readonly<Record<string, string>> = {}): Promise<Answer> {
	return await new Promise((resolve, reject) => {
		const get = url.startsWith("https:") ? getHttps : getHttp;
		// The host that the visitor's browser asked for.
		const headers = { host: "wall.example", ...extra };
		const request = get(url, { agent: false, rejectUnauthorized: false, headers }, (response) => {
			const { statusCode: status } = response;
			response.setEncoding("utf8").once("data", (start: string) => {
				resolve({ status, headers: response.headers, start });
				request.destroy();
			});
			response.once("end", () => resolve({ status, headers: response.headers, start: "" }));
		});
		request.once("upgrade", (response, socket) => {
			socket.destroy();
			resolve({ status: response.statusCode, headers: response.headers, start: "" });
		});
		request.on("error", reject);
	});
}

const WEBSOCKET = { connection: "Upgrade", upgrade: "websocket" };

/** What Vigía needs of whatever stands in front of it. */
async function expectTransparent(url: string): Promise<void> {
	expect(await ask(`${url}/`)).toMatchObject({ status: 200, start: "whole" });
	// The page's own address: WebRTC is offered at it, and pages of other sites are told apart by it.
	expect(upstream.headers()).toMatchObject({ host: "wall.example", "x-forwarded-host": "wall.example" });
	// Without it whoever asks would be taken for the machine itself.
	expect(upstream.headers()).toMatchObject({ "x-forwarded-for": "127.0.0.1" });
	expect(await ask(`${url}/stream`)).toMatchObject({ status: 200, start: "first" });
	expect(await ask(`${url}/api/wall`, WEBSOCKET)).toMatchObject({ status: 101 });
	expect(upstream.headers()).toMatchObject({ upgrade: "websocket", host: "wall.example" });
}

test.skipIf(!NGINX_IS_THERE)("nginx passes on what the page needs, over HTTPS, and leads HTTP there", async () => {
	const [plainPort, tlsPort] = [await freeTcpPort(), await freeTcpPort()];
	for (const name of ["certs", "logs"]) mkdirSync(join(folder, name));
	writeFileSync(join(folder, "certs/fullchain.pem"), CAMERA_CERTIFICATE.cert);
	writeFileSync(join(folder, "certs/privkey.pem"), CAMERA_CERTIFICATE.key, { mode: 0o600 });
	// As nginx's image does with templates; ports and folders are the test's.
	const site = readFileSync(join(ROOT, "deploy/nginx/vigia.conf.template"), "utf8")
		.replaceAll("${VIGIA_UPSTREAM}", `127.0.0.1:${upstream.port}`)
		.replace("listen 80;", `listen 127.0.0.1:${plainPort};`)
		.replace("listen 443 ", `listen 127.0.0.1:${tlsPort} `)
		.replaceAll("/etc/nginx/certs", join(folder, "certs"));
	const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`);
	const user = process.getuid?.() === 0 ? "user root;" : "";
	const text = `${user} daemon off; pid nginx.pid; events {} http { access_log off; ${temporary.join(" ")} ${site} }`;
	writeFileSync(join(folder, "nginx.conf"), text);
	const args = ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "logs/error.log"];
	await using nginx = new Child("nginx", args);
	await nginx.until("nginx listens", () => accepts(tlsPort));

	await expectTransparent(`https://127.0.0.1:${tlsPort}`);
	expect(upstream.headers()).toMatchObject({ "x-forwarded-proto": "https" });
	const redirect = await ask(`http://127.0.0.1:${plainPort}/?protocol=mse`);
	expect(redirect).toMatchObject({ status: 301, headers: { location: "https://wall.example/?protocol=mse" } });
});

test.skipIf(!CADDY_IS_THERE)("Caddy passes on what the page needs", async () => {
	const port = await freeTcpPort();
	// Over HTTPS it would put an authority of its own into this machine's certificates.
	const env = {
		PATH: process.env.PATH,
		HOME: folder,
		XDG_DATA_HOME: folder,
		XDG_CONFIG_HOME: folder,
		CADDY_ADMIN: `unix/${join(folder, "admin")}`,
		VIGIA_SITE: `http://:${port}`,
		VIGIA_UPSTREAM: `127.0.0.1:${upstream.port}`,
	};
	const args = ["run", "--adapter", "caddyfile", "--config", join(ROOT, "deploy/caddy/Caddyfile")];
	await using caddy = new Child("caddy", args, { env, endBy: "SIGKILL" });
	await caddy.until("Caddy listens", () => accepts(port));
	await expectTransparent(`http://127.0.0.1:${port}`);
});
