/** The two numbers of fragmented MP4 that the player reads itself. ISO/IEC 14496-12. Pure; never throws. @module */

/** Ticks per second of the first track of an initialization segment (`mdhd`, section 8.4.2). */
export function readTimescale(init: Uint8Array): number | undefined {
	const box = findBox(init, ["moov", "trak", "mdia", "mdhd"]);
	if (!box) return undefined;
	const at = versionOf(box) === 1 ? 20 : 12;
	const timescale = box.byteLength >= at + 4 ? box.getUint32(at) : 0;
	return timescale > 0 ? timescale : undefined;
}

/** Decode time of the first sample of a fragment, in ticks (`tfdt`, section 8.8.12). */
export function readDecodeTime(fragment: Uint8Array): number | undefined {
	const box = findBox(fragment, ["moof", "traf", "tfdt"]);
	if (!box) return undefined;
	if (versionOf(box) === 1) return box.byteLength >= 12 ? box.getUint32(4) * 2 ** 32 + box.getUint32(8) : undefined;
	return box.byteLength >= 8 ? box.getUint32(4) : undefined;
}

function versionOf(box: DataView): number {
	return box.byteLength > 0 ? box.getUint8(0) : 0;
}

/** What is in the first box at this path, each one inside of the one before. */
function findBox(bytes: Uint8Array, path: readonly string[]): DataView | undefined {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	let at = 0;
	let end = bytes.length;
	let depth = 0;
	while (at + 8 <= end) {
		const size = view.getUint32(at);
		if (size < 8 || at + size > end) return undefined;
		if (typeAt(view, at + 4) !== path[depth]) {
			at += size;
			continue;
		}
		depth++;
		end = at + size;
		at += 8;
		if (depth === path.length) return new DataView(bytes.buffer, bytes.byteOffset + at, end - at);
	}
	return undefined;
}

function typeAt(view: DataView, at: number): string {
	return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}
