import { expect, test } from "vitest";
import { FakeClock } from "../../platform/fake-clock.ts";
import { ATTEMPT_INTERVAL_MS, FREE_ATTEMPTS, MAX_ADDRESSES, networkOf, PasswordGuard } from "./password-guard.ts";

function guess(guard: PasswordGuard, address: string): number {
	let tries = 0;
	while (tries < 1000 && guard.admits(address)) {
		guard.noteWrong(address);
		tries++;
	}
	return tries;
}

test("after a few wrong passwords an address has one try every few seconds", () => {
	const clock = new FakeClock();
	const guard = new PasswordGuard(clock);
	expect(guess(guard, "192.0.2.1")).toBe(FREE_ATTEMPTS);
	clock.advance(ATTEMPT_INTERVAL_MS - 1);
	expect(guard.admits("192.0.2.1")).toBe(false);
	clock.advance(1);
	expect(guess(guard, "192.0.2.1")).toBe(1);
	clock.advance(60_000);
	expect(guess(guard, "192.0.2.1")).toBe(FREE_ATTEMPTS);
});

test("a recorder with an old password that tries at a recorder's pace is never kept out", () => {
	const clock = new FakeClock();
	const guard = new PasswordGuard(clock);
	for (let tries = 0; tries < 100; tries++) {
		expect(guard.admits("192.0.2.1")).toBe(true);
		guard.noteWrong("192.0.2.1");
		clock.advance(ATTEMPT_INTERVAL_MS);
	}
});

test("others are not kept out, and whose network is the same is", () => {
	const guard = new PasswordGuard(new FakeClock());
	guess(guard, "2001:db8::1");
	expect(guard.admits("2001:db8:0:0:ffff::2")).toBe(false);
	expect(guard.admits("2001:db8:0:1::1")).toBe(true);
	expect(guard.admits("192.0.2.1")).toBe(true);
});

test("addresses without number take no memory without end", () => {
	const guard = new PasswordGuard(new FakeClock());
	guess(guard, "192.0.2.1");
	for (let index = 0; index < MAX_ADDRESSES; index++) guard.noteWrong(`10.1.${index >> 8}.${index & 255}`);
	// The one that was silent for longest is forgotten.
	expect(guard.admits("192.0.2.1")).toBe(true);
});

test.each([
	["192.0.2.1", "192.0.2.1"],
	["::ffff:192.0.2.1", "192.0.2.1"],
	["fe80::1%eth0", "fe80:0:0:0::/64"],
	["::1", "0:0:0:0::/64"],
	["2001:DB8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
	["1::", "1:0:0:0::/64"],
])("the network of %s is %s", (address, network) => {
	expect(networkOf(address)).toBe(network);
});
