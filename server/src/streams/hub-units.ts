/** The hub's own copies of pictures, with their places on the hub's clock. @module */
import { type AccessUnit, type CodedPicture, packetizeH264, packetizeH265 } from "@vigia/rtp";
import { MAX_RTP_PAYLOAD_BYTES, type NalStreamUnit, type PictureStreamUnit, type StreamUnit } from "./reader.ts";

const NO_PAYLOADS: readonly Uint8Array[] = [];

/** What the hub says of a picture. */
export type HubFields = Pick<StreamUnit, "randomAccess" | "timestamp" | "presentation" | "arrivalMs">;

/** A picture of H.264 or H.265. */
export class HubAccessUnit implements NalStreamUnit {
	readonly codec: NalStreamUnit["codec"];
	readonly nalUnits: readonly Uint8Array[];
	readonly rtpTimestamp: number;
	readonly randomAccess: boolean;
	readonly sizeBytes: number;
	readonly timestamp: number;
	readonly presentation: number;
	readonly arrivalMs: number;
	#payloads: readonly Uint8Array[] | undefined;

	/** Hot path. `nalUnits` and `fields` stand in for what the camera's picture says. */
	constructor(unit: AccessUnit, nalUnits: readonly Uint8Array[], fields: HubFields) {
		this.codec = unit.codec;
		this.nalUnits = nalUnits;
		this.rtpTimestamp = unit.rtpTimestamp;
		this.randomAccess = fields.randomAccess;
		let sizeBytes = 0;
		for (const nal of nalUnits) sizeBytes += nal.length;
		this.sizeBytes = sizeBytes;
		this.timestamp = fields.timestamp;
		this.presentation = fields.presentation;
		this.arrivalMs = fields.arrivalMs;
	}

	get payloads(): readonly Uint8Array[] {
		const packetize = this.codec === "h264" ? packetizeH264 : packetizeH265;
		return (this.#payloads ??= packetize(this.nalUnits, MAX_RTP_PAYLOAD_BYTES));
	}
}

/** A picture of motion JPEG or MPEG-4 Visual. */
export class HubPicture implements PictureStreamUnit {
	readonly codec: PictureStreamUnit["codec"];
	readonly data: Uint8Array;
	readonly rtpTimestamp: number;
	readonly randomAccess: boolean;
	readonly sizeBytes: number;
	readonly timestamp: number;
	readonly presentation: number;
	readonly arrivalMs: number;
	readonly payloads: readonly Uint8Array[] = NO_PAYLOADS;

	/** As of {@link HubAccessUnit}. */
	constructor(picture: CodedPicture, fields: HubFields) {
		this.codec = picture.codec;
		this.data = picture.data;
		this.rtpTimestamp = picture.rtpTimestamp;
		this.randomAccess = fields.randomAccess;
		this.sizeBytes = picture.sizeBytes;
		this.timestamp = fields.timestamp;
		this.presentation = fields.presentation;
		this.arrivalMs = fields.arrivalMs;
	}
}
