/** A link between a page and the server, as the wall session sees it: two carriers bring the same messages. @module */

/** WebSocket close codes, RFC 6455 section 7.4.1. */
export const CLOSE_PROTOCOL_ERROR = 1002;
export const CLOSE_POLICY = 1008;
export const CLOSE_TRY_LATER = 1013;

/** The server's end of a link. None of its methods throws; on a closed link they do nothing. */
export interface WallLink {
	readonly isOpen: boolean;
	/** Bytes that wait in this process for the network. */
	readonly bufferedBytes: number;
	sendText(text: string): void;
	/** Sends one media frame; takes the bytes over. */
	sendBinary(bytes: Uint8Array): void;
	/** Closes when what was sent before is out; code and reason reach the page where the carrier has room for them. */
	close(code: number, reason: string): void;
	/** Closes at once. */
	terminate(): void;
	/** Whether the page gave a sign of life since the last call; asks for the next one. The first call answers true. */
	checkAlive(): boolean;
}
