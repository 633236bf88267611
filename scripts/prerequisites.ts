/** What `npm test` needs of the machine besides Node: looked for, and on Debian as root installed. @module */
import { existsSync, readFileSync } from "node:fs";
import { capture, findProgram, run } from "./run.ts";

interface Prerequisite {
	readonly name: string;
	/** Debian packages that bring it. */
	readonly packages: readonly string[];
	/** Without it `npm test` stops; without an optional one its tests are printed as skipped. */
	readonly required: boolean;
	/** Its package begins to serve at once where systemd runs: there it is left to whoever owns the machine. */
	readonly isService?: boolean;
	readonly present: () => Promise<boolean>;
}

/** Python's GObject bindings belong to the system's own interpreter. */
const SYSTEM_PYTHON = "/usr/bin/python3";
const GST_SCRIPT = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer";
/** The elements that the interoperability tests build their pipelines from. */
const GST_ELEMENTS = [
	...["videotestsrc", "x264enc", "x265enc", "jpegenc", "voaacenc", "mulawenc", "opusenc", "rtph264pay"],
	...["matroskademux", "h265parse", "mpeg4videoparse", "jpegparse"],
];

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
	return (await capture(command, args)).code === 0;
}

async function allTrue(checks: readonly Promise<boolean>[]): Promise<boolean> {
	return (await Promise.all(checks)).every(Boolean);
}

const PREREQUISITES: readonly Prerequisite[] = [
	{
		name: "Chromium",
		packages: ["chromium"],
		required: true,
		present: async () => (await findProgram("chromium")) !== undefined,
	},
	{
		name: "FFmpeg",
		packages: ["ffmpeg"],
		required: true,
		present: async () => (await findProgram("ffmpeg")) !== undefined && (await findProgram("ffprobe")) !== undefined,
	},
	{
		name: "a font",
		packages: ["fontconfig", "fonts-dejavu-core"],
		required: false,
		present: async () => (await capture("fc-list", [])).output.includes("DejaVu"),
	},
	{
		name: "GStreamer's RTSP server",
		packages: [
			"gir1.2-gst-rtsp-server-1.0",
			"gstreamer1.0-plugins-base",
			"gstreamer1.0-plugins-good",
			"gstreamer1.0-plugins-bad",
			"gstreamer1.0-plugins-ugly",
			"gstreamer1.0-tools",
			"python3-gi",
		],
		required: false,
		present: () =>
			allTrue([
				succeeds(SYSTEM_PYTHON, ["-c", GST_SCRIPT]),
				...GST_ELEMENTS.map((element) => succeeds("gst-inspect-1.0", ["--exists", element])),
			]),
	},
	{
		name: "nginx",
		packages: ["nginx-light"],
		required: false,
		present: async () => (await findProgram("nginx")) !== undefined,
	},
	{
		name: "OpenSSL",
		packages: ["openssl"],
		required: false,
		present: async () => (await findProgram("openssl")) !== undefined,
	},
	{
		name: "ShellCheck",
		packages: ["shellcheck"],
		required: false,
		present: async () => (await findProgram("shellcheck")) !== undefined,
	},
	{
		name: "coturn",
		packages: ["coturn"],
		required: false,
		isService: true,
		present: async () => (await findProgram("turnserver")) !== undefined,
	},
	{
		name: "Firefox ESR",
		packages: ["firefox-esr"],
		required: false,
		present: async () => (await findProgram("firefox-esr")) !== undefined,
	},
	{
		// Their tests also take root; without it they say so themselves.
		name: "what blocks and impairs networks",
		packages: ["iproute2", "nftables", "python3"],
		required: false,
		present: async () => (await findProgram("ip")) !== undefined && (await findProgram("nft")) !== undefined,
	},
];

function isDebian(): boolean {
	try {
		return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync("/etc/os-release", "utf8"));
	} catch {
		return false;
	}
}

async function missing(): Promise<Prerequisite[]> {
	const present = await Promise.all(PREREQUISITES.map((prerequisite) => prerequisite.present()));
	return PREREQUISITES.filter((_, index) => present[index] !== true);
}

async function install(absent: readonly Prerequisite[]): Promise<void> {
	const env = { DEBIAN_FRONTEND: "noninteractive" };
	const get = (packages: readonly string[]): Promise<number> =>
		run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], env);
	const all = absent.flatMap(({ packages }) => packages);
	console.log(`Installing for the tests: ${all.join(" ")}`);
	if ((await run("apt-get", ["update", "-qq"], env)) !== 0 || (await get(all)) === 0) return;
	// A release that lacks one package gets the others: Ubuntu has no firefox-esr.
	for (const { packages } of absent) await get(packages);
}

/**
 * Makes sure of what the tests need. As root on Debian or Ubuntu it installs what is missing; elsewhere it names it.
 * Gives `false` where a required one is still missing.
 */
export async function ensurePrerequisites(): Promise<boolean> {
	let absent = await missing();
	const wanted = absent.filter(({ isService = false }) => !isService || !existsSync("/run/systemd/system"));
	if (wanted.length > 0 && process.getuid?.() === 0 && isDebian()) {
		await install(wanted);
		absent = await missing();
	}
	for (const { name, packages } of absent.filter(({ required }) => !required)) {
		console.log(`${name} is missing: its tests are skipped. To run them: apt-get install ${packages.join(" ")}`);
	}
	const needed = absent.filter(({ required }) => required);
	if (needed.length === 0) return true;
	const names = needed.map(({ name }) => name).join(" and ");
	console.error(`The tests need ${names}. Install: ${needed.flatMap(({ packages }) => packages).join(" ")}`);
	return false;
}
