import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { parseRtcp, parseRtpPacket, type RtpPacket, writeReceiverReport } from "@vigia/rtp";
import { headerOf, parseTransport, toByteString, writeInterleavedHeader } from "@vigia/rtsp";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Credentials } from "../../config/credentials.ts";
import { FakeClock } from "../../platform/fake-clock.ts";
import { until } from "../../sources/testing/recorded-source.ts";
import { PICTURE_WAIT_MS, SOUND_WAIT_MS } from "./first-picture.ts";
import { STALLED_AFTER_MS } from "./interleaved-pipe.ts";
import { FREE_ATTEMPTS, LATE_REFUSAL_MS, MAX_ATTEMPTS } from "./password-guard.ts";
import { openRtspOutput, type RtspOutput, type RtspOutputOptions } from "./rtsp-output.ts";
import { REPORT_INTERVAL_MS } from "./session-media.ts";
import { authorization, RtspClient } from "./testing/rtsp-client.ts";
import { directoryOf, TestCamera } from "./testing/test-camera.ts";
import { MAX_CREDIT_BYTES } from "./udp-carrier.ts";

const TCP = { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" };
const SOUND_TCP = { Transport: "RTP/AVP/TCP;unicast;interleaved=2-3" };
const LOGIN = { username: "viewer", password: "p@ss:w#rd%/ñ" };

let clock: FakeClock;
let camera: TestCamera;
let cameras: Map<string, TestCamera>;
let output: RtspOutput;
let errors: unknown[];
let url: string;

async function open(options: Partial<RtspOutputOptions> = {}): Promise<void> {
	const onError = (error: unknown): unknown => errors.push(error);
	output = await openRtspOutput({
		host: "127.0.0.1",
		port: 0,
		clock,
		directory: directoryOf(cameras),
		onError,
		...options,
	});
	url = `rtsp://127.0.0.1:${output.port}/cam1`;
}

beforeEach(() => {
	clock = new FakeClock();
	camera = new TestCamera(clock);
	cameras = new Map([["cam1", camera]]);
	errors = [];
});

afterEach(async () => {
	await output.close();
	expect([output.connections, output.sessions, camera.readers, clock.pending]).toEqual([0, 0, 0, 0]);
	expect([...errors, ...camera.errors]).toEqual([]);
});

/** A camera that has played for a while. */
function warmUp(): void {
	camera.push("key");
	clock.advance(SOUND_WAIT_MS);
	camera.push("delta");
}

async function play(client: RtspClient): Promise<void> {
	expect((await client.request("SETUP", `${url}/trackID=0`, TCP)).status).toBe(200);
	expect((await client.request("PLAY", url)).status).toBe(200);
}

describe("the RTSP server", () => {
	it("serves a recorder from OPTIONS to TEARDOWN, sound and pictures", async () => {
		await open();
		camera.announceSound();
		camera.pushSound();
		warmUp();
		using client = await RtspClient.open(output.port);
		expect(headerOf(await client.request("OPTIONS", "*"), "public")).toContain("GET_PARAMETER");
		const described = await client.request("DESCRIBE", url, { Accept: "application/sdp" });
		expect([described.status, headerOf(described, "content-base")]).toEqual([200, `${url}/`]);
		expect(toByteString(described.body)).toContain("m=audio 0 RTP/AVP 8");
		await client.request("SETUP", `${url}/trackID=0`, TCP);
		await client.request("SETUP", `${url}/trackID=1`, SOUND_TCP);
		expect(output.sessions).toBe(1);
		const played = await client.request("PLAY", `${url}/`);
		const info = headerOf(played, "rtp-info") ?? "";
		await until(() => client.packets.length >= 3, "the cached GOP");
		const [first] = client.packets;
		expect(info).toContain(
			`url=${url}/trackID=0;seq=${first?.packet.sequenceNumber};rtptime=${first?.packet.timestamp}`,
		);
		expect(info).toContain(`url=${url}/trackID=1;seq=`);
		camera.pushSound();
		await until(() => client.packets.some(({ channel }) => channel === 2), "sound");
		expect(client.reports.map(({ channel }) => channel)).toEqual([1, 3]);
		expect((await client.request("GET_PARAMETER", url)).status).toBe(200);
		expect((await client.request("TEARDOWN", url)).status).toBe(200);
		expect([output.sessions, output.connections, camera.readers]).toEqual([0, 1, 0]);
		expect(output.counters).toMatchObject({ sessions: 1, packets: client.packets.length });
	});

	it("sends nothing before the answer to PLAY", async () => {
		await open();
		warmUp();
		using client = await RtspClient.open(output.port);
		await client.request("SETUP", `${url}/trackID=0`, TCP);
		const order: string[] = [];
		client.socket.on("data", (bytes: Buffer) => order.push(bytes[0] === 0x24 ? "media" : "answer"));
		await client.request("PLAY", url);
		await until(() => client.packets.length > 0, "media");
		expect(order[0]).toBe("answer");
	});

	it("calls a camera that is pulled on demand, and answers when its first picture is there", async () => {
		await open();
		using client = await RtspClient.open(output.port);
		const cseq = client.send("DESCRIBE", `${url}/main`);
		await until(() => camera.readers === 1, "the call");
		camera.push("key");
		clock.advance(SOUND_WAIT_MS);
		expect((await client.answer(cseq)).status).toBe(200);
	});

	it("says so when no picture comes", async () => {
		await open();
		using client = await RtspClient.open(output.port);
		const cseq = client.send("DESCRIBE", url);
		await until(() => camera.readers === 1, "the call");
		clock.advance(PICTURE_WAIT_MS);
		expect(await client.answer(cseq)).toMatchObject({ status: 503, reason: "Camera Has No Pictures Yet" });
	});

	it("lets the camera go when the client hangs up before the first picture", async () => {
		await open();
		using client = await RtspClient.open(output.port);
		client.send("DESCRIBE", url);
		await until(() => camera.readers === 1, "the call");
		client.socket.destroy();
		await until(() => output.connections === 0, "the end");
		expect(camera.readers).toBe(0);
	});

	it.each([
		["a camera that does not exist", "DESCRIBE", "/nobody", {}, 404],
		["an address that is none", "DESCRIBE", "/cam1/third", {}, 404],
		["sound of a camera without", "SETUP", "/cam1/trackID=1", TCP, 404],
		["multicast", "SETUP", "/cam1/trackID=0", { Transport: "RTP/AVP;multicast;client_port=5000-5001" }, 461],
		["SRTP", "SETUP", "/cam1/trackID=0", { Transport: "RTP/SAVP;unicast;client_port=5000-5001" }, 461],
		["PLAY without a session", "PLAY", "/cam1", {}, 454],
		["a recorder that wants to speak", "DESCRIBE", "/cam1", { Require: "www.onvif.org/ver20/backchannel" }, 551],
		["ANNOUNCE", "ANNOUNCE", "/cam1", {}, 405],
	] as const)("refuses %s", async (_what, method, path, headers, status) => {
		await open();
		warmUp();
		using client = await RtspClient.open(output.port);
		expect((await client.request(method, `rtsp://127.0.0.1:${output.port}${path}`, headers)).status).toBe(status);
	});

	it("keeps one session to one stream, and one track to one channel", async () => {
		await open();
		const other = new TestCamera(clock);
		cameras.set("cam2", other);
		warmUp();
		other.push("key");
		using client = await RtspClient.open(output.port);
		await client.request("SETUP", `${url}/trackID=0`, TCP);
		const second = `rtsp://127.0.0.1:${output.port}/cam2/trackID=0`;
		expect((await client.request("SETUP", second, SOUND_TCP)).status).toBe(459);
		expect((await client.request("SETUP", `${url}/trackID=0`, SOUND_TCP)).status).toBe(455);
	});

	it("ends the session of a camera whose settings changed, so that the client comes again", async () => {
		await open();
		warmUp();
		using client = await RtspClient.open(output.port);
		await play(client);
		cameras.set("cam1", new TestCamera(clock));
		clock.advance(REPORT_INTERVAL_MS);
		await until(() => client.ended, "the end");
	});

	it("ends the session of a camera that is another one at PLAY than at DESCRIBE", async () => {
		await open();
		warmUp();
		using client = await RtspClient.open(output.port);
		await client.request("DESCRIBE", url);
		await client.request("SETUP", `${url}/trackID=0`, TCP);
		const picture = { codec: "jpeg", data: Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), sizeBytes: 4 } as const;
		camera.stream.push({ ...picture, randomAccess: true, rtpTimestamp: 0 }, clock.nowMs(), clock.nowMs());
		client.send("PLAY", url);
		await until(() => client.ended, "the end");
		expect(output.sessions).toBe(0);
	});

	it("survives what is no RTSP", async () => {
		await open();
		await fc.assert(
			fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
				const socket = connect(output.port, "127.0.0.1");
				await once(socket, "connect");
				const closed = once(socket, "close");
				socket.on("error", () => undefined);
				socket.resume();
				socket.end(bytes);
				await closed;
			}),
			{ numRuns: 20 },
		);
		await until(() => output.connections === 0, "all are gone");
	});

	it("says which port is taken, and by whom it may be", async () => {
		await open();
		const again = openRtspOutput({ host: "127.0.0.1", port: output.port, clock, directory: directoryOf(cameras) });
		await expect(again).rejects.toThrow(/already in use.*go2rtc.*RTSP_PORT=/);
	});
});

