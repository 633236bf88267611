/** The server below a path of Debian's nginx, as programs that are no browsers see it: whatever is named in answers is there. */
import { parseServerMessage, WALL_PROTOCOL_VERSION } from "@vigia/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { eventually } from "../support/eventually.ts";
import { type Nginx, NGINX_IS_THERE, startNginx } from "../support/nginx.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const MODES = [
	{ path: "/cams", keepsPath: false },
	{ path: "/cams", keepsPath: true },
	{ path: "/home/cams", keepsPath: false },
];

let server: ServerProcess;

beforeAll(async () => {
	if (!NGINX_IS_THERE) return;
	server = await startServer({ BASE_PATH: "/cams" });
	await eventually("cam1 is live", async () => (await server.cameras())[0]?.state === "live");
});

afterAll(() => server?.[Symbol.asyncDispose]());

const open = (mode: { readonly path: string; readonly keepsPath: boolean }): Promise<Nginx> =>
	startNginx({ upstream: server.url, upgrade: true, ...mode });

test.skipIf(!NGINX_IS_THERE).for(MODES)("the page and its assets are below the path: %j", async (mode) => {
	await using nginx = await open(mode);
	const page = await fetch(nginx.url);
	// Without its last slash it would look for everything one folder too high.
	expect(page.url).toBe(`${nginx.url}/`);
	const html = await page.text();
	const names = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name = ""]) => name);
	expect(names.length).toBeGreaterThan(2);
	for (const name of names) {
		const { status, url } = await fetch(new URL(name, page.url));
		expect([status, url.startsWith(`${nginx.url}/`)]).toEqual([200, true]);
	}
});

test.skipIf(!NGINX_IS_THERE).for(MODES)("the wall's link opens, also from a page: %j", async (mode) => {
	await using nginx = await open(mode);
	const { origin } = new URL(nginx.url);
	const socket = new WebSocket(`${nginx.url.replace("http", "ws")}/api/wall`, { origin });
	socket.on("open", () => {
		socket.send(JSON.stringify({ type: "hello", version: WALL_PROTOCOL_VERSION, webrtc: ["h264"], mse: [] }));
	});
	const first = await new Promise<string>((resolve, reject) => {
		socket.once("message", (data: Buffer) => resolve(data.toString("utf8"))).once("error", reject);
	});
	socket.terminate();
	expect(parseServerMessage(first)).toMatchObject({ ok: true, message: { type: "welcome" } });
});

test.skipIf(!NGINX_IS_THERE).for(MODES)("HLS playlists lead to their parts: %j", async (mode) => {
	await using nginx = await open(mode);
	let address = `${nginx.url}/hls/cam1/stream.m3u8`;
	for (let depth = 0; depth < 3; depth++) {
		const answer = await fetch(address);
		expect([answer.status, address.startsWith(`${nginx.url}/hls/`)]).toEqual([200, true]);
		const type = answer.headers.get("content-type") ?? "";
		if (!type.includes("mpegurl")) return expect(type).toBe("video/mp4");
		const text = await answer.text();
		const next = /#EXT-X-MAP:URI="([^"]+)"/.exec(text)?.[1] ?? /^[^#\s].*$/m.exec(text)?.[0];
		address = new URL(next ?? "", address).href;
	}
	expect.unreachable("no media");
});

/** An offer as a browser makes it, cut to what has to be there. */
const OFFER = [
	"v=0",
	"o=- 1 1 IN IP4 127.0.0.1",
	"s=-",
	"t=0 0",
	"a=group:BUNDLE 0",
	"m=video 9 UDP/TLS/RTP/SAVPF 102",
	"c=IN IP4 0.0.0.0",
	"a=ice-ufrag:abcd",
	"a=ice-pwd:abcdefghijklmnopqrstuvwx",
	`a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => "AB").join(":")}`,
	"a=setup:actpass",
	"a=mid:0",
	"a=recvonly",
	"a=rtcp-mux",
	"a=rtpmap:102 H264/90000",
	"a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	"",
].join("\r\n");

test.skipIf(!NGINX_IS_THERE).for(MODES)("a WHEP session is where its Location says: %j", async (mode) => {
	await using nginx = await open(mode);
	const endpoint = `${nginx.url}/api/cameras/cam1/whep?stream=sub`;
	const headers = { "content-type": "application/sdp" };
	const answer = await fetch(endpoint, { method: "POST", headers, body: OFFER });
	expect([answer.status, await answer.text()]).toEqual([201, expect.stringContaining("a=sendonly")]);
	const session = new URL(answer.headers.get("location") ?? "", endpoint).href;
	expect(session.startsWith(`${nginx.url}/api/cameras/cam1/whep/`)).toBe(true);
	expect((await fetch(session, { method: "DELETE" })).status).toBe(200);
	expect((await fetch(session, { method: "DELETE" })).status).toBe(404);
});
