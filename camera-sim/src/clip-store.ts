/** The clips, read once and cut into RTP payloads once for all viewers. @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isFirstSliceOfPicture, isVclNalType, NAL_TYPE, nalTypeOf, packetizeH264, splitAnnexB } from "@vigia/rtp";
import { encodeBase64, fromByteString, toByteString, writeSdp } from "@vigia/rtsp";
import type { ClipEntry, StreamName } from "./clip-index.ts";
import { CLIP_INDEX_FILE, parseClipIndex } from "./clip-index.ts";
import type { Packets } from "./rtp-sender.ts";

/** Dynamic payload type, as cameras use it: RFC 3551 section 6. */
export const PAYLOAD_TYPE = 96;
/** H.264 over RTP: RFC 6184 section 8.2.1. */
export const CLOCK_RATE_HZ = 90_000;
/** The relative control of the pictures' media section. */
export const TRACK_CONTROL = "trackID=0";
/** As cameras do it: fills an Ethernet frame. It is more than WebRTC lets through, which is the receiver's problem. */
const MAX_PAYLOAD_BYTES = 1400;

/** One picture, ready to send. Shared by all sessions: nobody writes into it. */
export interface ClipPicture extends Packets {
	readonly randomAccess: boolean;
}

export interface Clip {
	readonly entry: ClipEntry;
	readonly pictures: readonly ClipPicture[];
	/** The session description: RFC 6184 section 8.2.1, with `a=framerate` of RFC 8866 section 6.12. */
	readonly sdp: Uint8Array;
}

export class ClipStore {
	readonly #clips: ReadonlyMap<string, Clip>;
	/** Number of cameras that there are clips for; they are numbered from 1. */
	readonly cameras: number;

	constructor(clips: readonly Clip[]) {
		this.#clips = new Map(clips.map((clip) => [`${clip.entry.camera}-${clip.entry.stream}`, clip]));
		this.cameras = Math.max(0, ...clips.map((clip) => clip.entry.camera));
	}

	/** The clip of a channel, which may be higher than the number of cameras: the clips repeat. */
	find(channel: number, stream: StreamName): Clip | undefined {
		if (this.cameras === 0) return undefined;
		return this.#clips.get(`${((channel - 1) % this.cameras) + 1}-${stream}`);
	}
}

/** @throws Error that says what to do, when the directory does not hold a set of clips. */
export async function loadClips(directory: string): Promise<ClipStore> {
	const index = await readFile(join(directory, CLIP_INDEX_FILE), "utf8").catch(() => {
		throw new Error(`There are no camera clips in ${directory}: make them with npm run clips -- --out ${directory}`);
	});
	const entries = parseClipIndex(index);
	return new ClipStore(
		await Promise.all(entries.map(async (entry) => makeClip(entry, await readFile(join(directory, entry.file))))),
	);
}

function makeClip(entry: ClipEntry, bytes: Uint8Array): Clip {
	const pictures = splitPictures(splitAnnexB(bytes));
	if (pictures.length !== entry.frames)
		throw new Error(`${entry.file} holds ${pictures.length} pictures, not ${entry.frames}: run npm run clips again.`);
	const first = pictures[0] ?? [];
	const sps = first.find((nal) => nalTypeOf(nal) === NAL_TYPE.sps);
	const pps = first.find((nal) => nalTypeOf(nal) === NAL_TYPE.pps);
	if (!sps || !pps) throw new Error(`${entry.file} does not begin with parameter sets: run npm run clips again.`);
	return {
		entry,
		sdp: describe(entry, sps, pps),
		pictures: pictures.map((nalUnits) => {
			const payloads = packetizeH264(nalUnits, MAX_PAYLOAD_BYTES);
			return {
				payloads,
				payloadBytes: payloads.reduce((sum, payload) => sum + payload.length, 0),
				randomAccess: nalUnits.some((nal) => nalTypeOf(nal) === NAL_TYPE.idr),
			};
		}),
	};
}

/** NAL units by access unit: parameter sets belong to the picture that follows them (ITU-T H.264 section 7.4.1.2.3). */
function splitPictures(nalUnits: readonly Uint8Array[]): Uint8Array[][] {
	const pictures: Uint8Array[][] = [];
	let current: Uint8Array[] = [];
	let hasPicture = false;
	for (const nal of nalUnits) {
		const isVcl = isVclNalType(nalTypeOf(nal));
		if (hasPicture && (!isVcl || isFirstSliceOfPicture(nal))) {
			pictures.push(current);
			current = [];
			hasPicture = false;
		}
		current.push(nal);
		hasPicture ||= isVcl;
	}
	if (hasPicture) pictures.push(current);
	return pictures;
}

function describe(entry: ClipEntry, sps: Uint8Array, pps: Uint8Array): Uint8Array {
	// RFC 6184 section 8.1: profile_idc, the constraint flags and level_idc, the three bytes after the NAL header.
	const profileLevelId = [...sps.subarray(1, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
	const sets = [sps, pps].map((nal) => encodeBase64(toByteString(nal))).join(",");
	const sdp = writeSdp({
		sessionName: "Media Server",
		sessionId: "2251938202",
		address: "0.0.0.0",
		media: [
			{
				type: "video",
				payloadType: PAYLOAD_TYPE,
				encoding: "H264",
				clockRate: CLOCK_RATE_HZ,
				formatParameters: `packetization-mode=1;profile-level-id=${profileLevelId};sprop-parameter-sets=${sets}`,
				control: TRACK_CONTROL,
			},
		],
	});
	// There is one media section, so what is appended belongs to it.
	const frameRate = fromByteString(`a=framerate:${entry.framesPerSecond}\r\n`);
	return Buffer.concat([sdp, frameRate]);
}
