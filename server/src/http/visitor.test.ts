import type { IncomingHttpHeaders } from "node:http";
import { get as getHttps } from "node:https";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import fastify, { type FastifyInstance } from "fastify";
import { describe, expect, test } from "vitest";
import { proxyList } from "../config/proxy-list.ts";
import { CAMERA_CERTIFICATE } from "../sources/testing/test-certificates.ts";
import { installVisitors, readVisitor, type Visitor } from "./visitor.ts";

const TRUSTED = { trusted: proxyList(["192.0.2.1", "10.0.0.0/8", "2001:db8::/64"]), isBehindProxy: true };

/** Through the proxy at 192.0.2.1, unless another peer is given. */
function visit(headers: IncomingHttpHeaders, peer = "192.0.2.1"): Visitor {
	return readVisitor({ peer, isEncrypted: false, headers: { host: "10.0.0.9:8000", ...headers } }, TRUSTED);
}

describe("behind a trusted proxy", () => {
	test("host and scheme are those of the address bar", () => {
		const older = {
			"x-forwarded-for": "198.51.100.7",
			"x-forwarded-host": "cctv.example",
			"x-forwarded-proto": "https",
		};
		expect(visit(older)).toMatchObject({ host: "cctv.example", isSecure: true, hasUntrustedProxy: false });
		const newer = { forwarded: 'for="[2001:db8:1::9]:4711";proto=https;host="cctv.example:8443";by=192.0.2.1' };
		expect(visit(newer)).toMatchObject({ host: "cctv.example:8443", isSecure: true });
		expect(visit({ "x-forwarded-for": "198.51.100.7" })).toMatchObject({ host: "10.0.0.9:8000", isSecure: false });
	});

	test("the outermost one that is trusted is believed, and nobody beyond it", () => {
		const chain = {
			"x-forwarded-for": "127.0.0.1, 198.51.100.7, 10.1.1.1",
			"x-forwarded-host": "forged, cctv.example, inner",
		};
		expect(visit(chain).host).toBe("cctv.example");
		// One that appends to what the visitor wrote.
		expect(visit({ "x-forwarded-for": "forged, 198.51.100.7", "x-forwarded-host": "forged, cctv.example" }).host).toBe(
			"cctv.example",
		);
		// One that sets it, and others that pass it on.
		expect(visit({ "x-forwarded-for": "198.51.100.7, 10.1.1.1", "x-forwarded-host": "cctv.example" }).host).toBe(
			"cctv.example",
		);
		const elements =
			"for=127.0.0.1;host=forged, for=198.51.100.7;host=cctv.example;proto=https, For=10.1.1.1;host=inner";
		expect(visit({ forwarded: elements })).toMatchObject({ host: "cctv.example", isSecure: true });
	});

	test("networks, IPv6 and IPv4 written as IPv6 are known", () => {
		const fields = { "x-forwarded-for": "198.51.100.7", "x-forwarded-host": "cctv.example" };
		for (const peer of ["10.200.0.3", "::ffff:10.200.0.3", "2001:db8::5", "::ffff:192.0.2.1"]) {
			expect(visit(fields, peer).host).toBe("cctv.example");
		}
		for (const peer of ["192.0.2.2", "2001:db8:0:1::5", "127.0.0.1", undefined]) {
			const visitor = readVisitor({ peer, isEncrypted: false, headers: { host: "us:8000", ...fields } }, TRUSTED);
			expect(visitor).toMatchObject({ host: "us:8000", hasUntrustedProxy: true });
		}
	});
});

test("what anybody else writes does not count", () => {
	const fields = {
		forwarded: "for=127.0.0.1;host=localhost;proto=https",
		"x-forwarded-host": "forged",
		"x-forwarded-proto": "https",
	};
	expect(visit(fields, "198.51.100.7")).toEqual({
		host: "10.0.0.9:8000",
		isSecure: false,
		isLocal: false,
		hasUntrustedProxy: true,
	});
});

