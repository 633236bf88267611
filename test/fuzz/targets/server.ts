/** What the server itself reads: messages of pages and players, settings, and its own log lines. @module */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import {
	LinkFrameReader,
	MAX_CHANNELS,
	MAX_LINK_FRAME_BYTES,
	MAX_SLOTS,
	parseClientMessage,
	parseServerMessage,
	readMediaFrame,
	writeMediaFrame,
} from "@vigia/api";
import { parseEnvFile } from "../../../server/src/config/env-file.ts";
import { parseIceServers } from "../../../server/src/config/ice-servers.ts";
import { loadSettings } from "../../../server/src/config/load.ts";
import { SettingsError } from "../../../server/src/config/settings-error.ts";
import { parseTlsPolicy } from "../../../server/src/config/tls-policy.ts";
import { hostOf, isAllowedOrigin } from "../../../server/src/http/origin.ts";
import { Redactor } from "../../../server/src/observe/redactor.ts";
import { rewriteHostCandidates } from "../../../server/src/outputs/webrtc/candidates.ts";
import { finishAnswer } from "../../../server/src/outputs/webrtc/descriptions.ts";
import { readPlayerOffer } from "../../../server/src/outputs/webrtc/player-offer.ts";
import { bytesOf, type FuzzTarget, InputReader, InputWriter, must, textOf } from "../target.ts";

const wallProtocol: FuzzTarget = {
	name: "wall-protocol",
	seeds: [
		{ type: "hello", version: 2, webrtc: ["h264"], mse: ["h264", "h265", "aac"] },
		{
			type: "view",
			revision: 3,
			tiles: [{ slot: 0, camera: "cam1", stream: "sub" }],
			channels: [{ channel: 1, camera: "cam1", stream: "main", audio: true }],
			sound: { camera: "cam1", stream: "main" },
		},
		{ type: "received", bytes: 1_000_000 },
		{ type: "answer", connection: 1, negotiation: 2, sdp: "v=0" },
		{ type: "candidate", connection: 1, mid: "0", candidate: "candidate:1 1 UDP 1 1.2.3.4 5 typ host" },
		{ type: "refresh", slot: 1 },
		{ type: "reconnect", connection: 0 },
		{
			type: "slot",
			slot: 1,
			camera: "cam1",
			stream: "main",
			revision: 3,
			rtpTimestamp: 2 ** 32 - 1,
			newestRtpTimestamp: 0,
			route: "pass",
		},
		{ type: "channel", channel: 1, camera: "cam1", stream: "main", audio: true, route: "transcode" },
		{ type: "refused", rung: "mse", camera: "cam1", stream: "sub", reason: "ffmpeg-missing" },
	].map((message) => bytesOf(JSON.stringify(message))),
	words: ['"type":', '"view"', '"tiles":[', "null", "1e400", "-1", "__proto__", "\\u0000", "{", "}", "[", "]", ","],
	run(input) {
		const text = Buffer.from(input).toString("utf8");
		for (const parsed of [parseClientMessage(text), parseServerMessage(text)]) {
			must(parsed.ok || parsed.problem.length < 500, "a problem is named shortly");
			if (!parsed.ok || parsed.message.type !== "view") continue;
			must(parsed.message.tiles.length <= MAX_SLOTS, "the count of tiles is capped");
			must(parsed.message.channels.length <= MAX_CHANNELS, "the count of channels is capped");
		}
	},
};

