import { expect, test } from "vitest";
import type { AccessUnit } from "@vigia/rtp";
import { Credentials } from "../config/credentials.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { Stream } from "../streams/stream.ts";
import { AuthGuard } from "./auth-guard.ts";
import { emptyCounters } from "./counters.ts";
import { HostGate, MAX_HANDSHAKES_PER_HOST, MAX_HOLD_MS } from "./host-gate.ts";
import { HEALTHY_AFTER_MS } from "./retry-policy.ts";
import type { SourceFailure, SourceHandlers } from "./source.ts";
import { FIRST_KEY_FRAME_MS, FIRST_PICTURE_MS, REPLACE_AFTER_MS, STALL_AFTER_MS, Supervisor } from "./supervisor.ts";

const PICTURE: AccessUnit = {
	codec: "h264",
	nalUnits: [Uint8Array.of(0x67, 1), Uint8Array.of(0x68, 1), Uint8Array.of(0x65, 0x88)],
	rtpTimestamp: 0,
	randomAccess: true,
	sizeBytes: 6,
};

const HOST = "camera:554";

/** A camera in the same process: the test plays its part by calling the handlers. */
function open(
	clock = new FakeClock(),
	hostGate = new HostGate(clock),
	auth = new AuthGuard(clock).ticket(HOST, undefined),
) {
	const sessions: { handlers: SourceHandlers; closed: boolean }[] = [];
	const states: string[] = [];
	const stream = new Stream({ readersChanged() {}, readerFailed() {} });
	const supervisor = new Supervisor({
		clock,
		random: () => 0.5,
		host: HOST,
		hostGate,
		auth,
		stream,
		openSource: (handlers) => {
			const session = { handlers, closed: false };
			sessions.push(session);
			return {
				close: async () => {
					session.closed = true;
				},
				counters: { ...emptyCounters(), rtpPackets: 1 },
				quirks: [],
			};
		},
		onChange: (status) => states.push(status.state),
	});
	const last = () => sessions.at(-1) as (typeof sessions)[number];
	return {
		clock,
		sessions,
		states,
		supervisor,
		stream,
		last,
		/** Opening waits for the old session's close: a promise. */
		settle: () => new Promise((resolve) => setImmediate(resolve)),
		picture: () => last().handlers.onVideo(PICTURE, clock.nowMs(), clock.nowMs()),
		play(forMs: number) {
			for (let passed = 0; passed < forMs; passed += 100) {
				clock.advance(100);
				last().handlers.onVideo(PICTURE, clock.nowMs(), clock.nowMs());
			}
		},
		async goLive() {
			await this.settle();
			last().handlers.onPlaying();
			last().handlers.onVideo(PICTURE, clock.nowMs(), clock.nowMs());
		},
	};
}

const failure = (code: SourceFailure["code"]): SourceFailure => ({ code, detail: "" });

test("a camera goes from idle through connecting and buffering to live", async () => {
	const camera = open();
	expect(camera.supervisor.status.state).toBe("idle");
	camera.supervisor.start();
	await camera.goLive();
	expect(camera.states).toEqual(["connecting", "buffering", "live"]);
	await camera.supervisor.stop();
	expect(camera.last().closed).toBe(true);
	expect(camera.supervisor.status.state).toBe("idle");
	expect(camera.clock.pending).toBe(0);
});

test("video that stops is a stall, resumes in the same session, and else brings a new session", async () => {
	const camera = open();
	camera.supervisor.start();
	await camera.goLive();
	camera.clock.advance(STALL_AFTER_MS);
	expect(camera.supervisor.status).toMatchObject({ state: "stalled", failure: { code: "video-stalled" } });
	camera.picture();
	expect(camera.supervisor.status).toMatchObject({ state: "live", failure: undefined });
	camera.clock.advance(STALL_AFTER_MS * 4 + REPLACE_AFTER_MS);
	expect(camera.sessions[0]?.closed).toBe(true);
	await camera.settle();
	expect(camera.sessions).toHaveLength(2);
});

test("one picture in four seconds is enough to stay in the session", async () => {
	const camera = open();
	camera.supervisor.start();
	await camera.goLive();
	camera.picture();
	for (let pictures = 0; pictures < 5; pictures++) {
		camera.clock.advance(4_000);
		camera.picture();
	}
	expect(camera.supervisor.status.state).toBe("live");
	expect(camera.sessions).toHaveLength(1);
	expect(camera.states).toEqual(["connecting", "buffering", "live", "stalled", "live"]);
	camera.clock.advance(12_000);
	expect(camera.sessions[0]?.closed).toBe(true);
});

test("a session that plays but brings no picture is replaced", async () => {
	const camera = open();
	camera.supervisor.start();
	await camera.settle();
	camera.last().handlers.onPlaying();
	camera.clock.advance(FIRST_PICTURE_MS);
	expect(camera.supervisor.status).toMatchObject({ state: "waiting", failure: { code: "video-stalled" } });
});

