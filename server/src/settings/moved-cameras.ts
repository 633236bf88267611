/**
 * Finds cameras again that DHCP gave another address: by the serial number in `vigia.yaml`, once they have been out of
 * reach for a while, and writes their new address there.
 *
 * @module
 */
import { BlockList, isIPv4 } from "node:net";
import type { CameraStatus } from "@vigia/api";
import type { CameraSettings } from "../config/settings.ts";
import { parseAddressRange } from "../discovery/address-range.ts";
import { identifyDevice } from "../discovery/describe-device.ts";
import type { DiscoveredDevice } from "../discovery/device-table.ts";
import { discover, type DiscoverOptions } from "../discovery/discover.ts";
import { findMovedDevices, type KnownDevice, type SeenDevice, serialKey } from "../discovery/moved-devices.ts";
import { OnvifError } from "../discovery/onvif-error.ts";
import type { Logger } from "../observe/log.ts";
import type { Clock, Timer } from "../platform/clock.ts";

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
/** Pairs of device and login that are not tried again; the oldest are forgotten first. */
const MAX_REFUSED = 1024;

/** The camera answers, whatever it answers. */
const IN_REACH: ReadonlySet<CameraStatus["state"]> = new Set(["buffering", "live", "stalled", "unsupported", "busy"]);

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
	readonly camera: CameraSettings;
}

export class MovedCameras implements Disposable {
	readonly #options: MovedCamerasOptions;
	#timer: Timer | undefined;
	/** By camera. */
	readonly #inReachAtMs = new Map<string, number>();
	#nextSearchMs = 0;
	/** Passwords are not tried twice on a device that is another one: it would lock. */
	readonly #refused = new Set<string>();

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
		if (lost.length === 0 || nowMs < this.#nextSearchMs) return;
		this.#nextSearchMs = nowMs + SEARCH_EVERY_MS;
		this.#search(lost).catch((error: unknown) => log.warn({ error }, "a lost camera's new address was not taken up"));
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
			if (isLost) devices.set(key, { serial, host: address.host, camera });
		}
		return [...devices.values()];
	}

	async #search(lost: readonly LostDevice[]): Promise<void> {
		const { clock, signal, discovery, log, move } = this.#options;
		const { devices } = await discover({ clock, signal, range: networksOf(lost), ...discovery });
		const seen: SeenDevice[] = [];
		for (const device of devices.slice(0, MAX_ASKED_DEVICES)) seen.push(...(await this.#identify(device, lost)));
		for (const { device, host } of findMovedDevices(lost, seen)) {
			await move({ serial: device.serial, from: device.host, to: host });
			log.info(
				{ camera: device.camera.id },
				"a lost camera was found at another address, which is in the settings now",
			);
		}
	}

	/** Asks a device for its serial number as the lost ones would want it, unless it tells it unasked or is a known camera. */
	async #identify(device: DiscoveredDevice, lost: readonly LostDevice[]): Promise<SeenDevice[]> {
		const { clock, signal, cameras } = this.#options;
		const [address] = device.addresses;
		if (!address) return [];
		const { host } = address;
		if (device.serial !== undefined) return [{ serial: device.serial, host }];
		const isLost = (one: string): boolean => lost.some((known) => known.host === one);
		const hosts = cameras().flatMap(({ streams }) => Object.values(streams).map((stream) => stream.host));
		if (hosts.includes(host) && !isLost(host)) return [];
		for (const { serial, camera } of lost) {
			const pair = `${host} ${serial}`;
			if (this.#refused.has(pair)) continue;
			try {
				const { credentials, tls } = camera;
				const found = await identifyDevice({ address, credentials, clock, signal, ...(tls && { tls }) });
				return found.serial === undefined ? [] : [{ serial: found.serial, host }];
			} catch (error) {
				if (!(error instanceof OnvifError)) throw error;
				if (error.code !== "auth-refused") return [];
				this.#refuse(pair);
			}
		}
		return [];
	}

	#refuse(pair: string): void {
		this.#refused.add(pair);
		const [oldest] = this.#refused;
		if (this.#refused.size > MAX_REFUSED && oldest !== undefined) this.#refused.delete(oldest);
	}
}

/** The neighbours of lost cameras, where these are nobody else's. */
function networksOf(lost: readonly LostDevice[]): string[] {
	const hosts = lost.map(({ host }) => host).filter((host) => isIPv4(host) && privateNetworks.check(host));
	const networks = new Set(hosts.map((host) => `${host.replace(/\d+$/, "0")}/24`));
	return [...networks].slice(0, MAX_NETWORKS).flatMap(parseAddressRange);
}
