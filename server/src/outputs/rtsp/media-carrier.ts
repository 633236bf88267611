/** What takes a track's packets to a client, over its RTSP connection or over UDP. @module */

export interface MediaCarrier {
	/** It takes no packets now. Whoever made it is told when it does again, after {@link flush}. */
	isFull(): boolean;
	/** Takes one packet; the bytes are the caller's again when the call returns. */
	sendRtp(packet: Uint8Array): void;
	/** As {@link sendRtp}. */
	sendRtcp(packet: Uint8Array): void;
	/** These were all for now. */
	flush(): void;
}
