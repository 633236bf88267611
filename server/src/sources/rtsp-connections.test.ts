/** Sessions over TLS, and such as take more than one connection: real sockets on loopback. */
import { type AddressInfo, createServer } from "node:net";
import { headerOf } from "@vigia/rtsp";
import { describe, expect, it } from "vitest";
import { MAX_REDIRECTS } from "./rtsp-source.ts";
import { failureOf, RecordedSource, seePictures, tagsOf, until } from "./testing/recorded-source.ts";
import { answerTo, type CameraScript, idrSlice, PPS, pSlice, ScriptedCamera, SPS } from "./testing/scripted-camera.ts";
import { CAMERA_CERTIFICATE, OLD_CAMERA_CERTIFICATE } from "./testing/test-certificates.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
const CREDENTIALS = { username: "admin", password: PASSWORD };
const DIGEST = { scheme: "digest", realm: "camera", nonce: "98481030" } as const;

describe("redirects", () => {
	const redirect = (location: () => string, times: number): CameraScript["answer"] => {
		let done = 0;
		return (request) => {
			if (request.method !== "DESCRIBE" || done >= times) return undefined;
			done++;
			return answerTo(request, "302 Moved Temporarily", [`Location: ${location()}`]);
		};
	};

	it("S11: are followed on a new connection, with the credentials on the same host (quirk 8)", async () => {
		await using target = await ScriptedCamera.open({ auth: { offers: [DIGEST], credentials: CREDENTIALS } });
		const script = { answer: redirect(() => `rtsp://127.0.0.1:${target.port}/other`, 1) } as CameraScript;
		await using camera = await ScriptedCamera.open(script);
		await seePictures(new RecordedSource({ port: camera.port, ...CREDENTIALS }));
		expect(target.request("DESCRIBE")?.target).toBe(`rtsp://127.0.0.1:${target.port}/other`);
	});

	it("S11: are followed five times and no more (quirk 8)", async () => {
		for (const [times, code] of [
			[MAX_REDIRECTS, undefined],
			[MAX_REDIRECTS + 1, "redirect-refused"],
		] as const) {
			await using camera = await ScriptedCamera.open({
				answer: (request, connection) => again?.(request, connection),
			});
			const again = redirect(() => `rtsp://127.0.0.1:${camera.port}/again`, times);
			const source = new RecordedSource({ port: camera.port });
			await until(() => source.ended || source.units.length === 4, "pictures or the refusal");
			expect(source.failure?.code).toBe(code);
			expect(camera.connections).toHaveLength(MAX_REDIRECTS + 1);
			await source.session.close();
		}
	});

	it("S11: take no credentials to another host (quirk 8)", async () => {
		await using target = await ScriptedCamera.open({ auth: { offers: [DIGEST], credentials: CREDENTIALS } });
		const script = { answer: redirect(() => `rtsp://localhost:${target.port}/`, 1) } as CameraScript;
		await using camera = await ScriptedCamera.open(script);
		const source = new RecordedSource({ port: camera.port, ...CREDENTIALS });
		expect(await failureOf(source)).toBe("auth-refused");
		expect(target.requests.length).toBeGreaterThan(0);
		expect(target.requests.some((request) => headerOf(request, "authorization"))).toBe(false);
	});

	it("S11: from TLS to none are refused (quirk 8)", async () => {
		await using target = await ScriptedCamera.open();
		await using camera = await ScriptedCamera.open({
			tls: CAMERA_CERTIFICATE,
			answer: redirect(() => `rtsp://127.0.0.1:${target.port}/`, 1) as NonNullable<CameraScript["answer"]>,
		});
		const tls = { mode: "insecure", legacy: false } as const;
		const source = new RecordedSource({ port: camera.port, scheme: "rtsps", tls });
		expect(await failureOf(source)).toBe("redirect-refused");
		expect(target.connections).toHaveLength(0);
	});

	it("S11: to no address, to several or to nonsense are refused (quirk 8)", async () => {
		for (const lines of [
			[],
			["Location: rtsp://a/", "Location: rtsp://b/"],
			["Location: http://a/"],
			["Location: ://"],
		]) {
			await using camera = await ScriptedCamera.open({
				answer: (request) => (request.method === "DESCRIBE" ? answerTo(request, "302 Moved", lines) : undefined),
			});
			expect(await failureOf(new RecordedSource({ port: camera.port }))).toBe("redirect-refused");
		}
	});

	it("S16: a REDIRECT request of the camera in mid-stream is followed, and pictures go on at a key frame (quirk 9)", async () => {
		await using target = await ScriptedCamera.open({ pictures: [[pSlice(7)], [SPS, PPS, idrSlice(8)], [pSlice(9)]] });
		await using camera = await ScriptedCamera.open();
		const source = new RecordedSource({ port: camera.port });
		await until(() => source.units.length === 4, "the first pictures");
		const location = `rtsp://127.0.0.1:${target.port}/`;
		camera.connections[0]?.send(`REDIRECT rtsp://x/ RTSP/1.0\r\nCSeq: 9\r\nLocation: ${location}\r\n\r\n`);
		await until(() => source.units.length === 6 || source.ended, "the other pictures");
		expect(tagsOf(source)).toEqual([1, 2, 3, 4, 8, 9]);
		await source.session.close();
	});
});