test("the reason stays visible during the next try and goes with the first picture", async () => {
	const camera = open();
	camera.supervisor.start();
	await camera.settle();
	camera.last().handlers.onEnd(failure("no-route"));
	expect(camera.supervisor.status).toMatchObject({ state: "waiting", failure: { code: "no-route" } });
	expect(camera.supervisor.status.retryAtMs).toBe(camera.clock.nowMs() + 500);
	camera.clock.advance(500);
	expect(camera.supervisor.status).toMatchObject({ state: "connecting", failure: { code: "no-route" } });
	await camera.goLive();
	expect(camera.supervisor.status).toMatchObject({ state: "live", failure: undefined });
});

test("a wrong password, a full camera and a foreign codec wait in states of their own", async () => {
	for (const [code, state, atLeastMs] of [
		["auth-refused", "refused", 60_000],
		["camera-full", "busy", 2_000],
		["codec-unsupported", "unsupported", 60_000],
	] as const) {
		const camera = open();
		camera.supervisor.start();
		await camera.settle();
		camera.last().handlers.onEnd(failure(code));
		expect(camera.supervisor.status.state).toBe(state);
		camera.clock.advance(atLeastMs - 1);
		await camera.settle();
		expect(camera.sessions).toHaveLength(1);
		camera.clock.advance(1);
		await camera.settle();
		expect(camera.sessions).toHaveLength(2);
		await camera.supervisor.stop();
	}
});

test("only sustained video makes the back-off new", async () => {
	const camera = open();
	camera.supervisor.start();
	const refuse = () => camera.last().handlers.onEnd(failure("auth-refused"));
	const waitMs = () => (camera.supervisor.status.retryAtMs ?? 0) - camera.clock.nowMs();
	await camera.settle();
	refuse();
	expect(waitMs()).toBe(60_000);
	camera.clock.advance(60_000);
	await camera.goLive();
	camera.play(HEALTHY_AFTER_MS / 2);
	refuse();
	expect(waitMs()).toBe(120_000);
	camera.clock.advance(120_000);
	await camera.goLive();
	camera.play(HEALTHY_AFTER_MS + 1000);
	refuse();
	expect(waitMs()).toBe(60_000);
});

test("an old session is not heard any more", async () => {
	const camera = open();
	camera.supervisor.start();
	await camera.goLive();
	const old = camera.last();
	old.handlers.onEnd(failure("connection-lost"));
	old.handlers.onVideo(PICTURE, camera.clock.nowMs(), camera.clock.nowMs());
	old.handlers.onEnd(failure("auth-refused"));
	expect(camera.supervisor.status.state).toBe("waiting");
});

test("counters go on over sessions", async () => {
	const camera = open();
	camera.supervisor.start();
	await camera.goLive();
	camera.last().handlers.onEnd(failure("connection-lost"));
	camera.clock.advance(1000);
	await camera.goLive();
	expect(camera.supervisor.counters.rtpPackets).toBe(2);
	expect(camera.supervisor.connects).toBe(2);
});

test("only a few handshakes run at one address, the others follow", async () => {
	const clock = new FakeClock();
	const hostGate = new HostGate(clock);
	const cameras = Array.from({ length: MAX_HANDSHAKES_PER_HOST + 2 }, () => open(clock, hostGate));
	for (const camera of cameras) camera.supervisor.start();
	await cameras[0]?.settle();
	const running = () => cameras.filter((camera) => camera.sessions.length > 0).length;
	expect(running()).toBe(MAX_HANDSHAKES_PER_HOST);
	cameras[0]?.last().handlers.onPlaying();
	expect(running()).toBe(MAX_HANDSHAKES_PER_HOST + 1);
	await cameras[MAX_HANDSHAKES_PER_HOST + 1]?.supervisor.stop();
	cameras[1]?.last().handlers.onEnd(failure("no-route"));
	expect(running()).toBe(MAX_HANDSHAKES_PER_HOST + 1);
});

test("handshakes that hang give their places up", async () => {
	const clock = new FakeClock();
	const hostGate = new HostGate(clock);
	const cameras = Array.from({ length: MAX_HANDSHAKES_PER_HOST + 1 }, () => open(clock, hostGate));
	for (const camera of cameras) camera.supervisor.start();
	await cameras[0]?.settle();
	expect(cameras.at(-1)?.sessions).toHaveLength(0);
	clock.advance(MAX_HOLD_MS);
	expect(cameras.at(-1)?.sessions).toHaveLength(1);
	for (const camera of cameras) await camera.supervisor.stop();
	expect(clock.pending).toBe(0);
});

