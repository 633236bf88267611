import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { buildCameraList } from "../config/camera-list.ts";
import { settingsSchema } from "../config/schema.ts";
import type { CameraSettings } from "../config/settings.ts";
import type { SettingsProblem } from "../config/settings-error.ts";
import { importCameras, type ImportOptions, type ImportResult } from "./import-cameras.ts";
import { MAX_IMPORTED_CAMERAS, toYamlCamera } from "./imported-camera.ts";
import { noteText } from "./notes.ts";
import { MAX_IMPORT_CHARS } from "./yaml-input.ts";

/** The cameras as the settings read them, once they are written to vigia.yaml. */
function asSettings({ cameras }: ImportResult): CameraSettings[] {
	const problems: SettingsProblem[] = [];
	const settings = buildCameraList({
		values: settingsSchema.parse({}),
		sourceOf: () => undefined,
		numbered: new Map(),
		listed: cameras.map(toYamlCamera),
		listSource: "vigia.yaml",
		problems,
	});
	expect(problems).toEqual([]);
	return settings;
}

function written(text: string, options?: ImportOptions): ReturnType<typeof toYamlCamera>[] {
	const result = importCameras(text, options);
	asSettings(result);
	return result.cameras.map(toYamlCamera);
}

const FEW = { maxKeys: 5 };

const notesOf = (text: string, options?: ImportOptions): string[] =>
	importCameras(text, options).notes.map(({ place, code }) => `${place} ${code}`);

