/**
 * Asks a go2rtc over its HTTP API: github.com/AlexxIT/go2rtc, internal/api, internal/streams, internal/webrtc. What it
 * answers is foreign: bounded in bytes and time, never redirected, validated. The login goes into a header field only.
 *
 * @module
 */
import { type ClientRequest, type IncomingMessage, request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { z } from "zod";
import type { Go2rtcAddress } from "../config/go2rtc-url.ts";
import type { Clock } from "../platform/clock.ts";

/** In the same house it answers within milliseconds; over a slow link within a second. */
export const REQUEST_TIMEOUT_MS = 5_000;
/** A stream with its viewers takes 2 kB; hundreds of them take less than this. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** Nobody names a stream longer. */
const MAX_NAME_CHARS = 256;
/** Of which our cameras are made; as many as one server takes twice over, for two streams each. */
const MAX_STREAMS = 512;
const MAX_SDP_CHARS = 64 * 1024;

/** Where one answers: at an address, or on a socket of this machine that only we can open. */
export type Go2rtcPlace = { readonly address: Go2rtcAddress } | { readonly socketPath: string };

export type Go2rtcProblem =
	/** No connection, or no answer in time. */
	| "no-answer"
	/** User name or password. */
	| "auth-refused"
	/** It answers, but not as go2rtc does. */
	| "not-go2rtc"
	/** It is go2rtc and cannot do what it was asked for: no such stream, no picture, no codec in common. */
	| "failed";

const MESSAGES: Readonly<Record<Go2rtcProblem, string>> = {
	"no-answer": "go2rtc does not answer: is it running, and is its address right?",
	"auth-refused": "go2rtc refuses user name and password: write them into GO2RTC_URL, http://user:password@host:1984",
	"not-go2rtc": "what answers there is no go2rtc",
	failed: "go2rtc could not do it",
};

/** Nothing that the other side said is in it. */
export class Go2rtcError extends Error {
	override readonly name = "Go2rtcError";
	readonly code: Go2rtcProblem;

	constructor(code: Go2rtcProblem, options?: ErrorOptions) {
		super(MESSAGES[code], options);
		this.code = code;
	}
}

const infoSchema = z.object({
	version: z.string().max(64),
	rtsp: z.object({ listen: z.string().max(256).optional() }).optional(),
});
/** Values are not looked at: they hold addresses of cameras, which are none of our business. */
const streamsSchema = z.record(z.string(), z.unknown());

/** Since 1.9 a consumer has a `format_name`; before it had a `type`, such as `WebRTC/WHEP passive consumer`. */
const consumersSchema = z.object({
	consumers: z.array(z.object({ format_name: z.unknown().optional(), type: z.unknown().optional() })).nullish(),
});

export interface Go2rtcInfo {
	/** Of its RTSP server; `undefined` where it has none. */
	readonly rtspPort: number | undefined;
}

export class Go2rtcClient {
	readonly #place: Go2rtcPlace;
	readonly #clock: Clock;

	constructor(place: Go2rtcPlace, clock: Clock) {
		this.#place = place;
		this.#clock = clock;
	}

	/** @throws {Go2rtcError} */
	async info(): Promise<Go2rtcInfo> {
		const { rtsp } = parse(infoSchema, await this.#ask("GET", "/api"));
		const port = Number(/:(\d{1,5})$/.exec(rtsp?.listen ?? "")?.[1] ?? 0);
		return { rtspPort: port > 0 && port <= 65_535 ? port : undefined };
	}

	/** The names of its streams, in order, cut to as many as are of use. @throws {Go2rtcError} */
	async streamNames(): Promise<string[]> {
		const streams = parse(streamsSchema, await this.#ask("GET", "/api/streams"));
		return Object.keys(streams).filter(isUsable).toSorted().slice(0, MAX_STREAMS);
	}

	/** How many players it plays to over WebRTC, whoever they came by. @throws {Go2rtcError} */
	async countPlayers(): Promise<number> {
		const streams = parse(streamsSchema, await this.#ask("GET", "/api/streams"));
		const consumers = Object.values(streams).flatMap((one) => consumersSchema.safeParse(one).data?.consumers ?? []);
		return consumers.filter(({ format_name: name, type }) => /^webrtc/i.test(String(name ?? type))).length;
	}

	/** The answer to a player's offer: it comes when go2rtc has the stream. @throws {Go2rtcError} */
	async answerOffer(stream: string, offerSdp: string, signal?: AbortSignal): Promise<string> {
		const path = `/api/webrtc?src=${encodeURIComponent(stream)}`;
		const answer = await this.#ask("POST", path, offerSdp, signal);
		if (!answer.startsWith("v=0") || answer.length > MAX_SDP_CHARS) throw new Go2rtcError("not-go2rtc");
		return answer;
	}

	async #ask(method: "GET" | "POST", path: string, body?: string, signal?: AbortSignal): Promise<string> {
		const end = new AbortController();
		const timer = this.#clock.after(REQUEST_TIMEOUT_MS, () => end.abort());
		try {
			const signals = signal ? AbortSignal.any([end.signal, signal]) : end.signal;
			const response = await send(this.#open(method, path, signals, body !== undefined), body);
			const status = response.statusCode ?? 0;
			const text = await readText(response);
			if (status === 401 || status === 403) throw new Go2rtcError("auth-refused");
			if (status === 404 && method === "GET") throw new Go2rtcError("not-go2rtc");
			if (status >= 300 && status < 400) throw new Go2rtcError("not-go2rtc");
			if (status < 200 || status >= 300) throw new Go2rtcError("failed");
			return text;
		} catch (error) {
			if (error instanceof Go2rtcError) throw error;
			const code = error instanceof Error && "code" in error ? String(error.code) : "";
			throw new Go2rtcError(/^HPE_|^EPROTO$|SSL/.test(code) ? "not-go2rtc" : "no-answer", { cause: error });
		} finally {
			timer.cancel();
			end.abort();
		}
	}

	#open(method: string, path: string, signal: AbortSignal, hasBody: boolean): ClientRequest {
		const headers: Record<string, string> = { "user-agent": "Vigia" };
		if (hasBody) headers["content-type"] = "application/sdp";
		const common: RequestOptions = { method, signal, headers, agent: false };
		if ("socketPath" in this.#place) return httpRequest({ ...common, socketPath: this.#place.socketPath, path });
		const { scheme, host, port, basePath, credentials } = this.#place.address;
		if (credentials) {
			const { username, password } = credentials.reveal();
			// RFC 7617 section 2.1.
			headers.authorization = `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
		}
		const options = { ...common, host, port, path: `${basePath}${path}` };
		return scheme === "https" ? httpsRequest(options) : httpRequest(options);
	}
}

/** Can stand in a URL. */
function isUsable(name: string): boolean {
	return name !== "" && name.length <= MAX_NAME_CHARS && name.isWellFormed() && !/\p{Cc}/u.test(name);
}

function send(request: ClientRequest, body: string | undefined): Promise<IncomingMessage> {
	return new Promise((resolve, reject) => {
		// Stays: an error that comes after all is over must not end the process.
		request.on("error", reject);
		request.on("response", resolve);
		request.end(body);
	});
}

async function readText(response: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	let sizeBytes = 0;
	for await (const chunk of response as AsyncIterable<Buffer>) {
		sizeBytes += chunk.length;
		if (sizeBytes > MAX_ANSWER_BYTES) throw new Go2rtcError("not-go2rtc");
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString("utf8");
}

function parse<S extends z.ZodType>(schema: S, text: string): z.infer<S> {
	try {
		return schema.parse(JSON.parse(text));
	} catch {
		throw new Go2rtcError("not-go2rtc");
	}
}