test("the pictures of a session that is over are shown to nobody who comes later", async () => {
	const camera = open();
	camera.supervisor.start();
	await camera.goLive();
	expect(camera.stream.currentGop()).toHaveLength(1);
	await camera.supervisor.stop();
	expect(camera.stream.currentGop()).toHaveLength(0);
	camera.supervisor.start();
	await camera.goLive();
	camera.last().handlers.onEnd(failure("connection-lost"));
	expect(camera.stream.currentGop()).toHaveLength(0);
});

test("video that can never be decoded is said, although it goes on", async () => {
	const camera = open();
	camera.supervisor.start();
	await camera.settle();
	camera.last().handlers.onPlaying();
	const slice = { ...PICTURE, nalUnits: [Uint8Array.of(0x41, 0x9a)], randomAccess: false };
	for (let passed = 0; passed < FIRST_KEY_FRAME_MS + FIRST_PICTURE_MS && camera.sessions.length === 1; passed += 500) {
		camera.clock.advance(500);
		camera.last().handlers.onVideo(slice, camera.clock.nowMs(), camera.clock.nowMs());
	}
	expect(camera.supervisor.status).toMatchObject({ failure: { code: "no-key-frame" } });
});

test("failures of different kinds are counted apart", async () => {
	const camera = open();
	camera.supervisor.start();
	for (let tries = 0; tries < 20; tries++) {
		await camera.settle();
		camera.last().handlers.onEnd(failure("connection-refused"));
		camera.clock.advance(1000);
	}
	await camera.settle();
	camera.last().handlers.onEnd(failure("auth-refused"));
	expect((camera.supervisor.status.retryAtMs ?? 0) - camera.clock.nowMs()).toBe(60_000);
});

test("a refused password is not tried sooner because the stream is wanted anew", async () => {
	const camera = open();
	camera.supervisor.start();
	await camera.settle();
	camera.last().handlers.onEnd(failure("auth-refused"));
	await camera.supervisor.stop();
	camera.clock.advance(30_000);
	camera.supervisor.start();
	await camera.settle();
	expect(camera.sessions).toHaveLength(1);
	expect(camera.supervisor.status).toMatchObject({ state: "refused", failure: { code: "auth-refused" } });
	camera.clock.advance(30_000);
	await camera.settle();
	expect(camera.sessions).toHaveLength(2);
});

test("one picture in two and a half seconds stalls once at most", async () => {
	const camera = open();
	camera.supervisor.start();
	await camera.goLive();
	for (let pictures = 0; pictures < 40; pictures++) {
		camera.clock.advance(2500);
		camera.picture();
	}
	expect(camera.states.filter((state) => state === "stalled").length).toBeLessThanOrEqual(1);
	expect(camera.sessions).toHaveLength(1);
});

/** 64 channels of one recorder. */
function openRecorder() {
	const clock = new FakeClock();
	const gate = new HostGate(clock);
	const guard = new AuthGuard(clock);
	const channels = Array.from({ length: 64 }, () =>
		open(clock, gate, guard.ticket(HOST, new Credentials("admin", "p@ss:w#rd%/ñ"))),
	);
	return {
		clock,
		channels,
		settle: () => new Promise((resolve) => setImmediate(resolve)),
		handshakes: () => channels.reduce((sum, { sessions }) => sum + sessions.length, 0),
		states: () => new Set(channels.map(({ supervisor }) => supervisor.status.state)),
	};
}

test("a wrong password on 64 channels of a recorder is tried twice in the first minute (quirk 29)", async () => {
	const { clock, channels, settle, handshakes, states } = openRecorder();
	const ended = new Set<SourceHandlers>();
	const run = async (forMs: number): Promise<void> => {
		for (let passed = 0; passed < forMs; passed += 100) {
			await settle();
			for (const { sessions } of channels) {
				for (const { handlers } of sessions) {
					if (ended.has(handlers)) continue;
					ended.add(handlers);
					handlers.onEnd(failure("auth-refused"));
				}
			}
			clock.advance(100);
		}
		await settle();
	};
	for (const { supervisor } of channels) supervisor.start();
	await run(59_000);
	expect(handshakes()).toBe(2);
	expect(states()).toEqual(new Set(["refused"]));
	expect(channels[63]?.supervisor.status).toMatchObject({ failure: { code: "auth-refused" } });
	await run(10 * 60_000);
	expect(handshakes()).toBeLessThanOrEqual(6);
	for (const { supervisor } of channels) await supervisor.stop();
	expect(clock.pending).toBe(0);
});

