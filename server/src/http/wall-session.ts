/** The server's side of the wall protocol of `@vigia/api` for one page, over any carrier. @module */
import {
	type ClientMessage,
	type Codec,
	MAX_SLOTS,
	parseClientMessage,
	type ServerMessage,
	WALL_PROTOCOL_VERSION,
	type WallErrorCode,
} from "@vigia/api";
import type { MediaPipe, MseViewer } from "../outputs/mse/mse-viewer.ts";
import type { WallViewer } from "../outputs/webrtc/wall-viewer.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { StatusBroadcast } from "./status-broadcast.ts";
import { CLOSE_POLICY, CLOSE_PROTOCOL_ERROR, CLOSE_TRY_LATER, type WallLink } from "./wall-link.ts";

/** A page says hello as its first act. */
const HELLO_TIMEOUT_MS = 5_000;
/** Half-open links are noticed after two unanswered checks; a phone that sleeps is one. */
export const CHECK_INTERVAL_MS = 10_000;
/** A page that owes an acknowledgement this long, in ms, is frozen or gone; a frozen one comes back by itself. */
const DEAD_AFTER_MS = 30_000;
/**
 * Of texts alone. Status is about 20 kB at 64 cameras: a page that has not read 50 of them is not there any more. What
 * media may wait is bounded by the viewer.
 */
const MAX_BACKLOG_BYTES = 1024 * 1024;
/** A page acknowledges media some ten times a second and says little else; ICE candidates come in a bunch. */
const MESSAGES_PER_SECOND = 50;
const MESSAGE_BURST = 200;

export interface WallSessionOptions {
	readonly clock: Clock;
	readonly statuses: StatusBroadcast;
	/** What `welcome` says, made anew for every page. */
	readonly welcome: () => Extract<ServerMessage, { type: "welcome" }>;
	/** `undefined` while there are as many viewers as this server takes. */
	readonly openViewer: (send: (message: ServerMessage) => void) => WallViewer | undefined;
	/** @param codecs what the page decodes by Media Source Extensions. */
	readonly openMse: (codecs: readonly Codec[], pipe: MediaPipe) => MseViewer;
	/** Something of ours went wrong with a message; the page is told in general terms. */
	readonly onError: (error: unknown) => void;
}

interface Viewers {
	readonly webrtc: WallViewer;
	readonly mse: MseViewer;
}

/** Serves one link until its carrier calls {@link WallSession.end}; owns the page's viewers. */
export class WallSession {
	readonly #link: WallLink;
	readonly #options: WallSessionOptions;
	#viewers: Viewers | undefined;
	#unsubscribe: (() => void) | undefined;
	#timer: Timer;
	#tokens = MESSAGE_BURST;
	#refilledMs: number;

