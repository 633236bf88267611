import type { SettingsCamera, SettingsCameraInput } from "@vigia/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CameraEntry } from "../config/settings-file.ts";
import { mergeCamera, moveCamera, showCamera } from "./shown-camera.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
const back = ({ hasPassword: _hasPassword, ...shown }: SettingsCamera): SettingsCameraInput => shown;
const inside = `rtsp://admin:${PASSWORD}@192.168.1.20:8554/sub`;

describe("what is shown of a camera", () => {
	test("is all of it but the password", () => {
		const entry = { id: "gate", name: "Puerta", host: "192.168.1.20", template: "dahua", user: "admin" };
		expect(showCamera({ ...entry, password: PASSWORD })).toEqual({ ...entry, hasPassword: true });
		expect(showCamera({ ...entry, password: "" })).toEqual({ ...entry, hasPassword: true });
		expect(showCamera(entry)).toEqual({ ...entry, hasPassword: false });
	});

	test("has user information of an address in its own fields", () => {
		expect(showCamera({ url: inside, main: inside.replace("sub", "main") })).toEqual({
			url: "rtsp://192.168.1.20:8554/sub",
			main: "rtsp://192.168.1.20:8554/main",
			user: "admin",
			hasPassword: true,
		});
		expect(showCamera({ url: inside, user: "viewer" })).toMatchObject({ user: "viewer", hasPassword: true });
	});

	test("has no password of a path", () => {
		const path = "rtsp://192.168.1.20/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp";
		expect(showCamera({ url: path }).url).toBe("rtsp://192.168.1.20/user=admin_password=***_channel=1_stream=0.sdp");
		expect(showCamera({ host: "c", template: "/live?user=a&pwd=tlJwpbo6&ch={channel}" }).template).toBe(
			"/live?user=a&pwd=***&ch={channel}",
		);
	});

	test.each<[CameraEntry]>([
		[{ url: `admin:${PASSWORD}@192.168.1.20/sub` }],
		[{ url: `rtsp://admin:${PASSWORD}@` }],
		[{ host: `admin:${PASSWORD}@192.168.1.20` }],
	])("leaves out what cannot be told without a password: %j", (entry) => {
		expect(JSON.stringify(showCamera(entry))).not.toContain("p@ss");
	});

	test("never is a password, wherever in an address it stands", () => {
		const secret = fc.stringMatching(/^[A-Za-z0-9@:/#?%ñ ]{6,20}$/).map((text) => `Zq${text}Zq`);
		fc.assert(
			fc.property(secret, fc.boolean(), (password, isEscaped) => {
				const text = isEscaped ? encodeURIComponent(password) : password;
				for (const url of [`rtsp://admin:${text}@192.168.1.20/a`, `rtsp://192.168.1.20/x?password=${text}`]) {
					const shown = JSON.stringify(showCamera({ url, main: url, password }));
					// Of a password with `&` in a query only the part before it is one.
					expect(shown).not.toContain(text);
				}
			}),
			{ numRuns: 200 },
		);
	});
});

describe("a camera that comes back from the page", () => {
	const same = (entry: CameraEntry): CameraEntry => {
		const { entry: merged, problems } = mergeCamera({ ...showCamera(entry), was: 0 }, entry);
		expect(problems).toEqual([]);
		return merged;
	};

	test("unchanged is what it was, whatever was not shown", () => {
		const text = fc.oneof(
			fc.constantFrom(inside, inside.replace("sub", "main"), `${PASSWORD}@x`, "rtsp://c/user=a_password=b_channel=1"),
			fc.string({ minLength: 1, maxLength: 300 }),
		);
		const keys = { id: text, name: text, url: text, main: text, host: text, user: text, password: text };
		fc.assert(
			fc.property(fc.record({ ...keys, template: text, tls: text }, { requiredKeys: [] }), (entry) => {
				expect(same(entry)).toEqual(entry);
			}),
			{ numRuns: 300 },
		);
	});

	test("with another name keeps its password and its id", () => {
		const before = { id: "gate", name: "Puerta", url: inside };
		const { entry } = mergeCamera({ name: "Gate", url: "rtsp://192.168.1.20:8554/sub", user: "admin" }, before);
		expect(entry).toEqual({ id: "gate", name: "Gate", url: inside });
	});

	test("keeps its serial number at its address, also where the page does not know of it", () => {
		const before = { host: "192.168.1.20", serial: "7F0A11" };
		expect(mergeCamera({ host: "192.168.1.20", name: "Gate" }, before).entry.serial).toBe("7F0A11");
		expect(mergeCamera({ host: "192.168.1.21" }, before).entry.serial).toBeUndefined();
		expect(mergeCamera({ host: "192.168.1.21", serial: "7F0A12" }, before).entry.serial).toBe("7F0A12");
	});

	test("with another path keeps its password, which moves out of the address", () => {
		const { entry } = mergeCamera({ url: "rtsp://192.168.1.20:8554/other", user: "admin" }, { url: inside });
		expect(entry).toEqual({ url: "rtsp://192.168.1.20:8554/other", user: "admin", password: PASSWORD });
	});

	test("at another host needs its password again: it is not sent to where it was not given for", () => {
		const before = { host: "192.168.1.20", user: "admin", password: PASSWORD };
		for (const moved of [{ host: "192.168.1.66" }, { url: "rtsp://192.168.1.66/" }]) {
			const { entry, problems } = mergeCamera({ ...moved, user: "admin" }, before);
			expect(entry.password).toBeUndefined();
			expect(problems).toEqual([{ field: "password", text: expect.stringContaining("another device") as string }]);
		}
		const given = mergeCamera({ host: "192.168.1.66", user: "admin", password: "new" }, before);
		expect(given).toEqual({ entry: { host: "192.168.1.66", user: "admin", password: "new" }, problems: [] });
		const url = mergeCamera({ url: "rtsp://192.168.1.20/x", main: "rtsp://evil/", user: "admin" }, before);
		expect(url.problems).toHaveLength(1);
	});

	test("found at another address takes its password by Digest only, until its host or password is entered by hand", () => {
		const entry = { url: "rtsp://a:b@192.168.1.20/x", serial: "7F0A11" };
		const before = moveCamera(entry, "192.168.1.20", "192.168.1.66");
		expect(before.found_at).toBe("192.168.1.66");
		const shown = back(showCamera(before));
		expect(shown).not.toHaveProperty("found_at");
		expect(mergeCamera({ ...shown, name: "Gate" }, before).entry.found_at).toBe("192.168.1.66");
		expect(mergeCamera({ ...shown, url: "rtsp://192.168.1.66/y" }, before).entry.found_at).toBe("192.168.1.66");
		for (const entered of [
			{ ...shown, password: "b" },
			{ ...shown, url: "rtsp://a:b@192.168.1.66/x" },
			{ ...shown, url: "rtsp://192.168.1.67/x", password: "b" },
		]) {
			expect(mergeCamera(entered, before).entry.found_at).toBeUndefined();
		}
	});

	test("without a user has no password either", () => {
		const { entry } = mergeCamera({ host: "c" }, { host: "c", user: "admin", password: PASSWORD });
		expect(entry).toEqual({ host: "c" });
	});

	test("may have its login in the address that it sends; fields of its own go before", () => {
		expect(mergeCamera({ url: inside }, undefined).entry).toEqual({
			url: "rtsp://192.168.1.20:8554/sub",
			user: "admin",
			password: PASSWORD,
		});
		expect(mergeCamera({ url: inside, user: "viewer", password: "x" }, undefined).entry).toEqual({
			url: "rtsp://192.168.1.20:8554/sub",
			user: "viewer",
			password: "x",
		});
	});

	test("with the mask of a password in its path is told to write it again", () => {
		const masked = "rtsp://c/user=a_password=***_channel=2";
		const { problems } = mergeCamera({ url: masked }, { url: "rtsp://c/user=a_password=b_channel=1" });
		expect(problems).toEqual([{ field: "url", text: expect.stringContaining("write it again") as string }]);
	});
});
