/**
 * The one schema of all settings. Whatever the place a value comes from, it arrives here as text (YAML: also as lists
 * and maps of text), so that a rule holds everywhere alike. `docs/settings.md` is held equal to it by a test.
 *
 * @module
 */
import { isIP } from "node:net";
import { cameraIdSchema } from "@vigia/api";
import { z } from "zod";
import { CAMERA_TEMPLATES, findTemplate } from "./camera-template.ts";
import { GO2RTC_URL_RULE, parseGo2rtcUrl } from "./go2rtc-url.ts";
import { iceServerListSchema, parseIceServers, withoutUndefined } from "./ice-servers.ts";
import { parseTlsPolicy, TLS_RULE } from "./tls-policy.ts";
import { isProxyName } from "./proxy-list.ts";

/** What people are told of a setting. */
export interface SettingDoc {
	/** What a right value is; completes "must be ...". */
	readonly rule: string;
	readonly summary: string;
	/** A right value as it is written in the environment. */
	readonly example: string;
	/** In words, where there is one. */
	readonly defaultText?: string;
	/** Command line: `--port`. */
	readonly flag?: string;
}

/** The most cameras that one server takes; more than any wall shows. */
const MAX_CAMERAS = 256;
/** More than the largest machines convert at once. */
const MAX_TRANSCODES = 64;

const documentation = z.registry<SettingDoc>();

/** What people are told of a setting of one of the schemas below. */
export function docOf(schema: z.ZodType): SettingDoc {
	const doc = documentation.get(schema);
	if (!doc) throw new Error("a setting has no documentation");
	return doc;
}

function documented<S extends z.ZodType>(schema: S, doc: SettingDoc): S {
	documentation.add(schema, doc);
	return schema;
}

function wholeNumber(min: number, max: number) {
	return z
		.string()
		.regex(/^\d{1,9}$/)
		.transform(Number)
		.pipe(z.number().min(min).max(max));
}

/** A host name (also with `_`, as some networks have them) or an IP address; IPv6 loses its brackets. */
const host = z
	.string()
	.transform((text) => text.replace(/^\[(.*)\]$/, "$1"))
	.refine(
		(text) =>
			isIP(text) !== 0 || /^(?=.{1,253}$)[A-Za-z0-9_]([\w-]*[\w])?(\.[A-Za-z0-9_]([\w-]*[\w])?)*\.?$/.test(text),
	);

/** The user name goes into a quoted header field, and neither name nor password has a place for line breaks. */
const credential = z.string().refine((text) => !/\p{Cc}/u.test(text));

/** A list in YAML, or one text with commas or spaces. */
function listOf<S extends z.ZodType<string, string>>(item: S) {
	const split = z.string().transform((text) => text.split(/[,\s]+/).filter((entry) => entry !== ""));
	return z.union([split, z.array(z.string())]).pipe(z.array(item));
}

const iceServers = z.union([
	iceServerListSchema.transform((servers) => servers.map(withoutUndefined)),
	z.string().transform((text, context) => {
		const servers = parseIceServers(text);
		if (servers) return servers;
		context.addIssue({ code: "custom" });
		return z.NEVER;
	}),
]);

const template = z.string().transform((text, context) => {
	const found = findTemplate(text);
	if (found !== undefined) return found;
	context.addIssue({ code: "custom" });
	return z.NEVER;
});

const go2rtcUrl = z.string().transform((text, context) => {
	const address = parseGo2rtcUrl(text);
	if (address) return address;
	context.addIssue({ code: "custom" });
	return z.NEVER;
});

const filePath = z.string().regex(/^[^\p{Cc}]{1,4096}$/u);

/** Not `//`, which is another site's address, and no `.` or `..`, which browsers resolve. A single `/` is no path. */
const basePath = z
	.string()
	.regex(/^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+){1,16}$|^\/?$/)
	.transform((path) => (path === "/" ? "" : path));

