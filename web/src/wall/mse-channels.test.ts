import { MAX_CHANNELS, type MediaFrame, writeMediaFrame } from "@vigia/api";
import { beforeEach, expect, test } from "vitest";
import { FakeFeed } from "../testing/fake-dom.ts";
import { MseChannels } from "./mse-channels.ts";

const wish = (camera: string, audio = false) => ({ camera, stream: "sub" as const, audio });
const frame = (channel: number): Uint8Array =>
	writeMediaFrame({
		kind: "media",
		track: "video",
		channel,
		randomAccess: true,
		receivedAtMs: 0,
		codecs: "",
		payload: Uint8Array.of(channel),
	} satisfies MediaFrame);

let channels: MseChannels;
beforeEach(() => {
	channels = new MseChannels(() => new FakeFeed("mse"));
});
const feedOf = (camera: string, audio = false) => channels.feedOf(wish(camera, audio)) as FakeFeed;

test("what is wanted again keeps its channel and its feed", () => {
	const first = channels.want([wish("cam1"), wish("cam2")]);
	const feed = feedOf("cam2");
	const second = channels.want([wish("cam2"), wish("cam3")]);
	expect(second.find(({ camera }) => camera === "cam2")).toEqual(first[1]);
	expect(feedOf("cam2")).toBe(feed);
	expect(feedOf("cam1")).toBeUndefined();
});

test("with sound it is another channel", () => {
	const [mute] = channels.want([wish("cam1")]);
	const [loud] = channels.want([wish("cam1", true)]);
	expect(loud).toMatchObject({ camera: "cam1", audio: true });
	expect(loud?.channel).not.toBe(mute?.channel);
});

test("frames go to the feed of their channel, and those of a channel given up to nobody", () => {
	const [one, two] = channels.want([wish("cam1"), wish("cam2")]);
	const feed = feedOf("cam1");
	channels.receive(frame(one?.channel ?? -1));
	channels.receive(frame(two?.channel ?? -1));
	channels.receive(Uint8Array.of(1, 2, 3));
	channels.want([]);
	channels.receive(frame(one?.channel ?? -1));
	expect(feed.frames.map(({ channel }) => channel)).toEqual([one?.channel]);
});

test("a feed that failed gets another channel with the next view, and a new link all of them", () => {
	const [before] = channels.want([wish("cam1")]);
	const feed = feedOf("cam1");
	channels.forget(feed);
	const [after] = channels.want([wish("cam1")]);
	expect(after?.channel).not.toBe(before?.channel);
	expect(feedOf("cam1")).not.toBe(feed);
	channels.clear();
	expect(feedOf("cam1")).toBeUndefined();
});

test("numbers begin anew and never meet one that is in use", () => {
	channels.want([wish("steady")]);
	for (let round = 0; round < 2 * MAX_CHANNELS; round++) {
		const all = channels.want([wish("steady"), wish(`cam${round}`)]);
		expect(new Set(all.map(({ channel }) => channel)).size).toBe(2);
		expect(all.every(({ channel }) => channel < MAX_CHANNELS)).toBe(true);
	}
});

test("a feed whose sound is back is made anew, on another channel", () => {
	const [before] = channels.want([wish("cam1", true)]);
	const feed = feedOf("cam1", true);
	feed.soundIsBack = true;
	const [after] = channels.want([wish("cam1", true)]);
	expect(after?.channel).not.toBe(before?.channel);
	expect(feedOf("cam1", true)).not.toBe(feed);
	channels.receive(frame(before?.channel ?? -1));
	expect(feed.frames).toEqual([]);
	expect(channels.want([wish("cam1", true)])).toEqual([after]);
});
