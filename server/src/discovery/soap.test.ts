import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	meaningOfFault,
	oneLine,
	passwordDigest,
	readSoap,
	type SoapFault,
	soapEnvelope,
	usernameToken,
} from "./soap.ts";
import { findElement, readXml, textAt } from "./xml-reader.ts";

const UNSHOWABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/u;
const NONCE = Buffer.from("LKqI6G/AikKCQrN0zqZFlg==", "base64");

test("the digest of a password is that of the ONVIF Application Programmer's Guide, section 6.1.1.3", () => {
	expect(passwordDigest(NONCE, "2010-09-16T07:50:45Z", "userpassword")).toBe("tuOSpGlFlIXsozq4HFNeeGeFLEI=");
});

test("a token names the user, and proves the password on the device's clock", () => {
	const credentials = { username: "ad<m>&in", password: "p@ss:w#rd%/ñ" };
	const createdMs = Date.UTC(2010, 8, 16, 7, 50, 45);
	const text = soapEnvelope("<a/>", usernameToken({ credentials, nonce: NONCE, createdMs }));
	expect(text).not.toContain("p@ss");
	const token = findElement(readXml(text), "Header", "Security", "UsernameToken");
	expect(textAt(token, "Username")).toBe("ad<m>&in");
	expect(textAt(token, "Created")).toBe("2010-09-16T07:50:45.000Z");
	expect(textAt(token, "Password")).toBe(passwordDigest(NONCE, "2010-09-16T07:50:45.000Z", credentials.password));
	expect(textAt(token, "Nonce")).toBe("LKqI6G/AikKCQrN0zqZFlg==");
});

describe("a fault", () => {
	const fault = (codes: readonly string[], reason: string): SoapFault => ({ codes, reason });

	test("is read with all its codes and its English reason", () => {
		const text = soapEnvelope(
			"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value><s:Subcode><s:Value>ter:X</s:Value></s:Subcode></s:Subcode></s:Code>" +
				'<s:Reason><s:Text xml:lang="zh">不</s:Text><s:Text xml:lang="en">No\n\u202eway</s:Text></s:Reason></s:Fault>',
		);
		expect(readSoap(text)).toEqual({ type: "fault", fault: fault(["Sender", "NotAuthorized", "X"], "No way") });
	});

	test("of SOAP 1.1 is read too", () => {
		const text = soapEnvelope(
			"<s:Fault><faultcode>s:Client.NotAuthorized</faultcode><faultstring>no</faultstring></s:Fault>",
		);
		expect(readSoap(text)).toEqual({ type: "fault", fault: fault(["Client", "NotAuthorized"], "no") });
	});

	test.each([
		["Sender NotAuthorized", "Sender not Authorized", "refused"],
		["Sender FailedAuthentication", "", "refused"],
		["Sender", "An error was discovered processing the <wsse:Security> header.", "refused"],
		["Receiver", "Unauthorized", "refused"],
		["Sender NotAuthorized", "Wsse authorized time check failed.", "clock-refused"],
		["Sender MessageExpired", "", "clock-refused"],
		["Sender OperationProhibited", "", "not-permitted"],
		["Receiver ActionNotSupported", "", "not-supported"],
		["Receiver", "Method 'tr2:GetProfiles' not implemented", "not-supported"],
		["Receiver HardwareFailure", "", "device-fault"],
		["", "", "device-fault"],
	])("%s (%s) means %s", (codes, reason, meaning) => {
		expect(meaningOfFault(fault(codes.split(" "), reason))).toBe(meaning);
	});
});

test("what is no envelope is nothing", () => {
	for (const text of ["", "<html/>", "<Envelope/>", "<Envelope><Body/></Envelope>"])
		expect(readSoap(text)).toBeUndefined();
});

test("any text of a device becomes one bounded line", () => {
	fc.assert(
		fc.property(fc.array(fc.nat({ max: 0xffff })), fc.nat({ max: 50 }), (codes, max) => {
			const line = oneLine(String.fromCharCode(...codes), max);
			return line.length <= max && !UNSHOWABLE.test(line);
		}),
	);
});
