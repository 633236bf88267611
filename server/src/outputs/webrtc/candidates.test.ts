import { expect, test } from "vitest";
import { advertisedHosts, MAX_HOST_CANDIDATES, rewriteHostCandidates } from "./candidates.ts";

const SDP = [
	"v=0",
	"s=-",
	"m=video 5000 UDP/TLS/RTP/SAVPF 96",
	"a=mid:0",
	"a=ice-ufrag:abcd",
	"a=ice-pwd:secretsecretsecretsecret",
	"a=candidate:1 1 UDP 2114977791 172.17.0.2 8555 typ host",
	"a=candidate:2 1 UDP 1678769919 203.0.113.7 8555 typ srflx raddr 0.0.0.0 rport 0",
	"a=end-of-candidates",
	"m=video 5000 UDP/TLS/RTP/SAVPF 96",
	"a=mid:1",
	"a=ice-ufrag:abcd",
	"a=ice-pwd:secretsecretsecretsecret",
	"",
].join("\r\n");

const candidatesOf = (sdp: string): string[] => sdp.split("\r\n").filter((line) => line.startsWith("a=candidate"));

const interfaceAddresses = (): string[] => ["172.17.0.2", "fd00::2", "127.0.0.1"];
let asked: string[] = [];
const resolve = async (name: string): Promise<string[]> => {
	asked.push(name);
	return name === "nvr.lan" ? ["192.168.1.5", "fd00::5"] : [];
};

test("host candidates are written anew, best first; those of STUN and TURN servers stay", () => {
	const sdp = rewriteHostCandidates(SDP, ["192.168.1.5", "fd00::5"], 8555);
	expect(candidatesOf(sdp)).toEqual([
		"a=candidate:h1 1 UDP 2130706431 192.168.1.5 8555 typ host",
		"a=candidate:h2 1 UDP 2130706175 fd00::5 8555 typ host",
		"a=candidate:2 1 UDP 1678769919 203.0.113.7 8555 typ srflx raddr 0.0.0.0 rport 0",
	]);
	expect(sdp.indexOf("a=candidate:h1")).toBeLessThan(sdp.indexOf("a=end-of-candidates"));
	expect(sdp.replace(/a=candidate.*\r\n/g, "")).toBe(SDP.replace(/a=candidate.*\r\n/g, ""));
});

test("a description without ICE is left as it is", () => {
	expect(rewriteHostCandidates("v=0\r\n", ["192.168.1.5"], 8555)).toBe("v=0\r\n");
});

test("the page's host comes first, then WEBRTC_HOSTS, then the interfaces, each once", async () => {
	asked = [];
	const hosts = await advertisedHosts({
		pageHost: "127.0.0.1",
		webrtcHosts: ["nvr.lan", "198.51.100.9", "172.17.0.2"],
		resolve,
		interfaceAddresses,
	});
	expect(hosts).toEqual(["127.0.0.1", "192.168.1.5", "fd00::5", "198.51.100.9", "172.17.0.2", "fd00::2"]);
	expect(asked).toEqual(["nvr.lan"]);
});

test("IPv6 hosts lose their brackets; a name that cannot be resolved here is offered as it is", async () => {
	const hosts = await advertisedHosts({
		pageHost: "[2001:db8::1]",
		webrtcHosts: ["vigia.local"],
		resolve,
		interfaceAddresses: () => [],
	});
	expect(hosts).toEqual(["2001:db8::1", "vigia.local"]);
});

test("what is no host name never reaches the description", async () => {
	const webrtcHosts = ["a b", "x\r\na=evil", "", "-bad", "a..b", "x".repeat(300), "999.1.1.1:80"];
	expect(await advertisedHosts({ pageHost: undefined, webrtcHosts, resolve, interfaceAddresses: () => [] })).toEqual(
		[],
	);
});

test("the number of candidates is bounded", async () => {
	const many = (): string[] => Array.from({ length: 100 }, (_, i) => `10.0.0.${i}`);
	const hosts = await advertisedHosts({ pageHost: "192.0.2.1", webrtcHosts: [], resolve, interfaceAddresses: many });
	expect(hosts).toHaveLength(MAX_HOST_CANDIDATES);
	expect(hosts[0]).toBe("192.0.2.1");
});

test("the interfaces of this machine come with loopback last and without link-local addresses", async () => {
	const hosts = await advertisedHosts({ pageHost: undefined, webrtcHosts: [], resolve });
	expect(hosts).toContain("127.0.0.1");
	expect(hosts.some((host) => host.startsWith("fe80:"))).toBe(false);
	expect(hosts.filter((host) => host !== "127.0.0.1" && host !== "::1").length).toBeLessThanOrEqual(
		hosts.indexOf("127.0.0.1"),
	);
});
