import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	getProfiles,
	getStreamUri,
	MAX_PROFILES,
	MEDIA,
	MEDIA2,
	readCapabilities,
	readDeviceInformation,
	readProfiles,
	readServices,
	readStreamUri,
	readSystemTime,
} from "./onvif-messages.ts";
import { readXml, textAt, type XmlElement } from "./xml-reader.ts";

function xml(text: string): XmlElement {
	const root = readXml(text);
	if (!root) throw new Error("malformed");
	return root;
}

describe("requests", () => {
	test("for a stream have the token escaped, and each version's own words", () => {
		const token = 'a<&"b';
		const [old, recent] = [getStreamUri(MEDIA, token), getStreamUri(MEDIA2, token)].map(({ body }) => xml(body));
		expect(textAt(old, "ProfileToken")).toBe(token);
		expect(textAt(old, "StreamSetup", "Stream")).toBe("RTP-Unicast");
		expect(textAt(old, "StreamSetup", "Transport", "Protocol")).toBe("RTSP");
		expect(textAt(recent, "ProfileToken")).toBe(token);
		expect(textAt(recent, "Protocol")).toBe("RTSP");
	});

	test("for profiles name what is wanted only in Media2, which leaves the rest out otherwise", () => {
		expect(getProfiles(MEDIA).body).toBe(`<GetProfiles xmlns="${MEDIA}"></GetProfiles>`);
		expect(getProfiles(MEDIA2).body).toContain("<Type>VideoEncoder</Type>");
		expect(getProfiles(MEDIA2).action).toBe("http://www.onvif.org/ver20/media/wsdl/GetProfiles");
	});
});

describe("the device's time", () => {
	const time = (year: number | string, hour: number | string): XmlElement =>
		xml(
			`<R><SystemDateAndTime><UTCDateTime><Time><Hour>${hour}</Hour><Minute>2</Minute><Second>3</Second></Time><Date><Year>${year}</Year><Month>12</Month><Day>31</Day></Date></UTCDateTime></SystemDateAndTime></R>`,
		);

	test("is its UTC time", () => {
		expect(readSystemTime(time(2025, 1))).toBe(Date.UTC(2025, 11, 31, 1, 2, 3));
		expect(readSystemTime(time(1970, 0))).toBe(Date.UTC(1970, 11, 31, 0, 2, 3));
	});

	test("is unknown where it does not say, or says no time", () => {
		for (const answer of [xml("<R/>"), time("", 1), time(1969, 1), time(2025, "-1"), time("2e3", 1)]) {
			expect(readSystemTime(answer)).toBeUndefined();
		}
	});
});

test("device information is short lines, absent where it is empty", () => {
	const answer = xml(
		`<R><t:Manufacturer>Dahua\n Tech</t:Manufacturer><Model></Model><SerialNumber>${"7".repeat(500)}</SerialNumber></R>`,
	);
	expect(readDeviceInformation(answer)).toEqual({ manufacturer: "Dahua Tech", serial: "7".repeat(128) });
});

describe("media services", () => {
	test("are found by namespace", () => {
		const service = (namespace: string, address: string): string =>
			`<Service><Namespace>${namespace}</Namespace><XAddr>${address}</XAddr></Service>`;
		const answer = xml(
			`<R>${service("http://www.onvif.org/ver10/events/wsdl", "http://10.0.0.9/events")}${service(MEDIA, "http://10.0.0.9/m?a=1&amp;b")}${service(`${MEDIA2}/`, "https://cam:8443/m2")}${service(MEDIA, "ftp://10.0.0.9/")}</R>`,
		);
		expect([...readServices(answer)]).toEqual([
			[MEDIA, { scheme: "http", host: "10.0.0.9", port: 80, path: "/m?a=1&b" }],
			[MEDIA2, { scheme: "https", host: "cam", port: 8443, path: "/m2" }],
		]);
	});

	test("are found in the capabilities of old devices", () => {
		const answer = xml(
			"<R><Capabilities><Media><XAddr>http://10.0.0.9:8999/onvif/media</XAddr></Media></Capabilities></R>",
		);
		expect(readCapabilities(answer).get(MEDIA)).toEqual({
			scheme: "http",
			host: "10.0.0.9",
			port: 8999,
			path: "/onvif/media",
		});
		expect(readCapabilities(xml("<R/>")).size).toBe(0);
	});
});

