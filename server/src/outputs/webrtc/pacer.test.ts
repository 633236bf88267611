import { expect, test } from "vitest";
import { FakeClock } from "../../platform/fake-clock.ts";
import { HEAD_START_MS, MAX_CREDIT_BYTES, PACE_BYTES_PER_MS, type PacedSender, Pacer } from "./pacer.ts";

const PACKET_BYTES = 1000;

/** A slot whose first unit has `keyPackets` packets and is urgent, followed by units of `unitPackets`. */
class Slot implements PacedSender {
	readonly #log: string[];
	readonly #name: string;
	readonly #units: number[];
	#sentOfUnit = 0;
	#urgent = true;

	constructor(log: string[], name: string, units: readonly number[]) {
		this.#log = log;
		this.#name = name;
		this.#units = [...units];
	}

	nextIsUrgent(): boolean {
		return this.#urgent && this.hasPending();
	}

	hasPending(): boolean {
		return this.#units.length > 0;
	}

	atUnitStart(): boolean {
		return this.#sentOfUnit === 0;
	}

	sendNext(): number {
		this.#log.push(this.#urgent ? this.#name.toUpperCase() : this.#name);
		this.#sentOfUnit++;
		if (this.#sentOfUnit === this.#units[0]) {
			this.#units.shift();
			this.#sentOfUnit = 0;
			this.#urgent = false;
		}
		return PACKET_BYTES;
	}
}

test("the key frames of all slots go before the rest of any", () => {
	const clock = new FakeClock();
	const pacer = new Pacer(clock);
	const log: string[] = [];
	for (const name of ["a", "b", "c"]) pacer.add(new Slot(log, name, [2, 1, 2]));
	expect(log).toEqual([]);
	clock.advance(3 * HEAD_START_MS - 1);
	expect(log.join("")).toBe("AABBCC");
	clock.advance(20);
	expect(log.join("")).toBe("AABBCCabcaabbcc");
	expect(clock.pending).toBe(0);
});

test("a key frame that comes in the head start of another one goes at once", () => {
	const clock = new FakeClock();
	const pacer = new Pacer(clock);
	const log: string[] = [];
	pacer.add(new Slot(log, "a", [2, 1]));
	clock.advance(1);
	pacer.add(new Slot(log, "b", [2, 1]));
	clock.advance(0);
	expect(log.join("")).toBe("AABB");
	clock.advance(2 * HEAD_START_MS);
	expect(log.join("")).toBe("AABBab");
});

test("a burst is spread at the pace, after what may go at once", () => {
	const clock = new FakeClock();
	const pacer = new Pacer(clock);
	const log: string[] = [];
	pacer.add(new Slot(log, "a", [1000]));
	clock.advance(0);
	const atOnce = log.length;
	expect(atOnce * PACKET_BYTES).toBe(MAX_CREDIT_BYTES);
	clock.advance(50);
	expect((log.length - atOnce) * PACKET_BYTES).toBe(50 * PACE_BYTES_PER_MS);
	clock.advance(1000);
	expect(log).toHaveLength(1000);
	expect(clock.pending).toBe(0);
});

test("a pause earns no more than what may go at once", () => {
	const clock = new FakeClock();
	const pacer = new Pacer(clock);
	const log: string[] = [];
	clock.advance(60_000);
	pacer.add(new Slot(log, "a", [1000]));
	clock.advance(0);
	expect(log.length * PACKET_BYTES).toBe(MAX_CREDIT_BYTES);
	pacer.close();
	expect(clock.pending).toBe(0);
});

test("a removed slot sends no more, and the last one takes the timer with it", () => {
	const clock = new FakeClock();
	const pacer = new Pacer(clock);
	const log: string[] = [];
	const [a, b] = [new Slot(log, "a", [10]), new Slot(log, "b", [10])];
	pacer.add(a);
	pacer.add(b);
	pacer.remove(a);
	clock.advance(5);
	expect(log.join("")).toBe("BBBBBBBBBB");
	pacer.add(new Slot(log, "c", [500]));
	clock.advance(1);
	pacer.remove(a);
	expect(clock.pending).toBe(1);
});
