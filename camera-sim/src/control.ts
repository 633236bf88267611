/** Faults at run time. @module */
import type { Channel, StoppedAnswer } from "./channel.ts";

/** One camera by its number, or all of them. */
export type ChannelSelector = number | "all";

/** What stopping and starting does besides changing the channel's state: the listeners of separate ports. */
export interface PowerSwitch {
	onStop(channel: Channel): Promise<void>;
	onStart(channel: Channel): Promise<void>;
}

/** Longest delay of a restart: a day. */
export const MAX_RESTART_DELAY_MS = 24 * 3600 * 1000;

/**
 * Every method takes effect at once and throws RangeError when there is no such camera or a value is impossible.
 * The promises resolve when a listener is closed or open again.
 */
export class CameraControl {
	readonly #channels: readonly Channel[];
	readonly #power: PowerSwitch;
	readonly #restarts = new Map<Channel, NodeJS.Timeout>();

	constructor(channels: readonly Channel[], power: PowerSwitch) {
		this.#channels = channels;
		this.#power = power;
	}

	/**
	 * The camera is switched off: its connections are reset. With a port per camera new ones are refused; on a shared
	 * port they are cut as soon as they ask for the camera, or answered with the status that a recorder would give.
	 */
	async stop(selector: ChannelSelector, answer: StoppedAnswer = "cut"): Promise<void> {
		await this.#each(selector, async (channel) => {
			this.#cancelRestart(channel);
			channel.faults.stopped = answer;
			const closed = this.#power.onStop(channel);
			channel.cutAll();
			await closed;
		});
	}

	/** The camera is on and well: ends every fault except a changed password. */
	async start(selector: ChannelSelector): Promise<void> {
		await this.#each(selector, async (channel) => {
			this.#cancelRestart(channel);
			channel.heal();
			await this.#power.onStart(channel);
		});
	}

	/** Stops now and starts after the delay. Resolves when it is stopped. */
	async restart(selector: ChannelSelector, delayMs: number): Promise<void> {
		if (!(delayMs >= 0 && delayMs <= MAX_RESTART_DELAY_MS))
			throw new RangeError(`delayMs must be 0-${MAX_RESTART_DELAY_MS}, not ${delayMs}.`);
		await this.stop(selector);
		for (const channel of this.#select(selector)) {
			const start = (): void => void this.start(channel.number).catch(() => undefined);
			this.#restarts.set(channel, setTimeout(start, delayMs));
		}
	}

	/** No more pictures while TCP stays; `rtcp`: sender reports go on. */
	freeze(selector: ChannelSelector, options: { readonly rtcp: boolean }): void {
		for (const channel of this.#select(selector)) channel.faults.freeze = options.rtcp ? "video" : "all";
	}

	/** The network is gone without a word: connections neither read nor write nor close, new ones are not answered. */
	dropSilently(selector: ChannelSelector): void {
		for (const channel of this.#select(selector)) {
			channel.faults.halfOpen = true;
			for (const connection of channel.connections) connection.goSilent();
		}
	}

	/**
	 * A reboot behind a router that tells nobody: the connections that there are hang for good, new ones are served.
	 * `start` resets what hangs.
	 */
	abandonConnections(selector: ChannelSelector): void {
		for (const channel of this.#select(selector)) {
			for (const connection of channel.connections) connection.goSilent();
		}
	}

	/** 401 to every request from now on, whatever it proves. */
	refusePasswords(selector: ChannelSelector): void {
		for (const channel of this.#select(selector)) channel.faults.refusePasswords = true;
	}

	/** From now on another password is right. Running sessions notice with their next request. */
	changePassword(selector: ChannelSelector, password: string): void {
		const channels = this.#select(selector);
		if (channels.some((channel) => !channel.credentials))
			throw new RangeError("The camera asks for no password: start the simulator with credentials.");
		for (const channel of channels)
			if (channel.credentials) channel.credentials = { username: channel.credentials.username, password };
	}

	/** At most so many sessions per camera; one more gets 453. Running ones stay. */
	limitSessions(selector: ChannelSelector, limit: number): void {
		if (!Number.isInteger(limit) || limit < 0) throw new RangeError(`The limit must be 0 or more, not ${limit}.`);
		for (const channel of this.#select(selector)) channel.faults.sessionLimit = limit;
	}

	/** A second session gets 453. */
	refuseSecondSession(selector: ChannelSelector): void {
		this.limitSessions(selector, 1);
	}

	/** Restarts that are still to come do not happen. */
	cancelRestarts(): void {
		for (const channel of this.#channels) this.#cancelRestart(channel);
	}

	#cancelRestart(channel: Channel): void {
		clearTimeout(this.#restarts.get(channel));
		this.#restarts.delete(channel);
	}

	async #each(selector: ChannelSelector, action: (channel: Channel) => Promise<void>): Promise<void> {
		await Promise.all(this.#select(selector).map(action));
	}

	#select(selector: ChannelSelector): readonly Channel[] {
		if (selector === "all") return this.#channels;
		const channel = this.#channels[selector - 1];
		if (!channel) throw new RangeError(`There is no camera ${selector}: use 1-${this.#channels.length} or "all".`);
		return [channel];
	}
}
