/**
 * Finds cameras again that DHCP gave another address: by the serial number in `vigia.yaml`, once they have been out of
 * reach for a while, and writes their new address there when they play at it.
 *
 * @module
 */
import { createHmac, randomBytes } from "node:crypto";
import { BlockList, isIPv4 } from "node:net";
import type { CameraStatus } from "@vigia/api";
import type { CameraSettings, StreamAddress } from "../config/settings.ts";
import { parseAddressRange } from "../discovery/address-range.ts";
import { hasSecretPath, identifyDevice } from "../discovery/describe-device.ts";
import type { DiscoveredDevice } from "../discovery/device-table.ts";
import { discover, type DiscoverOptions } from "../discovery/discover.ts";
import { findMovedDevices, type KnownDevice, type SeenDevice, serialKey } from "../discovery/moved-devices.ts";
import type { OnvifAddress } from "../discovery/onvif-address.ts";
import { OnvifError, type OnvifErrorCode } from "../discovery/onvif-error.ts";
import type { Logger } from "../observe/log.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { MAX_REFUSED_CHANNELS } from "../sources/auth-guard.ts";
import { IN_REACH } from "../sources/retry-policy.ts";
import { type TrialOptions, type TrialResult, tryAddress } from "./address-trial.ts";

/** How often it is looked whether a camera is lost, in ms. */
const LOOK_EVERY_MS = 15_000;
/** A camera that restarts is back sooner, in ms. */
export const LOST_AFTER_MS = 60_000;
/** Between searches, in ms: each asks the whole network, and most lost cameras are simply without power. */
export const SEARCH_EVERY_MS = 300_000;
/** Devices that are asked who they are in one search: those of a network that no camera of the settings is at. */
const MAX_ASKED_DEVICES = 64;
/** Networks of lost cameras that are asked address by address, for where multicast does not get through. */
const MAX_NETWORKS = 4;
/** Of one device, at its new address: a recorder's channel may have no camera. */
const MAX_TRIED_CAMERAS = 4;
/** Logins that are not tried again at a device; the oldest are forgotten first. */
const MAX_REFUSED = 1024;

/** The users of its ONVIF may be others than those of its streams. */
const REFUSALS: ReadonlySet<OnvifErrorCode> = new Set(["auth-refused", "credentials-needed"]);
/** The device is there, and does not tell its serial number. */
const WITHOUT_ANSWER: ReadonlySet<OnvifErrorCode> = new Set([
	"not-permitted",
	"clock-refused",
	"not-supported",
	"device-fault",
]);

const privateNetworks = new BlockList();
for (const [net, prefix] of [
	["10.0.0.0", 8],
	["172.16.0.0", 12],
	["192.168.0.0", 16],
	["169.254.0.0", 16],
] as const) {
	privateNetworks.addSubnet(net, prefix);
}

export interface DeviceMove {
	readonly serial: string;
	/** The host in the settings. */
	readonly from: string;
	/** Where the device is now. */
	readonly to: string;
}

export interface MovedCamerasOptions {
	readonly clock: Clock;
	/** Those of the settings, as they are now. */
	readonly cameras: () => readonly CameraSettings[];
	readonly statuses: () => readonly CameraStatus[];
	/** As the wall opens them. */
	readonly openSource: TrialOptions["openSource"];
	/** These, and no others, are where their password would have to be sent readable: a person has to say so. */
	readonly onUnconfirmed: (cameraIds: ReadonlySet<string>) => void;
	/** Changes the settings. */
	readonly move: (move: DeviceMove) => Promise<void>;
	readonly log: Pick<Logger, "info" | "warn">;
	/** Ends a search. */
	readonly signal: AbortSignal;
	/** For tests: where is searched. */
	readonly discovery?: Pick<DiscoverOptions, "interfaces" | "port" | "range">;
}

interface LostDevice extends KnownDevice {
	readonly serial: string;
	/** One at least. */
	readonly cameras: readonly CameraSettings[];
}

