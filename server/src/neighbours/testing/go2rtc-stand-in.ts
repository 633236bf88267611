/** For tests: something that answers HTTP where a go2rtc is expected. @module */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface StandIn extends AsyncDisposable {
	readonly port: number;
	/** `METHOD /path`, with the login behind it where one came. */
	readonly requests: readonly string[];
	/** Answers from now on; `undefined`: nothing is ever answered. */
	reply: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

/** Answers 404 until it is told otherwise. */
export async function openStandIn(port = 0): Promise<StandIn> {
	const requests: string[] = [];
	const server = createServer((request, response) => {
		const { method, url, headers } = request;
		requests.push([method, url, headers.authorization].filter((part) => part !== undefined).join(" "));
		request.resume();
		standIn.reply?.(request, response);
	});
	server.listen(port, "127.0.0.1");
	await once(server, "listening");
	const standIn: StandIn = {
		port: (server.address() as AddressInfo).port,
		requests,
		reply: (_request, response) => void response.writeHead(404).end(),
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			server.close();
			await once(server, "close");
		},
	};
	return standIn;
}

/** As go2rtc answers `/api` and `/api/streams`. */
export function go2rtcAnswers(names: readonly string[], rtspListen = ":8554"): NonNullable<StandIn["reply"]> {
	const producers = [{ url: "rtsp://user:s3cret@192.0.2.9/x" }];
	return ({ url }, response) => {
		response.setHeader("content-type", "application/json");
		if (url === "/api") response.end(JSON.stringify({ version: "1.9.14", rtsp: { listen: rtspListen } }));
		else response.end(JSON.stringify(Object.fromEntries(names.map((name) => [name, { producers, consumers: null }]))));
	};
}
