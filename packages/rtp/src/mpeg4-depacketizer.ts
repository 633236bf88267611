/** Puts MPEG-4 Visual pictures together from RTP packets: RFC 6416 section 5, ISO/IEC 14496-2 section 6.2. @module */
import type { CodedPicture } from "./access-unit.ts";
import type { Depacketizer, OnMediaUnit, RtpFormat } from "./depacketizer.ts";
import { parseHex } from "./hex.ts";
import { PictureBuffer } from "./picture-buffer.ts";
import type { RtpPacket } from "./rtp-packet.ts";

/** Most bytes of one picture: as for an access unit, and above any camera's picture. */
export const MAX_MPEG4_BYTES = 8_388_608;
/** A configuration is some 30 to 50 bytes, with user data a few more: what is longer is none. */
export const MAX_MPEG4_CONFIG_BYTES = 1024;

/** Start code values: ISO/IEC 14496-2 table 6-3. */
const FIRST_VOL = 0x20;
const LAST_VOL = 0x2f;
const GROUP_OF_VOP = 0xb3;
const VOP = 0xb6;
/** Zero, zero, one and the value. */
const START_CODE_BYTES = 4;
/** vop_coding_type of an I-VOP: ISO/IEC 14496-2 table 6-20. */
const INTRA = 0;

/** `dropping`: the rest of a picture that is dropped already. */
type State = "idle" | "collecting" | "dropping";

/**
 * Collects the packets of one MPEG-4 Visual track, in their order, into pictures. Gives whole ones only: a picture
 * begins with a start code and ends with the marker bit or with the timestamp.
 */
export class Mpeg4Depacketizer implements Depacketizer {
	/** Pictures dropped: packets of them are missing, or they are too large. */
	damagedUnits = 0;
	/** Payloads that begin a picture without a start code, although none is missing before them. */
	malformedPayloads = 0;

	readonly #onPicture: OnMediaUnit<CodedPicture>;
	readonly #picture: PictureBuffer = new PictureBuffer(MAX_MPEG4_BYTES);
	/** VOS, VO and VOL: from the session description, then those that came last. */
	#config: Uint8Array | undefined;
	#state: State = "idle";
	#timestamp = 0;
	#ssrc: number | undefined;

	constructor(format: Pick<RtpFormat, "formatParameters">, onPicture: OnMediaUnit<CodedPicture>) {
		this.#onPicture = onPicture;
		// RFC 6416 section 7.1.
		const config = parseHex(format.formatParameters.get("config")?.trim() ?? "", MAX_MPEG4_CONFIG_BYTES);
		this.#config = config && readHeaders(config).config;
	}

	/** Takes the next packet. Its payload is copied, so the caller may overwrite it afterwards. */
	push(packet: RtpPacket, lostBefore: number): void {
		if (packet.ssrc !== this.#ssrc) {
			this.flush();
			this.#ssrc = packet.ssrc;
		}
		const { payload, timestamp, marker } = packet;
		if (lostBefore !== 0) this.#dropCollected();
		if (payload.length === 0) return;
		if (timestamp !== this.#timestamp) {
			// Without a loss it was complete: some senders set no markers.
			if (this.#state === "collecting") this.#give();
			this.#state = "idle";
		}
		this.#timestamp = timestamp;
		this.#take(payload, lostBefore !== 0);
		if (!marker) return;
		if (this.#state === "collecting") this.#give();
		this.#state = "idle";
	}

	/** Drops the picture that waits for its end. */
	flush(): void {
		this.#dropCollected();
		this.#state = "idle";
		this.#ssrc = undefined;
	}

	#take(payload: Uint8Array, afterLoss: boolean): void {
		if (this.#state !== "collecting" && isStartCode(payload, 0)) {
			this.#state = "collecting";
			this.#picture.clear();
		}
		if (this.#state === "idle") {
			if (!afterLoss) this.malformedPayloads++;
			this.#drop();
		} else if (this.#state === "collecting" && !this.#picture.append(payload)) this.#drop();
	}

	#dropCollected(): void {
		if (this.#state === "collecting") this.#drop();
	}

	#drop(): void {
		this.damagedUnits++;
		this.#state = "dropping";
	}

	#give(): void {
		const bytes = this.#picture.bytes;
		const { config: ownConfig, vopAt } = readHeaders(bytes);
		if (ownConfig && ownConfig.length <= MAX_MPEG4_CONFIG_BYTES) this.#config = ownConfig.slice();
		// A configuration, or a group header, in a packet of its own.
		if (vopAt + START_CODE_BYTES >= bytes.length) return;
		const isIntra = (bytes[vopAt + START_CODE_BYTES] ?? 0) >> 6 === INTRA;
		const config = isIntra && !ownConfig ? this.#config : undefined;
		const configBytes = config?.length ?? 0;
		const data = new Uint8Array(configBytes + bytes.length);
		if (config) data.set(config);
		data.set(bytes, configBytes);
		this.#onPicture({
			codec: "mpeg4",
			data,
			rtpTimestamp: this.#timestamp,
			randomAccess: isIntra && (ownConfig ?? config) !== undefined,
			sizeBytes: data.length,
		});
	}
}

/**
 * The configuration (VOS, VO, VOL) in front of a picture, as the format parameter `config` has it (RFC 6416 section 7.1):
 * a view. Undefined where there is none.
 */
export function mpeg4ConfigOf(picture: Uint8Array): Uint8Array | undefined {
	return readHeaders(picture).config;
}

/**
 * What stands before the picture itself: a view of the configuration, if a video object layer is in it, and where the
 * VOP begins; that is the length where there is none.
 */
function readHeaders(bytes: Uint8Array): { readonly config: Uint8Array | undefined; readonly vopAt: number } {
	let configAt: number | undefined;
	let configEnd: number | undefined;
	let hasLayer = false;
	let vopAt = bytes.length;
	for (let at = 0; at < vopAt; at++) {
		if (!isStartCode(bytes, at)) continue;
		configAt ??= at;
		const value = bytes[at + START_CODE_BYTES - 1] ?? 0;
		if (value === VOP) vopAt = at;
		else if (value === GROUP_OF_VOP) configEnd ??= at;
		else hasLayer ||= configEnd === undefined && value >= FIRST_VOL && value <= LAST_VOL;
	}
	return { config: hasLayer ? bytes.subarray(configAt, configEnd ?? vopAt) : undefined, vopAt };
}

function isStartCode(bytes: Uint8Array, at: number): boolean {
	return bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 1 && at + START_CODE_BYTES <= bytes.length;
}
