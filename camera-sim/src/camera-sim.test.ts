import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createConnection, createServer } from "node:net";
import { isRtcp, parseRtcp, parseRtpPacket } from "@vigia/rtp";
import { headerOf, parseSdp, toByteString } from "@vigia/rtsp";
import { describe, expect, it } from "vitest";
import { startCameraSim } from "./camera-sim.ts";
import type { FrameCode } from "./frame-code.ts";
import { playAndRead, run } from "./testing/ffmpeg.ts";
import { TestClient } from "./testing/rtsp-client.ts";
import { waitFor } from "./testing/wait-for.ts";

const credentials = { username: "admin", password: "p@ss:w#rd%/ñ" };

function withPassword(url: string): string {
	return url.replace("://", `://${credentials.username}:${encodeURIComponent(credentials.password)}@`);
}

/** Every code is there, from one camera, and each counter follows the one before it around the loop. */
function expectRunningCounter(codes: readonly (FrameCode | undefined)[], camera: number, loop: number): void {
	expect(codes.every((code) => code?.camera === camera)).toBe(true);
	const first = codes[0]?.counter ?? 0;
	expect(codes.map((code) => code?.counter)).toEqual(codes.map((_, index) => (first + index) % loop));
}

/** Sends requests whose answers nobody reads until the condition holds. */
async function withFlood(socket: Socket, url: string, requestsAtOnce: number, until: () => boolean): Promise<void> {
	const requests = `OPTIONS ${url} RTSP/1.0\r\nCSeq: 1\r\n\r\n`.repeat(requestsAtOnce);
	const flood = setInterval(() => socket.write(requests), 1);
	try {
		await waitFor("the flood's effect", until);
	} finally {
		clearInterval(flood);
	}
}

/** One picture at 15 a second. */
const PICTURE_TICKS = 6000;

function ticksBetween(before: Buffer | undefined, packet: Buffer): number {
	return before === undefined ? 0 : (packet.readUInt32BE(4) - before.readUInt32BE(4)) >>> 0;
}

