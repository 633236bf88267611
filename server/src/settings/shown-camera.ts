/** A camera of the file as the page sees it, without its secrets, and back again. Pure. @module */
import type { SettingsCamera, SettingsCameraInput, SettingsProblem } from "@vigia/api";
import { type ParsedRtspUrl, parseRtspUrl, RtspError } from "@vigia/rtsp";
import { CAMERA_KEYS, type CameraEntry, type CameraKey } from "../config/settings-file.ts";
import { urlOf } from "../import/source-address.ts";

type ShownKey = Exclude<CameraKey, "password" | "found_at">;
const SHOWN_KEYS = CAMERA_KEYS.filter((key): key is ShownKey => key !== "password" && key !== "found_at");
/** Where a camera is. */
const ADDRESS_KEYS = ["url", "main", "host"] as const;

/** What the answer's schema takes; nothing that is valid in the settings is longer. */
const MAX_TEXT_CHARS = 256;
const MAX_ADDRESS_CHARS = 4096;

/** Stands where a path has a password in it, as Xiongmai's do: `/user=admin_password=..._channel=1`. */
const MASK = "***";
const SECRET_IN_PATH = /((?:^|[/?&;_])(?:password|passwd|pass|pwd)=)[^&]+?(?=&|_channel=|_stream=|$)/gi;
const MASKED = /(?:password|passwd|pass|pwd)=\*\*\*/i;

/** The camera without password, user information, and passwords in paths. What cannot be told without them is left out. */
export function showCamera(entry: CameraEntry): SettingsCamera {
	const { user, password } = loginOf(entry);
	const shown: Partial<Record<ShownKey, string>> = {};
	for (const key of SHOWN_KEYS) {
		const value = key === "user" ? user : shownValue(key, entry[key]);
		if (value !== undefined) shown[key] = value;
	}
	return { ...shown, hasPassword: password !== undefined };
}

function shownValue(key: ShownKey, value: string | undefined): string | undefined {
	if (value === undefined) return undefined;
	const isAddress = key === "url" || key === "main";
	const text = isAddress ? withoutLogin(value) : value;
	// In a host it is the end of a login that somebody wrote in the wrong place.
	if (text === undefined || (key === "host" && text.includes("@"))) return undefined;
	const masked = isAddress || key === "template" ? text.replace(SECRET_IN_PATH, `$1${MASK}`) : text;
	const limit = isAddress || key === "template" ? MAX_ADDRESS_CHARS : MAX_TEXT_CHARS;
	return masked.length > limit ? undefined : masked;
}

export interface MergedCamera {
	readonly entry: CameraEntry;
	/** What the loader cannot know. */
	readonly problems: readonly SettingsProblem[];
}

/**
 * The entry that the page wants. What it sent back as it was shown is as it was before, with all that was not shown.
 * User information of an address that it sends moves into the camera's own fields, which go before it. A password stays
 * with the device that it was given for: at another host it has to be given again.
 * @param before the entry that this one was; `undefined` for a new camera.
 */
