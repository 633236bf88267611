import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { parseTlsPolicy } from "./tls-policy.ts";

const DIGITS = createHash("sha256").update("certificate").digest("hex");

test("a policy is a word or a fingerprint (quirks 11 and 12)", () => {
	expect(parseTlsPolicy("verify")).toEqual({ mode: "verify" });
	expect(parseTlsPolicy("insecure")).toEqual({ mode: "insecure", legacy: false });
	expect(parseTlsPolicy("legacy")).toEqual({ mode: "insecure", legacy: true });
});

test("a fingerprint may be written as OpenSSL prints it", () => {
	const pin = { mode: "pin", sha256: DIGITS };
	expect(parseTlsPolicy(`sha256:${DIGITS}`)).toEqual(pin);
	const pairs = (DIGITS.match(/../g) ?? []).join(":").toUpperCase();
	expect(parseTlsPolicy(`sha256:${pairs}`)).toEqual(pin);
	expect(parseTlsPolicy(`SHA256:${pairs}`)).toEqual(pin);
});

test.each([
	"",
	"off",
	"Verify ",
	DIGITS,
	`sha256:${DIGITS}0`,
	`sha256:${DIGITS.slice(2)}`,
	`sha1:${DIGITS}`,
	"sha256:",
])("%j is no policy", (text) => expect(parseTlsPolicy(text)).toBeUndefined());