describe("a go2rtc.yaml", () => {
	// After the examples of go2rtc's README.
	const FILE = `
api:
  listen: ":1984"
streams:
  sonoff_camera: rtsp://rtsp:12345678@192.168.1.123/av_stream/ch0
  dahua_camera:
    - rtsp://admin:password@192.168.1.124/cam/realmonitor?channel=1&subtype=0&unicast=true&proto=Onvif
    - rtsp://admin:password@192.168.1.124/cam/realmonitor?channel=1&subtype=1#backchannel=0
    - ffmpeg:dahua_camera#audio=opus
  unifi_camera: rtspx://192.168.1.125:7441/fD6ouM72bWoFijxK
  glichy_camera: ffmpeg:rtsp://username:password@192.168.1.126/live/ch00_1
  glichy_h264: ffmpeg:glichy_camera#video=h264#hardware
  glichy_sound: ffmpeg:rtsp://username:password@192.168.1.126/live/ch00_1#audio=opus
  lossy: "ffmpeg:rtsps://192.168.1.131/live#input=rtsp/udp#video=copy#audio=aac"
  film: ffmpeg:film.mp4#video=h264
  yard_hd: [ "rtsp://admin:p%40ss%2Fword@192.168.1.127/stream1#timeout=30" ]
  yard_sd:
    url: rtsp://admin:p%40ss%2Fword@192.168.1.127/stream2#transport=udp
  door: rtsp://192.168.1.128/stream1
  door_sub: rtsp://192.168.1.128/stream2
  alias: rtsp://127.0.0.1:8554/door?video=copy
  sensor: rtsp://192.168.1.129/live#media=audio
  socket: rtsp://192.168.1.130/axis-media/media.amp#transport=ws://192.168.1.130/rtsp-over-websocket
`;

	test("gives each stream's first RTSP source, pairs as one camera, and says what it leaves out", () => {
		expect(written(FILE)).toEqual([
			{
				id: "sonoff_camera",
				name: "Sonoff camera",
				url: "rtsp://192.168.1.123/av_stream/ch0",
				user: "rtsp",
				password: "12345678",
			},
			{
				id: "dahua_camera",
				name: "Dahua camera",
				url: "rtsp://192.168.1.124/cam/realmonitor?channel=1&subtype=0&unicast=true&proto=Onvif",
				user: "admin",
				password: "password",
			},
			{
				id: "unifi_camera",
				name: "Unifi camera",
				url: "rtsps://192.168.1.125:7441/fD6ouM72bWoFijxK",
				tls: "insecure",
			},
			{
				id: "glichy_camera",
				name: "Glichy camera",
				url: "rtsp://192.168.1.126/live/ch00_1",
				user: "username",
				password: "password",
			},
			{ id: "lossy", name: "Lossy", url: "rtsps://192.168.1.131/live", transport: "udp" },
			{
				id: "yard",
				name: "Yard",
				url: "rtsp://192.168.1.127/stream2",
				main: "rtsp://192.168.1.127/stream1",
				user: "admin",
				password: "p@ss/word",
			},
			{
				id: "door",
				name: "Door",
				url: "rtsp://192.168.1.128/stream2",
				main: "rtsp://192.168.1.128/stream1",
			},
			{ id: "socket", name: "Socket", url: "rtsp://192.168.1.130/axis-media/media.amp" },
		]);
		expect(notesOf(FILE)).toEqual([
			"streams.dahua_camera[1] source-further",
			"streams.unifi_camera tls-insecure",
			"streams.glichy_h264 same-stream",
			"streams.glichy_sound source-no-video",
			"streams.lossy tls-not-verified",
			"streams.film source-kind",
			"streams.alias same-stream",
			"streams.sensor source-no-video",
			"streams.socket transport-unknown",
		]);
	});

	test("takes variables from those given, then from their presets, and says which are missing", () => {
		const file = `streams:
  a: rtsp://\${USER:admin}:\${PASS}@10.0.0.1/a
  b: rtsp://\${HOST}/b
  c: rtsp://admin:\${OTHER}@10.0.0.3/c
`;
		expect(written(file, { variables: { PASS: "p%40ss" } })).toEqual([
			{ id: "a", name: "A", url: "rtsp://10.0.0.1/a", user: "admin", password: "p@ss" },
			{ id: "c", name: "C", url: "rtsp://10.0.0.3/c" },
		]);
		const result = importCameras(file, { variables: { PASS: "x" } });
		expect(result.cameras[1]).toMatchObject({ username: "admin" });
		expect(result.notes.map((note) => noteText(note, "en"))).toEqual([
			"streams.b: The address depends on ${HOST}, whose value is not given here: it was left out.",
			"streams.c: The user name or password depends on ${OTHER}, whose value is not given here: the camera was imported without both. Add them.",
		]);
	});

	test("reads rtsps at port 554 where none is named, as go2rtc does", () => {
		expect(written("streams: {a: rtsps://10.0.0.1/x, b: 'rtsps://10.0.0.1:322/x'}").map(({ url }) => url)).toEqual([
			"rtsps://10.0.0.1:554/x",
			"rtsps://10.0.0.1/x",
		]);
	});

	test("keeps streams of a pair apart that are at two devices or have two logins", () => {
		const file = `streams:
  a_main: rtsp://10.0.0.1/a
  a_sub: rtsp://10.0.0.2/a
  b: rtsp://u:1@10.0.0.1/b
  b_sub: rtsp://u:2@10.0.0.1/b
`;
		expect(written(file).map(({ id }) => id)).toEqual(["a_main", "a_sub", "b", "b_sub"]);
	});

	test("with streams that read themselves finds nothing, and ends", () => {
		const chain = Array.from({ length: 500 }, (_, index) => `  s${index}: rtsp://localhost:8554/s${index + 1}`);
		const file = `streams:\n  a: rtsp://127.0.0.1:8554/b\n  b: rtsp://127.0.0.1:8554/a\n${chain.join("\n")}\n`;
		expect(importCameras(file).cameras).toEqual([]);
		expect(notesOf(file)).toContain("streams.a restream-unknown");
	});
});

