/** Finds devices again that DHCP gave another address. Pure. @module */

import { yamlCameraSchema } from "../config/schema.ts";

/** A device of the settings, as it was when it was added. */
export interface KnownDevice {
	/** Of GetDeviceInformation. */
	readonly serial?: string;
	/** Of discovery. */
	readonly endpoint?: string;
	/** As in the settings. */
	readonly host: string;
}

/** A device as a discovery sees it now; one that several addresses lead to is there several times. */
export interface SeenDevice {
	/** As far as the device told it. */
	readonly serial?: string;
	readonly endpoint?: string;
	readonly host: string;
}

export interface DeviceMove<Known extends KnownDevice> {
	readonly device: Known;
	/** Where it is now. */
	readonly host: string;
}

/** Shorter ones, and those of one character or of counting digits, are what a factory forgot to set. */
const MIN_SERIAL_CHARS = 6;

/** A serial number that is one of a device, and can be written into the settings. */
export function isSerial(serial: string | undefined): serial is string {
	return serialKey(serial) !== undefined && yamlCameraSchema.shape.serial.safeParse(serial).success;
}

/** Serial numbers compare without case and blanks; `undefined`: it identifies no device. */
export function serialKey(serial: string | undefined): string | undefined {
	const key = serial?.replace(/\s+/g, "").toLowerCase() ?? "";
	if (key.length < MIN_SERIAL_CHARS || /^(.)\1*$/.test(key) || "01234567890123456789".includes(key)) return undefined;
	return key;
}

/**
 * Known devices that are at another host now. By serial number; where the seen device does not tell its own, by the
 * endpoint reference. In doubt nothing moves: when the device still answers at its host, when it is seen at two others,
 * or when two known devices are the same by this.
 */
export function findMovedDevices<Known extends KnownDevice>(
	known: readonly Known[],
	seen: readonly SeenDevice[],
): DeviceMove<Known>[] {
	return known.flatMap((device) => {
		const hosts = new Set(seen.filter((one) => isSame(device, one)).map(({ host }) => host));
		const [host] = hosts;
		const isUnique = known.every((other) => other === device || other.host === device.host || !isSame(device, other));
		return host !== undefined && hosts.size === 1 && host !== device.host && isUnique ? [{ device, host }] : [];
	});
}

function isSame(a: KnownDevice, b: KnownDevice): boolean {
	const [serialA, serialB] = [serialKey(a.serial), serialKey(b.serial)];
	if (serialA !== undefined && serialB !== undefined) return serialA === serialB;
	const endpoint = a.endpoint?.toLowerCase() ?? "";
	return endpoint !== "" && endpoint === b.endpoint?.toLowerCase();
}
