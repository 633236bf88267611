/** `@vigia/rtsp`: everything that reads a text. @module */
import { createHash } from "node:crypto";
import {
	Authenticator,
	chooseBaseUrl,
	chooseTransport,
	formatOf,
	formatRtspUrl,
	type HashFunctions,
	joinControlUrl,
	makeChallenge,
	makeResponse,
	parseChallenges,
	parseRtspUrl,
	parseSdp,
	parseSessionHeader,
	parseTransport,
	readPresentation,
	type RtspAddress,
	RtspError,
	serializeRequest,
	makeRequest,
	splitAuthFields,
	verifyAuthorization,
} from "@vigia/rtsp";
import { bytesOf, type FuzzTarget, InputReader, InputWriter, must, textOf } from "../target.ts";

export const HASHES: HashFunctions = {
	md5: (bytes) => createHash("md5").update(bytes).digest("hex"),
	sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
};
export const CREDENTIALS = { username: "vigilante-7", password: "p@ss:w#rd%/ñ" };
export const ADDRESS: RtspAddress = { scheme: "rtsp", host: "10.0.0.9", port: 554, path: "/live?channel=1" };

export const SDP_SEEDS: readonly string[] = [
	[
		"v=0",
		"o=- 1 1 IN IP4 0.0.0.0",
		"s=Media Server",
		"c=IN IP4 0.0.0.0",
		"t=0 0",
		"a=control:*",
		"m=video 0 RTP/AVP 96",
		"a=control:trackID=0",
		"a=framerate:15.000000",
		"a=rtpmap:96 H264/90000",
		"a=fmtp:96 packetization-mode=1;profile-level-id=42C01E;sprop-parameter-sets=Z0LAHtkAoC/5cBEAAAMAAQAAAwAeDxYuSA==,aMuDyyA=",
		"a=recvonly",
		"m=audio 0 RTP/AVP 97",
		"a=control:trackID=1",
		"a=rtpmap:97 MPEG4-GENERIC/16000/1",
		"a=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408",
		"a=recvonly",
		"",
	].join("\r\n"),
	[
		"v=0",
		"m=video 49170 RTP/AVP 98 99",
		"b=AS:5000",
		"a=rtpmap:98 H265/90000",
		"a=fmtp:98 sprop-vps=QAEMAf//AWAAAAMAAAMAAAMAAAMAlqwJ;sprop-sps=QgEB;sprop-pps=RAE=",
		"a=x-dimensions:2560,1440",
		"a=control:rtsp://192.168.1.9:554/h265?x=1/track1",
		"m=video 0 RTP/AVP 26",
		"a=framesize:26 2560-1920",
		"a=control:video",
		"m=audio 0 RTP/AVP 0 8",
		"a=sendonly",
		"a=control:backchannel",
		"m=audio 0 RTP/AVP 102",
		"a=rtpmap:102 opus/48000/2",
		"m=application 0 RTP/AVP 107",
		"a=rtpmap:107 vnd.onvif.metadata/90000",
		"m=video 0 RTP/SAVP 100",
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
		"a=key-mgmt:mikey AAAA",
	].join("\n"),
];

export const SDP_WORDS = [
	"m=video 0 RTP/AVP 96\r\n",
	"m=audio 0 RTP/AVP 0\r\n",
	"a=rtpmap:96 H264/90000\r\n",
	"a=rtpmap:96 H265/90000\r\n",
	"a=rtpmap:96 JPEG/90000\r\n",
	"a=fmtp:96 ",
	"a=control:",
	"a=control:*\r\n",
	"a=sendonly\r\n",
	"a=x-dimensions:640,480\r\n",
	"a=framesize:96 640-480\r\n",
	"RTP/SAVP",
	"\r\n",
	"=",
	";",
	"\xef\xbb\xbf",
];

const sdp: FuzzTarget = {
	name: "sdp",
	seeds: SDP_SEEDS.map(bytesOf),
	words: SDP_WORDS,
	run(input) {
		const description = parseSdp(input);
		must(description.media.length <= 64, "the count of media sections is capped");
		for (const media of description.media) {
			must(media.payloadTypes.length <= 64 && media.rtpMaps.size <= 128, "formats are capped");
			must(media.formatParameters.size <= 128, "format parameters are capped");
			for (const type of media.payloadTypes) formatOf(media, type);
		}
	},
};

