/** Answers that no device should give. @module */
import type { ServerResponse } from "node:http";
import type { OnvifHttpFault } from "./onvif-options.ts";
import { envelope, fault } from "./onvif-xml.ts";

const DRIP_INTERVAL_MS = 20;
const CHUNK = "<tt:Name>x</tt:Name>".repeat(3000);
const DEPTH = 100_000;
const ENTITY_BOMB =
	'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' +
	"<Envelope><Body><GetSystemDateAndTimeResponse>&b;</GetSystemDateAndTimeResponse></Body></Envelope>";

/** `right` is what a sane device says here. */
export function sendFaulty(response: ServerResponse, kind: OnvifHttpFault, right: string): void {
	const soap = (status: number, text: string): void => {
		response.writeHead(status, { "content-type": "application/soap+xml; charset=utf-8" });
		response.end(text);
	};
	switch (kind) {
		case "silence":
			return;
		case "drip":
			response.writeHead(200);
			return drip(response);
		case "endless":
			response.writeHead(200);
			response.write(right.slice(0, right.indexOf("Body>") + 5));
			return pour(response);
		case "truncated":
			return soap(200, right.slice(0, right.length / 2));
		case "web-page":
			return soap(200, "<!DOCTYPE html><html><body><form><input name=password></form></body></html>");
		case "deep":
			return soap(200, envelope("<a>".repeat(DEPTH)));
		case "entity-bomb":
			return soap(200, ENTITY_BOMB);
		case "redirect":
			response.writeHead(302, { location: "http://192.0.2.1/onvif/device_service" });
			response.end();
			return;
		case "cut":
			response.destroy();
			return;
		case "bad-challenge":
			// Node refuses to write such a field itself.
			response.socket?.end(
				'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="a\x01b", nonce="1"\r\nContent-Length: 0\r\n\r\n',
			);
			return;
		case "device-fault":
			return soap(500, fault("ter:HardwareFailure", "Disk\r\nbroken"));
	}
}

function drip(response: ServerResponse): void {
	const timer = setInterval(() => response.write(" "), DRIP_INTERVAL_MS);
	response.on("close", () => clearInterval(timer));
}

/** As fast as the client reads, until it closes. */
function pour(response: ServerResponse): void {
	if (response.destroyed) return;
	if (response.write(CHUNK)) setImmediate(pour, response);
	else response.once("drain", () => pour(response));
}
