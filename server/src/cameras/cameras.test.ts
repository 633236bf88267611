import { cameraStatusSchema } from "@vigia/api";
import type { AccessUnit } from "@vigia/rtp";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Credentials } from "../config/credentials.ts";
import type { CameraSettings } from "../config/settings.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { emptyCounters } from "../sources/counters.ts";
import { HostGate } from "../sources/host-gate.ts";
import type { SourceHandlers } from "../sources/source.ts";
import type { StreamUnit } from "../streams/reader.ts";
import { LINGER_MS } from "./camera.ts";
import { Cameras } from "./cameras.ts";

const address = (path: string) => ({ scheme: "rtsp", host: "camera", port: 554, path }) as const;
const DOOR: CameraSettings = {
	id: "door",
	name: "Front door",
	credentials: new Credentials("operator", "p@ss:w#rd%/ñ"),
	streams: { main: address("/main"), sub: address("/sub") },
};
const PICTURE: AccessUnit = {
	codec: "h264",
	nalUnits: [Uint8Array.of(0x67, 1), Uint8Array.of(0x68, 1), Uint8Array.of(0x65, 0x88)],
	rtpTimestamp: 0,
	randomAccess: true,
	sizeBytes: 6,
};
/** After a camera that could not be reached. */
const RETRIED_MS = 1_000;
const YARD: CameraSettings = { id: "yard", name: "Yard", streams: { main: address("/only") } };

function open(...settings: CameraSettings[]) {
	const clock = new FakeClock();
	const running = new Map<string, SourceHandlers>();
	const changes: string[] = [];
	const cameras = new Cameras({
		cameras: settings,
		clock,
		random: () => 0.5,
		hostGate: new HostGate(clock),
		openSource:
			(_camera, { path }) =>
			(handlers) => {
				running.set(path, handlers);
				return {
					close: async () => {
						running.delete(path);
					},
					counters: emptyCounters(),
					quirks: [],
				};
			},
		onChange: (camera, name) => changes.push(`${camera.id}/${name}`),
		onReaderFailed: () => {},
	});
	return {
		clock,
		running,
		changes,
		cameras,
		settle: () => new Promise((resolve) => setImmediate(resolve)),
		paths: () => [...running.keys()].sort(),
	};
}

test("the grid stream is pulled always, the main stream while somebody reads it and a while longer", async () => {
	const { cameras, clock, paths, settle } = open(DOOR);
	cameras.start();
	await settle();
	expect(paths()).toEqual(["/sub"]);
	const attachment = cameras.stream("door", "main")?.attach({ push() {} });
	await settle();
	expect(paths()).toEqual(["/main", "/sub"]);
	attachment?.detach();
	clock.advance(LINGER_MS - 1);
	await settle();
	expect(paths()).toEqual(["/main", "/sub"]);
	clock.advance(1);
	await settle();
	expect(paths()).toEqual(["/sub"]);
});

test("a reader that comes back within the linger finds the same session", async () => {
	const { cameras, clock, running, settle } = open(DOOR);
	cameras.start();
	cameras
		.stream("door", "main")
		?.attach({ push() {} })
		.detach();
	await settle();
	const session = running.get("/main");
	clock.advance(LINGER_MS / 2);
	cameras.stream("door", "main")?.attach({ push() {} });
	clock.advance(LINGER_MS * 2);
	await settle();
	expect(session).toBeDefined();
	expect(running.get("/main")).toBe(session);
});

test("a camera with one stream fills the grid with it and shows it under either name", async () => {
	const { cameras, paths, settle } = open(YARD);
	cameras.start();
	await settle();
	expect(paths()).toEqual(["/only"]);
	expect(cameras.stream("yard", "sub")).toBe(cameras.stream("yard", "main"));
	expect(cameras.stream("none", "sub")).toBeUndefined();
});

test("a camera that was found elsewhere says so while it has no picture, until its address is another one", async () => {
	const { cameras, running, settle } = open(DOOR, YARD);
	cameras.start();
	await settle();
	const reasons = () => cameras.statuses().map(({ reason }) => reason?.code);
	cameras.noteUnconfirmed(new Set(["door"]));
	expect(reasons()).toEqual([undefined, undefined]);
	for (const path of ["/sub", "/only"]) running.get(path)?.onEnd({ code: "no-route", detail: "" });
	expect(reasons()).toEqual(["address-unconfirmed", "no-route"]);
	cameras.apply([{ ...DOOR, streams: { main: address("/new"), sub: address("/new") } }, YARD]);
	await settle();
	running.get("/new")?.onEnd({ code: "no-answer", detail: "" });
	expect(reasons()).toEqual(["no-answer", "no-route"]);
});

