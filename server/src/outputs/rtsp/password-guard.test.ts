import { expect, test } from "vitest";
import { FakeClock } from "../../platform/fake-clock.ts";
import {
	FORGIVEN_AFTER_MS,
	FREE_ATTEMPTS,
	LATE_REFUSAL_MS,
	MAX_ADDRESSES,
	MAX_ATTEMPTS,
	networkOf,
	PasswordGuard,
} from "./password-guard.ts";

function guess(guard: PasswordGuard, address: string): number {
	let tries = 0;
	while (tries < 1000 && guard.admits(address)) {
		guard.noteWrong(address);
		tries++;
	}
	return tries;
}

test("a few wrong passwords are refused at once, those after them late", () => {
	const clock = new FakeClock();
	const guard = new PasswordGuard(clock);
	for (let tries = 0; tries < FREE_ATTEMPTS; tries++) expect(guard.noteWrong("192.0.2.1")).toBe("now");
	expect(guard.noteWrong("192.0.2.1")).toBe("later");
	clock.advance(LATE_REFUSAL_MS);
	expect(guard.noteWrong("192.0.2.1")).toBe("now");
});

test("two recorders with an old password for 64 streams never keep out the others of their address", () => {
	const clock = new FakeClock();
	const guard = new PasswordGuard(clock);
	for (let rounds = 0; rounds < 10; rounds++) {
		// Refused late, so none of their connections tries more often.
		for (let tries = 0; tries < MAX_ATTEMPTS; tries++) {
			expect(guard.admits("192.0.2.1")).toBe(true);
			guard.noteWrong("192.0.2.1");
		}
		clock.advance(LATE_REFUSAL_MS);
	}
});

test("of a flood that does not wait for its refusals no more is looked at than of those who do", () => {
	const clock = new FakeClock();
	const guard = new PasswordGuard(clock);
	expect(guess(guard, "192.0.2.1")).toBe(MAX_ATTEMPTS);
	clock.advance(Math.ceil(FORGIVEN_AFTER_MS));
	expect(guess(guard, "192.0.2.1")).toBe(1);
	clock.advance(LATE_REFUSAL_MS);
	expect(guess(guard, "192.0.2.1")).toBe(MAX_ATTEMPTS);
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
