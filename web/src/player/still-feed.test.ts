import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { settle } from "../testing/fake-dom.ts";
import {
	LONGEST_STILL_RETRY_MS,
	STILL_INTERVAL_MS,
	STILL_REST_FACTOR,
	STILL_RETRY_MS,
	STILL_TIMEOUT_MS,
	StillPicture,
} from "./still-feed.ts";

interface Request {
	readonly url: string;
	readonly signal: AbortSignal;
	answer(response: Response): Promise<void>;
}

/** An image whose bytes are a picture unless {@link FakeImage.broken}. */
class FakeImage {
	static broken = false;
	alt = "";
	src = "";
	decoding = "";
	removed = false;
	decode(): Promise<void> {
		return FakeImage.broken ? Promise.reject(new DOMException("broken", "EncodingError")) : Promise.resolve();
	}
	remove(): void {
		this.removed = true;
	}
}

let clock: FakeClock;
let requests: Request[];
let objectUrls: Set<string>;
let pictures: number;
let errors: string[];
let still: StillPicture;

const CAPTURED = "2026-01-01T10:00:00.250Z";
const headers = { "x-vigia-captured-at": CAPTURED, date: "Thu, 01 Jan 2026 10:00:03 GMT" };
const jpeg = (init: ResponseInit = { headers }) => new Response("jpeg", init);
const last = () => requests.at(-1) as Request;

beforeEach(() => {
	clock = new FakeClock();
	requests = [];
	objectUrls = new Set();
	pictures = 0;
	errors = [];
	FakeImage.broken = false;
	let made = 0;
	vi.stubGlobal("document", { createElement: () => new FakeImage() });
	vi.stubGlobal("Image", FakeImage);
	vi.stubGlobal("URL", {
		createObjectURL: () => {
			const url = `blob:${++made}`;
			objectUrls.add(url);
			return url;
		},
		revokeObjectURL: (url: string) => objectUrls.delete(url),
	});
	vi.stubGlobal("fetch", (url: string, { signal }: { signal: AbortSignal }) => {
		const { promise, resolve, reject } = Promise.withResolvers<Response>();
		signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
		const answer = async (response: Response) => {
			const told = pictures + errors.length;
			resolve(response);
			await vi.waitFor(() => expect(pictures + errors.length).toBeGreaterThan(told), { interval: 1, timeout: 10_000 });
		};
		requests.push({ url, signal, answer });
		return promise;
	});
	still = new StillPicture({
		url: "api/cameras/1/snapshot.jpg?stream=sub&width=320",
		clock,
		onPicture: () => pictures++,
		onError: (code) => errors.push(code),
	});
});
afterEach(() => {
	still.close();
	vi.unstubAllGlobals();
});

test("a picture is shown with the time at which it was taken, whatever this computer's clock says", async () => {
	await last().answer(jpeg());
	expect([still.element.src, pictures]).toEqual(["blob:1", 1]);
	expect(still.ageMs()).toBe(2750);
	clock.advance(400);
	expect(still.ageMs()).toBe(3150);
});

test("without the time of capture its age is not known", async () => {
	await last().answer(jpeg({}));
	expect([pictures, still.ageMs()]).toEqual([1, undefined]);
});

test("the next one is loaded after a rest, one at a time, and the one before is let go", async () => {
	clock.advance(10 * STILL_INTERVAL_MS);
	expect(requests).toHaveLength(1);
	await last().answer(jpeg());
	clock.advance(10 * STILL_INTERVAL_MS * STILL_REST_FACTOR - 1);
	expect(requests).toHaveLength(1);
	clock.advance(1);
	expect(requests).toHaveLength(2);
	await last().answer(jpeg());
	expect([...objectUrls]).toEqual(["blob:2"]);
	clock.advance(STILL_INTERVAL_MS);
	expect(requests).toHaveLength(3);
});

test("few are loaded at the same time, in the order in which they were asked for", async () => {
	const more = [1, 2, 3].map(
		(number) => new StillPicture({ url: `${number}.jpg`, clock, onPicture: () => pictures++, onError: () => {} }),
	);
	expect(requests.map(({ url }) => url).slice(1)).toEqual(["1.jpg"]);
	more[1]?.close();
	await last().answer(jpeg());
	await vi.waitFor(() => expect(requests.map(({ url }) => url).slice(1)).toEqual(["1.jpg", "3.jpg"]));
	for (const one of more) one.close();
});

test("an error of the server is told with its code, tried again further and further apart, and the picture stays", async () => {
	await last().answer(jpeg());
	clock.advance(STILL_INTERVAL_MS);
	const body = JSON.stringify({ error: { code: "ffmpeg-missing", message: "Install FFmpeg." } });
	await last().answer(new Response(body, { status: 503 }));
	expect([errors, still.element.src]).toEqual([["ffmpeg-missing"], "blob:1"]);
	for (let delayMs = STILL_RETRY_MS; delayMs < LONGEST_STILL_RETRY_MS; delayMs *= 2) {
		const count = requests.length;
		clock.advance(delayMs - 1);
		expect(requests).toHaveLength(count);
		clock.advance(1);
		expect(requests).toHaveLength(count + 1);
		await last().answer(new Response("<html>", { status: 502 }));
	}
	expect(errors.at(-1)).toBe("network");
	clock.advance(LONGEST_STILL_RETRY_MS);
	await last().answer(jpeg());
	clock.advance(STILL_INTERVAL_MS);
	await last().answer(new Response("", { status: 500 }));
	const count = requests.length;
	clock.advance(STILL_RETRY_MS);
	expect(requests).toHaveLength(count + 1);
});

test("what does not come in time is given up", async () => {
	clock.advance(STILL_TIMEOUT_MS);
	await settle();
	expect(last().signal.aborted).toBe(true);
	expect(errors).toEqual(["network"]);
});

test("what is not a picture is not shown", async () => {
	FakeImage.broken = true;
	await last().answer(jpeg());
	expect([still.element.src, pictures, objectUrls.size]).toEqual(["", 0, 0]);
	expect(errors).toEqual(["not-an-image"]);
});

test("closing ends the load and everything after it", async () => {
	await last().answer(jpeg());
	clock.advance(STILL_INTERVAL_MS);
	still.close();
	still.close();
	await settle();
	clock.advance(LONGEST_STILL_RETRY_MS * 2);
	expect([requests.length, last().signal.aborted, errors, objectUrls.size, clock.pending]).toEqual([2, true, [], 0, 0]);
});