test("a camera that was found elsewhere and answers where it was says why it has no picture later", async () => {
	const { cameras, clock, running, settle } = open(DOOR);
	cameras.start();
	await settle();
	const reason = () => cameras.statuses()[0]?.reason?.code;
	running.get("/sub")?.onEnd({ code: "no-route", detail: "" });
	cameras.noteUnconfirmed(new Set(["door"]));
	expect(reason()).toBe("address-unconfirmed");
	clock.advance(RETRIED_MS);
	await settle();
	running.get("/sub")?.onPlaying();
	expect(reason()).toBe("no-route");
	// A search that began while it was lost ends now.
	cameras.noteUnconfirmed(new Set(["door"]));
	running.get("/sub")?.onEnd({ code: "camera-full", detail: "" });
	expect(reason()).toBe("camera-full");
});

test("the status follows the contract and holds neither address nor credentials", async () => {
	const { cameras, running, changes, settle } = open(DOOR);
	let told = 0;
	const stopListening = cameras.onChange(() => told++);
	cameras.start();
	await settle();
	running.get("/sub")?.onEnd({ code: "auth-refused", detail: "401 for operator" });
	const [status] = cameras.statuses();
	expect(() => cameraStatusSchema.parse(status)).not.toThrow();
	expect(status).toMatchObject({
		id: "door",
		name: "Front door",
		state: "refused",
		reason: { code: "auth-refused" },
		streams: { main: { state: "idle" }, sub: { state: "refused" } },
	});
	expect(status?.retryInMs).toBeGreaterThan(0);
	for (const secret of ["operator", "p@ss", "/sub", "554"]) expect(JSON.stringify(status)).not.toContain(secret);
	expect(changes).toEqual(["door/sub", "door/sub"]);
	expect(told).toBe(2);
	stopListening();
});

test("the status says what the pictures and the sound are", async () => {
	const { cameras, running, clock, settle } = open(YARD);
	cameras.start();
	await settle();
	const handlers = running.get("/only") as SourceHandlers;
	const track = {
		clockRate: 16_000,
		channels: 1,
		dimensions: undefined,
		payloadType: 97,
		used: true,
		backchannel: false,
	};
	const formatParameters = new Map([["config", "1408"]]);
	handlers.onDescribed?.({
		tracks: [{ ...track, type: "audio", encoding: "MPEG4-GENERIC", formatParameters }],
		transport: "tcp",
		server: "",
	});
	handlers.onPlaying();
	const sps = Buffer.from("Z00AH5WoFAFuQA==", "base64");
	const key = { codec: "h264", rtpTimestamp: 0, randomAccess: true, sizeBytes: 0 } as const;
	const nalUnits = [sps, Buffer.from("aO48gA==", "base64"), Uint8Array.of(0x65, 0x88)];
	handlers.onVideo({ ...key, nalUnits }, clock.nowMs(), clock.nowMs());
	handlers.onVideo({ ...key, nalUnits: [Uint8Array.of(0x01, 0x9e)], randomAccess: false }, clock.nowMs(), 40);
	expect(cameras.statuses()[0]?.streams.main?.audio).toBeUndefined();
	handlers.onAudio?.({ codec: "aac", data: new Uint8Array(64), rtpTimestamp: 0 }, clock.nowMs(), clock.nowMs());
	const [status] = cameras.statuses();
	expect(cameraStatusSchema.parse(status).streams.main).toMatchObject({
		state: "live",
		codec: "h264",
		codecString: "avc1.4d001f",
		width: 1280,
		height: 720,
		bFrames: true,
		audio: "aac",
	});
});

test("stopping says TEARDOWN everywhere and leaves no timer", async () => {
	const { cameras, clock, paths, settle } = open(DOOR, YARD);
	cameras.start();
	cameras
		.stream("door", "main")
		?.attach({ push() {} })
		.detach();
	await settle();
	await cameras.stop();
	expect(paths()).toEqual([]);
	expect(clock.pending).toBe(0);
});

/** Other settings than {@link DOOR}'s, with the same id. */
const door = (changes: Partial<CameraSettings>): CameraSettings => ({ ...DOOR, ...changes });

