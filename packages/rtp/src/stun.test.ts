import { createHmac } from "node:crypto";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { mendTieBreaker, replaceMappedAddress } from "./stun.ts";

/** RFC 5769 section 2. */
const PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt";
/** Section 2.1. */
const REQUEST = fromHex(
	"000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b" +
		"36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf",
);
/** Section 2.2: 192.0.2.1, port 32853. */
const RESPONSE = fromHex(
	"0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd9e90" +
		"c38c7489f92af9ba53f06be7d780280004c07d4c96",
);
/** What section 2.3 has in XOR-MAPPED-ADDRESS: 2001:db8:1234:5678:11:2233:4455:6677, port 32853. */
const XORED_IPV6 = "0002a1470113a9faa5d3f179bc25f4b5bed2b9d9";
const IPV6 = { bytes: fromHex("20010db8123456780011223344556677"), port: 32_853 };
const TIE_BREAKER_AT = 52;

const sign = signer(PASSWORD);
const zeroed = withZeroTieBreaker();

test("a check with a tie-breaker of 0 gets one, and is signed with the password again", () => {
	const mended = mendTieBreaker(zeroed, sign);
	expect(readSigned(mended).get(0x8029)).toBe("0000000000000001");
	expect(readSigned(mended).get(0x0006)).toBe(Buffer.from("evtj:h6vY").toString("hex"));
	expect([...readSigned(mended).keys()]).toEqual([...readSigned(zeroed).keys()]);
	expect(mendTieBreaker(mended ?? zeroed, sign)).toBeUndefined();
});

test("a check with a tie-breaker of its own stays as it is, and so does what is no check", () => {
	expect(mendTieBreaker(REQUEST, sign)).toBeUndefined();
	expect(mendTieBreaker(RESPONSE, sign)).toBeUndefined();
	expect(mendTieBreaker(Uint8Array.of(0x80, 96, 0, 1, ...new Uint8Array(20)), sign)).toBeUndefined();
	expect(mendTieBreaker(new Uint8Array(), sign)).toBeUndefined();
});

test("who does not know the password gets nothing signed", () => {
	expect(mendTieBreaker(zeroed, signer("another"))).toBeUndefined();
	const forged = Uint8Array.from(zeroed);
	forged[forged.length - 20] = (forged.at(-20) ?? 0) ^ 1;
	expect(mendTieBreaker(forged, sign)).toBeUndefined();
	expect(replaceMappedAddress(RESPONSE, IPV6, signer("another"))).toBeUndefined();
});

test("an answer says the address that it is given, of either family", () => {
	const replaced = replaceMappedAddress(RESPONSE, IPV6, sign);
	expect(readSigned(replaced).get(0x0020)).toBe(XORED_IPV6);
	expect(readSigned(replaced).get(0x8022)).toBe(Buffer.from("test vector").toString("hex"));
	const back = replaceMappedAddress(replaced ?? RESPONSE, { bytes: Uint8Array.of(192, 0, 2, 1), port: 32_853 }, sign);
	expect(readSigned(back)).toEqual(readSigned(RESPONSE));
	expect(replaceMappedAddress(REQUEST, IPV6, sign)).toBeUndefined();
});

test("a Buffer is not written to", () => {
	const buffer = Buffer.from(zeroed);
	mendTieBreaker(buffer, sign);
	expect(buffer).toEqual(Buffer.from(zeroed));
});

test("no bytes make it throw, and what it gives is well signed", () => {
	const damaged = fc
		.tuple(
			fc.constantFrom(zeroed, RESPONSE),
			fc.array(fc.tuple(fc.nat(127), fc.nat(255)), { maxLength: 4 }),
			fc.nat(128),
		)
		.map(([message, changes, length]) => {
			const copy = Uint8Array.from(message);
			for (const [at, byte] of changes) if (at < copy.length) copy[at] = byte;
			return copy.subarray(0, length);
		});
	fc.assert(
		fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), (bytes) => {
			// A signer to whom everything is well signed lets the rest of the message be anything.
			for (const signing of [sign, () => bytes.subarray(-28, -8)]) {
				const given = mendTieBreaker(bytes, signing) ?? replaceMappedAddress(bytes, IPV6, signing);
				if (given && signing === sign) readSigned(given);
			}
		}),
	);
});

function fromHex(hex: string): Uint8Array {
	return Uint8Array.from(Buffer.from(hex, "hex"));
}

function signer(password: string): (bytes: Uint8Array) => Uint8Array {
	return (bytes) => createHmac("sha1", password).update(bytes).digest();
}

/** The request of the RFC as Chromium would send it over a relay. */
function withZeroTieBreaker(): Uint8Array {
	const message = Buffer.from(REQUEST).fill(0, TIE_BREAKER_AT, TIE_BREAKER_AT + 8);
	message.writeUInt16BE(message.length - 8 - 20, 2);
	message.set(sign(message.subarray(0, -32)), message.length - 28);
	message.writeUInt16BE(message.length - 20, 2);
	message.writeUInt32BE((crc32(message.subarray(0, -8)) ^ 0x5354554e) >>> 0, message.length - 4);
	return Uint8Array.from(message);
}

/** Its attributes by type, as hexadecimal, without the last two; MESSAGE-INTEGRITY and FINGERPRINT are right. */
function readSigned(message: Uint8Array | undefined): Map<number, string> {
	const copy = Buffer.from(message ?? []);
	expect(copy.readUInt16BE(2)).toBe(copy.length - 20);
	expect(copy.subarray(-32, -28).toString("hex")).toBe("00080014");
	expect(copy.subarray(-8, -4).toString("hex")).toBe("80280004");
	expect(copy.readUInt32BE(copy.length - 4)).toBe((crc32(copy.subarray(0, -8)) ^ 0x5354554e) >>> 0);
	copy.writeUInt16BE(copy.length - 8 - 20, 2);
	expect(copy.subarray(-28, -8)).toEqual(Buffer.from(sign(copy.subarray(0, -32))));
	const attributes = new Map<number, string>();
	for (let at = 20; at < copy.length - 32; ) {
		const length = copy.readUInt16BE(at + 2);
		attributes.set(copy.readUInt16BE(at), copy.subarray(at + 4, at + 4 + length).toString("hex"));
		at += 4 + Math.ceil(length / 4) * 4;
	}
	return attributes;
}