describe("this machine itself", () => {
	const local = (headers: IncomingHttpHeaders, peer = "127.0.0.1"): boolean =>
		readVisitor(
			{ peer, isEncrypted: false, headers: { host: "localhost:8000", ...headers } },
			{ trusted: proxyList([]), isBehindProxy: false },
		).isLocal;

	test("is known at its loopback addresses, without a proxy", () => {
		expect(local({})).toBe(true);
		expect(local({ host: "127.0.0.1:8000" }, "::1")).toBe(true);
		expect(local({ host: "cctv.example" })).toBe(false);
		expect(local({}, "192.0.2.1")).toBe(false);
	});

	test.each<IncomingHttpHeaders>([
		{ "x-forwarded-for": "127.0.0.1" },
		{ "x-forwarded-host": "localhost" },
		{ "x-forwarded-proto": "http" },
		{ forwarded: "for=127.0.0.1" },
		{ "x-real-ip": "127.0.0.1" },
		{ via: "1.1 proxy" },
	])("is not taken for the visitor where a proxy shows: %j", (headers) => {
		expect(local(headers)).toBe(false);
	});

	// Whatever such a proxy passes on or leaves out, somebody elsewhere can have asked it.
	test.each([
		{ trustProxy: ["192.0.2.1"], basePath: "" },
		{ trustProxy: ["loopback"], basePath: "" },
		{ trustProxy: [], basePath: "/cams" },
	])("is nobody where the settings say that there is a proxy: %j", async (proxies) => {
		const app = fastify();
		installVisitors(app, proxies);
		app.get("/", (request) => request.visitor);
		try {
			for (const fields of [{}, { "x-forwarded-for": "127.0.0.1" }, { forwarded: 'for="[::1]"' }]) {
				const answer = await app.inject({ url: "/", headers: { host: "localhost:8000", ...fields } });
				expect(answer.json()).toMatchObject({ host: "localhost:8000", isLocal: false });
			}
		} finally {
			await app.close();
		}
	});
});

test("whatever comes in the fields, nothing is thrown, and who is not trusted moves nothing", () => {
	const field = fc.oneof(
		fc.string(),
		fc
			.array(fc.constantFrom("for=", '"', "\\", ",", ";", "=", "127.0.0.1", "[::1]", "host=", " ", "10.0.0.1"))
			.map((all) => all.join("")),
	);
	fc.assert(
		fc.property(field, field, field, fc.constantFrom("192.0.2.1", "192.0.2.2", "", "fe80::1%eth0"), (a, b, c, peer) => {
			const visitor = visit({ forwarded: a, "x-forwarded-for": b, "x-forwarded-host": c }, peer);
			expect(visitor.isLocal).toBe(false);
			if (peer !== "192.0.2.1") expect(visitor).toMatchObject({ host: "10.0.0.9:8000", hasUntrustedProxy: true });
		}),
	);
});

test("over TLS, HTTP/1.1 and HTTP/2 give the same visitor", async () => {
	const app = fastify({
		http2: true,
		https: { ...CAMERA_CERTIFICATE, allowHTTP1: true },
	}) as unknown as FastifyInstance;
	installVisitors(app, { trustProxy: ["loopback"], basePath: "" });
	app.get("/", (request) => request.visitor);
	await app.listen({ host: "127.0.0.1", port: 0 });
	try {
		const url = `https://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
		for (const [fields, expected] of [
			[{}, { host: url.slice(8), isSecure: true }],
			[
				{ "x-forwarded-for": "192.0.2.7", "x-forwarded-host": "cctv.example", "x-forwarded-proto": "http" },
				{ host: "cctv.example", isSecure: false },
			],
		] as const) {
			expect(await askOverHttp1(url, fields)).toMatchObject(expected);
			expect(await askOverHttp2(url, fields)).toMatchObject(expected);
		}
	} finally {
		await app.close();
	}
});

async function askOverHttp1(url: string, headers: Record<string, string>): Promise<unknown> {
	return await new Promise((resolve, reject) => {
		getHttps(url, { headers, agent: false, rejectUnauthorized: false }, (response) => {
			let text = "";
			response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
			response.on("end", () => resolve(JSON.parse(text)));
		}).on("error", reject);
	});
}

async function askOverHttp2(url: string, headers: Record<string, string>): Promise<unknown> {
	const session: ClientHttp2Session = connectHttp2(url, { rejectUnauthorized: false });
	try {
		return await new Promise((resolve, reject) => {
			let text = "";
			const request = session.request({ ":path": "/", ...headers });
			request.setEncoding("utf8").on("data", (piece: string) => (text += piece));
			request.on("end", () => resolve(JSON.parse(text))).on("error", reject);
			session.on("error", reject);
		});
	} finally {
		session.close();
	}
}
