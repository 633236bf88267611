/** For tests: a client that says what it is told to say, and keeps what comes. @module */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { isRtcp, parseRtpPacket, type RtpPacket } from "@vigia/rtp";
import {
	type DigestAlgorithm,
	digestResponse,
	headerOf,
	makeRequest,
	type PlainCredentials,
	parseChallenges,
	RtspParser,
	type RtspResponse,
	serializeRequest,
} from "@vigia/rtsp";
import { until } from "../../../sources/testing/recorded-source.ts";

const hashes = {
	md5: (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex"),
	sha256: (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex"),
};

export class RtspClient implements Disposable {
	readonly socket: Socket;
	readonly packets: { readonly channel: number; readonly packet: RtpPacket }[] = [];
	readonly reports: { readonly channel: number; readonly bytes: Uint8Array }[] = [];
	readonly responses: RtspResponse[] = [];
	session: string | undefined;
	ended = false;
	#cseq = 0;

	private constructor(socket: Socket) {
		this.socket = socket;
		const parser = new RtspParser({
			onMessage: (message) => {
				if (message.type === "response") this.responses.push(message);
			},
			onInterleaved: (channel, payload) => {
				const bytes = payload.slice();
				if (isRtcp(bytes)) this.reports.push({ channel, bytes });
				else {
					const parsed = parseRtpPacket(bytes);
					if (!parsed.ok) throw new Error(parsed.code);
					this.packets.push({ channel, packet: parsed.packet });
				}
			},
		});
		socket.on("data", (bytes: Buffer) => parser.push(bytes));
		socket.on("error", () => undefined);
		socket.on("close", () => {
			this.ended = true;
		});
	}

	static async open(port: number): Promise<RtspClient> {
		const socket = connect(port, "127.0.0.1");
		await once(socket, "connect");
		return new RtspClient(socket);
	}

	/** Says something; the answer is in {@link responses} later. @returns its CSeq. */
	send(method: string, target: string, headers: Record<string, string> = {}): number {
		const cseq = ++this.#cseq;
		const session = this.session === undefined ? {} : { Session: this.session };
		this.socket.write(serializeRequest(makeRequest(method, target, { CSeq: cseq, ...session, ...headers })));
		return cseq;
	}

	async answer(cseq: number): Promise<RtspResponse> {
		const find = (): RtspResponse | undefined => this.responses.find((one) => headerOf(one, "cseq") === String(cseq));
		await until(() => find() !== undefined || this.ended, `the answer ${cseq}`);
		const response = find();
		if (!response) throw new Error("The server closed the connection.");
		this.session ??= headerOf(response, "session")?.split(";")[0];
		return response;
	}

	async request(method: string, target: string, headers: Record<string, string> = {}): Promise<RtspResponse> {
		return await this.answer(this.send(method, target, headers));
	}

	/** Asks, and asks again with the answer to the challenge of this algorithm. */
	async login(
		method: string,
		target: string,
		who: PlainCredentials,
		algorithm: DigestAlgorithm,
		headers: Record<string, string> = {},
	): Promise<RtspResponse> {
		const refused = await this.request(method, target, headers);
		if (refused.status !== 401) return refused;
		const answer = authorization(refused, { method, target, who, algorithm });
		return await this.request(method, target, { ...headers, ...answer });
	}

	[Symbol.dispose](): void {
		this.socket.destroy();
	}
}

export function authorization(
	refused: RtspResponse,
	{
		method,
		target,
		who,
		algorithm,
	}: { method: string; target: string; who: PlainCredentials; algorithm: DigestAlgorithm },
): Record<string, string> {
	const challenges = parseChallenges(refused.headers.get("www-authenticate") ?? []);
	const challenge = challenges.find((one) => one.scheme === "digest" && one.algorithm === algorithm);
	if (challenge?.scheme !== "digest") throw new Error(`There is no challenge for ${algorithm}.`);
	const qop = { nc: "00000001", cnonce: "0a4f113b" };
	const response = digestResponse({ ...challenge, credentials: who, method, uri: target, qop }, hashes);
	const { realm, nonce } = challenge;
	return {
		Authorization:
			`Digest username="${who.username}", realm="${realm}", nonce="${nonce}", uri="${target}", ` +
			`algorithm=${algorithm}, response="${response}", qop=auth, nc=${qop.nc}, cnonce="${qop.cnonce}"`,
	};
}
