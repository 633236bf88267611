import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OnvifDeviceSim, startOnvifDevice } from "./onvif-device.ts";

const LOGIN = { username: "admin", password: "secret" };
const SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss";

describe("a simulated ONVIF device", () => {
	let device: OnvifDeviceSim;
	beforeAll(async () => {
		device = await startOnvifDevice({ credentials: LOGIN, authentication: "token", channels: 2 });
	});
	afterAll(() => device.close());

	async function post(path: string, body: string, header = ""): Promise<{ status: number; text: string }> {
		const response = await fetch(`http://127.0.0.1:${device.port}${path}`, {
			method: "POST",
			body: `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`,
		});
		return { status: response.status, text: await response.text() };
	}

	function token(nonce: string, created: string, password: string): string {
		const bytes = Buffer.from(nonce);
		const digest = createHash("sha1").update(bytes).update(created).update(password).digest("base64");
		return `<Security xmlns="${SECURITY}-wssecurity-secext-1.0.xsd"><UsernameToken><Username>admin</Username><Password>${digest}</Password><Nonce>${bytes.toString("base64")}</Nonce><Created>${created}</Created></UsernameToken></Security>`;
	}

	test("tells its time to everybody, and who it is to who knows the password", async () => {
		const information = "<GetDeviceInformation/>";
		const now = new Date().toISOString();
		expect((await post("/onvif/device_service", "<GetSystemDateAndTime/>")).text).toContain("UTCDateTime");
		expect((await post("/onvif/device_service", information)).text).toContain("ter:NotAuthorized");
		expect((await post("/onvif/device_service", information, token("a", now, "wrong"))).status).toBe(400);
		const right = token("b", now, LOGIN.password);
		expect((await post("/onvif/device_service", information, right)).text).toContain("SIM0000001");
		expect((await post("/onvif/device_service", information, right)).status, "a token is good once").toBe(400);
		const old = token("c", "2001-01-01T00:00:00Z", LOGIN.password);
		expect((await post("/onvif/device_service", information, old)).text).toContain("time check failed");
		expect(device.wrongPasswords).toBe(3);
	});

	test("does not know the other media service, nor what is not there", async () => {
		for (const path of ["/onvif/media2_service", "/"]) {
			const proof = token(path, new Date().toISOString(), LOGIN.password);
			expect(await post(path, "<GetProfiles/>", proof)).toMatchObject({ status: 500 });
		}
	});
});