/** Something whose ringing arrives over a socket, as what a client does. */
async function openBell(onRing: () => void) {
	const server = createServer((socket) => socket.on("data", onRing));
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const cord = createConnection((server.address() as AddressInfo).port, "127.0.0.1");
	await once(cord, "connect");
	return {
		ring: () => cord.write("!"),
		async [Symbol.asyncDispose]() {
			cord.destroy();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

function follows(before: Buffer | undefined, packet: Buffer): boolean {
	return before !== undefined && packet.readUInt16BE(2) === ((before.readUInt16BE(2) + 1) & 0xffff);
}

describe("ffmpeg plays a simulated camera", () => {
	it.each(["tcp", "udp"] as const)("over %s with a password, over the end of the loop", async (transport) => {
		await using sim = await startCameraSim({ count: 4, credentials });
		const codes = await playAndRead(withPassword(sim.url(3, "sub")), transport, 75);
		expect(codes).toHaveLength(75);
		expectRunningCounter(codes, 3, 60);
		await waitFor("the session's end", () => sim.connections === 0 && sim.tickingStreams === 0);
		expect(sim.status(3).teardowns).toBe(1);
	});

	it("with qop, and the main stream in High profile", async () => {
		await using sim = await startCameraSim({ count: 2, credentials, digest: { qopAuth: true } });
		const url = withPassword(sim.url(2, "main"));
		const entries = ["-show_entries", "stream=codec_name,profile,width,height,r_frame_rate,has_b_frames"];
		const probed = await run("ffprobe", ["-v", "error", "-rtsp_transport", "tcp", ...entries, "-of", "csv=p=0", url]);
		expect(probed.toString().trim()).toBe("h264,High,1280,720,0,25/1");
		expectRunningCounter(await playAndRead(url, "tcp", 30), 2, 100);
	});

	it("not with a wrong password", async () => {
		await using sim = await startCameraSim({ count: 1, credentials });
		const url = sim.url(1, "sub").replace("://", "://admin:wrong@");
		await expect(playAndRead(url, "tcp", 1)).rejects.toThrow("401");
		expect(sim.status(1).sessions).toBe(0);
	});
});

describe("a simulated camera", () => {
	it("describes its stream as Dahua does", async () => {
		await using sim = await startCameraSim({ count: 1 });
		await using client = await TestClient.connect(sim.url(1, "sub"));
		const response = await client.request("DESCRIBE");
		expect(response && headerOf(response, "content-base")).toBe(`${sim.url(1, "sub")}/`);
		const text = toByteString(response?.body ?? new Uint8Array());
		expect(text).toMatch(/a=fmtp:96 packetization-mode=1;profile-level-id=42c0[0-9a-f]{2};sprop-parameter-sets=Z/);
		expect(text).toContain("a=framerate:15\r\n");
		expect(parseSdp(response?.body ?? new Uint8Array()).media[0]?.control).toBe("trackID=0");
	});

	it("has no other channel than its own", async () => {
		await using sim = await startCameraSim({ count: 2 });
		for (const url of [sim.url(3, "sub"), sim.url(1, "sub").replace("subtype=1", "subtype=7"), "/", "/cam"]) {
			const target = url.startsWith("/") ? `rtsp://127.0.0.1:${sim.port}${url}` : url;
			await using client = await TestClient.connect(target);
			expect((await client.request("DESCRIBE"))?.status).toBe(404);
		}
	});

	it("repeats the clips beyond the sixteenth", async () => {
		await using sim = await startCameraSim({ count: 18 });
		const codes = await playAndRead(sim.url(18, "sub"), "tcp", 10);
		expect(codes.every((code) => code?.camera === 2)).toBe(true);
		expect(sim.status(18).name.es).toBe("Aparcamiento");
	});

	it("shows all its viewers the same picture at the same moment, however late they come", async () => {
		await using sim = await startCameraSim({ count: 1 });
		await using first = await TestClient.connect(sim.url(1, "sub"));
		await using second = await TestClient.connect(sim.url(1, "sub"));
		expect(await first.play()).toBe(200);
		await waitFor("a few packets", () => first.frames.length > 5);
		expect(await second.play()).toBe(200);
		first.frames.length = 0;
		second.frames.length = 0;
		await waitFor("pictures", () => second.frames.length > 20);
		const payloadsOf = (client: TestClient): string[] =>
			client.takeFrames(0).map((packet) => Buffer.from(packet.subarray(12)).toString("base64"));
		const [a, b] = [payloadsOf(first), payloadsOf(second)];
		expect(a).toContain(b[2]);
		expect(a.join().includes(b.slice(2, 15).join())).toBe(true);
	});

	it("numbers packets without a gap, marks each picture's last and tells its time in reports", async () => {
		await using sim = await startCameraSim({ count: 1 });
		await using client = await TestClient.connect(sim.url(1, "sub"));
		expect(await client.play()).toBe(200);
		await waitFor("a report and pictures", () => client.frames.length > 60);
		const [report] = client.takeFrames(1);
		expect(report && isRtcp(report)).toBe(true);
		const sender = parseRtcp(report ?? new Uint8Array()).packets[0];
		const packets = client.takeFrames(0).map((bytes) => {
			const result = parseRtpPacket(bytes);
			if (!result.ok) throw new Error(result.code);
			return result.packet;
		});
		expect(sender?.type === "senderReport" && sender.ssrc).toBe(packets[0]?.ssrc);
		for (const [index, packet] of packets.entries()) {
			const next = packets[index + 1];
			if (!next) break;
			expect(next.sequenceNumber).toBe((packet.sequenceNumber + 1) & 0xffff);
			expect((next.timestamp - packet.timestamp) >>> 0).toBe(packet.marker ? PICTURE_TICKS : 0);
		}
	});

	it("keeps to its clock: a second of pictures takes a second", async () => {
		await using sim = await startCameraSim({ count: 1 });
		const startMs = performance.now();
		await using client = await TestClient.connect(sim.url(1, "sub"));
		expect(await client.play()).toBe(200);
		await waitFor("three seconds", () => performance.now() - startMs > 3000);
		const elapsedMs = performance.now() - startMs;
		const timestamps = client.takeFrames(0).map((packet) => Buffer.from(packet).readUInt32BE(4));
		const spanMs = (((timestamps.at(-1) ?? 0) - (timestamps[0] ?? 0)) >>> 0) / 90;
		expect(spanMs).toBeLessThan(elapsedMs);
		expect(spanMs).toBeGreaterThan(elapsedMs / 2);
	});

	it("proves a password by SHA-256 too", async () => {
		await using sim = await startCameraSim({ count: 1, credentials, digest: { algorithm: "SHA-256", qopAuth: true } });
		await using client = await TestClient.connect(sim.url(1, "sub"));
		const challenged = await client.request("DESCRIBE");
		expect(challenged?.status).toBe(401);
		if (!challenged) return;
		expect((await client.authorize("DESCRIBE", challenged, credentials))?.status).toBe(200);
		expect((await client.authorize("DESCRIBE", challenged, { ...credentials, password: "x" }))?.status).toBe(401);
	});

	it("allows as many sessions as it is told", async () => {
		await using sim = await startCameraSim({ count: 1, sessionLimit: 1 });
		await using first = await TestClient.connect(sim.url(1, "sub"));
		await using second = await TestClient.connect(sim.url(1, "main"));
		expect(await first.play()).toBe(200);
		expect(await second.play()).toBe(453);
		expect((await first.request("TEARDOWN"))?.status).toBe(200);
		expect(await second.play()).toBe(200);
	});

	it("ends a session that shows no sign of life", async () => {
		await using sim = await startCameraSim({ count: 1, sessionTimeoutS: 1 });
		await using client = await TestClient.connect(sim.url(1, "sub"));
		expect(await client.play()).toBe(200);
		await waitFor("the timeout", () => client.closed && sim.connections === 0);
		expect(sim.tickingStreams).toBe(0);
	});

	it("drops whole pictures for a client that does not read, and goes on with an IDR picture when it does", async () => {
		await using sim = await startCameraSim({ count: 1 });
		await using client = await TestClient.connect(sim.url(1, "sub"));
		expect(await client.play()).toBe(200);
		client.socket.pause();
		// Answers fill the buffers between the two much faster than pictures do.
		await withFlood(client.socket, sim.url(1, "sub"), 20, () => sim.status(1).picturesDropped > 0);
		client.socket.resume();
		// The first packet after the hole in time; there is no hole in the sequence numbers.
		const packets = (): Buffer[] =>
			client.frames.filter((frame) => frame.channel === 0).map((frame) => Buffer.from(frame.payload));
		const afterHole = (): Buffer | undefined =>
			packets().find((packet, index, all) => index > 0 && ticksBetween(all[index - 1], packet) > PICTURE_TICKS);
		await waitFor("pictures again", () => afterHole() !== undefined);
		// A STAP-A with the parameter sets, which come in front of an IDR picture.
		expect((afterHole()?.[12] ?? 0) & 0x1f).toBe(24);
		expect(packets().every((packet, index, all) => index === 0 || follows(all[index - 1], packet))).toBe(true);
		expect(sim.status(1).slowClientsCut).toBe(0);
	});

	it("cuts off a client that asks without end and reads nothing", async () => {
		await using sim = await startCameraSim({ count: 1 });
		await using client = await TestClient.connect(sim.url(1, "sub"));
		client.socket.pause();
		await withFlood(client.socket, sim.url(1, "sub"), 200, () => sim.status(1).slowClientsCut === 1);
		expect(sim.connections).toBe(0);
	});

	it("holds no timer, socket or port after it is closed", async () => {
		const kinds = ["TCPSocketWrap", "TCPServerWrap", "UDPWrap", "Timeout"];
		const count = (): number => process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind)).length;
		const before = count();
		const sim = await startCameraSim({ count: 3, ports: "separate" });
		const clients = await Promise.all([1, 2, 3].map((channel) => TestClient.connect(sim.url(channel, "sub"))));
		for (const client of clients) expect(await client.play()).toBe(200);
		await sim.control.restart(2, 60_000);
		sim.control.dropSilently(3);
		await Promise.all([sim.close(), sim.close()]);
		await waitFor("the clients' end", () => clients.every((client) => client.closed));
		await waitFor("nothing left", () => count() <= before);
		expect(sim.sessions).toBe(0);
	});

	it("leaves no socket open when a client hangs up just as the camera is stopped", async () => {
		const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
		const before = sockets();
		await using sim = await startCameraSim({ count: 1 });
		await using bell = await openBell(() => void sim.control.stop(1));
		for (let round = 0; round < 5; round++) {
			const client = await TestClient.connect(sim.url(1, "sub"));
			expect((await client.request("DESCRIBE"))?.status).toBe(200);
			// Both reach the server in the same turn of the event loop, the hang-up first: its shutdown is under way then.
			client.socket.destroy();
			bell.ring();
			await waitFor("the stop", () => sim.status(1).faults.stopped === "cut");
			await sim.control.start(1);
		}
		await bell[Symbol.asyncDispose]();
		await waitFor("no socket left", () => sockets() <= before);
	});

	it("says what is wrong with impossible options", async () => {
		await expect(startCameraSim({ count: 0 })).rejects.toThrow("1-1024");
		await expect(startCameraSim({ port: 65_530, ports: "separate" })).rejects.toThrow("65545");
		await expect(startCameraSim({ clipsDirectory: "/nowhere" })).rejects.toThrow("npm run clips");
		await using sim = await startCameraSim({ count: 1 });
		await expect(startCameraSim({ count: 1, port: sim.port })).rejects.toThrow("EADDRINUSE");
	});
});