const presentation: FuzzTarget = {
	name: "presentation",
	seeds: SDP_SEEDS.map((text) =>
		new InputWriter().chunk("rtsp://10.0.0.9/live/").chunk("").chunk("application/sdp").raw(text).done(),
	),
	words: [...SDP_WORDS, "rtsp://", "rtsp://rtsp://h/x", "?x=1", "//", "\x00\x05"],
	run(input) {
		const reader = new InputReader(input);
		const [base, location, type] = [reader.chunk(), reader.chunk(), reader.chunk()].map(textOf);
		const response = makeResponse(
			200,
			{
				"Content-Base": base || undefined,
				"Content-Location": location || undefined,
				"Content-Type": type || undefined,
			},
			reader.rest(),
		);
		const requestUrl = formatRtspUrl(ADDRESS);
		const found = readPresentation(response, { requestUrl, address: ADDRESS, encodings: ["H264", "PCMA"] });
		for (const track of found.tracks) {
			must(Number.isFinite(track.clockRate) && track.clockRate > 0, "a track has a clock");
			must(track.setupUrl.startsWith("rtsp://"), "what is set up is a URL");
		}
	},
};

const rtspUrl: FuzzTarget = {
	name: "rtsp-url",
	seeds: [
		"rtsp://admin:p@ss:w#rd%/ñ@192.168.1.9:554/cam/realmonitor?channel=1&subtype=1",
		"rtsps://[fe80::1%25eth0]:322/x",
		"rtsp://user@host.example/a@b",
		"rtsp://10.0.0.9",
	].map((text) => new Uint8Array(Buffer.from(text))),
	words: ["rtsp://", "rtsps://", "@", ":", "/", "?", "#", "%", "%40", "[", "]", "::", "%zz", "ñ", ".", ":554"],
	run(input) {
		const text = Buffer.from(input).toString("utf8");
		let url: ReturnType<typeof parseRtspUrl>;
		try {
			url = parseRtspUrl(text);
		} catch (error) {
			if (!(error instanceof RtspError) || error.kind !== "usage") throw error;
			must(text.trim().length < 12 || !error.message.includes(text.trim()), "the error does not repeat the URL");
			return;
		}
		must(url.host !== "" && url.port >= 1 && url.port <= 65_535, "host and port make sense");
		must(url.path.startsWith("/"), "a path begins with a slash");
		formatRtspUrl(url);
	},
};

const controlUrl: FuzzTarget = {
	name: "control-url",
	seeds: ["trackID=0", "rtsp://h:1/a?b=c/trackID=1", "*", "/x", "?x"].map((control) =>
		new InputWriter().chunk("rtsp://10.0.0.9/live?channel=1").chunk("*").chunk("rtsp://1.2.3.4/x/").raw(control).done(),
	),
	words: ["rtsp://", "rtspu://", "/", "?", "*", "@", " ", "\x00\x03"],
	run(input) {
		const reader = new InputReader(input);
		const [requestUrl = "", sessionControl, contentBase] = [reader.chunk(), reader.chunk(), reader.chunk()].map(textOf);
		const control = textOf(reader.rest());
		const base = chooseBaseUrl({ sessionControl, contentBase, contentLocation: control, requestUrl, address: ADDRESS });
		const joined = joinControlUrl(base, control, ADDRESS);
		must(joined.length <= base.length + control.length + 40, "a joined URL is not much longer than its parts");
	},
};

