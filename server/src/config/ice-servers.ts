/**
 * `ICE_SERVERS`: a JSON array as browsers take it (`RTCIceServer`), or a short list such as
 * `stun:stun.example.org:3478, turn:user:password@turn.example.org:3478?transport=tcp`.
 *
 * @module
 */
import type { IceServer } from "@vigia/api";
import { z } from "zod";

/** RFC 7064 and RFC 7065: no user information in it. */
const ICE_URL = /^(?:stun|stuns|turn|turns):(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?(?:\?transport=(?:udp|tcp))?$/i;

const urlSchema = z.string().regex(ICE_URL);
/** As in a browser's `RTCIceServer`. YAML gives it as maps, the environment as JSON. */
export const iceServerListSchema = z.array(
	z
		.strictObject({
			urls: z.union([urlSchema.transform((url) => [url]), z.array(urlSchema).min(1)]),
			username: z.string().optional(),
			credential: z.string().optional(),
		})
		.refine(
			({ urls, username, credential }) =>
				!urls.some((url) => /^turn/i.test(url)) || (username !== undefined && credential !== undefined),
		),
);

/** Reads either form; `undefined` if it is neither. An empty text means no servers. */
export function parseIceServers(text: string): IceServer[] | undefined {
	let list: unknown;
	if (text.trim().startsWith("[")) {
		try {
			list = JSON.parse(text);
		} catch {
			return undefined;
		}
	} else {
		list = text
			.split(/[,\s]+/)
			.filter((entry) => entry !== "")
			.map(parseShort);
	}
	const result = iceServerListSchema.safeParse(list);
	return result.success ? result.data.map(withoutUndefined) : undefined;
}

/** Drops absent fields, which is what the contract's exact optional properties ask for. */
export function withoutUndefined(server: z.infer<typeof iceServerListSchema>[number]): IceServer {
	const { urls, username, credential } = server;
	return { urls, ...(username !== undefined && { username }), ...(credential !== undefined && { credential }) };
}

function parseShort(entry: string): unknown {
	const match = /^(turns?:)(.*)@([^@]*)$/i.exec(entry);
	if (!match) return { urls: entry };
	const [, scheme = "", userInfo = "", host = ""] = match;
	const colon = userInfo.indexOf(":");
	if (colon < 0) return { urls: scheme + host };
	return { urls: scheme + host, username: userInfo.slice(0, colon), credential: userInfo.slice(colon + 1) };
}
