/** `WS /api/wall`: carries the wall protocol of `@vigia/api` between a page and its viewer. @module */
import {
	type ClientMessage,
	MAX_SLOTS,
	parseClientMessage,
	type ServerMessage,
	WALL_PROTOCOL_VERSION,
	type WallErrorCode,
} from "@vigia/api";
import type { WebSocket } from "ws";
import type { Clock, Timer } from "../platform/clock.ts";
import type { WallViewer } from "../outputs/webrtc/wall-viewer.ts";
import type { StatusBroadcast } from "./status-broadcast.ts";

/** A page says hello as its first act. */
const HELLO_TIMEOUT_MS = 5_000;
/** Half-open sockets are noticed after two unanswered pings; a phone that sleeps is one. */
const PING_INTERVAL_MS = 10_000;
/** Status is about 20 kB at 64 cameras: a page that has not read 50 of them is not there any more. */
const MAX_BACKLOG_BYTES = 1024 * 1024;
/** A page sends a handful of messages a second at most; ICE candidates come in a bunch. */
const MESSAGES_PER_SECOND = 20;
const MESSAGE_BURST = 200;

/** WebSocket close codes, RFC 6455 section 7.4.1. */
const CLOSE_PROTOCOL_ERROR = 1002;
const CLOSE_POLICY = 1008;
const CLOSE_TRY_LATER = 1013;

export interface WallSocketOptions {
	readonly clock: Clock;
	readonly statuses: StatusBroadcast;
	/** What `welcome` says, made anew for every page. */
	readonly welcome: () => Extract<ServerMessage, { type: "welcome" }>;
	/** `undefined` while there are as many viewers as this server takes. */
	readonly openViewer: (send: (message: ServerMessage) => void) => WallViewer | undefined;
	/** Something of ours went wrong with a message; the page is told in general terms. */
	readonly onError: (error: unknown) => void;
}

/** Serves one socket until it closes; owns its viewer. */
export function serveWallSocket(socket: WebSocket, options: WallSocketOptions): void {
	const { clock, statuses } = options;
	let viewer: WallViewer | undefined;
	let unsubscribe: (() => void) | undefined;
	let timer: Timer;
	let alive = true;
	let tokens = MESSAGE_BURST;
	let refilledMs = clock.nowMs();

	const sendText = (text: string): void => {
		if (socket.readyState !== socket.OPEN) return;
		if (socket.bufferedAmount > MAX_BACKLOG_BYTES) socket.terminate();
		else socket.send(text);
	};
	const send = (message: ServerMessage): void => sendText(JSON.stringify(message));
	const refuse = (code: WallErrorCode, message: string, closeCode: number): void => {
		send({ type: "error", code, message });
		socket.close(closeCode, code);
	};
	const ping = (): void => {
		if (!alive) return socket.terminate();
		alive = false;
		socket.ping();
		timer = clock.after(PING_INTERVAL_MS, ping);
	};
	const spendToken = (): boolean => {
		const nowMs = clock.nowMs();
		tokens = Math.min(MESSAGE_BURST, tokens + ((nowMs - refilledMs) / 1000) * MESSAGES_PER_SECOND);
		refilledMs = nowMs;
		return --tokens >= 0;
	};
	const welcome = ({ version, webrtcH264 }: Extract<ClientMessage, { type: "hello" }>): void => {
		if (viewer) return refuse("bad-message", "hello was said already", CLOSE_PROTOCOL_ERROR);
		if (version !== WALL_PROTOCOL_VERSION) {
			const text = `this server speaks version ${WALL_PROTOCOL_VERSION} of the wall protocol: reload the page`;
			return refuse("version-mismatch", text, CLOSE_PROTOCOL_ERROR);
		}
		viewer = options.openViewer(send);
		if (!viewer) return refuse("too-many-viewers", "this server has as many viewers as it takes", CLOSE_TRY_LATER);
		timer.cancel();
		timer = clock.after(PING_INTERVAL_MS, ping);
		const message = options.welcome();
		send(message);
		// Offering before the page says what it wants saves a slow machine a tenth of a second.
		if (webrtcH264) viewer.prepare(Math.min(MAX_SLOTS, message.cameras.length));
		unsubscribe = statuses.subscribe(sendText);
	};

	const handle = (text: string): void => {
		const parsed = parseClientMessage(text);
		if (!parsed.ok) return refuse("bad-message", parsed.problem, CLOSE_PROTOCOL_ERROR);
		const { message } = parsed;
		if (message.type === "hello") return welcome(message);
		if (!viewer) return refuse("hello-expected", "the first message must be hello", CLOSE_PROTOCOL_ERROR);
		switch (message.type) {
			case "view":
				return viewer.setView(message.revision, message.tiles);
			case "answer":
				return viewer.answer(message.connection, message.negotiation, message.sdp);
			case "candidate":
				return viewer.candidate(message.connection, message.mid, message.candidate);
			case "refresh":
				return viewer.refresh(message.slot);
			case "reconnect":
				return viewer.reconnect(message.connection);
		}
	};

	timer = clock.after(HELLO_TIMEOUT_MS, () => refuse("hello-expected", "no hello came within 5 s", CLOSE_POLICY));
	socket.on("pong", () => {
		alive = true;
	});
	socket.on("message", (data: Buffer, isBinary: boolean) => {
		// What was on its way when the socket was refused is not served any more.
		if (socket.readyState !== socket.OPEN) return;
		alive = true;
		if (!spendToken()) return refuse("bad-message", "too many messages", CLOSE_POLICY);
		if (isBinary) return refuse("bad-message", "messages are JSON text", CLOSE_PROTOCOL_ERROR);
		try {
			handle(data.toString("utf8"));
		} catch (error) {
			options.onError(error);
			refuse("internal-error", "the server made a mistake with this message", CLOSE_POLICY);
		}
	});
	// ws reports broken frames and over-long messages here and closes by itself.
	socket.on("error", () => socket.terminate());
	socket.on("close", () => {
		timer.cancel();
		unsubscribe?.();
		viewer?.close();
	});
}
