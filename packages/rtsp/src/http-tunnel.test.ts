import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verifyAuthorization } from "./auth-verify.ts";
import { fromByteString, toByteString } from "./bytes.ts";
import { HttpTunnelClient, MAX_TUNNEL_HEAD_BYTES, type TunnelInput } from "./http-tunnel.ts";
import { hashes } from "./testing/hashes.ts";

const credentials = { username: "admin", password: "p@ss:w#rd%/ñ" };
const CHALLENGE = { scheme: "digest", realm: "r", nonce: "n1" } as const;

function tunnel(using: typeof credentials | undefined = credentials): HttpTunnelClient {
	return new HttpTunnelClient({
		address: { scheme: "rtsp", host: "10.0.0.9", port: 80, path: "/cam?channel=1&enableSrtp" },
		userAgent: "Vigia",
		credentials: using,
		hashes,
		randomHex: (digits) => "a".repeat(digits),
	});
}

const push = (client: HttpTunnelClient, text: string): TunnelInput => client.pushGet(fromByteString(text));

function authorizationOf(head: Uint8Array): string | undefined {
	return /^Authorization: (.*)\r$/m.exec(toByteString(head))?.[1];
}

describe("a tunnel through HTTP", () => {
	test("S32: is a GET and a POST with one cookie, for path and query alone (quirk 14)", () => {
		const client = tunnel();
		expect(toByteString(client.getHead())).toBe(
			"GET /cam?channel=1 HTTP/1.0\r\nHost: 10.0.0.9:80\r\nUser-Agent: Vigia\r\nx-sessioncookie: aaaaaaaaaaaaaaaaaaaaaa\r\n" +
				"Accept: application/x-rtsp-tunnelled\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\r\n",
		);
		const post = toByteString(client.postHead());
		expect(post).toContain("POST /cam?channel=1 HTTP/1.0\r\n");
		expect(post).toContain("x-sessioncookie: aaaaaaaaaaaaaaaaaaaaaa\r\n");
		expect(post).toContain("Content-Length: 32767\r\n");
	});

	test("S32: gives the bytes behind the answer's head, however they are split (quirk 14)", () => {
		const text =
			"HTTP/1.0 200 OK\r\nx-server-ip-address: 127.0.0.1\r\nConnection: close\r\n\r\nRTSP/1.0 200 OK\r\n\r\n$\0\0\0";
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
				const client = tunnel();
				client.getHead();
				let rtsp = "";
				for (let at = 0, turn = 0; at < text.length; turn++) {
					const size = sizes[turn % sizes.length] ?? 1;
					const input = push(client, text.slice(at, at + size));
					if (input.type === "rtsp") rtsp += toByteString(input.bytes);
					at += size;
				}
				expect(client.isOpen).toBe(true);
				expect(rtsp).toBe("RTSP/1.0 200 OK\r\n\r\n$\0\0\0");
			}),
		);
	});

	test("S32: reads a head of line ends without end at once (quirk 14)", () => {
		const client = tunnel();
		client.getHead();
		const startMs = performance.now();
		expect(push(client, `HTTP/1.0 503 Busy\r\nx: ${"\r".repeat(256 * 1024)}x\r\n\r\n`).type).toBe("failed");
		// Milliseconds if its cost is linear, minutes if it is quadratic.
		expect(performance.now() - startMs).toBeLessThan(2000);
	});

	test("S32: answers a 401 on a new connection, GET and POST each with their own method (quirk 14)", () => {
		const client = tunnel();
		expect(authorizationOf(client.getHead())).toBeUndefined();
		expect(push(client, 'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n1"\r\n\r\n<html>')).toEqual({
			type: "retry",
		});
		expect(push(client, "</html>")).toEqual({ type: "wait" });
		for (const [method, head] of [
			["GET", client.getHead()],
			["POST", client.postHead()],
		] as const) {
			const authorization = authorizationOf(head);
			const request = { authorization, method, target: "/cam?channel=1", credentials, offers: [CHALLENGE] };
			expect(verifyAuthorization(request, hashes)).toBe("accepted");
		}
		expect(push(client, "HTTP/1.1 200 OK\n\n")).toMatchObject({ type: "rtsp", bytes: new Uint8Array(0) });
	});

	test("S08: gives up on a password that is refused after three requests at most (quirk 29)", () => {
		const client = tunnel();
		let input: TunnelInput = { type: "retry" };
		let requests = 0;
		for (; input.type === "retry"; requests++) {
			client.getHead();
			input = push(client, `HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n${requests}"\r\n\r\n`);
		}
		expect(requests).toBeLessThanOrEqual(3);
		expect(input).toMatchObject({ type: "failed", error: { kind: "auth", code: "RTSP_AUTH_REFUSED" } });
		const without = new HttpTunnelClient({
			address: { scheme: "rtsp", host: "fe80::1", port: 80, path: "/" },
			userAgent: "Vigia",
			credentials: undefined,
			hashes,
			randomHex: (digits) => "0".repeat(digits),
		});
		expect(toByteString(without.getHead())).toContain("Host: [fe80::1]:80\r\n");
		expect(push(without, "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\n\r\n")).toMatchObject({
			error: { code: "RTSP_AUTH_MISSING" },
		});
	});

	test.each([
		["HTTP/1.1 404 Not Found\r\n\r\n", "unsupported-transport"],
		["HTTP/1.1 503 Busy\r\n\r\n", "busy"],
		["SSH-2.0-dropbear\r\n\r\n", "unsupported-transport"],
		["x".repeat(MAX_TUNNEL_HEAD_BYTES + 1), "unsupported-transport"],
	])("an answer that is no tunnel ends it: %j", (text, kind) => {
		const client = tunnel();
		client.getHead();
		expect(push(client, text)).toMatchObject({ type: "failed", error: { kind } });
	});

	test("S32: what the client says goes out in base64, each piece for itself", () => {
		const client = tunnel();
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
				expect(new Uint8Array(Buffer.from(toByteString(client.encode(bytes)), "base64"))).toEqual(bytes);
			}),
		);
	});

	test("no bytes make it throw", () => {
		fc.assert(
			fc.property(fc.array(fc.oneof(fc.uint8Array(), fc.constant(fromByteString("\r\n\r\n")))), (chunks) => {
				const client = tunnel();
				client.getHead();
				for (const chunk of chunks) client.pushGet(chunk);
			}),
		);
	});
});