describe("a config.yml of Frigate", () => {
	// After docs.frigate.video, Cameras and Restream.
	const FILE = `
mqtt:
  host: mqtt.server.com
ffmpeg: &ffmpeg
  input_args: preset-rtsp-generic
go2rtc:
  streams:
    front:
      - rtsp://viewer:{FRIGATE_RTSP_PASSWORD}@10.0.10.11:554/stream1
      - "ffmpeg:front#audio=opus"
    front_sub: rtsp://viewer:{FRIGATE_RTSP_PASSWORD}@10.0.10.11:554/stream2
    converted: ffmpeg:rtsp://10.0.10.12/live#video=h264
    small: ffmpeg:front_sub#video=h264
    tape: ffmpeg:/media/tape.mp4
cameras:
  back:
    enabled: True
    ffmpeg:
      inputs:
        - path: rtsp://viewer:{FRIGATE_RTSP_PASSWORD}@10.0.10.10:554/cam/realmonitor?channel=1&subtype=2
          roles:
            - detect
        - path: rtsp://viewer:{FRIGATE_RTSP_PASSWORD}@10.0.10.10:554/live
          roles: [record, audio]
    detect:
      width: 1280
  front:
    friendly_name: Puerta principal
    ffmpeg:
      inputs:
        - path: rtsp://127.0.0.1:8554/front?video=copy&audio=aac
          input_args: preset-rtsp-restream
          roles: [record]
        - path: rtsp://127.0.0.1:8554/front_sub
          input_args: preset-rtsp-restream
          roles: [detect]
  garage:
    ffmpeg:
      input_args: preset-rtsp-udp
      inputs:
        - path: rtsp://viewer:a@b/c#d%41@10.0.10.13/live
          roles: [detect, record]
  old:
    enabled: false
    ffmpeg: {inputs: [{path: rtsp://10.0.10.14/live, roles: [detect]}]}
  gate:
    ffmpeg: {inputs: [{path: rtsp://127.0.0.1:8554/converted, roles: [detect]}]}
  front_small:
    ffmpeg: {inputs: [{path: rtsp://127.0.0.1:8554/small, roles: [detect]}]}
  tape:
    ffmpeg: {inputs: [{path: rtsp://127.0.0.1:8554/tape, roles: [detect]}]}
  bell:
    ffmpeg: {inputs: [{path: http://10.0.10.15/flv, roles: [detect]}, {path: rtsp://10.0.10.15/a, roles: [audio]}]}
  roof:
    <<: {ffmpeg: {inputs: [{path: rtsps://10.0.10.16/live, roles: detect}]}}
`;
	const variables = { FRIGATE_RTSP_PASSWORD: "p@ss" };

	test("gives what is recorded as main stream, what is detected on as the grid's, and cameras behind go2rtc", () => {
		expect(written(FILE, { variables })).toEqual([
			{
				id: "back",
				name: "Back",
				url: "rtsp://10.0.10.10/cam/realmonitor?channel=1&subtype=2",
				main: "rtsp://10.0.10.10/live",
				user: "viewer",
				password: "p@ss",
			},
			{
				id: "front",
				name: "Puerta principal",
				url: "rtsp://10.0.10.11/stream2",
				main: "rtsp://10.0.10.11/stream1",
				user: "viewer",
				password: "p@ss",
			},
			{
				id: "garage",
				name: "Garage",
				url: "rtsp://10.0.10.13/live",
				user: "viewer",
				password: "a@b/c#d%41",
				transport: "udp",
			},
			{ id: "gate", name: "Gate", url: "rtsp://10.0.10.12/live" },
			{
				id: "front_small",
				name: "Front small",
				url: "rtsp://10.0.10.11/stream2",
				user: "viewer",
				password: "p@ss",
			},
			{ id: "roof", name: "Roof", url: "rtsps://10.0.10.16/live" },
		]);
		expect(notesOf(FILE, { variables })).toEqual([
			"cameras.garage.ffmpeg.inputs[0] password-as-written",
			"cameras.old disabled",
			"go2rtc.streams.tape source-kind",
			"cameras.tape.ffmpeg.inputs[0] restream-unknown",
			"cameras.bell.ffmpeg.inputs[0] source-kind",
			"cameras.bell.ffmpeg.inputs[1] source-no-video",
			"cameras.roof.ffmpeg.inputs[0] tls-not-verified",
		]);
	});

	test("takes variables of its own section, and no others of the environment than Frigate's", () => {
		const file = `environment_vars: {FRIGATE_USER: admin}
cameras:
  a: {ffmpeg: {inputs: [{path: "rtsp://{FRIGATE_USER}:{FRIGATE_PASS}@10.0.0.1/a", roles: [detect]}]}}
  b: {ffmpeg: {inputs: [{path: "rtsp://10.0.0.2/{CAM_PASS}", roles: [detect]}]}}
`;
		expect(written(file, { variables: { FRIGATE_USER: "other", FRIGATE_PASS: "x", CAM_PASS: "secret" } })).toEqual([
			{ id: "a", name: "A", url: "rtsp://10.0.0.1/a", user: "admin", password: "x" },
		]);
	});

	test("without the variable's value gives cameras without a login, and says which variable", () => {
		const [back] = importCameras(FILE).cameras;
		expect(back).toMatchObject({ id: "back", username: "viewer" });
		expect(back?.credentials).toBeUndefined();
		expect(notesOf(FILE)).toContain("cameras.back.ffmpeg.inputs[0] password-missing");
	});

	test("leaves out a larger stream with another login: a camera of the settings has one", () => {
		const file = `cameras:
  a:
    ffmpeg:
      inputs:
        - {path: "rtsp://u:1@10.0.0.1/main", roles: [record]}
        - {path: "rtsp://10.0.0.1/sub", roles: [detect]}
`;
		expect(written(file)).toEqual([{ id: "a", name: "A", url: "rtsp://10.0.0.1/sub" }]);
		expect(notesOf(file)).toEqual(["cameras.a streams-differ"]);
	});

	test("with tags of Home Assistant does not take a secret's name for the secret", () => {
		const file =
			"cameras:\n  a:\n    ffmpeg:\n      inputs:\n        - path: !secret cam_a\n          roles: [detect]\n";
		expect(notesOf(file)).toEqual(["line 5 tag-unknown", "cameras.a.ffmpeg.inputs[0] no-source"]);
	});
});

