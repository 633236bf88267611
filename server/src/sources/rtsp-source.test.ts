import { expect, test } from "vitest";
import { FakeClock } from "../platform/fake-clock.ts";
import { headerOf } from "@vigia/rtsp";
import { RecordedSource, until } from "./testing/recorded-source.ts";
import { answerTo, PICTURES, PPS, ScriptedCamera, SPS, sdpOf, tagOf, VIDEO_MEDIA } from "./testing/scripted-camera.ts";

const tags = (source: RecordedSource): (number | undefined)[] => source.units.map((unit) => tagOf(unit.nalUnits));

test("plays H.264 over TCP, gives whole access units and says TEARDOWN when closed", async () => {
	// S01
	await using camera = await ScriptedCamera.open();
	const source = new RecordedSource({ port: camera.port });
	await until(() => source.units.length >= 4, "four pictures");
	expect(tags(source)).toEqual([1, 2, 3, 4]);
	expect(source.units[0]?.randomAccess).toBe(true);
	expect(source.units[0]?.nalUnits).toHaveLength(3);
	expect(source.events).toEqual(["playing"]);
	expect(source.session.counters).toMatchObject({ lostPackets: 0, malformedPackets: 0, damagedAccessUnits: 0 });
	expect(source.session.counters.rtpPackets).toBeGreaterThan(5);
	await Promise.all([source.session.close(), source.session.close()]);
	expect(camera.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]);
	expect(headerOf(camera.requests.at(-1) ?? camera.requests[0]!, "session")).toBe("12345678");
	expect(source.events).toEqual(["playing", "ended"]);
	expect(source.failure).toBeUndefined();
});