const media = { track: "video", channel: 3, randomAccess: true, receivedAtMs: 1e12 } as const;
const init = writeMediaFrame({ ...media, kind: "init", codecs: "avc1.42c01e", payload: Uint8Array.of(1, 2) });
const chunk = writeMediaFrame({ ...media, kind: "media", codecs: "", payload: Uint8Array.of(3, 4) });
const linkFrames: FuzzTarget = {
	name: "link-frames",
	seeds: [
		init,
		chunk,
		Uint8Array.of(0, 0, 0, init.length, 1, ...init, 0, 0, 0, 2, 0, 0x7b, 0x7d, 0, 0, 0, chunk.length, 1, ...chunk),
	],
	words: ["\x00\x00\x00", "\x01\x00", "\xff\xff\xff\xff"],
	run(input) {
		let bytes = 0;
		const reader = new LinkFrameReader((_type, message) => {
			bytes += message.length;
			must(message.length <= MAX_LINK_FRAME_BYTES && bytes <= input.length, "no more comes out than came in");
			readMediaFrame(message);
		});
		for (let at = 0; at < input.length; at += 7) if (!reader.push(input.slice(at, at + 7))) break;
		const frame = readMediaFrame(input);
		if (frame) must(frame.payload.length + frame.codecs.length < input.length, "a frame has a header");
	},
};

const OFFER = [
	"v=0",
	"o=- 1 2 IN IP4 127.0.0.1",
	"s=-",
	"t=0 0",
	"a=group:BUNDLE 0",
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97",
	"c=IN IP4 0.0.0.0",
	"a=ice-ufrag:abcd",
	"a=ice-pwd:0123456789012345678901",
	"a=fingerprint:sha-256 00:11",
	"a=setup:actpass",
	"a=mid:0",
	"a=recvonly",
	"a=rtcp-mux",
	"a=rtpmap:96 VP8/90000",
	"a=rtpmap:97 H264/90000",
	"a=rtcp-fb:97 nack pli",
	"a=fmtp:97 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	"a=candidate:1 1 UDP 2130706431 192.168.1.5 50000 typ host",
	"",
].join("\r\n");

