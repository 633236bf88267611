/** Where an ONVIF service is, as devices announce it and as people type it. @module */
import { isIP } from "node:net";
import { OnvifError } from "./onvif-error.ts";

export interface OnvifAddress {
	readonly scheme: "http" | "https";
	/** Host name or IP address, IPv6 without brackets. */
	readonly host: string;
	readonly port: number;
	/** Of the device service: begins with `/`, with its query. */
	readonly path: string;
}

/** ONVIF Core Specification section 5.10: where the device service is when nothing else is known. */
export const DEVICE_SERVICE_PATH = "/onvif/device_service";
const MAX_ADDRESS_CHARS = 1024;

/** An absolute `http` or `https` address without user information; `undefined` if it is anything else. Never throws. */
export function parseServiceUrl(text: string): OnvifAddress | undefined {
	if (text.length > MAX_ADDRESS_CHARS || !URL.canParse(text)) return undefined;
	const { protocol, hostname, port, pathname, search, username, password } = new URL(text);
	const scheme = protocol.slice(0, -1);
	if ((scheme !== "http" && scheme !== "https") || username !== "" || password !== "" || hostname === "") {
		return undefined;
	}
	const usual = scheme === "https" ? 443 : 80;
	const host = hostname.replace(/^\[|\]$/g, "");
	return { scheme, host, port: port === "" ? usual : Number(port), path: pathname + search };
}

/**
 * What a person types: an address, a name, with a port or not, or the whole URL of the device service.
 * @throws {OnvifError} `address-invalid`; the message never holds the text.
 */
export function parseDeviceAddress(text: string): OnvifAddress {
	const trimmed = text.trim();
	const bare = isIP(trimmed) === 6 ? `[${trimmed}]` : trimmed;
	const parsed = parseServiceUrl(/^[a-z][a-z\d+.-]*:\/\//i.test(bare) ? bare : `http://${bare}`);
	if (!parsed || /\s/.test(bare) || parsed.port === 0) throw new OnvifError("address-invalid");
	return parsed.path === "/" ? { ...parsed, path: DEVICE_SERVICE_PATH } : parsed;
}

/**
 * Where a service is that the device names: always on the host that answered us, for behind NAT devices give an
 * address of the inside, some give 0.0.0.0, and none may send us to other hosts. A port counts only where the host is the same.
 */
export function serviceOnDevice(device: OnvifAddress, announced: OnvifAddress): OnvifAddress {
	const isSame = announced.scheme === device.scheme && announced.host.toLowerCase() === device.host.toLowerCase();
	return { ...device, port: isSame ? announced.port : device.port, path: announced.path };
}