describe("a camera that closes the connection after its 401", () => {
	it("S09: is asked again once on a new connection, with the answer (quirk 33)", async () => {
		await using camera = await ScriptedCamera.open({
			auth: { offers: [DIGEST], credentials: CREDENTIALS },
			answer: (request, connection) => {
				if (headerOf(request, "authorization")) return undefined;
				connection.send(
					answerTo(request, "401 Unauthorized", ['WWW-Authenticate: Digest realm="r", nonce="98481030"']),
				);
				connection.socket.end();
				return "";
			},
		});
		const source = new RecordedSource({ port: camera.port, ...CREDENTIALS });
		await until(() => source.ended || source.units.length === 4, "the pictures");
		expect(camera.connections).toHaveLength(2);
		await source.session.close();
	});

	it("S09: and refuses that answer too is asked no third time (quirk 29)", async () => {
		await using camera = await ScriptedCamera.open({
			answer: (request, connection) => {
				connection.send(answerTo(request, "401 Unauthorized", ['WWW-Authenticate: Digest realm="r", nonce="1"']));
				connection.socket.end();
				return "";
			},
		});
		const source = new RecordedSource({ port: camera.port, ...CREDENTIALS });
		expect(await failureOf(source)).toBe("auth-refused");
		expect(camera.connections.length).toBeLessThanOrEqual(2);
	});
});

describe("TLS", () => {
	const tls = { key: CAMERA_CERTIFICATE.key, cert: CAMERA_CERTIFICATE.cert };
	const old = { key: OLD_CAMERA_CERTIFICATE.key, cert: OLD_CAMERA_CERTIFICATE.cert };

	it("S33: a self-signed certificate is refused where it is to be verified, with a hint (quirk 11)", async () => {
		await using camera = await ScriptedCamera.open({ tls });
		const source = new RecordedSource({ port: camera.port, scheme: "rtsps" });
		expect(await failureOf(source)).toBe("certificate-untrusted");
		expect(source.failure?.detail).toContain("pin");
		expect(camera.requests).toHaveLength(0);
	});

	it("S33: it is taken where it is pinned (quirk 11)", async () => {
		await using camera = await ScriptedCamera.open({ tls });
		const policy = { mode: "pin", sha256: CAMERA_CERTIFICATE.sha256 } as const;
		await seePictures(new RecordedSource({ port: camera.port, scheme: "rtsps", tls: policy }));
	});

	it("S33: another certificate than the pinned one is refused before a byte is written (quirk 11)", async () => {
		await using camera = await ScriptedCamera.open({ tls });
		for (const sha256 of [OLD_CAMERA_CERTIFICATE.sha256, "", "zz", "00".repeat(32)]) {
			const source = new RecordedSource({ port: camera.port, scheme: "rtsps", tls: { mode: "pin", sha256 } });
			expect(await failureOf(source)).toBe("certificate-untrusted");
		}
		expect(camera.requests).toHaveLength(0);
	});

	it("S33: any certificate is taken where the policy is insecure (quirk 11)", async () => {
		await using camera = await ScriptedCamera.open({ tls });
		const policy = { mode: "insecure", legacy: false } as const;
		await seePictures(new RecordedSource({ port: camera.port, scheme: "rtsps", tls: policy }));
	});

	it("a camera with TLS 1.0 and a short key is reached with the legacy policy only (quirk 12)", async () => {
		await using camera = await ScriptedCamera.open({
			tls: { ...old, minVersion: "TLSv1", maxVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" },
		});
		const insecure = new RecordedSource({
			port: camera.port,
			scheme: "rtsps",
			tls: { mode: "insecure", legacy: false },
		});
		expect(await failureOf(insecure)).toBe("protocol-error");
		expect(insecure.failure?.detail).toContain("legacy");
		const legacy = { mode: "insecure", legacy: true } as const;
		await seePictures(new RecordedSource({ port: camera.port, scheme: "rtsps", tls: legacy }));
	});

	it("a port that speaks no TLS is told apart from a camera that is away", async () => {
		const server = createServer((socket) => {
			socket.on("error", () => socket.destroy());
			socket.end("RTSP/1.0 400 Bad Request\r\n\r\n");
		}).listen(0, "127.0.0.1");
		await until(() => server.listening, "a port");
		const { port } = server.address() as AddressInfo;
		const source = new RecordedSource({ port, scheme: "rtsps" });
		expect(await failureOf(source)).toBe("protocol-error");
		server.close();
	});
});
