/** ICE server URLs (RFC 7064, RFC 7065) in the form that libdatachannel takes. @module */
import type { IceServer } from "@vigia/api";

/** One server as node-datachannel takes it. */
export type NativeIceServer =
	| string
	| {
			readonly hostname: string;
			readonly port: number;
			readonly username: string;
			readonly password: string;
			readonly relayType: "TurnUdp";
	  };

/** RFC 7064 section 3.2 and RFC 7065 section 4.2. */
const DEFAULT_PORT = 3478;
const ICE_URL = /^(stun|turn):(?:\[([0-9a-f:.]+)\]|([^\s:?[\]]+))(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i;

/**
 * The servers that our side can use: STUN, and TURN over UDP. Secure schemes and TURN over TCP stay with the browser,
 * whose library can speak them.
 */
export function nativeIceServers(servers: readonly IceServer[]): NativeIceServer[] {
	const native: NativeIceServer[] = [];
	for (const server of servers) {
		for (const url of server.urls) {
			const match = ICE_URL.exec(url);
			if (!match) continue;
			const [, scheme, address6, name, portText, transport] = match;
			const port = portText === undefined ? DEFAULT_PORT : Number(portText);
			const hostname = address6 ?? name;
			if (hostname === undefined || transport?.toLowerCase() === "tcp") continue;
			if (scheme?.toLowerCase() === "stun") {
				native.push(`stun:${address6 === undefined ? hostname : `[${address6}]`}:${port}`);
			} else {
				const { username = "", credential = "" } = server;
				native.push({ hostname, port, username, password: credential, relayType: "TurnUdp" });
			}
		}
	}
	return native;
}
