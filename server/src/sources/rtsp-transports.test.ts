/** How a session finds the transport that a camera has: real sockets on loopback. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { headerOf, UDP_SILENCE_MS } from "@vigia/rtsp";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../platform/fake-clock.ts";
import { SILENT_AFTER_MS } from "./rtsp-source.ts";
import {
	failureOf,
	openRecorded,
	RecordedSource,
	seePictures,
	transportsOf,
	until,
} from "./testing/recorded-source.ts";
import { answerTo, type CameraScript, PICTURES, ScriptedCamera } from "./testing/scripted-camera.ts";
import { CAMERA_CERTIFICATE } from "./testing/test-certificates.ts";
import { TunnelCamera } from "./testing/tunnel-camera.ts";
import { rtpPacketsOf, UdpCamera } from "./testing/udp-camera.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
const CREDENTIALS = { username: "admin", password: PASSWORD };
const DIGEST = { scheme: "digest", realm: "camera", nonce: "98481030" } as const;
const PACKETS = rtpPacketsOf(PICTURES);

describe("the way to another transport", () => {
	const refuse = (protocol: RegExp): CameraScript["answer"] => {
		return (request) => {
			const asked = headerOf(request, "transport") ?? "";
			if (request.method !== "SETUP" || !protocol.test(asked)) return undefined;
			return answerTo(request, "461 Unsupported Transport", []);
		};
	};

	it("S29: 461 to TCP brings UDP at once, which the next session begins with (quirk 74)", async () => {
		const script = { answer: refuse(/TCP/) } as CameraScript;
		await using camera = await UdpCamera.open({ script, onPlay: (own) => own.send(PACKETS) });
		const open = openRecorded({ port: camera.port, transport: "auto" });
		const first = new RecordedSource({ port: camera.port, open });
		await seePictures(first);
		expect(transportsOf(first)).toEqual(["tcp", "udp"]);
		const second = new RecordedSource({ port: camera.port, open });
		await seePictures(second);
		expect(transportsOf(second)).toEqual(["udp"]);
	});

	it("S29: 461 to UDP fails a forced UDP and says why", async () => {
		await using camera = await UdpCamera.open({ script: { answer: refuse(/^RTP\/AVP;/) } as CameraScript });
		const source = new RecordedSource({ port: camera.port, transport: "udp" });
		expect(await failureOf(source)).toBe("transport-unsupported");
	});

	it("S29: UDP that stays silent brings TCP after three seconds, with a fresh DESCRIBE (quirk 78)", async () => {
		const clock = new FakeClock();
		let refuseTcp = true;
		const script = {
			answer: (request, connection) => (refuseTcp ? refuse(/TCP/)?.(request, connection) : undefined),
		} as CameraScript;
		let silent = false;
		await using camera = await UdpCamera.open({
			script: { ...script, pictures: PICTURES },
			onPlay: (own) => silent || own.send(PACKETS),
		});
		const open = openRecorded({ port: camera.port, transport: "auto", clock });
		await seePictures(new RecordedSource({ port: camera.port, open }), clock);
		refuseTcp = false;
		silent = true;
		const source = new RecordedSource({ port: camera.port, open });
		await until(() => source.events.includes("playing"), "PLAY over UDP");
		expect(transportsOf(source)).toEqual(["udp"]);
		clock.advance(UDP_SILENCE_MS);
		await seePictures(source);
		expect(transportsOf(source)).toEqual(["udp", "tcp"]);
	});

	it("S29: a TCP session that plays and brings nothing makes the next one begin with UDP", async () => {
		const clock = new FakeClock();
		await using camera = await UdpCamera.open({ onPlay: (own) => own.clientPorts && own.send(PACKETS) });
		const open = openRecorded({ port: camera.port, transport: "auto", clock });
		const first = new RecordedSource({ port: camera.port, open });
		await until(() => first.events.includes("playing"), "PLAY over TCP");
		clock.advance(SILENT_AFTER_MS);
		await first.session.close();
		const second = new RecordedSource({ port: camera.port, open });
		await seePictures(second, clock);
		expect([transportsOf(first), transportsOf(second)]).toEqual([["tcp"], ["udp"]]);
	});

	it("a camera that closes after each 401 gets from TCP to UDP all the same (quirks 33, 74)", async () => {
		const answer: CameraScript["answer"] = (request, connection) => {
			if (headerOf(request, "authorization")) return refuse(/TCP/)?.(request, connection);
			connection.send(answerTo(request, "401 Unauthorized", ['WWW-Authenticate: Digest realm="r", nonce="1"']));
			connection.socket.end();
			return "";
		};
		await using camera = await UdpCamera.open({
			script: { answer } as CameraScript,
			onPlay: (own) => own.send(PACKETS),
		});
		const source = new RecordedSource({ port: camera.port, transport: "auto", ...CREDENTIALS });
		await seePictures(source);
		expect(transportsOf(source)).toEqual(["tcp", "udp"]);
	});

	it("a camera that gave pictures over TCP is asked for TCP again after a session that needed UDP", async () => {
		let starting = false;
		const script = {
			pictures: PICTURES,
			answer: (request, connection) => (starting ? refuse(/TCP/)?.(request, connection) : undefined),
		} as CameraScript;
		await using camera = await UdpCamera.open({ script, onPlay: (own) => starting && own.send(PACKETS) });
		const open = openRecorded({ port: camera.port, transport: "auto" });
		for (const [refuses, transports] of [
			[false, ["tcp"]],
			[true, ["tcp", "udp"]],
			[false, ["tcp"]],
		] as const) {
			starting = refuses;
			const source = new RecordedSource({ port: camera.port, open });
			await seePictures(source);
			expect(transportsOf(source)).toEqual(transports);
		}
	});

	it("a camera that was silent at first and has no HTTP tunnel is asked for TCP again", async () => {
		const clock = new FakeClock();
		const pictures = [...PICTURES];
		const starting = pictures.splice(0);
		await using camera = await ScriptedCamera.open({ tls: CAMERA_CERTIFICATE, pictures });
		const tls = { mode: "insecure", legacy: false } as const;
		const open = openRecorded({ port: camera.port, scheme: "rtsps", transport: "auto", clock, tls });
		const first = new RecordedSource({ port: camera.port, open });
		await until(() => first.events.includes("playing"), "PLAY over TCP");
		clock.advance(SILENT_AFTER_MS);
		await first.session.close();
		pictures.push(...starting);
		await seePictures(new RecordedSource({ port: camera.port, open }));
	});

	it("S58: a camera that answers a request for UDP with TCP is taken at its word (quirk 137)", async () => {
		await using camera = await ScriptedCamera.open({ transport: "RTP/AVP/TCP;interleaved=0-1" });
		const source = new RecordedSource({ port: camera.port, transport: "udp" });
		await seePictures(source);
		expect(source.session.quirks).toContain("other-transport-answered");
	});

	it("S58: a camera that answers a request for TCP with UDP is asked for UDP (quirk 137)", async () => {
		const answer: CameraScript["answer"] = (request) => {
			if (request.method !== "SETUP" || !headerOf(request, "transport")?.includes("TCP")) return undefined;
			return answerTo(request, "200 OK", ["Transport: RTP/AVP;unicast;server_port=5000-5001", "Session: 1"]);
		};
		await using camera = await UdpCamera.open({
			script: { answer } as CameraScript,
			onPlay: (own) => own.send(PACKETS),
		});
		const source = new RecordedSource({ port: camera.port, transport: "auto" });
		await seePictures(source);
		expect(transportsOf(source)).toEqual(["tcp", "udp"]);
	});
});

describe("the HTTP tunnel", () => {
	it("S32: brings pictures through a GET and a POST that share a cookie (quirk 14)", async () => {
		await using camera = await ScriptedCamera.open();
		await using tunnel = await TunnelCamera.open({ port: camera.port });
		const source = new RecordedSource({ port: tunnel.port, transport: "http", path: "/cam?channel=1" });
		await seePictures(source);
		expect(tunnel.methods()).toEqual(["GET", "POST"]);
		expect(tunnel.heads[0]).toMatch(/^GET \/cam\?channel=1 HTTP\/1\.0/);
		expect(transportsOf(source)).toEqual(["http"]);
		await until(() => camera.methods.at(-1) === "TEARDOWN", "TEARDOWN");
	});

	it("S32: answers a 401 to its GET on a new connection (quirk 14)", async () => {
		await using camera = await ScriptedCamera.open({ auth: { offers: [DIGEST], credentials: CREDENTIALS } });
		await using tunnel = await TunnelCamera.open({
			port: camera.port,
			answerGet: (head) =>
				/^Authorization: Digest /m.test(head)
					? "HTTP/1.0 200 OK\r\n\r\n"
					: 'HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="http", nonce="1"\r\n\r\n',
		});
		await seePictures(new RecordedSource({ port: tunnel.port, transport: "http", ...CREDENTIALS }));
		expect(tunnel.methods()).toEqual(["GET", "GET", "POST"]);
		expect(tunnel.heads.join()).not.toContain("p@ss");
	});

	it("S32: a wrong password at the GET is a refusal, after three tries at most (quirk 29)", async () => {
		await using tunnel = await TunnelCamera.open({
			port: 1,
			answerGet: () => 'HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="http", nonce="1"\r\n\r\n',
		});
		const source = new RecordedSource({ port: tunnel.port, transport: "http", ...CREDENTIALS });
		expect(await failureOf(source)).toBe("auth-refused");
		expect(tunnel.heads.length).toBeLessThanOrEqual(3);
	});

	it("S32: goes on with another POST when the camera has read its fill of the first (quirk 14)", async () => {
		const clock = new FakeClock();
		await using camera = await ScriptedCamera.open();
		await using tunnel = await TunnelCamera.open({ port: camera.port, postBodyBytes: 900 });
		const source = new RecordedSource({ port: tunnel.port, transport: "http", clock });
		await until(() => source.units.length === 4, "the pictures");
		await until(() => {
			clock.advance(5000);
			return camera.frames.length > 12;
		}, "receiver reports");
		expect(tunnel.methods().filter((method) => method === "POST").length).toBeGreaterThan(1);
		expect(source.ended).toBe(false);
		await source.session.close();
	});

	it("S32: a POST that breaks after the camera has read its fill is followed by another (quirk 14)", async () => {
		const clock = new FakeClock();
		await using camera = await ScriptedCamera.open();
		await using tunnel = await TunnelCamera.open({ port: camera.port, postBodyBytes: 900, resetsPost: true });
		const source = new RecordedSource({ port: tunnel.port, transport: "http", clock });
		await until(() => source.units.length === 4, "the pictures");
		await until(() => {
			clock.advance(5000);
			return camera.frames.length > 12 || source.ended;
		}, "receiver reports");
		expect(source.failure).toBeUndefined();
		expect(tunnel.methods().filter((method) => method === "POST").length).toBeGreaterThan(1);
		await source.session.close();
	});

	it("is left by a camera's flood of questions while it has no POST", async () => {
		const clock = new FakeClock();
		await using camera = await ScriptedCamera.open();
		await using tunnel = await TunnelCamera.open({ port: camera.port, postBodyBytes: 900, tls: CAMERA_CERTIFICATE });
		// A second POST gets no further than its handshake.
		const sockets: Socket[] = [];
		const front = createServer((socket) => {
			sockets.push(socket);
			socket.on("error", () => socket.destroy());
			if (sockets.length > 2) return;
			const behind = connect(tunnel.port, "127.0.0.1");
			behind.on("error", () => socket.destroy());
			socket.pipe(behind).pipe(socket);
		}).listen(0, "127.0.0.1");
		await until(() => front.listening, "a port");
		const { port } = front.address() as AddressInfo;
		const tls = { mode: "insecure", legacy: false } as const;
		const source = new RecordedSource({ port, scheme: "rtsps", transport: "http", clock, tls });
		await until(() => source.units.length === 4, "the pictures");
		await until(() => {
			clock.advance(100);
			return sockets.length > 2;
		}, "another POST");
		camera.connections[0]?.send("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".repeat(1000));
		await until(() => source.ended, "the end");
		expect(source.failure?.code).toBe("connection-lost");
		await source.session.close();
		for (const socket of sockets) socket.destroy();
		front.close();
	});

	it("a redirect within it leads to no other host, which would get a GET of the camera's choice (quirk 8)", async () => {
		await using other = await TunnelCamera.open({ port: 1 });
		await using camera = await ScriptedCamera.open({
			answer: (request) =>
				request.method === "DESCRIBE"
					? answerTo(request, "302 Moved", [`Location: rtsp://localhost:${other.port}/reboot.cgi`])
					: undefined,
		});
		await using tunnel = await TunnelCamera.open({ port: camera.port });
		const source = new RecordedSource({ port: tunnel.port, transport: "http" });
		expect(await failureOf(source)).toBe("redirect-refused");
		expect(other.heads).toEqual([]);
	});

	it("S32: a port that speaks no HTTP, and one that says nothing, have no tunnel (quirk 14)", async () => {
		await using camera = await ScriptedCamera.open();
		await using tunnel = await TunnelCamera.open({
			port: camera.port,
			answerGet: () => "HTTP/1.0 404 Not Found\r\n\r\n",
		});
		expect(await failureOf(new RecordedSource({ port: tunnel.port, transport: "http" }))).toBe("transport-unsupported");
		const clock = new FakeClock();
		await using silent = await TunnelCamera.open({ port: camera.port, answerGet: () => "HTTP/1.0 200 OK\r\n" });
		const source = new RecordedSource({ port: silent.port, transport: "http", clock });
		await until(() => silent.heads.length > 0, "the GET");
		await until(() => {
			clock.advance(1000);
			return source.ended;
		}, "the end");
		expect(source.failure?.code).toBe("transport-unsupported");
		expect(clock.pending).toBe(0);
	});

	it("S29: is the last way of auto, and a camera that has none of the three is told apart (quirk 74)", async () => {
		await using camera = await ScriptedCamera.open({
			answer: (request) =>
				request.method === "SETUP" ? answerTo(request, "461 Unsupported Transport", []) : undefined,
		});
		await using tunnel = await TunnelCamera.open({ port: camera.port });
		const source = new RecordedSource({ port: camera.port, transport: "auto" });
		expect(await failureOf(source)).toBe("transport-unsupported");
		expect(transportsOf(source).slice(0, 2)).toEqual(["tcp", "udp"]);
		const tunnelled = new RecordedSource({ port: tunnel.port, transport: "http" });
		expect(await failureOf(tunnelled)).toBe("transport-unsupported");
	});

	it("goes through TLS with the camera's policy", async () => {
		await using camera = await ScriptedCamera.open();
		await using tunnel = await TunnelCamera.open({ port: camera.port, tls: CAMERA_CERTIFICATE });
		const address = { port: tunnel.port, scheme: "rtsps", transport: "http" } as const;
		expect(await failureOf(new RecordedSource(address))).toBe("certificate-untrusted");
		expect(tunnel.heads).toHaveLength(0);
		await seePictures(new RecordedSource({ ...address, tls: { mode: "pin", sha256: CAMERA_CERTIFICATE.sha256 } }));
	});
});
