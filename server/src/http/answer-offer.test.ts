import { expect, test } from "vitest";
import type { PlayerEngine } from "../outputs/webrtc/player-engine.ts";
import { FakeStream } from "../outputs/webrtc/testing/fake-stream.ts";
import type { ReadableStreamSource } from "../streams/reader.ts";
import { answerOffer } from "./answer-offer.ts";
import { Player } from "./testing/player.ts";

test.each([
	["taken out of the settings", undefined, { status: 404, code: "unknown-camera" }],
	["given another address or another stream", new FakeStream(), { status: 503, code: "camera-changed" }],
])("a camera that is %s while its player is being answered leaves no session", async (_case, later, refusal) => {
	let source: ReadableStreamSource | undefined = new FakeStream();
	let closed = 0;
	const engine: PlayerEngine = {
		openPlayer: async ({ onClose }) => {
			source = later;
			return { answerSdp: "v=0", iceUfrag: "", addCandidate: () => {}, close: onClose };
		},
		endGone: () => {},
	};
	const directory = { hasCamera: () => source !== undefined, stream: () => source };
	using player = new Player();
	const onClose = (): number => closed++;
	const offer = { cameraId: "cam1", stream: "main", offerSdp: await player.offer(), pageHost: undefined, onClose };
	expect(await answerOffer(offer, { engine, directory })).toMatchObject({ ok: false, ...refusal });
	expect(closed).toBe(1);
});