const playerOffer: FuzzTarget = {
	name: "player-offer",
	seeds: [bytesOf(OFFER), bytesOf(OFFER.replace("m=video", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\nm=video"))],
	words: [
		"m=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
		"a=mid:0\r\n",
		"a=rtpmap:96 H264/90000\r\n",
		"a=fmtp:96 ",
		"a=ice-pwd:x\r\n",
		"\r\n",
	],
	run(input) {
		const text = Buffer.from(input).toString("utf8");
		const advertised = { hosts: ["10.0.0.1", "wall.example"], port: 8555 };
		rewriteHostCandidates(text, advertised.hosts, advertised.port);
		const result = readPlayerOffer(text);
		if (!result.ok) return;
		const { payloadType, mid } = result.offer;
		must(Number.isInteger(payloadType) && payloadType >= 0 && payloadType <= 127, "a payload type has seven bits");
		must(mid.length <= 32 && !/\s/.test(mid), "a mid is one short word");
		finishAnswer(text, result.offer, advertised);
	},
};

const ENV = [
	"# cameras",
	"CAM_IP=192.168.1.108",
	"CAM_USER=admin",
	"CAM_PASS=p@ss:w#rd%/ñ",
	"TOTAL_CAMERAS=4",
	'CAMERA_5_URL="rtsp://u:p@10.0.0.1:554/a?b=c" # door',
	"CAMERA_5_NAME='Entrada'",
	"export PORT=8000",
	"ICE_SERVERS=stun:stun.example:3478",
	"WEBRTC_HOSTS=a.example,10.0.0.2",
].join("\n");

/** The settings of a `.env` file; whoever writes it is trusted, but a slip must not end in a stack. */
const settings: FuzzTarget = {
	name: "settings",
	slow: true,
	seeds: [new Uint8Array(Buffer.from(ENV))],
	words: [
		"CAMERA_1_URL=rtsp://h/",
		"CAM_TEMPLATE={channel}{0|1}",
		'"',
		"'",
		"\\",
		"=",
		"#",
		"\n",
		"TOTAL_CAMERAS=",
		"{main|sub}",
	],
	run(input) {
		const { values } = parseEnvFile(Buffer.from(input).toString("utf8"));
		load({ argv: [], env: { ...values }, cwd: emptyFolder });
	},
};

const YAML = [
	"port: 8000",
	"cameras:",
	"  - id: door",
	"    name: Front door",
	"    url: rtsp://10.0.0.1/a",
	"    user: admin",
	"    password: 'p@ss:w#rd%/ñ'",
	"  - host: 10.0.0.2",
	"    template: hikvision",
	"    channel: 3",
].join("\n");

const settingsFile: FuzzTarget = {
	name: "settings-file",
	slow: true,
	seeds: [new Uint8Array(Buffer.from(YAML))],
	words: ["cameras:\n", "  - url: ", "&a ", "*a", "!!binary ", "? ", "[", "{", "<<: *a", "\t", "---\n", "null", "~"],
	run(input) {
		mkdirSync(emptyFolder, { recursive: true });
		try {
			writeFileSync(yamlFile, input);
			load({ argv: ["--config", yamlFile], env: {}, cwd: emptyFolder });
		} finally {
			rmSync(emptyFolder, { recursive: true, force: true });
		}
	},
};

/** Of this thread; an empty one, but for the file that is read. */
const emptyFolder = join(tmpdir(), `vigia-fuzz-${process.pid}-${threadId}`);
const yamlFile = join(emptyFolder, "settings.yaml");

function load(options: Parameters<typeof loadSettings>[0]): void {
	try {
		loadSettings(options);
	} catch (error) {
		if (!(error instanceof SettingsError)) throw error;
		must(error.message.length > 0, "an error says what is wrong");
	}
}

const iceServers: FuzzTarget = {
	name: "ice-servers",
	seeds: ["stun:stun.example:3478", '[{"urls":"turn:t.example","username":"u","credential":"c"}]'].map(bytesOf),
	words: ["stun:", "turn:", "turns:", "?transport=udp", '"urls":', "[", "{", ","],
	run: (input) => void parseIceServers(textOf(input)),
};

const tlsPolicy: FuzzTarget = {
	name: "tls-policy",
	seeds: ["verify", "insecure", `sha256:${"AB:".repeat(31)}CD`].map(bytesOf),
	words: ["sha256:", ":", "legacy", "ab"],
	run(input) {
		const policy = parseTlsPolicy(textOf(input));
		if (policy?.mode === "pin") must(/^[0-9a-f]{64}$/.test(policy.sha256), "a pin is a digest");
	},
};

const origin: FuzzTarget = {
	name: "origin",
	seeds: [new InputWriter().chunk("https://wall.example:8000").raw("wall.example:8000").done()],
	words: ["https://", "http://", "null", "[::1]", ":8000", "."],
	run(input) {
		const reader = new InputReader(input);
		const [given, host] = [textOf(reader.chunk()), textOf(reader.rest())];
		hostOf(host);
		isAllowedOrigin(given, { host, allowed: ["https://dash.example"] });
	},
};

/** A secret of the settings and a line of the log: whatever both are, the line holds no secret afterwards. */
const redactor: FuzzTarget = {
	name: "redactor",
	seeds: [
		new InputWriter().chunk("p@ss:w#rd%/\u00f1").raw("rtsp://admin:p%40ss:w#rd%/\u00f1@h failed").done(),
		new InputWriter().chunk("\\\\\\\\a\\").raw("\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\b").done(),
	],
	words: ["\\", "\\\\", "%5c", "%40", "u005c", "%", '"', "***", "aaaa"],
	run(input) {
		const reader = new InputReader(input);
		const password = textOf(reader.chunk().subarray(0, 64));
		const text = textOf(reader.rest().subarray(0, 4096));
		const own = new Redactor();
		own.add({ username: "admin", password });
		const scrubbed = own.scrub(text);
		// Stars are what secrets are replaced by.
		if (password.length >= 4 && !password.includes("*")) must(!scrubbed.includes(password), "no secret is left");
		JSON.parse(own.scrubJson(JSON.stringify({ text })));
	},
};

export const TARGETS: readonly FuzzTarget[] = [
	wallProtocol,
	linkFrames,
	playerOffer,
	settings,
	settingsFile,
	iceServers,
	tlsPolicy,
	origin,
	redactor,
];
