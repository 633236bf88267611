/** The devices of one search, each once, however often and from wherever it answers. Pure. @module */
import type { OnvifAddress } from "./onvif-address.ts";
import { serialKey } from "./moved-devices.ts";
import type { ProbeMatch } from "./ws-discovery.ts";

/** More than any one network has. */
export const MAX_DEVICES = 1024;
/** Interfaces of one device. */
const MAX_ADDRESSES = 8;
/** What answers are recognised by: some devices have another endpoint reference in each. */
const MAX_KEYS = 16 * MAX_DEVICES;

/** A device that answered. Texts are the device's own, bounded and on one line. */
export interface DiscoveredDevice {
	/** Its endpoint reference: mostly the same for its whole life; may be empty. */
	readonly endpoint: string;
	/** Where its device service is; several where it answered from several addresses, the first first. */
	readonly addresses: readonly OnvifAddress[];
	readonly name?: string;
	/** Mostly the model. */
	readonly hardware?: string;
	readonly location?: string;
	/** Few devices tell it without a password. */
	readonly serial?: string;
}

/** Merges answers by endpoint reference, serial number and address. */
export class DeviceTable {
	readonly #devices: { device: DiscoveredDevice }[] = [];
	readonly #byKey = new Map<string, { device: DiscoveredDevice }>();

	get devices(): readonly DiscoveredDevice[] {
		return this.#devices.map(({ device }) => device);
	}

	/** The device when it is new; `undefined` when it is known already, or one too many. */
	add(match: ProbeMatch): DiscoveredDevice | undefined {
		const keys = keysOf(match);
		const known = keys.map((key) => this.#byKey.get(key)).find((entry) => entry !== undefined);
		if (!known && this.#devices.length >= MAX_DEVICES) return undefined;
		const { address, ...described } = match;
		const entry = known ?? { device: { ...described, addresses: [] } };
		if (!known) this.#devices.push(entry);
		const { addresses } = entry.device;
		const isNewAddress =
			addresses.length < MAX_ADDRESSES && !addresses.some((one) => keyOfAddress(one) === keyOfAddress(address));
		// What the first answer said stands: a later one only adds.
		entry.device = { ...described, ...entry.device, addresses: isNewAddress ? [...addresses, address] : addresses };
		for (const key of keys) {
			if (!this.#byKey.has(key) && this.#byKey.size < MAX_KEYS) this.#byKey.set(key, entry);
		}
		return known ? undefined : entry.device;
	}
}

function keysOf({ endpoint, serial, address }: ProbeMatch): string[] {
	const known = serialKey(serial);
	return [
		...(endpoint === "" ? [] : [`endpoint ${endpoint}`]),
		...(known === undefined ? [] : [`serial ${known}`]),
		`address ${keyOfAddress(address)}`,
	];
}

function keyOfAddress({ scheme, host, port, path }: OnvifAddress): string {
	return `${scheme} ${host} ${port} ${path}`;
}