export class MovedCameras implements Disposable {
	readonly #options: MovedCamerasOptions;
	#timer: Timer | undefined;
	/** By camera. */
	readonly #inReachAtMs = new Map<string, number>();
	#nextSearchMs = 0;
	#isSearching = false;
	/**
	 * Passwords are not tried twice on a device that is another one, over ONVIF and over RTSP: it would lock. Over RTSP it
	 * is two cameras of it that prove this, because one may be a channel that this user may not see.
	 */
	readonly #refusedOnvif = new Map<string, true>();
	readonly #refusedCameras = new Map<string, Set<string>>();
	readonly #key = randomBytes(32);

	constructor(options: MovedCamerasOptions) {
		this.#options = options;
	}

	/** Looks from time to time, until this is disposed of. */
	start(): void {
		this.#timer = this.#options.clock.after(LOOK_EVERY_MS, () => {
			this.start();
			this.#look();
		});
	}

	[Symbol.dispose](): void {
		this.#timer?.cancel();
	}

	#look(): void {
		const { clock, log } = this.#options;
		const nowMs = clock.nowMs();
		const lost = this.#lostDevices(nowMs);
		if (lost.length === 0 || nowMs < this.#nextSearchMs || this.#isSearching) return;
		this.#nextSearchMs = nowMs + SEARCH_EVERY_MS;
		this.#isSearching = true;
		this.#search(lost)
			.catch((error: unknown) => log.warn({ error }, "lost cameras could not be searched for"))
			.finally(() => (this.#isSearching = false));
	}

	#lostDevices(nowMs: number): LostDevice[] {
		const { cameras, statuses } = this.#options;
		const states = new Map(statuses().map(({ id, state }) => [id, state]));
		for (const id of this.#inReachAtMs.keys()) if (!states.has(id)) this.#inReachAtMs.delete(id);
		const devices = new Map<string, LostDevice>();
		for (const camera of cameras()) {
			const { id, serial } = camera;
			const [address] = Object.values(camera.streams);
			const state = states.get(id);
			if (serialKey(serial) === undefined || serial === undefined || !address || state === undefined) continue;
			if (IN_REACH.has(state) || !this.#inReachAtMs.has(id)) this.#inReachAtMs.set(id, nowMs);
			const key = `${serialKey(serial)} ${address.host}`;
			const isLost = nowMs - (this.#inReachAtMs.get(id) ?? nowMs) >= LOST_AFTER_MS;
			const others = devices.get(key)?.cameras ?? [];
			if (isLost) devices.set(key, { serial, host: address.host, cameras: [...others, camera] });
		}
		return [...devices.values()];
	}

	async #search(lost: readonly LostDevice[]): Promise<void> {
		const { clock, signal, discovery, onUnconfirmed, log } = this.#options;
		const { devices } = await discover({ clock, signal, range: networksOf(lost), ...discovery });
		const seen: SeenDevice[] = [];
		for (const device of devices.slice(0, MAX_ASKED_DEVICES)) seen.push(...(await this.#identify(device, lost)));
		const unconfirmed = new Set<string>();
		for (const { device, host } of findMovedDevices(lost, seen)) {
			try {
				const result = await this.#tryAt(device, host);
				if (result === "plays") await this.#move(device, host);
				if (result === "unconfirmed") for (const { id } of this.#stillAt(device)) unconfirmed.add(id);
			} catch (error) {
				log.warn({ camera: device.cameras[0]?.id, error }, "a lost camera's new address was not taken up");
			}
		}
		onUnconfirmed(unconfirmed);
	}

	/** Somebody may have entered another address while it was searched. */
	#stillAt({ host, cameras }: LostDevice): readonly CameraSettings[] {
		const there = this.#options.cameras().filter((camera) => streamsAt(camera, host).length > 0);
		const ids = new Set(there.map(({ id }) => id));
		return cameras.filter(({ id }) => ids.has(id));
	}

	/**
	 * A device can say anything of itself, but is not told the password: only where it plays, with the login unreadable,
	 * does it take the camera's place in the settings.
	 */
	async #tryAt({ serial, host: from, cameras }: LostDevice, host: string): Promise<TrialResult> {
		if (cameras.some((camera) => streamsAt(camera, from).some(hasSecretPath))) return "unconfirmed";
		for (const camera of cameras.slice(0, MAX_TRIED_CAMERAS)) {
			const login = this.#loginAt(host, serial, camera);
			const refused = this.#refusedCameras.get(login) ?? new Set();
			const [address] = streamsAt(camera, from);
			if (!address || refused.size >= MAX_REFUSED_CHANNELS || refused.has(camera.id)) continue;
			const result = await tryAddress(camera, { ...address, host }, this.#options);
			if (result === "plays" || result === "unconfirmed") return result;
			if (result === "refused") keepBounded(this.#refusedCameras, login, refused.add(camera.id));
		}
		return "silent";
	}

	async #move({ serial, host: from, cameras }: LostDevice, to: string): Promise<void> {
		const { move, log } = this.#options;
		await move({ serial, from, to });
		const text = "a lost camera was found at another address and plays there, which is in the settings now";
		log.info({ camera: cameras[0]?.id }, text);
	}

	/** Who a device is, by its own word over ONVIF, as far as it lets us in. Anybody may claim a serial number unasked. */
	async #identify(device: DiscoveredDevice, lost: readonly LostDevice[]): Promise<SeenDevice[]> {
		const [address] = device.addresses;
		if (!address) return [];
		const { host } = address;
		const isAt = (one: LostDevice): boolean => one.host === host;
		const claimed = seenAs(device.serial, host);
		const meant = lost.filter(({ serial }) => serialKey(serial) === serialKey(device.serial));
		if (claimed.length > 0 && (meant.length === 0 || meant.some(isAt))) return claimed;
		const hosts = this.#options.cameras().flatMap(({ streams }) => Object.values(streams).map((one) => one.host));
		if (claimed.length === 0 && hosts.includes(host) && !lost.some(isAt)) return [];
		for (const one of claimed.length > 0 ? meant : lost) {
			const answer = await this.#ask(address, one);
			if (answer === "refused") continue;
			if (answer === "silent") return [];
			return answer === "unsaid" ? claimed : seenAs(answer.serial ?? device.serial, host);
		}
		return claimed;
	}

	async #ask(
		address: OnvifAddress,
		{ serial, cameras }: LostDevice,
	): Promise<{ readonly serial?: string } | "refused" | "unsaid" | "silent"> {
		const { clock, signal } = this.#options;
		const [camera] = cameras;
		const login = this.#loginAt(address.host, serial, camera);
		if (this.#refusedOnvif.has(login)) return "refused";
		const { credentials, tls } = camera ?? {};
		try {
			return await identifyDevice({ address, credentials, clock, signal, ...(tls && { tls }) });
		} catch (error) {
			if (!(error instanceof OnvifError)) throw error;
			if (error.code === "auth-refused") keepBounded(this.#refusedOnvif, login, true);
			if (REFUSALS.has(error.code)) return "refused";
			return WITHOUT_ANSWER.has(error.code) ? "unsaid" : "silent";
		}
	}

	/** Stands for a login at what may be a device; another password is another one. */
	#loginAt(host: string, serial: string, camera: CameraSettings | undefined): string {
		const { username, password } = camera?.credentials?.reveal() ?? {};
		const text = JSON.stringify([host, serial, username, password]);
		return createHmac("sha256", this.#key).update(text).digest("base64");
	}
}

/** Those that move with the device: the one for the grid first. */
function streamsAt({ streams: { sub, main } }: CameraSettings, host: string): StreamAddress[] {
	return [sub, main].flatMap((address) => (address?.host.toLowerCase() === host.toLowerCase() ? [address] : []));
}

function seenAs(serial: string | undefined, host: string): SeenDevice[] {
	return serial === undefined ? [] : [{ serial, host }];
}

/** A map whose oldest entries are forgotten first. */
function keepBounded<V>(map: Map<string, V>, key: string, value: V): void {
	map.set(key, value);
	const [oldest] = map.keys();
	if (map.size > MAX_REFUSED && oldest !== undefined) map.delete(oldest);
}

/** The neighbours of lost cameras, where these are nobody else's. */
function networksOf(lost: readonly LostDevice[]): string[] {
	const hosts = lost.map(({ host }) => host).filter((host) => isIPv4(host) && privateNetworks.check(host));
	const networks = new Set(hosts.map((host) => `${host.replace(/\d+$/, "0")}/24`));
	return [...networks].slice(0, MAX_NETWORKS).flatMap(parseAddressRange);
}