	constructor(link: WallLink, options: WallSessionOptions) {
		const { clock } = options;
		this.#link = link;
		this.#options = options;
		this.#refilledMs = clock.nowMs();
		this.#timer = clock.after(HELLO_TIMEOUT_MS, () => {
			this.refuse("hello-expected", "no hello came within 5 s", CLOSE_POLICY);
			this.#checkSoon();
		});
	}

	/** Takes a message of the page. */
	receive(text: string): void {
		// What was on its way when the link was refused is not served any more.
		if (!this.#link.isOpen) return;
		if (!this.#spendToken()) return this.refuse("bad-message", "too many messages", CLOSE_POLICY);
		try {
			this.#handle(text);
		} catch (error) {
			this.#options.onError(error);
			this.refuse("internal-error", "the server made a mistake with this message", CLOSE_POLICY);
		}
	}

	/** Tells the page what is wrong and closes the link. */
	refuse(code: WallErrorCode, message: string, closeCode = CLOSE_PROTOCOL_ERROR): void {
		this.#send({ type: "error", code, message });
		this.#link.close(closeCode, code);
	}

	/** The link has closed: releases everything. */
	end(): void {
		this.#timer.cancel();
		this.#unsubscribe?.();
		this.#viewers?.webrtc.close();
		this.#viewers?.mse.close();
	}

	#handle(text: string): void {
		const parsed = parseClientMessage(text);
		if (!parsed.ok) {
			if (!this.#viewers && isHelloOfOtherVersion(text)) return this.#refuseVersion();
			return this.refuse("bad-message", parsed.problem);
		}
		const { message } = parsed;
		if (message.type === "hello") return this.#welcome(message);
		if (!this.#viewers) return this.refuse("hello-expected", "the first message must be hello");
		const { webrtc, mse } = this.#viewers;
		switch (message.type) {
			case "view":
				webrtc.setView(message.revision, message.tiles);
				webrtc.setSound(message.sound);
				return mse.setChannels(message.revision, message.channels);
			case "received":
				return mse.received(message.bytes);
			case "answer":
				return webrtc.answer(message.connection, message.negotiation, message.sdp);
			case "candidate":
				return webrtc.candidate(message.connection, message.mid, message.candidate);
			case "refresh":
				return webrtc.refresh(message.slot);
			case "reconnect":
				return webrtc.reconnect(message.connection);
		}
	}

	#welcome({ version, webrtc: webrtcCodecs, mse: mseCodecs }: Extract<ClientMessage, { type: "hello" }>): void {
		if (this.#viewers) return this.refuse("bad-message", "hello was said already");
		if (version !== WALL_PROTOCOL_VERSION) return this.#refuseVersion();
		const { openViewer, openMse, statuses } = this.#options;
		const send = (message: ServerMessage): void => this.#send(message);
		const webrtc = openViewer(send);
		if (!webrtc) return this.refuse("too-many-viewers", "this server has as many viewers as it takes", CLOSE_TRY_LATER);
		const link = this.#link;
		const mse = openMse(mseCodecs, {
			send,
			sendBinary: (bytes) => link.sendBinary(bytes),
			get bufferedBytes() {
				return link.bufferedBytes;
			},
		});
		this.#viewers = { webrtc, mse };
		this.#checkSoon();
		const message = this.#options.welcome();
		send(message);
		// Offering before the page says what it wants saves a slow machine a tenth of a second.
		const forced = message.protocol === "mse" || message.protocol === "hls";
		if (webrtcCodecs.includes("h264") && !forced) webrtc.prepare(Math.min(MAX_SLOTS, message.cameras.length));
		this.#unsubscribe = statuses.subscribe((text) => this.#sendText(text));
	}

	#refuseVersion(): void {
		const text = `this server speaks version ${WALL_PROTOCOL_VERSION} of the wall protocol: reload the page`;
		this.refuse("version-mismatch", text);
	}

	#checkSoon(): void {
		this.#timer.cancel();
		this.#timer = this.#options.clock.after(CHECK_INTERVAL_MS, () => {
			const owesMs = this.#viewers?.mse.unacknowledgedMs ?? 0;
			if (owesMs > DEAD_AFTER_MS || !this.#link.checkAlive()) this.#link.terminate();
			else this.#checkSoon();
		});
	}

	#send(message: ServerMessage): void {
		this.#sendText(JSON.stringify(message));
	}

	#sendText(text: string): void {
		if (!this.#link.isOpen) return;
		const media = this.#viewers?.mse.bytesInFlight ?? 0;
		if (this.#link.bufferedBytes - media > MAX_BACKLOG_BYTES) this.#link.terminate();
		else this.#link.sendText(text);
	}

	#spendToken(): boolean {
		const nowMs = this.#options.clock.nowMs();
		const refill = ((nowMs - this.#refilledMs) / 1000) * MESSAGES_PER_SECOND;
		this.#tokens = Math.min(MESSAGE_BURST, this.#tokens + refill);
		this.#refilledMs = nowMs;
		return --this.#tokens >= 0;
	}
}

/** A page that was loaded before the server was updated: its hello may have other fields. */
function isHelloOfOtherVersion(text: string): boolean {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return false;
	}
	if (typeof value !== "object" || value === null || !("type" in value) || value.type !== "hello") return false;
	return "version" in value && typeof value.version === "number" && value.version !== WALL_PROTOCOL_VERSION;
}