const transport = z.enum(["auto", "tcp", "udp", "http"]);
const TRANSPORT_RULE = "auto, tcp, udp or http";
const TRANSPORT_SUMMARY =
	"How this camera sends, where it needs another way than the others: see `RTSP_TRANSPORT`, which is the default.";

const scheme = z.enum(["rtsp", "rtsps"]);

const tls = z.string().transform((text, context) => {
	const policy = parseTlsPolicy(text);
	if (policy) return policy;
	context.addIssue({ code: "custom" });
	return z.NEVER;
});
const TLS_EXAMPLE = "sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865";
const TLS_SUMMARY =
	"What the certificate of an `rtsps` address must prove: `verify` takes those that this machine trusts, `sha256:...` exactly this one, `insecure` any (whoever sits between reads along), `legacy` also one over TLS 1.0 and with short keys. `vigia probe` shows the fingerprint.";

const TEMPLATE_RULE = `a maker (${Object.keys(CAMERA_TEMPLATES).join(", ")}) or a path with {channel} in it`;
const HOST_RULE = "a host name or an IP address, without scheme and port";
const CREDENTIAL_RULE = "text without line breaks and other control characters";

/** All settings but the list of cameras, by their names in the environment; in YAML the same in lower case. */
export const settingsSchema = z.object({
	PORT: documented(wholeNumber(0, 65_535).prefault("8000"), {
		rule: "a whole number from 0 to 65535",
		summary: "TCP port of the page and the API. 0 takes any free one.",
		example: "8080",
		defaultText: "8000",
		flag: "port",
	}),
	HOST: documented(host.prefault("0.0.0.0"), {
		rule: HOST_RULE,
		summary: "Address on which the page is served: `127.0.0.1` for this machine only.",
		example: "127.0.0.1",
		defaultText: "0.0.0.0, all IPv4 addresses",
		flag: "host",
	}),
	TLS_CERT: documented(filePath.optional(), {
		rule: "the path of a file",
		summary:
			"The certificate with which the page is served over HTTPS and HTTP/2, with its chain, in PEM. It is read again when it has been renewed. `TLS_KEY` belongs to it.",
		example: "/etc/vigia/fullchain.pem",
	}),
	TLS_KEY: documented(filePath.optional(), {
		rule: "the path of a file",
		summary: "The private key of `TLS_CERT`, in PEM, without a passphrase.",
		example: "/etc/vigia/privkey.pem",
	}),
	WEBRTC_PORT: documented(wholeNumber(0, 65_535).prefault("8555"), {
		rule: "a whole number from 0 to 65535",
		summary: "The one UDP port of all WebRTC media. 0 takes any free one.",
		example: "8555",
		defaultText: "8555",
		flag: "webrtc-port",
	}),
	WEBRTC_HOSTS: documented(listOf(host).prefault(""), {
		rule: "host names or IP addresses with commas between them",
		summary:
			"Addresses at which browsers reach the WebRTC port, besides this machine's own and the one the page was loaded from: a router's public address, for instance.",
		example: "203.0.113.7, camaras.example.org",
		defaultText: "none",
	}),
	ICE_SERVERS: documented(iceServers.prefault(""), {
		rule: "STUN and TURN servers, TURN with user and password: a short list, or a JSON array like a browser's iceServers",
		summary:
			"STUN and TURN servers for viewers behind firewalls. Each viewer's browser gets them with their passwords.",
		example: "stun:stun.example.org:3478, turn:user:password@turn.example.org:3478",
		defaultText: "none",
	}),
	ALLOW_ORIGINS: documented(
		listOf(z.string().regex(/^https?:\/\/(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i)).prefault(""),
		{
			rule: "origins (scheme, host, port; no path) with commas between them",
			summary: "Other sites whose pages may use the API from a browser.",
			example: "https://intranet.example.org",
			defaultText: "none",
		},
	),
	TRUST_PROXY: documented(listOf(z.string().refine(isProxyName)).prefault(""), {
		rule: "IP addresses and networks with commas between them, loopback (this machine) or private (private networks, too)",
		summary:
			"Reverse proxies whose `X-Forwarded-For`, `-Host`, `-Proto` and `Forwarded` are believed. Those of all others do not count, because anybody can write them. With it nobody counts as the machine itself: the camera settings open with their printed address only.",
		example: "127.0.0.1, 172.18.0.0/16",
		defaultText: "none",
	}),
	BASE_PATH: documented(basePath.prefault(""), {
		rule: "a path of letters, digits, -, _, . and ~ that begins with / and does not end with one",
		summary:
			"The path below which a reverse proxy shows the wall, where the proxy passes it on. For proxies that take the path away nothing has to be set. As for `TRUST_PROXY` the camera settings then open with their printed address only.",
		example: "/cams",
		defaultText: "none",
	}),
	PROTOCOL: documented(z.enum(["auto", "webrtc", "mse", "hls"]).prefault("auto"), {
		rule: "auto, webrtc, mse or hls",
		summary:
			"How pictures get to the browser: `auto` is the best way that works for each tile, in the order of WebRTC, Media Source Extensions, LL-HLS and still pictures. The others hold all tiles to one way; `?protocol=` in the page's address does so for one page.",
		example: "auto",
		defaultText: "auto",
	}),
	RTSP_TRANSPORT: documented(transport.prefault("auto"), {
		rule: TRANSPORT_RULE,
		summary:
			"How cameras send: `tcp` on the RTSP connection, `udp` in datagrams, `http` on an RTSP connection tunnelled through HTTP. `auto` tries them in this order, over TLS without `udp`, and remembers what worked.",
		example: "tcp",
		defaultText: "auto",
	}),
	RTSP_PORT: documented(wholeNumber(1, 65_535).optional(), {
		rule: "a whole number from 1 to 65535",
		summary:
			"TCP port on which recorders and players fetch the cameras from this server, instead of from the cameras: `rtsp://host:8554/cam1`, the large stream `rtsp://host:8554/cam1/main`. Without it there is no such port, because other programs often have it.",
		example: "8554",
	}),
	RTSP_USER: documented(credential.optional(), {
		rule: CREDENTIAL_RULE,
		summary: "User name that whoever fetches from `RTSP_PORT` must give; `RTSP_PASS` belongs to it.",
		example: "recorder",
	}),
	RTSP_PASS: documented(credential.optional(), {
		rule: CREDENTIAL_RULE,
		summary: "Password of `RTSP_USER`, written as it is. Without the two anybody may fetch the cameras.",
		example: "p@ss:w#rd%/ñ",
	}),
	TRANSCODE_MAX: documented(wholeNumber(0, MAX_TRANSCODES).prefault("2"), {
		rule: `a whole number from 0 to ${MAX_TRANSCODES}`,
		summary:
			"Streams that FFmpeg converts at the same time, for browsers that cannot play the camera's video: each takes up to a processor core. 0 converts none.",
		example: "4",
		defaultText: "2",
	}),
	FFMPEG: documented(filePath.prefault("ffmpeg"), {
		rule: "the path of a program, or its name",
		summary:
			"The FFmpeg program, by its path or by its name on `PATH`. It makes still pictures, and converts what a browser cannot play; without it everything else works.",
		example: "/usr/local/bin/ffmpeg",
		defaultText: "ffmpeg",
	}),
	GO2RTC_URL: documented(go2rtcUrl.optional(), {
		rule: GO2RTC_URL_RULE,
		summary:
			"The web address of a go2rtc that runs already: its streams become cameras, fetched over its RTSP port, and changes are followed. `front` and `front_sub` become one camera.",
		example: "http://192.168.1.5:1984",
	}),
	WEBRTC_ENGINE: documented(z.enum(["builtin", "go2rtc"]).prefault("builtin"), {
		rule: "builtin or go2rtc",
		summary:
			"Who plays over WebRTC: `go2rtc` is the one of `GO2RTC_URL` for its own streams, or without that one which Vigía starts itself, on UDP and TCP port `WEBRTC_PORT` + 1. Whenever it cannot, the built-in engine answers. The wall's page begins with the built-in one, goes over to go2rtc picture by picture, and is back when that ends.",
		example: "go2rtc",
		defaultText: "builtin",
	}),
	GO2RTC_BIN: documented(filePath.prefault("go2rtc"), {
		rule: "the path of a program, or its name",
		summary:
			"The go2rtc program that `WEBRTC_ENGINE=go2rtc` starts where there is no `GO2RTC_URL`, by its path or by its name on `PATH`.",
		example: "/usr/local/bin/go2rtc",
		defaultText: "go2rtc",
	}),
	LOG_LEVEL: documented(z.enum(["trace", "debug", "info", "warn", "error", "silent"]).prefault("info"), {
		rule: "trace, debug, info, warn, error or silent",
		summary: "How much is logged.",
		example: "debug",
		defaultText: "info",
		flag: "log-level",
	}),
	CAM_IP: documented(host.optional(), {
		rule: HOST_RULE,
		summary: "Address of a recorder (NVR) with several channels.",
		example: "192.168.1.108",
	}),
	CAM_PORT: documented(wholeNumber(1, 65_535).optional(), {
		rule: "a whole number from 1 to 65535",
		summary: "RTSP port of the recorder.",
		example: "554",
		defaultText: "554; with rtsps 322",
	}),
	CAM_SCHEME: documented(scheme.prefault("rtsp"), {
		rule: "rtsp or rtsps",
		summary: "`rtsps` for a recorder that is reached over TLS.",
		example: "rtsps",
		defaultText: "rtsp",
	}),
	CAM_TLS: documented(tls.optional(), {
		rule: TLS_RULE,
		summary: TLS_SUMMARY,
		example: TLS_EXAMPLE,
		defaultText: "verify",
	}),
	CAM_USER: documented(credential.optional(), {
		rule: CREDENTIAL_RULE,
		summary: "User name on the recorder.",
		example: "admin",
	}),
	CAM_PASS: documented(credential.optional(), {
		rule: CREDENTIAL_RULE,
		summary: "Password on the recorder, written as it is: nothing in it is escaped.",
		example: "p@ss:w#rd%/ñ",
	}),
	TOTAL_CAMERAS: documented(wholeNumber(1, MAX_CAMERAS).prefault("16"), {
		rule: `a whole number from 1 to ${MAX_CAMERAS}`,
		summary: "The recorder's channels 1 to this number are shown.",
		example: "16",
		defaultText: "16",
	}),
	CAM_TEMPLATE: documented(template.prefault("dahua"), {
		rule: TEMPLATE_RULE,
		summary: "Who made the recorder, or the paths of its streams.",
		example: "hikvision",
		defaultText: "dahua",
	}),
});
export type SettingValues = z.infer<typeof settingsSchema>;

const url = z.string().min(1);
const URL_RULE = "an RTSP address";
const URL_EXAMPLE = "rtsp://192.168.1.20:554/stream2";
const cameraName = z.string().regex(/^[^\p{Cc}]{1,100}$/u);
const NAME_RULE = "a name of at most 100 characters";

/** What may stand behind `CAMERA_1_`, `CAMERA_2_` and so on. */
export const cameraVariablesSchema = z.object({
	URL: documented(url.optional(), {
		rule: URL_RULE,
		summary: "The stream for the grid. User and password may be in it.",
		example: URL_EXAMPLE,
	}),
	MAIN_URL: documented(url.optional(), {
		rule: URL_RULE,
		summary: "The larger stream, for the enlarged camera. Without it the one of the grid is enlarged.",
		example: "rtsp://192.168.1.20:554/stream1",
	}),
	NAME: documented(cameraName.optional(), {
		rule: NAME_RULE,
		summary: "What the wall calls the camera. Names a channel of the recorder too.",
		example: "Entrada",
	}),
	USER: documented(credential.optional(), {
		rule: CREDENTIAL_RULE,
		summary: "User name on the camera.",
		example: "admin",
	}),
	PASS: documented(credential.optional(), {
		rule: CREDENTIAL_RULE,
		summary: "Password on the camera, written as it is.",
		example: "p@ss:w#rd%/ñ",
	}),
	TRANSPORT: documented(transport.optional(), { rule: TRANSPORT_RULE, summary: TRANSPORT_SUMMARY, example: "udp" }),
	TLS: documented(tls.optional(), {
		rule: TLS_RULE,
		summary: TLS_SUMMARY,
		example: TLS_EXAMPLE,
		defaultText: "verify",
	}),
});
export type CameraVariable = keyof typeof cameraVariablesSchema.shape;

/** One entry of `cameras` in YAML: an address by `url`, or by `host` and `template`. */
export const yamlCameraSchema = z.strictObject({
	id: documented(
		z
			.string()
			.refine((text) => cameraIdSchema.safeParse(text).success)
			.optional(),
		{
			rule: "letters, digits, - and _, at most 64 of them",
			summary: "Names the camera in addresses of the API. By default `cam1`, `cam2`, ... by its place.",
			example: "front-door",
		},
	),
	name: documented(cameraName.optional(), {
		rule: NAME_RULE,
		summary: "What the wall calls the camera.",
		example: "Front door",
	}),
	url: documented(url.optional(), { rule: URL_RULE, summary: "The stream for the grid.", example: URL_EXAMPLE }),
	main: documented(url.optional(), {
		rule: URL_RULE,
		summary: "The larger stream, for the enlarged camera.",
		example: "rtsp://192.168.1.20:554/stream1",
	}),
	host: documented(host.optional(), {
		rule: HOST_RULE,
		summary: "Instead of `url`: the address.",
		example: "192.168.1.20",
	}),
	port: documented(wholeNumber(1, 65_535).optional(), {
		rule: "a whole number from 1 to 65535",
		summary: "With `host`: the RTSP port.",
		example: "554",
		defaultText: "554; with rtsps 322",
	}),
	scheme: documented(scheme.optional(), {
		rule: "rtsp or rtsps",
		summary: "With `host`: `rtsps` where it is reached over TLS.",
		example: "rtsps",
		defaultText: "rtsp",
	}),
	template: documented(template.optional(), {
		rule: TEMPLATE_RULE,
		summary: "With `host`: who made the camera, or the paths of its streams.",
		example: "reolink",
		defaultText: "dahua",
	}),
	channel: documented(wholeNumber(1, MAX_CAMERAS).optional(), {
		rule: `a whole number from 1 to ${MAX_CAMERAS}`,
		summary: "With `host`: the channel.",
		example: "1",
		defaultText: "1",
	}),
	user: documented(credential.optional(), {
		rule: CREDENTIAL_RULE,
		summary: "User name on the camera.",
		example: "admin",
	}),
	password: documented(credential.optional(), {
		rule: CREDENTIAL_RULE,
		summary: "Password on the camera; between single quotes where YAML would read its characters otherwise.",
		example: "'p@ss:w#rd%/ñ'",
	}),
	transport: documented(transport.optional(), { rule: TRANSPORT_RULE, summary: TRANSPORT_SUMMARY, example: "udp" }),
	tls: documented(tls.optional(), {
		rule: TLS_RULE,
		summary: TLS_SUMMARY,
		example: TLS_EXAMPLE,
		defaultText: "verify",
	}),
	serial: documented(
		z
			.string()
			.regex(/^[^\p{Cc}]{6,64}$/u)
			.optional(),
		{
			rule: "a serial number of 6 to 64 characters",
			summary:
				"The device's serial number by ONVIF. A camera that is out of reach for a minute is then looked for in the network, and its new address written here when it plays there.",
			example: "7F0A11PAZ00123",
		},
	),
	found_at: documented(host.optional(), {
		rule: HOST_RULE,
		summary:
			"Written by Vigía with a new address that it found itself: there the password is not sent readable (Basic). It ends when the address or the password is entered by hand; in the file, take this line out.",
		example: "192.168.1.66",
	}),
});
export type YamlCamera = z.infer<typeof yamlCameraSchema>;