const transportHeader: FuzzTarget = {
	name: "transport-header",
	seeds: [
		'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=22345684;mode="PLAY"',
		"RTP/AVP;unicast;client_port=5000-5001;server_port=40000-40001,ssrc=FFFFCCCC",
		"RTP/AVP;multicast;destination=239.0.0.1;ttl=5, RTP/AVP/UDP;unicast;client_port=1",
	].map(bytesOf),
	words: ["RTP/AVP/TCP", "RTP/AVP", ";", ",", "=", "-", "interleaved=", "client_port=", "ssrc=", "mode=record"],
	run(input) {
		const text = textOf(input);
		must(parseTransport(text).length <= 16, "the count of transports is capped");
		for (const spec of parseTransport(text)) {
			for (const pair of [spec.interleaved, spec.clientPort, spec.serverPort]) {
				must(!pair || pair.every((port) => port >= 0 && port <= 65_535), "ports are ports");
			}
		}
		chooseTransport([text, text], new Set([0, 1]));
	},
};

const sessionHeader: FuzzTarget = {
	name: "session-header",
	seeds: ["12345678;timeout=60", "  9a90de54 ; timeout = 60", ";;;"].map(bytesOf),
	words: [";", "timeout=", "="],
	run(input) {
		const session = parseSessionHeader(textOf(input));
		if (!session) return;
		must(session.id !== "", "a session has an id");
		const { timeoutS } = session;
		must(timeoutS === undefined || (timeoutS > 0 && timeoutS <= 86_400), "a timeout makes sense");
	},
};

const CHALLENGE_SEEDS = [
	'Digest realm="Login to 1", nonce="abc", qop="auth,auth-int", opaque="", stale="FALSE", algorithm=SHA-256',
	'Digest realm="x", nonce="1", algorithm=MD5-sess, Basic realm="y"',
	'Basic realm="a\\"b", Digest nonce=1',
];

const challenge: FuzzTarget = {
	name: "challenge",
	seeds: CHALLENGE_SEEDS.map(bytesOf),
	words: ["Digest ", "Basic ", 'realm="', "nonce=", "algorithm=MD5", "SHA-256-sess", "stale=true", '"', "\\", ",", "="],
	run(input) {
		const text = textOf(input);
		splitAuthFields(text);
		must(parseChallenges([text, text]).length <= 16, "the count of challenges is capped");
		const authenticator = new Authenticator({
			credentials: CREDENTIALS,
			hashes: HASHES,
			randomHex: (digits) => "0".repeat(digits),
		});
		for (let attempt = 0; attempt < 4; attempt++) {
			if (!authenticator.handleUnauthorized([text], attempt, attempt > 0)) break;
			const value = authenticator.authorization("DESCRIBE", "rtsp://10.0.0.9/live");
			if (value === undefined) continue;
			must(!value.includes(CREDENTIALS.password), "an answer never holds the password as it is");
			// What a head's parser lets into a field must be fit to go out again.
			if (!/[\r\n\0]/.test(text)) serializeRequest(makeRequest("DESCRIBE", "rtsp://h/", { Authorization: value }));
		}
	},
};

const authorization: FuzzTarget = {
	name: "authorization",
	seeds: [
		'Digest username="vigilante-7", realm="r", nonce="n", uri="rtsp://h/", response="0123456789abcdef0123456789abcdef", algorithm=MD5, qop=auth, nc=00000001, cnonce="c"',
		"Basic dmlnaWxhbnRlLTc6eA==",
	].map(bytesOf),
	words: [
		"Digest ",
		"Basic ",
		'username="vigilante-7"',
		'realm="r"',
		'nonce="n"',
		'uri="rtsp://h/"',
		"qop=auth",
		"==",
		'"',
	],
	run(input) {
		const offers = [
			{ scheme: "digest", realm: "r", nonce: "n", qopAuth: true },
			{ scheme: "digest", realm: "r", nonce: "n", algorithm: "SHA-256" },
			{ scheme: "basic", realm: "r" },
		] as const;
		for (const offer of offers) makeChallenge(offer);
		const check = {
			authorization: textOf(input),
			method: "DESCRIBE",
			target: "rtsp://h/",
			credentials: CREDENTIALS,
			offers,
		};
		must(verifyAuthorization(check, HASHES) !== "accepted", "nobody gets in by chance");
	},
};

export const TARGETS: readonly FuzzTarget[] = [
	sdp,
	presentation,
	rtspUrl,
	controlUrl,
	transportHeader,
	sessionHeader,
	challenge,
	authorization,
];
