import { describe, expect, test } from "vitest";
import { Credentials } from "../config/credentials.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { type LoginVerdict, REFUSED_HOLD_MS, TriedLogins } from "./tried-logins.ts";

const LOGIN = new Credentials("admin", "p@ss:w#rd%/ñ");

function open() {
	const clock = new FakeClock();
	const logins = new TriedLogins<LoginVerdict>(clock, (verdict) => verdict);
	let tries = 0;
	const use = (
		verdict: LoginVerdict,
		credentials: Credentials | undefined = LOGIN,
		host = "nvr",
	): Promise<LoginVerdict> =>
		logins.use(host, credentials, async () => {
			tries++;
			await Promise.resolve();
			return verdict;
		});
	return { clock, logins, use, tries: () => tries };
}

describe("a login", () => {
	test("that was refused is not tried again for a minute, at this host and with this password only", async () => {
		const { clock, use, tries } = open();
		expect(await use("refused")).toBe("refused");
		expect(await use("accepted")).toBe("refused");
		expect(tries()).toBe(1);
		expect(await use("accepted", new Credentials("admin", "another"))).toBe("accepted");
		expect(await use("accepted", LOGIN, "other")).toBe("accepted");
		clock.advance(REFUSED_HOLD_MS);
		expect(await use("accepted")).toBe("accepted");
		expect(tries()).toBe(4);
	});

	test("that nobody knows is tried by one at a time, so that a wrong one is tried once", async () => {
		const { use, tries } = open();
		expect(await Promise.all([use("refused"), use("accepted"), use("accepted", LOGIN, "NVR")])).toEqual([
			"refused",
			"refused",
			"refused",
		]);
		expect(tries()).toBe(1);
	});

	test("that was let in is used by many at once", async () => {
		const { logins, use } = open();
		await use("accepted");
		const gate = Promise.withResolvers<LoginVerdict>();
		const both = [1, 2].map(() => logins.use("nvr", LOGIN, () => gate.promise));
		expect(await use("accepted")).toBe("accepted");
		gate.resolve("accepted");
		await Promise.all(both);
	});

	test("that did not get as far as the password is free again, also when the try failed", async () => {
		const { logins, use, tries } = open();
		await use("unknown");
		await expect(logins.use("nvr", LOGIN, () => Promise.reject(new Error("ours")))).rejects.toThrow("ours");
		await use("refused");
		expect(tries()).toBe(2);
	});

	test("there is none without credentials, and nothing waits", async () => {
		const { logins } = open();
		const gate = Promise.withResolvers<LoginVerdict>();
		const first = logins.use("nvr", undefined, () => gate.promise);
		expect(await logins.use("nvr", undefined, () => Promise.resolve("refused" as const))).toBe("refused");
		gate.resolve("accepted");
		expect(await first).toBe("accepted");
	});
});
