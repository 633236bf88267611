/** Asks one ONVIF device who it is and where its streams are. @module */
import { parseRtspUrl, RtspError } from "@vigia/rtsp";
import type { StreamAddress } from "../config/settings.ts";
import { type OnvifAddress, serviceOnDevice } from "./onvif-address.ts";
import { OnvifClient, type OnvifClientOptions } from "./onvif-client.ts";
import { OnvifError, type OnvifErrorCode } from "./onvif-error.ts";
import {
	type DeviceInformation,
	GET_CAPABILITIES,
	GET_DEVICE_INFORMATION,
	GET_SERVICES,
	GET_SYSTEM_DATE_AND_TIME,
	getProfiles,
	getStreamUri,
	MEDIA,
	MEDIA2,
	type MediaServices,
	type MediaVersion,
	type OnvifCodec,
	type OnvifProfile,
	readCapabilities,
	readDeviceInformation,
	readProfiles,
	readServices,
	readStreamUri,
	readSystemTime,
} from "./onvif-messages.ts";
import { type ChosenProfiles, chooseProfiles } from "./stream-choice.ts";

/** For all requests together: two for each of 128 channels, a quarter of a second each. */
export const DESCRIBE_TIMEOUT_MS = 60_000;

/** How a device is reached, and with which user. */
export type DescribeOptions = OnvifClientOptions;

/** One stream as the settings want it. */
export interface OnvifStream {
	/** Of its media profile. */
	readonly name: string;
	/** Absent: one that we do not know. */
	readonly codec?: OnvifCodec;
	/** Pixels and pictures a second; 0 where the device does not say. */
	readonly width: number;
	readonly height: number;
	readonly fps: number;
	/** On the host that we reached, without user information. */
	readonly address: StreamAddress;
	/** The path has a password in it, as Xiongmai's do: it must not be shown. */
	readonly hasSecretPath: boolean;
}

/** One video source of a device: a camera of the wall. */
export interface OnvifChannel {
	/** The token of the video source, unique within the device. */
	readonly source: string;
	readonly streams: { readonly main: OnvifStream; readonly sub?: OnvifStream };
}

export interface OnvifDevice extends DeviceInformation {
	/** The device service that answered. */
	readonly address: OnvifAddress;
	/** The device's clock minus ours; absent where it does not tell its time. */
	readonly clockOffsetMs?: number;
	/** In the device's order, at most 128. */
	readonly channels: readonly OnvifChannel[];
	/** Streams that the device lists and for which it gives no address that can be used, or not in time. */
	readonly missingStreams: number;
}

/**
 * Manufacturer, model, firmware and serial number: what finds a device again that has moved.
 * @throws {OnvifError}
 */
export function identifyDevice(options: DescribeOptions): Promise<DeviceInformation> {
	return withDeadline(options, async (bounded) => {
		const client = new OnvifClient(bounded);
		await learnClock(client, bounded);
		return readDeviceInformation(await client.call(GET_DEVICE_INFORMATION));
	});
}

/**
 * All that is needed to add the cameras of a device. Nothing but the given address is contacted, whatever the device
 * names. A wrong password is tried once for each way that the device takes one: do not call again with the same.
 * @throws {OnvifError}
 */
export function describeDevice(options: DescribeOptions): Promise<OnvifDevice> {
	return withDeadline(options, describe);
}

async function withDeadline<T>(options: DescribeOptions, ask: (bounded: DescribeOptions) => Promise<T>): Promise<T> {
	const end = new AbortController();
	const timer = options.clock.after(DESCRIBE_TIMEOUT_MS, () => end.abort(new OnvifError("no-answer", "in all")));
	const { signal } = options;
	try {
		return await ask({ ...options, signal: signal ? AbortSignal.any([end.signal, signal]) : end.signal });
	} finally {
		timer.cancel();
	}
}

async function describe(options: DescribeOptions): Promise<OnvifDevice> {
	const client = new OnvifClient(options);
	const clockOffsetMs = await learnClock(client, options);
	const information = await orWithout(
		["not-supported"],
		client.call(GET_DEVICE_INFORMATION).then(readDeviceInformation),
	);
	const { version, service, chosen } = await listProfiles(client, options.address);
	const finder = new StreamFinder(client, version, service);
	const channels: OnvifChannel[] = [];
	for (const profiles of chosen) {
		const channel = await finder.find(profiles);
		if (channel) channels.push(channel);
	}
	if (channels.length === 0) {
		throw new OnvifError(
			finder.silent > 0 ? "no-answer" : "not-supported",
			"no profile has an address that can be used",
		);
	}
	return {
		...information,
		address: options.address,
		...(clockOffsetMs !== undefined && { clockOffsetMs }),
		channels,
		missingStreams: finder.missing,
	};
}