describe("the RTSP server with a password", () => {
	beforeEach(async () => {
		await open({ credentials: new Credentials(LOGIN.username, LOGIN.password) });
		warmUp();
	});

	it.each(["MD5", "SHA-256"] as const)("lets in who knows it, by %s, for every request", async (algorithm) => {
		using client = await RtspClient.open(output.port);
		expect((await client.request("OPTIONS", url)).status).toBe(200);
		expect((await client.login("DESCRIBE", url, LOGIN, algorithm)).status).toBe(200);
		expect((await client.request("SETUP", `${url}/trackID=0`, TCP)).status).toBe(401);
		expect(output.counters.wrongPasswords).toBe(0);
	});

	it("lets VLC in, which signs the request for a track with the presentation's URL", async () => {
		using client = await RtspClient.open(output.port);
		const target = `${url}/trackID=0`;
		const refused = await client.request("SETUP", target, TCP);
		for (const [uri, status] of [
			[`${url}0/`, 401],
			[`${url}/`, 200],
		] as const) {
			const answer = authorization(refused, { method: "SETUP", target: uri, who: LOGIN, algorithm: "MD5" });
			expect((await client.request("SETUP", target, { ...TCP, ...answer })).status).toBe(status);
		}
	});

	it("tells nobody else which cameras there are", async () => {
		using client = await RtspClient.open(output.port);
		for (const path of ["cam1", "nobody"]) {
			const refused = await client.request("DESCRIBE", `rtsp://127.0.0.1:${output.port}/${path}`);
			expect(refused.status).toBe(401);
			// What knows MD5 only takes the last one.
			const challenges = refused.headers.get("www-authenticate") ?? [];
			expect(challenges.map((challenge) => /algorithm=([\w-]+)/.exec(challenge)?.[1])).toEqual(["SHA-256", "MD5"]);
		}
	});

	it("takes no answer to another connection's challenge, and says that it is stale", async () => {
		using first = await RtspClient.open(output.port);
		using second = await RtspClient.open(output.port);
		const refused = await first.request("DESCRIBE", url);
		const answer = authorization(refused, { method: "DESCRIBE", target: url, who: LOGIN, algorithm: "SHA-256" });
		const replayed = await second.request("DESCRIBE", url, answer);
		expect(replayed.status).toBe(401);
		expect(headerOf(replayed, "www-authenticate")).toContain("stale=TRUE");
		expect((await first.request("DESCRIBE", url, answer)).status).toBe(200);
	});

	it("makes who guesses wait, and nobody else at the same address", async () => {
		using guesser = await RtspClient.open(output.port);
		for (let count = 0; count < FREE_ATTEMPTS; count++) {
			const who = { ...LOGIN, password: `guess ${count}` };
			expect((await guesser.login("DESCRIBE", url, who, "MD5")).status).toBe(401);
		}
		const challenged = await guesser.request("DESCRIBE", url);
		const who = { ...LOGIN, password: "another guess" };
		const wrong = authorization(challenged, { method: "DESCRIBE", target: url, who, algorithm: "MD5" });
		const late = guesser.send("DESCRIBE", url, wrong);
		const behind = guesser.send("OPTIONS", url);
		await until(() => output.counters.wrongPasswords === FREE_ATTEMPTS + 1, "the wrong password");
		using other = await RtspClient.open(output.port);
		expect((await other.login("DESCRIBE", url, LOGIN, "SHA-256")).status).toBe(200);
		const answered = guesser.responses.length;
		clock.advance(LATE_REFUSAL_MS - 1);
		expect((await other.login("DESCRIBE", url, LOGIN, "MD5")).status).toBe(200);
		expect(guesser.responses).toHaveLength(answered);
		clock.advance(1);
		expect((await guesser.answer(late)).status).toBe(401);
		expect((await guesser.answer(behind)).status).toBe(200);
		expect((await guesser.login("DESCRIBE", url, LOGIN, "MD5")).status).toBe(200);
	});

	it("does not look at the passwords of a flood, and leaves who is in alone", async () => {
		using inside = await RtspClient.open(output.port);
		expect((await inside.login("DESCRIBE", url, LOGIN, "MD5")).status).toBe(200);
		for (let count = 0; count < MAX_ATTEMPTS; count++) {
			const client = await RtspClient.open(output.port);
			const challenged = await client.request("DESCRIBE", url);
			const who = { ...LOGIN, password: `guess ${count}` };
			client.send(
				"DESCRIBE",
				url,
				authorization(challenged, { method: "DESCRIBE", target: url, who, algorithm: "MD5" }),
			);
			await until(() => output.counters.wrongPasswords > count, "the wrong password");
			client.socket.destroy();
		}
		using late = await RtspClient.open(output.port);
		expect(await late.login("DESCRIBE", url, LOGIN, "MD5")).toMatchObject({
			status: 503,
			reason: "Too Many Wrong Passwords",
		});
		expect((await inside.login("DESCRIBE", url, LOGIN, "SHA-256")).status).toBe(200);
	});
});

