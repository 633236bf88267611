/** A simulated ONVIF device: WS-Discovery, and the device and media services over HTTP. @module */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { StreamName } from "../clip-index.ts";
import { cameraPath } from "../target.ts";
import { DiscoveryResponder } from "./discovery-responder.ts";
import { sendFaulty } from "./onvif-faults.ts";
import { OnvifAuthentication, textOf } from "./onvif-authentication.ts";
import type { OnvifDeviceOptions, OnvifDiscoveryFault, OnvifHttpFault } from "./onvif-options.ts";
import * as xml from "./onvif-xml.ts";

const DEVICE_PATH = "/onvif/device_service";
const MEDIA_PATH = "/onvif/media_service";
const MEDIA2_PATH = "/onvif/media2_service";
/** A request is about a kilobyte. */
const MAX_REQUEST_BYTES = 16_384;
/** Access class PRE_AUTH: ONVIF Core Specification section 5.9.4.3. */
const PRE_AUTH = ["GetSystemDateAndTime", "GetServices", "GetCapabilities"];
const NOT_SUPPORTED = xml.fault("ter:ActionNotSupported", "Optional Action Not Implemented");
const NOT_AUTHORIZED = xml.fault("ter:NotAuthorized", "Sender not Authorized");

/** @throws Error when a port is taken. */
export async function startOnvifDevice(options: OnvifDeviceOptions = {}): Promise<OnvifDeviceSim> {
	const device = new OnvifDeviceSim(options);
	await device.listen();
	return device;
}

export class OnvifDeviceSim implements AsyncDisposable {
	readonly #options: OnvifDeviceOptions;
	readonly #server: Server;
	readonly #authentication: OnvifAuthentication | undefined;
	readonly #requests = new Map<string, number>();
	/** The endpoint reference's UUID. */
	readonly endpoint: string;
	#responder: DiscoveryResponder | undefined;
	/** Answers every request of HTTP with this instead. */
	httpFault: OnvifHttpFault | undefined;
	/** Requests with a proof of the password that is wrong, or of the wrong time. */
	wrongPasswords = 0;
	/** Connections that were opened. */
	connections = 0;

	constructor(options: OnvifDeviceOptions) {
		this.#options = options;
		this.endpoint = options.endpoint ?? randomUUID();
		this.#authentication = options.credentials && new OnvifAuthentication(options.credentials, options);
		const handle = (request: IncomingMessage, response: ServerResponse): void => {
			this.#handle(request, response).catch(() => response.destroy());
		};
		this.#server = options.tls ? createTlsServer(options.tls, handle) : createServer(handle);
		this.#server.on("connection", () => this.connections++);
	}