/** Cameras refuse a token that is minutes off their own clock, which often stands in 1970. */
async function learnClock(client: OnvifClient, { clock }: DescribeOptions): Promise<number | undefined> {
	const askedAtMs = clock.wallMs();
	// Some devices want a password for this too, and with Digest the clock does not matter.
	const answer = await orWithout(ANSWERED, client.call(GET_SYSTEM_DATE_AND_TIME));
	const timeMs = answer && readSystemTime(answer);
	if (timeMs === undefined) return undefined;
	client.clockOffsetMs = timeMs - (askedAtMs + clock.wallMs()) / 2;
	return client.clockOffsetMs;
}

/** Errors of devices that are there and say no. */
const ANSWERED = ["not-supported", "not-permitted", "clock-refused", "device-fault"] as const;

async function orWithout<T>(codes: readonly OnvifErrorCode[], answer: Promise<T>): Promise<T | undefined> {
	try {
		return await answer;
	} catch (error) {
		if (error instanceof OnvifError && isOneOf(error.code, codes)) return undefined;
		throw error;
	}
}

function isOneOf(code: OnvifErrorCode, codes: readonly OnvifErrorCode[]): boolean {
	return codes.includes(code);
}

interface ListedProfiles {
	readonly version: MediaVersion;
	readonly service: OnvifAddress;
	readonly chosen: readonly ChosenProfiles[];
}

/** By the first media service; by the second where that is all there is, as with devices that only have H.265. */
async function listProfiles(client: OnvifClient, device: OnvifAddress): Promise<ListedProfiles> {
	const services = await findMediaServices(client);
	for (const version of [MEDIA, MEDIA2] as const) {
		const announced = services.get(version);
		if (!announced) continue;
		const service = serviceOnDevice(device, announced);
		const answer = await orWithout(["not-supported", "device-fault"], client.call(getProfiles(version), service));
		const profiles: OnvifProfile[] = answer ? readProfiles(answer) : [];
		const chosen = chooseProfiles(profiles);
		if (chosen.length > 0) return { version, service, chosen };
	}
	throw new OnvifError("not-supported", "no media service has a profile with video");
}

async function findMediaServices(client: OnvifClient): Promise<MediaServices> {
	const services = await orWithout(["not-supported", "device-fault"], client.call(GET_SERVICES).then(readServices));
	return services && services.size > 0 ? services : readCapabilities(await client.call(GET_CAPABILITIES));
}

/** A recorder may hang for a channel whose camera is gone, and may have more channels than there is time for. */
const SILENCE = ["no-answer", "connection-lost"] as const;

/** Asks for the addresses of chosen profiles, one after the other. */
class StreamFinder {
	readonly #client: OnvifClient;
	readonly #version: MediaVersion;
	readonly #service: OnvifAddress;
	/** Streams without an address. */
	missing = 0;
	/** Of those, the ones for which no answer came. */
	silent = 0;

	constructor(client: OnvifClient, version: MediaVersion, service: OnvifAddress) {
		this.#client = client;
		this.#version = version;
		this.#service = service;
	}

	/** One stream alone is the main stream. */
	async find({ source, main, sub }: ChosenProfiles): Promise<OnvifChannel | undefined> {
		const mainStream = await this.#stream(main);
		const subStream = sub && (await this.#stream(sub));
		if (!mainStream) return subStream && { source, streams: { main: subStream } };
		const isSame =
			subStream?.address.path === mainStream.address.path && subStream.address.port === mainStream.address.port;
		return { source, streams: { main: mainStream, ...(subStream && !isSame && { sub: subStream }) } };
	}

	async #stream({ token, name, codec, width, height, fps }: OnvifProfile): Promise<OnvifStream | undefined> {
		const address = await this.#address(token);
		if (!address) {
			this.missing++;
			return undefined;
		}
		const stream = { name, ...(codec && { codec }), width, height, fps, address };
		return { ...stream, hasSecretPath: hasSecretPath(address) };
	}

	async #address(token: string): Promise<StreamAddress | undefined> {
		const request = getStreamUri(this.#version, token);
		try {
			const answer = await orWithout(["not-supported", "device-fault"], this.#client.call(request, this.#service));
			const uri = answer && readStreamUri(answer);
			return uri === undefined ? undefined : streamAddress(uri, this.#service.host);
		} catch (error) {
			if (!(error instanceof OnvifError) || !isOneOf(error.code, SILENCE)) throw error;
			this.silent++;
			return undefined;
		}
	}
}

/** The path has a password in it, which whoever is asked for it can read. */
export function hasSecretPath({ path }: StreamAddress): boolean {
	return SECRET_IN_PATH.test(path);
}

const SECRET_IN_PATH = /(?:^|[/?&;_])(?:password|passwd|pass|pwd)=[^&]/i;

/**
 * An address of GetStreamUri for the settings: user information is dropped, and the host is the one that we reached,
 * because behind NAT devices give one of the inside, and some give 0.0.0.0 or 127.0.0.1. `undefined`: no RTSP address.
 */
function streamAddress(uri: string, host: string): StreamAddress | undefined {
	try {
		const { scheme, port, path } = parseRtspUrl(uri);
		return { scheme, host, port, path };
	} catch (error) {
		if (error instanceof RtspError) return undefined;
		throw error;
	}
}