describe("a client that does not read", () => {
	it("costs bounded memory, does not hold others up, and is cut off", async () => {
		await open();
		warmUp();
		using slow = await RtspClient.open(output.port);
		await play(slow);
		slow.socket.pause();
		using good = await RtspClient.open(output.port);
		await play(good);
		const pictures = (): number => good.packets.filter(({ packet }) => packet.marker).length;
		while (output.counters.keyFrameSkips === 0) {
			const before = pictures();
			camera.push("key", 1024 * 1024);
			await until(() => pictures() > before, "the picture elsewhere");
		}
		expect(output.counters.keyFrameSkips).toBe(1);
		expect(output.counters.stalledClients).toBe(0);
		clock.advance(STALLED_AFTER_MS);
		await until(() => output.connections === 1, "the cut");
		expect(output.counters.stalledClients).toBe(1);
		expect(good.ended).toBe(false);
	});

	it("is cut off when it asks and asks", async () => {
		await open();
		const socket = connect(output.port, "127.0.0.1");
		socket.on("error", () => undefined);
		await once(socket, "connect");
		socket.pause();
		const request = Buffer.from("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".repeat(2000));
		while (output.counters.stalledClients === 0 && !socket.destroyed) {
			socket.write(request);
			await nextTurn();
		}
		expect(output.counters.stalledClients).toBe(1);
		socket.destroy();
	});
});