	async listen(): Promise<void> {
		const { host = "127.0.0.1", port = 0 } = this.#options;
		this.#server.listen(port, host);
		await once(this.#server, "listening");
		this.#responder = await DiscoveryResponder.open({
			device: this.#options,
			endpoint: this.endpoint,
			scopes: this.#scopes(),
			serviceAddress: this.#serviceUrl(DEVICE_PATH),
		});
	}

	/** TCP. */
	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	/** UDP. */
	get discoveryPort(): number {
		return this.#responder?.port ?? 0;
	}

	/** Probes received. */
	get probes(): number {
		return this.#responder?.probes ?? 0;
	}

	/** Answers every Probe with this instead. */
	set discoveryFault(fault: OnvifDiscoveryFault | undefined) {
		if (this.#responder) this.#responder.fault = fault;
	}

	/** How often this was asked for, refused or not. Without a name: requests of any kind. */
	requestCount(name?: string): number {
		if (name !== undefined) return this.#requests.get(name) ?? 0;
		return [...this.#requests.values()].reduce((sum, count) => sum + count, 0);
	}

	async close(): Promise<void> {
		if (!this.#server.listening) return;
		const closed = once(this.#server, "close");
		this.#server.close();
		this.#server.closeAllConnections();
		await Promise.all([closed, this.#responder?.close()]);
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	#scopes(): string[] {
		const { model = "Simulator", serialInScopes = false, serial = "SIM0000001" } = this.#options;
		const scopes = ["type/video_encoder", "location/Puerta%20principal", `hardware/${model}`, "name/C%C3%A1mara"];
		if (serialInScopes !== false) scopes.push(`serial/${serialInScopes === true ? serial : serialInScopes}`);
		return scopes.map((scope) => `onvif://www.onvif.org/${scope}`);
	}

	#serviceUrl(path: string): string {
		const { host = "127.0.0.1", reportedHost = host, tls } = this.#options;
		return `${tls ? "https" : "http"}://${reportedHost}:${this.port}${path}`;
	}

	get #nowMs(): number {
		const { wallMs = Date.now, clockOffsetMs = 0 } = this.#options;
		return wallMs() + clockOffsetMs;
	}

	async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const envelope = await readBody(request);
		const name = /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(envelope)?.[1] ?? "";
		this.#requests.set(name, (this.#requests.get(name) ?? 0) + 1);
		const path = request.url ?? "";
		if (name === "GetStreamUri" && this.#options.silentChannels?.includes(channelOf(envelope)) === true) return;
		const content = this.#answer(path, name, envelope);
		if (this.httpFault !== undefined) {
			sendFaulty(response, this.httpFault, content ?? NOT_SUPPORTED);
			return;
		}
		const refusal = this.#refuse({ envelope, path, authorization: request.headers.authorization }, name);
		if (refusal !== undefined) {
			const challenge = this.#authentication?.challenge();
			if (challenge !== undefined) response.setHeader("www-authenticate", challenge);
			send(response, challenge === undefined ? 400 : 401, refusal);
		} else if (content === undefined) send(response, 500, NOT_SUPPORTED);
		else send(response, 200, content);
	}

	/** The fault that says no; `undefined` where the request may pass. */
	#refuse(
		request: { readonly envelope: string; readonly path: string; readonly authorization: string | undefined },
		name: string,
	): string | undefined {
		const { timeNeedsPassword = false, mediaForbidden = false } = this.#options;
		const isOpen = PRE_AUTH.includes(name) && !(timeNeedsPassword && name === "GetSystemDateAndTime");
		if (!this.#authentication || isOpen) return undefined;
		const verdict = this.#authentication.check({ ...request, nowMs: this.#nowMs });
		if (verdict === "wrong" || verdict === "wrong-time") this.wrongPasswords++;
		if (verdict === "wrong-time") return xml.fault("ter:NotAuthorized", "Wsse authorized time check failed.");
		const isForbidden = mediaForbidden && request.path !== DEVICE_PATH;
		return verdict === "accepted" && !isForbidden ? undefined : NOT_AUTHORIZED;
	}

	/** `undefined`: not supported here. */
	#answer(path: string, name: string, envelope: string): string | undefined {
		const content =
			path === DEVICE_PATH
				? this.#deviceAnswer(name)
				: path === this.#mediaPath(1) || path === this.#mediaPath(2)
					? this.#mediaAnswer(path === MEDIA_PATH ? 1 : 2, name, envelope)
					: undefined;
		return content === undefined ? undefined : xml.envelope(content);
	}

	#mediaPath(version: 1 | 2): string | undefined {
		const { media = "media" } = this.#options;
		if (version === 1) return media === "media2" ? undefined : MEDIA_PATH;
		return media === "media" ? undefined : MEDIA2_PATH;
	}

	#deviceAnswer(name: string): string | undefined {
		const { knowsGetServices = true } = this.#options;
		const [media, media2] = [this.#mediaPath(1), this.#mediaPath(2)];
		if (name === "GetSystemDateAndTime") return xml.systemTime(this.#nowMs);
		if (name === "GetDeviceInformation") {
			const { manufacturer = "Vigia", model = "Simulator", firmware = "1.0", serial = "SIM0000001" } = this.#options;
			return xml.deviceInformation({ manufacturer, model, firmware, serial });
		}
		if (name === "GetServices" && knowsGetServices) {
			const addresses = new Map([["http://www.onvif.org/ver10/device/wsdl", this.#serviceUrl(DEVICE_PATH)]]);
			if (media !== undefined) addresses.set(xml.MEDIA_NAMESPACE, this.#serviceUrl(media));
			if (media2 !== undefined) addresses.set(xml.MEDIA2_NAMESPACE, this.#serviceUrl(media2));
			return xml.services(addresses);
		}
		if (name !== "GetCapabilities") return undefined;
		return xml.capabilities(media === undefined ? undefined : this.#serviceUrl(media));
	}

	#mediaAnswer(version: 1 | 2, name: string, envelope: string): string | undefined {
		const { channels = 1, brokenChannels = [] } = this.#options;
		if (name === "GetProfiles") return version === 1 ? xml.profiles(channels) : xml.profiles2(channels);
		if (name !== "GetStreamUri") return undefined;
		const channel = channelOf(envelope);
		if (channel < 1 || channel > channels || brokenChannels.includes(channel)) return undefined;
		const isMain = textOf(envelope, "ProfileToken")?.endsWith("main") === true;
		const uri = this.#streamUri(channel, isMain ? "main" : "sub");
		return version === 1 ? xml.streamUri(uri) : xml.streamUri2(uri);
	}

	#streamUri(channel: number, stream: StreamName): string {
		const { streamUri, host = "127.0.0.1", reportedHost = host } = this.#options;
		return streamUri?.(channel, stream) ?? `rtsp://${reportedHost}:554${cameraPath(channel, stream)}`;
	}
}

/** Whose profile a request names; 0: nobody's. */
function channelOf(envelope: string): number {
	return Number(/^Profile_(\d+)_(?:main|sub)$/.exec(textOf(envelope, "ProfileToken") ?? "")?.[1] ?? 0);
}

async function readBody(request: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	let sizeBytes = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		sizeBytes += chunk.length;
		if (sizeBytes > MAX_REQUEST_BYTES) throw new Error("The request is too large.");
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, status: number, text: string): void {
	response.writeHead(status, { "content-type": "application/soap+xml; charset=utf-8" });
	response.end(text);
}