describe("a mediamtx.yml", () => {
	// After the sample file of MediaMTX.
	const FILE = `
rtspAddress: :8554
pathDefaults:
  sourceOnDemand: no
  rtspTransport: automatic
paths:
  my_camera:
    source: rtsp://my_camera
  yard/main:
    source: rtsp://admin:p%23ss@192.168.1.20:554/stream1
    rtspTransport: tcp
    sourceOnDemand: yes
    runOnReady: curl http://localhost
  yard/sub:
    source: rtsp://admin:p%23ss@192.168.1.20:554/stream2
    rtspTransport: tcp
  safe:
    source: rtsps://192.168.1.21/stream
    sourceFingerprint: 33949E05FFFB5FF3E8AA16F8213A6251B4D9363804BA53233C4DA9A46D6F2739
  tunnel:
    source: rtsp+http://192.168.1.22/stream
  cast:
    source: rtsp://192.168.1.23/stream
    sourceProtocol: multicast
  phone:
    source: publisher
  live:
  film:
    source: rtmp://192.168.1.24/live
  "~^proxy_(.+)$":
    source: rtsp://192.168.1.25/$G1
  lost:
    source: rtsp://192.168.1.26/$MTX_QUERY
  all_others:
`;

	test("gives the paths that are pulled from RTSP sources", () => {
		expect(written(FILE)).toEqual([
			{ id: "my_camera", name: "My camera", url: "rtsp://my_camera/" },
			{
				id: "yard",
				name: "Yard",
				url: "rtsp://192.168.1.20/stream2",
				main: "rtsp://192.168.1.20/stream1",
				user: "admin",
				password: "p#ss",
				transport: "tcp",
			},
			{
				id: "safe",
				name: "Safe",
				url: "rtsps://192.168.1.21/stream",
				tls: "sha256:33949e05fffb5ff3e8aa16f8213a6251b4d9363804ba53233c4da9a46d6f2739",
			},
			{ id: "tunnel", name: "Tunnel", url: "rtsp://192.168.1.22/stream", transport: "http" },
			{ id: "cast", name: "Cast", url: "rtsp://192.168.1.23/stream" },
		]);
		expect(notesOf(FILE)).toEqual([
			"paths.yard/main on-demand",
			"paths.cast transport-unknown",
			"paths.phone publisher",
			"paths.live publisher",
			"paths.film source-kind",
			"paths.~^proxy_(.+)$ path-pattern",
			"paths.lost variable-missing",
		]);
	});
});