test("another list touches only what is another in it, and keeps its order", async () => {
	const { cameras, running, paths, settle } = open(DOOR, YARD);
	let told = 0;
	cameras.onChange(() => told++);
	cameras.start();
	await settle();
	const [doorSession, yardSession] = [running.get("/sub"), running.get("/only")];
	const stream = cameras.stream("door", "sub");
	told = 0;
	const gate: CameraSettings = { id: "gate", name: "Gate", streams: { main: address("/gate") } };
	cameras.apply([gate, door({ name: "Back door", credentials: new Credentials("operator", "p@ss:w#rd%/ñ") })]);
	await settle();
	expect(told).toBeGreaterThan(0);
	expect(cameras.statuses().map(({ id, name }) => [id, name])).toEqual([
		["gate", "Gate"],
		["door", "Back door"],
	]);
	expect(paths()).toEqual(["/gate", "/sub"]);
	expect(running.get("/sub")).toBe(doorSession);
	expect(cameras.stream("door", "sub")).toBe(stream);
	expect([yardSession === undefined, cameras.hasCamera("yard"), cameras.stream("yard", "main")]).toEqual([
		false,
		false,
		undefined,
	]);
});

test("another address or password connects anew behind the same stream, and readers go on", async () => {
	const { cameras, running, paths, settle } = open(DOOR);
	cameras.start();
	const seen: StreamUnit[] = [];
	const stream = cameras.stream("door", "sub");
	stream?.attach({ push: (unit) => seen.push(unit) });
	await settle();
	const before = running.get("/sub");
	cameras.apply([door({ credentials: new Credentials("operator", "another") })]);
	await settle();
	expect(paths()).toEqual(["/sub"]);
	expect(running.get("/sub")).not.toBe(before);
	cameras.apply([door({ streams: { main: address("/main"), sub: address("/elsewhere") } })]);
	await settle();
	expect(paths()).toEqual(["/elsewhere"]);
	running.get("/elsewhere")?.onVideo(PICTURE, 1000, 1000);
	expect(seen).toHaveLength(1);
	expect(cameras.stream("door", "sub")).toBe(stream);
});

test("a password that was refused is forgotten with another one, which is tried at once", async () => {
	const { cameras, running, settle } = open(DOOR);
	cameras.start();
	await settle();
	running.get("/sub")?.onEnd({ code: "auth-refused", detail: "401" });
	expect(cameras.statuses()[0]?.state).toBe("refused");
	cameras.apply([door({ credentials: new Credentials("operator", "right") })]);
	await settle();
	expect(cameras.statuses()[0]).toMatchObject({ state: "connecting" });
	expect(cameras.statuses()[0]?.reason).toBeUndefined();
});

test("a sub stream that comes or goes changes what fills the grid", async () => {
	const { cameras, clock, paths, settle } = open(door({ streams: { main: address("/main") } }));
	cameras.start();
	await settle();
	expect(paths()).toEqual(["/main"]);
	cameras.apply([DOOR]);
	clock.advance(LINGER_MS);
	await settle();
	expect(paths()).toEqual(["/sub"]);
	expect(Object.keys(cameras.statuses()[0]?.streams ?? {})).toEqual(["sub", "main"]);
	cameras.apply([door({ streams: { main: address("/main") } })]);
	await settle();
	expect(paths()).toEqual(["/main"]);
	expect(cameras.stream("door", "sub")).toBe(cameras.stream("door", "main"));
});

test("any list after any other leaves no session behind that nobody wants", async () => {
	const id = fc.constantFrom("a", "b", "c", "d");
	const stream = fc.record({ main: fc.constantFrom("/1", "/2"), sub: fc.option(fc.constantFrom("/3", "/4")) });
	const lists = fc.array(fc.uniqueArray(fc.record({ id, stream }), { selector: (entry) => entry.id }), {
		maxLength: 6,
	});
	await fc.assert(
		fc.asyncProperty(lists, async (all) => {
			const { cameras, clock, paths, settle } = open();
			cameras.start();
			for (const list of all) {
				const settings = list.map(({ id: name, stream: { main, sub } }) => ({
					id: name,
					name,
					streams: {
						main: address(`/${name}${main}`),
						...(sub !== null && { sub: address(`/${name}${sub}`) }),
					},
				}));
				cameras.apply(settings);
				clock.advance(LINGER_MS);
				await settle();
				const wanted = settings.map(({ streams }) => (streams.sub ?? streams.main).path);
				expect(paths()).toEqual(wanted.toSorted());
				expect([...cameras.all()].map((camera) => camera.id)).toEqual(settings.map((camera) => camera.id));
			}
			await cameras.stop();
			expect(paths()).toEqual([]);
		}),
		{ numRuns: 50 },
	);
});
