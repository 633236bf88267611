/** What the RTSP server counts. @module */

/** Plain counts since the start, read by the metrics; they only grow. */
export class RtspOutputCounters {
	/** Sessions that were set up. */
	sessions = 0;
	/** RTP packets sent, and their bytes. */
	packets = 0;
	bytes = 0;
	/** Times that too much waited for a client, so that its session went on at the next key frame. */
	keyFrameSkips = 0;
	/** Pictures that were given up by that, or came before a session's first key frame. */
	droppedPictures = 0;
	/** Clients that were cut off because they did not read. */
	stalledClients = 0;
	/** Answers to a challenge that were wrong. */
	wrongPasswords = 0;
	/** Connections that were closed at once because there were too many. */
	refusedConnections = 0;
}