describe("any file", () => {
	test.each([
		["", " unknown-kind"],
		["just text", " unknown-kind"],
		["[1, 2]", " unknown-kind"],
		["port: 8000", " unknown-kind"],
		["streams:", "streams section-empty"],
		["streams: {a: [}", "line 1 not-yaml"],
		["streams: *a", " not-yaml"],
		["streams: {a: null, b: 3, c: [], d: {e: f}}", "streams.a no-source"],
		["cameras: {a: b, c: {ffmpeg: {inputs: d}}}", "cameras.a no-source"],
	])("%j is told what is wrong with it", (text, note) => {
		const result = importCameras(text);
		expect(result.cameras).toEqual([]);
		expect(notesOf(text)).toContain(note);
		for (const language of ["en", "es"] as const) {
			expect(result.notes.map((entry) => noteText(entry, language)).join()).not.toMatch(/[{}]/);
		}
	});

	test("gets ids that no other camera has, the same every time", () => {
		const file =
			"streams: {Küche: rtsp://h/1, Kuche: rtsp://h/2, '***': rtsp://h/3, '_': rtsp://h/4, front: rtsp://h/5}";
		expect(written(file, { taken: ["front"] }).map(({ id, name }) => [id, name])).toEqual([
			["Kuche", "Küche"],
			["Kuche-2", "Kuche"],
			["camera", "***"],
			["camera-2", "camera-2"],
			["front-2", "Front"],
		]);
	});

	test("is cut to as many cameras as there may be", () => {
		const streams = Array.from({ length: MAX_IMPORTED_CAMERAS + 1 }, (_, index) => `  s${index}: rtsp://h/${index}`);
		const result = importCameras(`streams:\n${streams.join("\n")}\n`);
		expect(result.cameras).toHaveLength(MAX_IMPORTED_CAMERAS);
		expect(result.notes).toEqual([{ place: "streams", code: "too-many", values: { count: MAX_IMPORTED_CAMERAS } }]);
	});

	test("whose address would mean something else once written is not guessed at", () => {
		expect(notesOf("streams: {a: 'rtsps://cam/a@b.c'}")).toEqual(["streams.a source-invalid"]);
	});

	test("takes over what its maps merge, the nearest first", () => {
		const file = `a: &a {url: rtsp://h/1, x: y}
b: &b {url: rtsp://h/2}
c: &c {<<: [*b, *a]}
streams:
  one: {<<: *a}
  two: {<<: *c}
  three: {<<: *c, url: rtsp://h/3}
`;
		expect(written(file).map(({ url }) => url)).toEqual(["rtsp://h/1", "rtsp://h/2", "rtsp://h/3"]);
	});

	test("that merges one map over and over is refused before it fills the memory", () => {
		const keys = Array.from({ length: 5000 }, (_, index) => index.toString(36)).join();
		const merges = "- <<: *a\n".repeat(900);
		expect(notesOf(`a: &a {${keys}}\nstreams:\n${merges}`)).toEqual([" not-yaml"]);
	});

	test("beyond the bound is not read", () => {
		expect(notesOf("#".repeat(MAX_IMPORT_CHARS + 1))).toEqual([" too-large"]);
	});

	test("never makes it throw, shows no password, and gives cameras that the settings take", () => {
		const word = fc.constantFrom(
			..."rtsp:// rtsps:// rtspx:// ffmpeg: @ : / # ? % %40 { } ${A} {A} a admin 10.0.0.1 :554".split(" "),
		);
		const source = fc.oneof(
			fc.array(word, { maxLength: 8 }).map((words) => words.join("")),
			fc.array(word, { maxLength: 6 }).map((words) => `rtsp://u:s3cret${words.join("")}@192.0.2.7/x`),
			fc.string({ unit: "binary" }),
		);
		const key = fc.oneof(fc.constantFrom("a", "a_main", "a_sub", "cam1"), fc.string({ unit: "binary", maxLength: 12 }));
		const inputs = fc.array(
			fc.record({ path: source, roles: fc.subarray(["record", "detect", "audio"]) }, { requiredKeys: [] }),
		);
		const file = fc.oneof(
			fc.record({
				streams: fc.dictionary(
					key,
					fc.oneof(source, fc.array(source, { maxLength: 3 }), fc.record({ url: source })),
					FEW,
				),
			}),
			fc.record({
				cameras: fc.dictionary(key, fc.record({ ffmpeg: fc.record({ inputs }) }), FEW),
				go2rtc: fc.record({ streams: fc.dictionary(key, source, FEW) }),
			}),
			fc.record({ paths: fc.dictionary(key, fc.record({ source }), FEW) }),
			fc.jsonValue(),
		);
		fc.assert(
			fc.property(file, (value) => {
				const result = importCameras(stringify(value));
				asSettings(result);
				const told = JSON.stringify(result.notes.map(({ code, values }) => [code, values]));
				expect(told).not.toContain("s3cret");
				expect(JSON.stringify(result.cameras)).not.toContain("s3cret");
			}),
			{ numRuns: 60 },
		);
	});

	test("of any text never makes it throw", () => {
		const piece = fc.constantFrom(
			"streams:",
			"cameras:",
			"paths:",
			"\n",
			"  ",
			"- ",
			"a: ",
			"&x ",
			"*x",
			"<<: ",
			"{",
			"}",
			"[",
			"]",
			'"',
			"!t ",
			"rtsp://h",
		);
		fc.assert(
			fc.property(
				fc.oneof(
					fc.string({ unit: "binary" }),
					fc.array(piece).map((pieces) => pieces.join("")),
				),
				(text) => {
					importCameras(text);
				},
			),
		);
	});
});
