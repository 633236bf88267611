/** The doors of one peer, and which remote candidates need one: RFC 8839 section 5.1 (candidate attribute). @module */
import { BlockList, isIP } from "node:net";
import { LOOPBACK, type RelayAddress, RelayDoor } from "./relay-door.ts";

/** Doors of one peer: a browser has a relay for each TURN URL and network interface. */
export const MAX_DOORS = 4;
/** Below any other candidate, so that a pair without a relay is chosen where there is one. */
const DOOR_PRIORITY = 2;
/**
 * Of the relay without the door, below it. The page checks our ordinary candidates over its relay too: libjuice answers
 * with 400, but would make a peer-reflexive candidate with a high priority of it and choose that, if it did not know the
 * address already. The pair with it succeeds, and is chosen only where the door stays without an answer.
 */
const RELAY_PRIORITY = 1;

const CANDIDATE =
	/^(?<start>(?:a=)?candidate:\S+ \d+ udp) \d{1,10} (?<address>\S+) (?<port>\d{1,5}) (?<rest>typ relay\b.*)$/i;

export interface RelayDoorsOptions {
	/** libdatachannel's UDP port. */
	readonly mediaPort: number;
	/** Of the local description, once there is one. */
	readonly icePassword: () => string | undefined;
	/** Hands a candidate to libdatachannel. */
	readonly add: (candidate: string, mid: string) => void;
}

export class RelayDoors {
	readonly #options: RelayDoorsOptions;
	/** By the relay's address and port; without a door while it is being opened, and when that failed. */
	readonly #doors = new Map<string, RelayDoor | undefined>();
	#closed = false;

	constructor(options: RelayDoorsOptions) {
		this.#options = options;
	}

	/**
	 * Opens a door for a relay's candidate and has it added with the door's address. False when it needs none or can have
	 * none: then it is added as it is.
	 */
	take(candidate: string, mid: string): boolean {
		const relayed = this.#closed ? undefined : parseRelayed(candidate);
		const icePassword = relayed && this.#options.icePassword();
		if (!relayed || icePassword === undefined) return false;
		const key = keyOf(relayed.relay.address, relayed.relay.port);
		// One that came for another media section too: they are bundled.
		if (this.#doors.has(key)) return true;
		if (this.#doors.size >= MAX_DOORS) return false;
		this.#doors.set(key, undefined);
		const { mediaPort, add } = this.#options;
		RelayDoor.open({ relay: relayed.relay, mediaPort, icePassword }).then(
			(door) => {
				if (this.#closed) {
					door.close();
					return;
				}
				this.#doors.set(key, door);
				add(relayed.with(DOOR_PRIORITY, LOOPBACK, door.port), mid);
				add(relayed.with(RELAY_PRIORITY, relayed.relay.address, relayed.relay.port), mid);
			},
			// No sockets, or no road to the relay.
			() => add(candidate, mid),
		);
		return true;
	}

	/** This is the address of a relay, not of its door. */
	has(address: string, port: number): boolean {
		return this.#doors.has(keyOf(address, port));
	}

	close(): void {
		this.#closed = true;
		for (const door of this.#doors.values()) door?.close();
		this.#doors.clear();
	}
}

function keyOf(address: string, port: number): string {
	return `${address} ${port}`;
}

interface Relayed {
	readonly relay: RelayAddress;
	readonly with: (priority: number, address: string, port: number) => string;
}

/** `undefined` for anything but the candidate of a relay at a unicast address that a datagram can be sent to. */
function parseRelayed(candidate: string): Relayed | undefined {
	const { start = "", address = "", port = "", rest = "" } = CANDIDATE.exec(candidate)?.groups ?? {};
	const family = isIP(address) === 6 ? "ipv6" : "ipv4";
	const relay: RelayAddress = { address, family, port: Number(port) };
	if (isIP(address) === 0 || relay.port === 0 || relay.port > 65_535 || NO_RELAYS[family].check(address, family))
		return undefined;
	return { relay, with: (priority, host, at) => `${start} ${priority} ${host} ${at} ${rest}` };
}

/**
 * Of this machine, of nobody and of everybody; IPv4 in IPv6 clothes; link-local IPv6, for which a candidate has no zone. A
 * list for each family: one list takes IPv4 addresses for mapped ones.
 */
const NO_RELAYS = { ipv4: new BlockList(), ipv6: new BlockList() };
NO_RELAYS.ipv4.addSubnet("0.0.0.0", 8, "ipv4");
NO_RELAYS.ipv4.addSubnet("127.0.0.0", 8, "ipv4");
NO_RELAYS.ipv4.addSubnet("224.0.0.0", 3, "ipv4");
NO_RELAYS.ipv6.addSubnet("::", 64, "ipv6");
NO_RELAYS.ipv6.addSubnet("fe80::", 10, "ipv6");
NO_RELAYS.ipv6.addSubnet("ff00::", 8, "ipv6");

export interface TakenRelays {
	/** The description without them. */
	readonly rest: string;
	readonly relays: readonly { readonly candidate: string; readonly mid: string }[];
}

/** Takes the candidates of relays out of a session description, to be added after it. */
export function takeRelays(sdp: string): TakenRelays {
	const relays: { candidate: string; mid: string }[] = [];
	const sections = sdp.split(/^(?=m=)/m).map((section) => {
		const mid = /^a=mid:(\S+)/m.exec(section)?.[1] ?? "";
		const kept = section.split("\n").filter((line) => {
			const isRelay = line.startsWith("a=candidate:") && / typ relay\b/i.test(line);
			if (isRelay) relays.push({ candidate: line.slice("a=".length).trimEnd(), mid });
			return !isRelay;
		});
		return kept.join("\n");
	});
	return { rest: sections.join(""), relays };
}
