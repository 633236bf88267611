/** Sessions over TLS, and such as take more than one connection: real sockets on loopback. */
import { type AddressInfo, createServer, type LookupFunction } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { headerOf, utf8ByteString } from "@vigia/rtsp";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../platform/fake-clock.ts";
import { CONNECT_TIMEOUT_MS, READ_BUFFER_BYTES } from "./connection.ts";
import { ADDRESS_LIFETIME_MS, MAX_LOOKUPS, NameLookup } from "./name-lookup.ts";
import { MAX_REDIRECTS } from "./rtsp-source.ts";
import { failureOf, openRecorded, RecordedSource, seePictures, tagsOf, until } from "./testing/recorded-source.ts";
import { answerTo, type CameraScript, idrSlice, PPS, pSlice, ScriptedCamera, SPS } from "./testing/scripted-camera.ts";
import { CAMERA_CERTIFICATE, OLD_CAMERA_CERTIFICATE } from "./testing/test-certificates.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
const CREDENTIALS = { username: "admin", password: PASSWORD };
const DIGEST = { scheme: "digest", realm: "camera", nonce: "98481030" } as const;

/** TLS 1.2 with ECDHE-RSA-AES128-GCM-SHA256 and no extensions: RFC 5246 section 7.4.1.3. */
const OLD_SERVER_HELLO = Buffer.from(`160303002a02000026 0303${"07".repeat(32)} 00 c02f 00`.replaceAll(" ", ""), "hex");

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

	it("S11: keep a path of any characters byte for byte (quirks 5, 8)", async () => {
		const location = (): string => utf8ByteString(`rtsp://127.0.0.1:${camera.port}/cámara%20ñ?a=日本`);
		await using camera = await ScriptedCamera.open({ answer: (request, connection) => again?.(request, connection) });
		const again = redirect(location, 1);
		await seePictures(new RecordedSource({ port: camera.port }));
		expect(camera.requests.at(-1)?.method).toBe("TEARDOWN");
		const described = camera.requests.filter(({ method }) => method === "DESCRIBE");
		expect(described.at(-1)?.target).toBe(location());
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

	it("S16: are counted anew once pictures have come (quirk 9)", async () => {
		await using camera = await ScriptedCamera.open();
		const source = new RecordedSource({ port: camera.port });
		for (let moves = 0; moves <= MAX_REDIRECTS + 1; moves++) {
			await until(() => source.units.length === 4 * (moves + 1) || source.ended, `pictures of connection ${moves}`);
			expect(source.failure).toBeUndefined();
			const location = `rtsp://127.0.0.1:${camera.port}/${moves}`;
			camera.connections.at(-1)?.send(`REDIRECT rtsp://x/ RTSP/1.0\r\nCSeq: 9\r\nLocation: ${location}\r\n\r\n`);
		}
		await source.session.close();
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

	it("a camera whose TLS is from before RFC 5746 is spoken to with the legacy policy only (quirk 12)", async () => {
		const server = createServer((socket) => {
			socket.on("error", () => socket.destroy());
			socket.once("data", () => socket.end(OLD_SERVER_HELLO));
		}).listen(0, "127.0.0.1");
		await until(() => server.listening, "a port");
		const { port } = server.address() as AddressInfo;
		const detailOf = async (legacy: boolean): Promise<string | undefined> => {
			const source = new RecordedSource({ port, scheme: "rtsps", tls: { mode: "insecure", legacy } });
			await failureOf(source);
			return source.failure?.detail;
		};
		expect(await detailOf(false)).toContain("UNSAFE_LEGACY_RENEGOTIATION");
		expect(await detailOf(true)).not.toContain("UNSAFE_LEGACY_RENEGOTIATION");
		server.close();
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

describe("a camera that is known by name", () => {
	it("is found again when its address has changed", async () => {
		await using camera = await ScriptedCamera.open();
		const clock = new FakeClock();
		let address = "127.0.0.2";
		const { lookup } = new NameLookup(clock, (_name, answer) => answer(null, [{ address, family: 4 }]));
		const open = openRecorded({ host: "cam.test", port: camera.port, clock, lookup });
		const first = new RecordedSource({ port: camera.port, open });
		expect(await failureOf(first)).toBe("connection-refused");
		address = "127.0.0.1";
		clock.advance(ADDRESS_LIFETIME_MS);
		await seePictures(new RecordedSource({ port: camera.port, open }));
	});

	it("64 times over at a dead name server gives up in time, with a few lookups under way", () => {
		const clock = new FakeClock();
		let asked = 0;
		const { lookup } = new NameLookup(clock, () => asked++);
		const sources = Array.from(
			{ length: 64 },
			(_, index) => new RecordedSource({ host: `cam${index}.test`, port: 554, clock, lookup }),
		);
		clock.advance(CONNECT_TIMEOUT_MS);
		expect(new Set(sources.map(({ failure }) => failure?.code))).toEqual(new Set(["address-unknown"]));
		expect(asked).toBeLessThanOrEqual(MAX_LOOKUPS);
		expect(clock.pending).toBe(0);
	});

	it("keeps nothing of the tries that gave up while a dead name server holds on to them", async () => {
		setFlagsFromString("--expose-gc");
		const collect = runInNewContext("gc") as () => void;
		const TRIES = 200;
		const clock = new FakeClock();
		const held: unknown[] = [];
		const lookup: LookupFunction = (_name, _options, callback) => void held.push(callback);
		collect();
		const before = process.memoryUsage().arrayBuffers;
		for (let tries = 0; tries < TRIES; tries++) {
			const source = new RecordedSource({ host: "cam.test", port: 554, clock, lookup });
			clock.advance(CONNECT_TIMEOUT_MS);
			expect(source.failure?.code).toBe("address-unknown");
		}
		await until(() => {
			collect();
			return process.memoryUsage().arrayBuffers - before < (TRIES / 4) * READ_BUFFER_BYTES;
		}, "the sockets' buffers to be given back");
		expect(held).toHaveLength(TRIES);
	});
});
