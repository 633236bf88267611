import { describe, expect, it } from "vitest";
import { Credentials } from "../config/credentials.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { AuthGuard, type AuthTicket, MAX_REFUSED_CHANNELS } from "./auth-guard.ts";
import { MAX_HANDSHAKES_PER_HOST } from "./host-gate.ts";
import type { SourceFailure } from "./source.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
const REFUSED: SourceFailure = { code: "auth-refused", detail: "" };

function open(channels: number) {
	const clock = new FakeClock();
	const guard = new AuthGuard(clock);
	const ticket = (password = PASSWORD, host = "nvr:554"): AuthTicket =>
		guard.ticket(host, new Credentials("admin", password));
	const tickets = Array.from({ length: channels }, () => ticket());
	/** Every channel that may try is refused. @returns how many there were. */
	const refuseAll = (): number => {
		let tries = 0;
		for (const each of tickets) {
			if (each.refusal()) continue;
			tries++;
			each.refused(REFUSED);
		}
		return tries;
	};
	return { clock, ticket, tickets, refuseAll };
}

describe("the channels of one recorder", () => {
	it("try a wrong password twice together, then ever more rarely once (quirk 29)", () => {
		const { clock, refuseAll, tickets } = open(64);
		expect(refuseAll()).toBe(MAX_REFUSED_CHANNELS);
		expect(tickets[63]?.refusal()).toMatchObject({ failure: REFUSED, untilMs: clock.nowMs() + 60_000 });
		clock.advance(59_999);
		expect(refuseAll()).toBe(0);
		clock.advance(1);
		expect(refuseAll()).toBe(1);
		clock.advance(60_000);
		expect(refuseAll()).toBe(0);
		clock.advance(60_000);
		expect(refuseAll()).toBe(1);
		// In a day no more than one try in ten minutes is left.
		let tries = 0;
		for (let minutes = 0; minutes < 24 * 60; minutes++) {
			clock.advance(60_000);
			tries += refuseAll();
		}
		expect(tries).toBeLessThanOrEqual(144);
	});

	it("are the two streams of one camera too: one try in each round when both were refused (quirk 29)", () => {
		const { clock, refuseAll } = open(2);
		const tries: number[] = [];
		for (let seconds = 0; seconds < 600; seconds++, clock.advance(1000)) tries.push(refuseAll());
		expect(tries.filter((count) => count > 0)).toEqual([2, 1, 1, 1]);
	});

	it("let those try first that only waited", () => {
		const { clock, refuseAll, tickets } = open(5);
		refuseAll();
		clock.advance(60_000);
		expect(tickets.map((each) => each.refusal() === undefined)).toEqual([false, false, true, true, true]);
	});

	it("are all free again when one is let in", () => {
		const { clock, refuseAll, tickets } = open(64);
		refuseAll();
		clock.advance(60_000);
		tickets[63]?.accepted();
		expect(tickets.every((each) => each.refusal() === undefined)).toBe(true);
		expect(tickets[0]?.limit()).toBe(MAX_HANDSHAKES_PER_HOST);
	});

	it("that this user may not see keep nobody else waiting", () => {
		const { tickets } = open(64);
		tickets[0]?.accepted();
		for (const each of tickets.slice(1, 9)) each.refused(REFUSED);
		expect(tickets[63]?.refusal()).toBeUndefined();
		expect(tickets[63]?.limit()).toBe(MAX_HANDSHAKES_PER_HOST);
	});

	it("stop together when the password was changed", () => {
		const { refuseAll, tickets } = open(64);
		for (const each of tickets) each.accepted();
		expect(refuseAll()).toBe(MAX_REFUSED_CHANNELS);
	});

	it("begin with no more handshakes at once than may be refused", () => {
		const { tickets } = open(4);
		expect(tickets[3]?.limit()).toBe(MAX_REFUSED_CHANNELS);
		tickets[0]?.refused(REFUSED);
		expect(tickets[3]?.limit()).toBe(MAX_REFUSED_CHANNELS - 1);
	});
});

it("another password, another host and no password at all are not held back", () => {
	const { refuseAll, ticket, tickets } = open(3);
	refuseAll();
	expect(tickets[0]?.refusal()).toBeDefined();
	expect(ticket("other").refusal()).toBeUndefined();
	expect(ticket(PASSWORD, "nvr:8554").refusal()).toBeUndefined();
	expect(ticket().refusal()).toBeDefined();
	const open64 = new AuthGuard(new FakeClock());
	const free = Array.from({ length: 64 }, () => open64.ticket("nvr:554", undefined));
	for (const each of free) each.refused(REFUSED);
	expect(free[0]?.refusal()).toBeUndefined();
});
