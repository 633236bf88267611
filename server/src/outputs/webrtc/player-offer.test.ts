import fc from "fast-check";
import { expect, test } from "vitest";
import { finishAnswer } from "./descriptions.ts";
import { readPlayerOffer } from "./player-offer.ts";

/** As Chromium offers: some formats of H.264, one other codec, and audio before the video. */
function offerOf(change: (sdp: string) => string = (sdp) => sdp): string {
	const ice = ["a=ice-ufrag:abcd", "a=ice-pwd:secretsecretsecretsecret", "a=fingerprint:sha-256 AA:BB"];
	const audio = ["m=audio 9 UDP/TLS/RTP/SAVPF 111", ...ice, "a=mid:0", "a=recvonly", "a=rtpmap:111 opus/48000/2"];
	const video = [
		"m=video 9 UDP/TLS/RTP/SAVPF 96 102 103 108 109",
		...ice,
		"a=mid:1",
		"a=recvonly",
		"a=rtpmap:96 VP8/90000",
		"a=rtpmap:102 H264/90000",
		"a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f",
		"a=rtpmap:103 rtx/90000",
		"a=fmtp:103 apt=102",
		"a=rtpmap:108 H264/90000",
		"a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f",
		"a=rtpmap:109 H264/90000",
		"a=rtcp-fb:109 nack",
		"a=rtcp-fb:109 ccm fir",
		"a=rtcp-fb:108 nack pli",
		"a=fmtp:109 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42E01F",
	];
	return change(["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", ...audio, ...video, ""].join("\r\n"));
}

test("packetization mode 1 of our profile is picked, with its media section and feedback", () => {
	expect(readPlayerOffer(offerOf())).toEqual({
		ok: true,
		offer: {
			mid: "1",
			payloadType: 109,
			fmtp: "profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1",
			feedback: ["nack", "ccm fir"],
			iceUfrag: "abcd",
		},
	});
});

test("another profile in mode 1 comes before our profile in mode 0; mode 0 alone is taken too", () => {
	const other = readPlayerOffer(offerOf((sdp) => sdp.replace("a=rtpmap:109 H264", "a=rtpmap:109 H265")));
	expect(other).toMatchObject({ ok: true, offer: { payloadType: 108, fmtp: expect.stringContaining("4d001f") } });
	const single = readPlayerOffer(offerOf((sdp) => sdp.replace(/a=rtpmap:(108|109) H264/g, "a=rtpmap:$1 H265")));
	expect(single).toMatchObject({
		ok: true,
		offer: { payloadType: 102, fmtp: "profile-level-id=42e01f;level-asymmetry-allowed=1" },
	});
});

test("an offer that receives no H.264 is told apart from what is no offer", () => {
	const no = { ok: false, problem: "no-h264" };
	expect(readPlayerOffer(offerOf((sdp) => sdp.replace(/H264/g, "H265")))).toEqual(no);
	expect(readPlayerOffer(offerOf((sdp) => sdp.replace(/a=recvonly/g, "a=sendonly")))).toEqual(no);
	expect(readPlayerOffer(offerOf((sdp) => sdp.replace("m=video 9", "m=video 0")))).toEqual(no);
	const invalid = { ok: false, problem: "invalid" };
	for (const sdp of ["", "v=0", "nonsense", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "\0".repeat(1000)]) {
		expect(readPlayerOffer(sdp)).toEqual(invalid);
	}
	expect(readPlayerOffer(offerOf((sdp) => sdp.replace(/a=ice-ufrag.*\r\n/g, "")))).toEqual(invalid);
	expect(readPlayerOffer(offerOf((sdp) => sdp.replace(/a=fingerprint.*\r\n/g, "")))).toEqual(invalid);
	expect(readPlayerOffer(offerOf((sdp) => sdp.replace(/a=mid:.*\r\n/g, "")))).toEqual(invalid);
});

test("a codec whose name is a number is none of ours", () => {
	expect(readPlayerOffer(offerOf().replaceAll("H264", "1"))).toEqual({ ok: false, problem: "no-h264" });
});

test("no text makes the reader throw", () => {
	fc.assert(fc.property(fc.string(), (text) => void readPlayerOffer(`v=0\r\n${text}`)));
	const lines = offerOf().split("\r\n");
	fc.assert(
		fc.property(fc.array(fc.constantFrom(...lines, "m=", "a=", "a=rtpmap:", "a=fmtp:x y", "m=video x y z")), (some) => {
			readPlayerOffer(["v=0", ...some].join("\r\n"));
		}),
	);
});

test("the answer promises only the feedback that was offered, and only our media section", () => {
	const read = readPlayerOffer(offerOf());
	if (!read.ok) throw new Error(read.problem);
	const library = [
		"v=0",
		"m=audio 9 UDP/TLS/RTP/SAVPF 111",
		"a=mid:0",
		"a=sendonly",
		"a=ice-ufrag:x",
		"a=ice-pwd:y",
		"m=video 9 UDP/TLS/RTP/SAVPF 109",
		"a=mid:1",
		"a=sendonly",
		"a=rtcp-fb:109 nack",
		"a=rtcp-fb:109 nack pli",
		"a=rtcp-fb:109 goog-remb",
		"",
	];
	const answer = finishAnswer(library.join("\r\n"), read.offer, { hosts: ["192.0.2.1"], port: 8555 });
	expect(answer.split("\r\n")).toEqual([
		...library.slice(0, 3),
		"a=inactive",
		"a=ice-ufrag:x",
		"a=ice-pwd:y",
		"a=candidate:h1 1 UDP 2130706431 192.0.2.1 8555 typ host",
		...library.slice(6, 10),
		"a=rtcp-fb:109 ccm fir",
		"",
	]);
});