describe("a session's time", () => {
	it("is over a minute after the last sign of life, with its connection", async () => {
		await open();
		warmUp();
		using client = await RtspClient.open(output.port);
		await client.request("SETUP", `${url}/trackID=0`, TCP);
		clock.advance(59_000);
		await client.request("OPTIONS", url);
		clock.advance(59_999);
		expect(output.sessions).toBe(1);
		clock.advance(1);
		await until(() => client.ended, "the end");
		expect(output.sessions).toBe(0);
	});

	it("goes on while the client takes what is sent on the connection, and by its reports", async () => {
		await open();
		warmUp();
		using client = await RtspClient.open(output.port);
		await play(client);
		for (let count = 0; count < 20; count++) {
			clock.advance(10_000);
			camera.push("key");
		}
		expect(output.sessions).toBe(1);
		await client.request("PAUSE", url);
		clock.advance(50_000);
		const report = writeReceiverReport({ ssrc: 1, reports: [] });
		client.socket.write(Buffer.concat([writeInterleavedHeader(1, report.length), report]));
		await client.request("OPTIONS", url);
		clock.advance(59_999);
		expect(output.sessions).toBe(1);
		clock.advance(1);
		await until(() => client.ended, "the end");
	});
});

describe("over UDP", () => {
	async function openPorts() {
		const rtp = createSocket("udp4");
		const rtcp = createSocket("udp4");
		const packets: RtpPacket[] = [];
		const reports: string[] = [];
		rtp.on("message", (bytes) => {
			const parsed = parseRtpPacket(new Uint8Array(bytes));
			if (parsed.ok) packets.push(parsed.packet);
		});
		rtcp.on("message", (bytes) => reports.push(...parseRtcp(bytes).packets.map(({ type }) => type)));
		for (const socket of [rtp, rtcp]) {
			socket.bind(0, "127.0.0.1");
			await once(socket, "listening");
		}
		const transport = { Transport: `RTP/AVP;unicast;client_port=${rtp.address().port}-${rtcp.address().port}` };
		const close = (): void => {
			rtp.close();
			rtcp.close();
		};
		/** Resolves when the server has read it: on loopback it is there when it is sent, and read in the turn that follows. */
		const report = async (port: number): Promise<void> => {
			const { promise, resolve } = Promise.withResolvers<void>();
			rtcp.send(writeReceiverReport({ ssrc: 1, reports: [] }), port, "127.0.0.1", () => resolve());
			await promise;
			await nextTurn();
			await nextTurn();
		};
		return { packets, reports, transport, report, [Symbol.dispose]: close };
	}

	it("comes paced to the client's ports, and receiver reports keep it alive", async () => {
		await open();
		camera.push("key", 3 * MAX_CREDIT_BYTES);
		clock.advance(SOUND_WAIT_MS);
		using client = await RtspClient.open(output.port);
		using ports = await openPorts();
		const setup = await client.request("SETUP", `${url}/trackID=0`, ports.transport);
		const [server] = (setup.headers.get("transport") ?? []).flatMap(parseTransport);
		expect(server?.serverPort).toBeDefined();
		await client.request("PLAY", url);
		await until(() => ports.reports.includes("senderReport"), "the first report");
		// The clock stands still: no more than the credit is sent.
		const { packets } = output.counters;
		expect(packets).toBeLessThanOrEqual(MAX_CREDIT_BYTES / 1200 + 2);
		clock.advance(100);
		expect(output.counters.packets).toBeGreaterThan((3 * MAX_CREDIT_BYTES) / 1213);
		await until(() => ports.packets.length > 0, "packets");
		for (let count = 0; count < 4; count++) {
			clock.advance(40_000);
			await ports.report(server?.serverPort?.[1] ?? 0);
		}
		expect(output.sessions).toBe(1);
		clock.advance(60_000);
		await until(() => client.ended, "the end");
		expect(camera.readers).toBe(0);
	});
});
