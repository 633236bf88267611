/** The wall in Chromium outside of the NAT that the server is behind, with nothing set: as in Docker with published ports. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../scripts/run.ts";
import { launchChromium } from "../support/browser.ts";
import type { Child } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { BRIDGE, CONTAINER, MACHINE, NAT_IS_POSSIBLE, NatNetwork } from "../support/nat.ts";
import { allLiveOn, withPage } from "../support/wall.ts";

const TURN_IS_THERE = spawnSync("turnserver", ["--version"], { stdio: "ignore" }).error === undefined;
if (!TURN_IS_THERE) console.log("SKIPPED: coturn is not installed (Debian: coturn)");

const TURN_PASSWORD = "only-for-this-test";

let network: NatNetwork;

beforeAll(async () => {
	if (NAT_IS_POSSIBLE) network = await NatNetwork.open();
});

afterAll(() => network?.[Symbol.asyncDispose]());

/** Opens the wall outside, and says how long it took until all tiles were live on that rung; `then` looks further. */
async function seeAllOn(rung: string, what: string, then?: (page: Page) => Promise<void>): Promise<void> {
	const browser = await launchChromium(network.chromium);
	try {
		await withPage(browser, network.url, async (page) => {
			console.log(`${what}: ${rung} live after ${Math.round(await allLiveOn(page, rung))} ms`);
			await then?.(page);
		});
	} finally {
		await browser.close();
	}
}

test.skipIf(!NAT_IS_POSSIBLE)(
	"with the published ports alone there is WebRTC, and MSE where UDP is blocked",
	async () => {
		await using stack = new AsyncDisposableStack();
		stack.use(await network.startServer());
		await seeAllOn("webrtc", "DNAT");
		network.blockUdp();
		try {
			await seeAllOn("mse", "DNAT, UDP blocked");
		} finally {
			network.allowUdp();
		}
	},
);

// docs/design/0007-turn.md
test.skipIf(!NAT_IS_POSSIBLE || !TURN_IS_THERE)("where UDP is blocked TURN over TCP brings WebRTC", async () => {
	const turn = { urls: `turn:${MACHINE}:3478?transport=tcp`, username: "vigia", credential: TURN_PASSWORD };
	const ICE_SERVERS = JSON.stringify([turn]);
	await using stack = new AsyncDisposableStack();
	stack.use(await network.startServer({ ICE_SERVERS }));
	const directory = mkdtempSync(join(tmpdir(), "vigia-turn-"));
	stack.defer(() => rmSync(directory, { recursive: true, force: true }));
	stack.use(await startTurn(directory));
	network.blockUdp();
	try {
		await seeAllOn("webrtc", "TURN over TCP", (page) => playWhep(page, turn));
	} finally {
		network.allowUdp();
	}
	// What deploy/compose.turn.yml promises: whoever knows the password gets no further than Vigía.
	const credentials = ["-u", "vigia", "-w", TURN_PASSWORD];
	const stranger = ["turnutils_uclient", "-t", "-v", ...credentials, "-e", MACHINE, "-r", "22", "-n", "1", MACHINE];
	expect(await network.outside("sh", ["-c", '"$@" 2>&1 || true', "sh", ...stranger])).toContain("403 (Forbidden IP)");
});

/** A WHEP player, whose offer has the relay's candidate inside, and who nominates: the roles are the other way round. */
async function playWhep(page: Page, turn: RTCIceServer): Promise<void> {
	await page.evaluate(async (server) => {
		const peer = new RTCPeerConnection({ iceServers: [server] });
		Object.assign(window, { player: peer });
		peer.addTransceiver("video", { direction: "recvonly" });
		await peer.setLocalDescription();
		while (peer.iceGatheringState !== "complete") {
			await new Promise((resolve) => peer.addEventListener("icegatheringstatechange", resolve, { once: true }));
		}
		const headers = { "content-type": "application/sdp" };
		const body = peer.localDescription?.sdp ?? "";
		const answer = await fetch("/api/cameras/cam1/whep", { method: "POST", headers, body });
		await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
	}, turn);
	await eventually("a WHEP player decodes pictures over TURN", () =>
		page.evaluate(async () => {
			const { player } = window as unknown as { player: RTCPeerConnection };
			return [...(await player.getStats()).values()].some(({ framesDecoded }) => framesDecoded > 0);
		}),
	);
}

/** Beside the container, as deploy/compose.turn.yml has it, with the configuration that it gives. */
async function startTurn(directory: string): Promise<Child> {
	const example = readFileSync(join(ROOT, "deploy/coturn/turnserver.conf.example"), "utf8");
	const configuration = example
		.replace("user=vigia:CHANGE-ME", `user=vigia:${TURN_PASSWORD}`)
		.replace(/^relay-ip=.*$/m, `relay-ip=${BRIDGE}`)
		.replace(/^allowed-peer-ip=.*$/m, `allowed-peer-ip=${CONTAINER}`)
		.replace(/^pidfile=.*$/m, `pidfile=${join(directory, "pid")}`);
	const file = join(directory, "turnserver.conf");
	writeFileSync(file, configuration, { mode: 0o600 });
	const turn = network.start("turnserver", ["-c", file, `--userdb=${join(directory, "turndb")}`]);
	await turn.until("coturn listens", () => accepts());
	return turn;
}

/** Somebody takes TCP connections at the TURN port. */
async function accepts(): Promise<boolean> {
	await network.outside("bash", ["-c", `exec 3<>/dev/tcp/${MACHINE}/3478`]);
	return true;
}
