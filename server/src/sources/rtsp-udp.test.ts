/** Sessions whose media come over UDP: real sockets on loopback. */
import { headerOf } from "@vigia/rtsp";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../platform/fake-clock.ts";
import { RecordedSource, seePictures, tagsOf, transportsOf, until } from "./testing/recorded-source.ts";
import { answerTo, idrSlice, PICTURES, PPS, pSlice, SPS } from "./testing/scripted-camera.ts";
import { openSocket, rtpPacketsOf, UdpCamera } from "./testing/udp-camera.ts";

const PACKETS = rtpPacketsOf(PICTURES);

describe("UDP", () => {
	it("brings pictures, and the camera sees the receiver's ports as a neighbouring pair from an even one", async () => {
		await using camera = await UdpCamera.open({ onPlay: (own) => own.send(PACKETS) });
		const source = new RecordedSource({ port: camera.port, transport: "udp" });
		await seePictures(source);
		const [rtp = 0, rtcp = 0] = camera.clientPorts ?? [];
		expect([rtp % 2, rtcp - rtp]).toEqual([0, 1]);
		expect(transportsOf(source)).toEqual(["udp"]);
		expect(camera.rtsp.methods.at(-1)).toBe("TEARDOWN");
	});

	it("opens the way through a firewall with packets of its own to the camera's ports (quirk 77)", async () => {
		await using camera = await UdpCamera.open();
		const source = new RecordedSource({ port: camera.port, transport: "udp" });
		await until(() => new Set(camera.received.map(({ kind }) => kind)).size === 2, "a packet to each port");
		await source.session.close();
	});

	it("goes on when the camera's ports answer with ICMP unreachable (quirk 77)", async () => {
		const closed = await openSocket("127.0.0.1");
		const { port } = closed.address();
		closed.close();
		await using camera = await UdpCamera.open({
			script: {
				answer: (request) => {
					if (request.method !== "SETUP") return undefined;
					const ports = /client_port=(\d+)-(\d+)/.exec(headerOf(request, "transport") ?? "");
					camera.clientPorts = [Number(ports?.[1]), Number(ports?.[2])];
					const lines = [`Transport: RTP/AVP;unicast;server_port=${port}-${port}`, "Session: 1"];
					return answerTo(request, "200 OK", lines);
				},
			},
			onPlay: (own) => own.send(PACKETS),
		});
		await seePictures(new RecordedSource({ port: camera.port, transport: "udp" }));
	});

	it.each(["zero", "absent"] as const)("S30: a camera whose server_port is %s works (quirk 76)", async (serverPort) => {
		await using camera = await UdpCamera.open({ serverPort, onPlay: (own) => own.send(PACKETS) });
		const source = new RecordedSource({ port: camera.port, transport: "udp" });
		await seePictures(source);
		expect(source.session.quirks).toContain("server-port-missing");
	});

	it("S30: packets from another port than announced are taken, and then from no third one (quirk 76)", async () => {
		await using camera = await UdpCamera.open();
		const [other, third] = [await openSocket("127.0.0.1"), await openSocket("127.0.0.1")];
		const source = new RecordedSource({ port: camera.port, transport: "udp" });
		await until(() => source.events.includes("playing"), "PLAY");
		camera.send(PACKETS, other);
		await until(() => source.units.length === 4, "the pictures");
		const foreign = rtpPacketsOf([[pSlice(99)]], { sequenceNumber: 4, timestamp: 14_000 });
		camera.send(foreign, third);
		await until(() => source.session.quirks.includes("datagrams-from-elsewhere"), "the foreign packet to be counted");
		expect(tagsOf(source)).toEqual([1, 2, 3, 4]);
		await source.session.close();
		expect(source.session.counters.malformedPackets).toBe(1);
		other.close();
		third.close();
	});

	it("S30: packets from another address are ignored and counted, however good they look (quirk 76)", async () => {
		await using camera = await UdpCamera.open();
		const elsewhere = await openSocket("127.0.0.2");
		const source = new RecordedSource({ port: camera.port, transport: "udp" });
		await until(() => source.events.includes("playing"), "PLAY");
		camera.send(rtpPacketsOf([[SPS, PPS, idrSlice(99)]]), elsewhere);
		await until(() => source.session.quirks.includes("datagrams-from-elsewhere"), "the foreign packet to be counted");
		camera.send(PACKETS);
		await seePictures(source);
		elsewhere.close();
	});

	it("S31: with 1 % loss, packets 5 places late and doubles, only pictures that lost a packet are missing (quirk 94)", async () => {
		const PICTURE_COUNT = 200;
		const pictures = Array.from({ length: PICTURE_COUNT }, (_, index) =>
			index === 0 ? [SPS, PPS, idrSlice(0, 3000)] : [pSlice(index, 3000)],
		);
		const packets = rtpPacketsOf(pictures);
		expect(packets.length).toBeGreaterThan(600);
		// Its time passes slower than the real one, so that a busy machine makes no packet late.
		const clock = new FakeClock();
		await using camera = await UdpCamera.open();
		const source = new RecordedSource({ port: camera.port, transport: "udp", clock });
		await until(() => source.events.includes("playing"), "PLAY");
		const taken = (count: number): boolean => {
			clock.advance(1);
			return source.session.counters.rtpPackets >= count;
		};
		const lost = new Set([...packets.keys()].filter((index) => index % 100 === 50));
		const order = [...packets.keys()];
		// Every 20th packet five places later.
		for (let index = 20; index + 5 < order.length; index += 20) order.splice(index + 5, 0, ...order.splice(index, 1));
		let sent = 0;
		for (const index of order) {
			const packet = packets[index];
			if (!packet || lost.has(index)) continue;
			camera.send(index % 33 === 0 ? [packet, packet] : [packet]);
			sent++;
			// The system's buffer for a socket may hold no more than 100 packets. A late one has just come, so none is missing.
			if (index % 20 === 0) await until(() => taken(sent), "what was sent");
		}
		await until(() => taken(sent) && source.units.length >= PICTURE_COUNT - lost.size, "the pictures");
		const expected = [...pictures.keys()].filter((picture) => {
			for (const index of lost) {
				if (timestampOf(packets[index]) === (0xffff_ff00 + picture * 3600) >>> 0) return false;
			}
			return true;
		});
		expect(tagsOf(source)).toEqual(expected.map((picture) => picture & 0xff));
		expect(source.session.counters).toMatchObject({ lostPackets: lost.size, damagedAccessUnits: lost.size });
		expect(source.session.counters.reorderedPackets).toBeGreaterThan(20);
		await source.session.close();
	});

	it("pictures that arrive unevenly are evenly spaced on the time line", async () => {
		await using camera = await UdpCamera.open({ onPlay: (own) => own.send(PACKETS) });
		const source = new RecordedSource({ port: camera.port, transport: "udp" });
		await until(() => source.units.length >= 4, "the pictures");
		const places = source.video.map(({ mediaMs }) => mediaMs);
		expect(places).toEqual(places.toSorted((a, b) => a - b));
		await source.session.close();
	});

	it("sends receiver reports to the camera's RTCP port (quirk 87)", async () => {
		const clock = new FakeClock();
		await using camera = await UdpCamera.open({ onPlay: (own) => own.send(PACKETS) });
		const source = new RecordedSource({ port: camera.port, transport: "udp", clock });
		await until(() => {
			clock.advance(5);
			return source.units.length >= 4;
		}, "the pictures");
		const before = camera.received.filter(({ kind }) => kind === "rtcp").length;
		clock.advance(5000);
		await until(() => camera.received.filter(({ kind }) => kind === "rtcp").length > before, "a report");
		expect(camera.received.findLast(({ kind }) => kind === "rtcp")?.bytes[1]).toBe(201);
		await source.session.close();
	});
});

function timestampOf(packet: Uint8Array | undefined): number | undefined {
	return packet && new DataView(packet.buffer, packet.byteOffset).getUint32(4);
}
