/** The media channels of the link: which number carries which stream, and the feeds that they fill. @module */
import { type ChannelWish, MAX_CHANNELS, type MediaFrame, readMediaFrame, type StreamName } from "@vigia/api";
import type { Feed } from "../player/feed.ts";

/** A feed that is filled by the frames of one channel. */
export interface ChannelFeed extends Feed {
	/** Its payload belongs to the feed. */
	push(frame: MediaFrame): void;
	/** Another feed would have the sound that this one is without. */
	readonly soundIsBack: boolean;
}

/** A stream that is wanted on a channel. */
export interface MediaWish {
	readonly camera: string;
	readonly stream: StreamName;
	readonly audio: boolean;
}

interface Channel extends ChannelWish {
	readonly feed: ChannelFeed;
}

/** A channel's content never changes: for another one there is another number. */
export class MseChannels {
	readonly #makeFeed: (audio: boolean) => ChannelFeed;
	/** By {@link keyOf}. */
	readonly #wanted = new Map<string, Channel>();
	readonly #byNumber = new Map<number, Channel>();
	#next = 0;

	constructor(makeFeed: (audio: boolean) => ChannelFeed) {
		this.#makeFeed = makeFeed;
	}

	/**
	 * Takes the whole wanted state and answers it as the view says it. Feeds of what is not wanted are forgotten, and those
	 * that are without their sound are made anew.
	 */
	want(wishes: readonly MediaWish[]): ChannelWish[] {
		const before = new Map(this.#wanted);
		this.#wanted.clear();
		for (const wish of wishes) {
			const key = keyOf(wish);
			const known = before.get(key);
			const keeps = known && !known.feed.soundIsBack;
			if (keeps) before.delete(key);
			this.#wanted.set(key, keeps ? known : this.#open(wish));
		}
		for (const { channel } of before.values()) this.#byNumber.delete(channel);
		return [...this.#wanted.values()].map(({ channel, camera, stream, audio }) => ({ channel, camera, stream, audio }));
	}

	/** The feed of a wanted stream. Whoever shows it closes it. */
	feedOf(wish: MediaWish): ChannelFeed | undefined {
		return this.#wanted.get(keyOf(wish))?.feed;
	}

	/** What a channel carries. */
	at(channel: number): ChannelWish | undefined {
		return this.#byNumber.get(channel);
	}

	/** Takes a media frame; what is no frame, or of a channel that is not wanted any more, is dropped. */
	receive(bytes: Uint8Array): void {
		const frame = readMediaFrame(bytes);
		if (frame) this.#byNumber.get(frame.channel)?.feed.push(frame);
	}

	/** The feed has failed: the next {@link want} opens another channel. */
	forget(feed: unknown): void {
		for (const [key, wanted] of this.#wanted) {
			if (wanted.feed !== feed) continue;
			this.#wanted.delete(key);
			this.#byNumber.delete(wanted.channel);
		}
	}

	/** A new link knows nothing of the channels of the old one. */
	clear(): void {
		this.#wanted.clear();
		this.#byNumber.clear();
	}

	#open(wish: MediaWish): Channel {
		while (this.#byNumber.has(this.#next)) this.#next = (this.#next + 1) % MAX_CHANNELS;
		const channel: Channel = { ...wish, channel: this.#next, feed: this.#makeFeed(wish.audio) };
		this.#next = (this.#next + 1) % MAX_CHANNELS;
		this.#byNumber.set(channel.channel, channel);
		return channel;
	}
}

function keyOf({ camera, stream, audio }: MediaWish): string {
	return `${camera}/${stream}/${audio ? "loud" : "mute"}`;
}