test("64 channels of a recorder that restarts are live within three seconds of its return (quirk 93)", async () => {
	const { clock, channels, settle, states } = openRecorder();
	const HANDSHAKE_MS = 150;
	const begun = new Map<SourceHandlers, number>();
	let mostAtOnce = 0;
	const run = async (forMs: number): Promise<void> => {
		for (let passed = 0; passed < forMs; passed += 10) {
			await settle();
			const running = channels.filter(({ sessions, supervisor }) => {
				return sessions.at(-1)?.closed === false && supervisor.status.state !== "live";
			});
			mostAtOnce = Math.max(mostAtOnce, running.length);
			for (const channel of running) {
				const session = channel.last();
				const sinceMs = begun.get(session.handlers) ?? clock.nowMs();
				begun.set(session.handlers, sinceMs);
				if (clock.nowMs() - sinceMs < HANDSHAKE_MS) continue;
				session.handlers.onPlaying();
				channel.picture();
			}
			clock.advance(10);
		}
	};
	for (const { supervisor } of channels) supervisor.start();
	await run(3000);
	expect(states()).toEqual(new Set(["live"]));
	for (const channel of channels) channel.last().handlers.onEnd(failure("connection-lost"));
	await run(3000);
	expect(states()).toEqual(new Set(["live"]));
	expect(mostAtOnce).toBeLessThanOrEqual(MAX_HANDSHAKES_PER_HOST);
	for (const { supervisor } of channels) await supervisor.stop();
});

test("S51: video of every kind is live: B-frames, H.265, JPEG (quirk 114)", async () => {
	const camera = open();
	camera.supervisor.start();
	await camera.goLive();
	// A B slice: first_mb_in_slice 0 (1), slice_type 6 (00111).
	const bSlice = { ...PICTURE, nalUnits: [Uint8Array.of(0x01, 0b1001_1110, 0)], randomAccess: false };
	camera.clock.advance(40);
	camera.last().handlers.onVideo(bSlice, camera.clock.nowMs(), camera.clock.nowMs());
	expect(camera.supervisor.status.state).toBe("live");
	expect(camera.stream.format?.hasBFrames).toBe(true);
	for (const picture of [
		{ ...PICTURE, codec: "h265", nalUnits: [64, 66, 68, 38].map((header) => Uint8Array.of(header, 1, 0x80)) },
		{ codec: "jpeg", data: Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), rtpTimestamp: 0, randomAccess: true, sizeBytes: 4 },
	] as const) {
		camera.last().handlers.onEnd(failure("connection-lost"));
		camera.clock.advance(1000);
		await camera.settle();
		camera.last().handlers.onVideo(picture, camera.clock.nowMs(), camera.clock.nowMs());
		camera.last().handlers.onPlaying();
		camera.last().handlers.onVideo(picture, camera.clock.nowMs(), camera.clock.nowMs());
		expect(camera.supervisor.status.state).toBe("live");
		expect(camera.stream.format?.codec).toBe(picture.codec);
	}
});

test("sound is announced by the session that brings it, and is no sign of life (quirk 89)", async () => {
	const camera = open();
	const heard: number[] = [];
	camera.stream.attach({ push() {}, pushAudio: ({ durationTicks }) => heard.push(durationTicks) });
	camera.supervisor.start();
	await camera.goLive();
	const track = { clockRate: 8000, channels: 1, formatParameters: new Map(), dimensions: undefined };
	const described = (used: boolean) => ({
		tracks: [{ ...track, type: "audio", encoding: "PCMA", payloadType: 8, used, backchannel: false }],
		transport: "tcp" as const,
		server: "",
	});
	camera.last().handlers.onDescribed?.(described(false));
	expect(camera.stream.audioFormat).toBeUndefined();
	camera.last().handlers.onDescribed?.(described(true));
	expect(camera.stream.audioFormat).toBeUndefined();
	for (let passed = 0; passed < STALL_AFTER_MS; passed += 20) {
		camera.clock.advance(20);
		const frame = { codec: "pcma", data: new Uint8Array(160), rtpTimestamp: passed * 8 } as const;
		camera.last().handlers.onAudio?.(frame, camera.clock.nowMs(), camera.clock.nowMs());
	}
	expect(camera.supervisor.status).toMatchObject({ state: "stalled", failure: { code: "video-stalled" } });
	expect(new Set(heard)).toEqual(new Set([1800]));
	expect(camera.stream.audioFormat).toMatchObject({ codec: "pcma", clockRate: 8000 });
	const old = camera.last().handlers;
	await camera.supervisor.stop();
	old.onAudio?.({ codec: "pcma", data: new Uint8Array(160), rtpTimestamp: 0 }, 0, 0);
	expect(heard).toHaveLength(STALL_AFTER_MS / 20);
});

test.each([["transport-unsupported"], ["media-encrypted"], ["redirect-refused"]] as const)(
	"%s waits until somebody changes the settings",
	async (code) => {
		const camera = open();
		camera.supervisor.start();
		await camera.settle();
		camera.last().handlers.onEnd(failure(code));
		expect(camera.supervisor.status).toMatchObject({ state: "unsupported", failure: { code } });
		await camera.supervisor.stop();
	},
);
