/** How a session ends by the camera's doing: real sockets on loopback. */
import { writeBye, writeCompound, writeReceiverReport } from "@vigia/rtp";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../platform/fake-clock.ts";
import { BYE_GRACE_MS } from "./rtsp-attempt.ts";
import { RecordedSource, until } from "./testing/recorded-source.ts";
import { pSlice, ScriptedCamera } from "./testing/scripted-camera.ts";

describe("the end that a camera announces by RTCP", () => {
	// Quirk 91: BYE of the source that is followed, RFC 3550 section 6.6.
	const bye = writeCompound([writeReceiverReport({ ssrc: 0x1234, reports: [] }), writeBye([0x1234])]);

	test("ends the session when no packet follows", async () => {
		const clock = new FakeClock();
		await using camera = await ScriptedCamera.open();
		const source = new RecordedSource({ port: camera.port, clock });
		await until(() => source.units.length >= 4, "the pictures");
		const before = clock.pending;
		camera.connections[0]?.sendFrame(1, bye);
		await until(() => clock.pending > before, "the BYE to be noted");
		clock.advance(BYE_GRACE_MS);
		await until(() => source.ended, "the end");
		expect(source.failure).toMatchObject({ code: "session-ended" });
		await until(() => camera.methods.at(-1) === "TEARDOWN", "TEARDOWN");
		expect(clock.pending).toBe(0);
	});

	test("is not believed when packets go on, nor when it is about another source", async () => {
		const clock = new FakeClock();
		await using camera = await ScriptedCamera.open();
		const source = new RecordedSource({ port: camera.port, clock });
		await until(() => source.units.length >= 4, "the pictures");
		camera.connections[0]?.sendFrame(1, bye);
		camera.connections[0]?.sendPicture([pSlice(5)]);
		await until(() => source.units.length === 5, "a picture after BYE");
		camera.connections[0]?.sendFrame(1, writeBye([0x9999]));
		camera.connections[0]?.sendPicture([pSlice(6)]);
		await until(() => source.units.length === 6, "another picture");
		clock.advance(BYE_GRACE_MS);
		expect(source.ended).toBe(false);
		await source.session.close();
	});
});

describe("a hostile camera", () => {
	test("that answers anything at all ends its session and nothing else", async () => {
		const anything = fc.oneof(
			fc.uint8Array({ maxLength: 400 }),
			fc.constantFrom(
				"RTSP/1.0 200 OK",
				"RTSP/1.0 401 No",
				"CSeq: 1",
				"Transport: RTP/AVP/TCP",
				"$\0\xff\xff",
				"\r\n\r\n",
			),
			fc.constantFrom(
				"Content-Length: 99999999999",
				"Session: ;timeout=-1",
				"Location: rtsp://@@",
				"m=video 0 RTP/AVP 96",
			),
		);
		await fc.assert(
			fc.asyncProperty(fc.array(anything, { minLength: 1, maxLength: 12 }), async (pieces) => {
				await using camera = await ScriptedCamera.open({
					answer: (_request, connection) => {
						for (const piece of pieces) connection.send(piece);
						connection.socket.end("\r\n\r\n");
						return "";
					},
				});
				const source = new RecordedSource({ port: camera.port, transport: "auto" });
				await until(() => source.ended, "the end");
				expect(source.failure?.code).not.toBe("internal-error");
				await source.session.close();
			}),
			{ numRuns: 40 },
		);
	});

	test("that asks for ever and reads nothing is left when too much piles up", async () => {
		await using camera = await ScriptedCamera.open({
			answer: (_request, connection) => {
				connection.socket.pause();
				const flood = (): void => {
					const question = "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".repeat(1000);
					while (!connection.socket.destroyed && connection.socket.write(question));
					connection.socket.once("drain", flood);
				};
				flood();
				return "";
			},
		});
		const source = new RecordedSource({ port: camera.port });
		await until(() => source.ended, "the end");
		expect(source.failure?.code).toBe("connection-lost");
	});
});
