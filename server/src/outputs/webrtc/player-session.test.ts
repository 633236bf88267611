import { expect, test } from "vitest";
import { MediaPort } from "../../platform/datachannel.ts";
import { FakeClock } from "../../platform/fake-clock.ts";
import { PlayerSession } from "./player-session.ts";
import { DeliveryCounters } from "./slot-sender.ts";
import { FakeStream } from "./testing/fake-stream.ts";

test("a player whose track the library refuses leaves no peer, no timer and no reader", async () => {
	const port = await MediaPort.open({ port: 0, iceServers: [] });
	const clock = new FakeClock();
	const source = new FakeStream();
	// No text: the binding throws.
	const fmtp = 5 as unknown as string;
	const opened = PlayerSession.open({
		port,
		clock,
		counters: new DeliveryCounters(),
		source,
		offer: { mid: "0", payloadType: 96, fmtp, feedback: [], iceUfrag: "abcd" },
		offerSdp: "",
		hosts: [],
		onClose: () => {},
	});
	await expect(opened).rejects.toThrow();
	expect({ peers: port.peerCount, timers: clock.pending, readers: source.readers.size }).toEqual({
		peers: 0,
		timers: 0,
		readers: 0,
	});
	port.close();
});