export function mergeCamera(input: SettingsCameraInput, before: CameraEntry | undefined): MergedCamera {
	const shown: Partial<SettingsCamera> = before ? showCamera(before) : {};
	const given = (key: ShownKey): string | undefined => (input[key] === "" ? undefined : input[key]);
	const isSame = (key: ShownKey): boolean => before !== undefined && given(key) === shown[key];
	const entry: Partial<Record<CameraKey, string>> = {};
	const put = (key: CameraKey, value: string | undefined): void => {
		if (value !== undefined) entry[key] = value;
	};
	for (const key of SHOWN_KEYS) put(key, isSame(key) ? before?.[key] : given(key));
	// It is the camera's identity: a page that does not show it must not take it away.
	put("id", given("id") ?? before?.id);
	const isThere = ADDRESS_KEYS.every(isSame);
	if (isThere) put("serial", given("serial") ?? before?.serial);
	const sent = ([given("url"), given("main")] as const).map(readAddress).find((url) => url?.username !== undefined);
	// Whoever enters a host or a password has said whom it is for.
	const isEntered = (input.password ?? sent?.password) !== undefined;
	if (before && !isEntered && isWithin(entry, before)) put("found_at", before.found_at);
	if (before && isThere && isSame("user") && input.password === undefined) {
		put("password", before.password);
		return { entry, problems: [] };
	}
	for (const key of ["url", "main"] as const) {
		// One that could not be shown is not what the page means now.
		const text = isSame(key) && shown[key] === undefined ? undefined : entry[key];
		delete entry[key];
		put(key, text === undefined ? undefined : (withoutLogin(text) ?? text));
	}
	delete entry.user;
	put("user", given("user") ?? sent?.username);
	put("password", input.password ?? sent?.password);
	const problems = maskedFields(entry);
	const known = before && loginOf(before).password;
	if (entry.password === undefined && entry.user !== undefined && known !== undefined && before) {
		if (isWithin(entry, before)) entry.password = known;
		else problems.push({ field: "password", text: "the address is another device's now: give its password again" });
	}
	return { entry, problems };
}

/**
 * The camera where its device was found; what it has at other hosts stays. A login moves out of its addresses, and is
 * marked as one that is not sent readable there.
 */
export function moveCamera(entry: CameraEntry, from: string, to: string): CameraEntry {
	if (!hostsOf(entry).has(from.toLowerCase())) return entry;
	const moved: Partial<Record<CameraKey, string>> = { ...entry, ...loginOf(entry) };
	for (const key of ["url", "main"] as const) {
		const address = readAddress(entry[key]);
		if (!address) continue;
		moved[key] = urlOf({ ...address, host: address.host.toLowerCase() === from.toLowerCase() ? to : address.host });
	}
	if (entry.host !== undefined) moved.host = to;
	if (moved.user !== undefined) moved.found_at = to;
	return moved;
}

function isWithin(entry: CameraEntry, before: CameraEntry): boolean {
	const hosts = hostsOf(before);
	return [...hostsOf(entry)].every((host) => hosts.has(host));
}

function maskedFields(entry: CameraEntry): SettingsProblem[] {
	return (["url", "main", "template"] as const).flatMap((field) =>
		MASKED.test(entry[field] ?? "")
			? [{ field, text: `it has a password in it that is not shown: write it again in place of ${MASK}` }]
			: [],
	);
}

/** Hosts that are sent the camera's password. */
function hostsOf({ url, main, host }: CameraEntry): Set<string> {
	const hosts = [host, readAddress(url)?.host, readAddress(main)?.host];
	return new Set(hosts.flatMap((one) => (one === undefined ? [] : [one.toLowerCase().replace(/^\[(.*)\]$/, "$1")])));
}

/** As the loader puts them together: config/camera-list.ts. */
function loginOf({ url, main, user, password }: CameraEntry): { readonly user?: string; readonly password?: string } {
	const inside = [url, main].map(readAddress).find((address) => address?.username !== undefined);
	const name = user ?? inside?.username;
	const secret = password ?? inside?.password;
	return { ...(name !== undefined && { user: name }), ...(secret !== undefined && { password: secret }) };
}

/** The address with its login taken out; `undefined` if it is none, or if it would mean something else without. */
function withoutLogin(text: string): string | undefined {
	const address = readAddress(text);
	if (!address) return undefined;
	const bare = address.username === undefined ? text.trim() : urlOf(address);
	const again = readAddress(bare);
	const isSame =
		again?.username === undefined &&
		(["scheme", "host", "port", "path"] as const).every((part) => again?.[part] === address[part]);
	return isSame ? bare : undefined;
}

function readAddress(text: string | undefined): ParsedRtspUrl | undefined {
	if (text === undefined) return undefined;
	try {
		return parseRtspUrl(text);
	} catch (error) {
		if (error instanceof RtspError) return undefined;
		throw error;
	}
}