describe("profiles", () => {
	const encoder = (encoding: string, width: string): string =>
		`<VideoEncoderConfiguration><Encoding>${encoding}</Encoding><Resolution><Width>${width}</Width><Height>720</Height></Resolution><RateControl><FrameRateLimit>12.5</FrameRateLimit></RateControl></VideoEncoderConfiguration>`;
	const profile = (token: string, content: string): string =>
		`<Profiles token="${token}"><Name>P</Name><VideoSourceConfiguration><SourceToken>S</SourceToken></VideoSourceConfiguration>${content}</Profiles>`;

	test("without video or without a token are left out", () => {
		const answer = xml(
			`<R>${profile("", encoder("H264", "1"))}${profile("audio", "")}${profile("v", encoder("H264", "1280"))}</R>`,
		);
		expect(readProfiles(answer)).toEqual([
			{ token: "v", name: "P", source: "S", codec: "h264", width: 1280, height: 720, fps: 12.5 },
		]);
	});

	test("with a codec or a size that we do not know are kept", () => {
		const answer = xml(`<R>${profile("v", encoder("AV1", "-5"))}${profile("w", encoder("mpv4-es", "99999999"))}</R>`);
		expect(readProfiles(answer).map(({ codec, width }) => [codec, width])).toEqual([
			[undefined, 0],
			["mpeg4", 0],
		]);
	});

	test("are read up to a bound", () => {
		const answer = xml(`<R>${profile("v", encoder("H264", "1")).repeat(MAX_PROFILES + 1)}</R>`);
		expect(readProfiles(answer)).toHaveLength(MAX_PROFILES);
	});
});

test("a stream's address is taken from either version's answer, and only if it is one word", () => {
	expect(readStreamUri(xml("<R><MediaUri><Uri> rtsp://a/b </Uri></MediaUri></R>"))).toBe("rtsp://a/b");
	expect(readStreamUri(xml("<R><Uri>rtsp://a/b</Uri></R>"))).toBe("rtsp://a/b");
	for (const uri of ["", "rtsp://a/ b", "rtsp://a/&#10;b", `rtsp://a/${"b".repeat(3000)}`]) {
		expect(readStreamUri(xml(`<R><Uri>${uri}</Uri></R>`))).toBeUndefined();
	}
});

test("no answer makes a reader throw", () => {
	const names = [
		"SystemDateAndTime",
		"UTCDateTime",
		"Date",
		"Year",
		"Service",
		"XAddr",
		"Namespace",
		"Profiles",
		"Configurations",
		"VideoEncoderConfiguration",
		"Resolution",
		"Width",
		"MediaUri",
		"Uri",
		"Capabilities",
		"Media",
	];
	const text = fc.oneof(
		fc.string(),
		fc.constantFrom(MEDIA, MEDIA2, "http://[", "http://a:99999/", "rtsp://:", "1e9", "NaN"),
	);
	const { tree } = fc.letrec<{ tree: XmlElement }>((tie) => ({
		tree: fc.record({
			name: fc.constantFrom(...names),
			attributes: fc.constantFrom(new Map(), new Map([["token", "t"]])),
			children: fc.oneof({ maxDepth: 5 }, fc.constant<XmlElement[]>([]), fc.array(tie("tree"), { maxLength: 5 })),
			text,
		}),
	}));
	fc.assert(
		fc.property(tree, (answer) => {
			for (const read of [
				readSystemTime,
				readDeviceInformation,
				readServices,
				readCapabilities,
				readProfiles,
				readStreamUri,
			]) {
				read(answer);
			}
		}),
	);
});
