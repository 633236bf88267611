import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeClips } from "../scripts/encode-clips.ts";
import { DEFAULT_CLIPS_DIRECTORY, startCameraSim } from "./camera-sim.ts";
import { parseClipIndex } from "./clip-index.ts";
import { loadClips } from "./clip-store.ts";
import { TestClient } from "./testing/rtsp-client.ts";

/** What the repository spends on clips. */
const MAX_CLIP_BYTES = 5_000_000;

async function temporaryDirectory() {
	const path = await mkdtemp(join(tmpdir(), "vigia-clips-test-"));
	return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

describe("the clips of the repository", () => {
	it("take less than 5 MB", async () => {
		const files = await readdir(DEFAULT_CLIPS_DIRECTORY);
		const sizes = await Promise.all(files.map(async (file) => (await stat(join(DEFAULT_CLIPS_DIRECTORY, file))).size));
		expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAX_CLIP_BYTES);
	});

	it("have an IDR picture every two seconds and fit their bit rate", async () => {
		const clips = await loadClips(DEFAULT_CLIPS_DIRECTORY);
		for (let camera = 1; camera <= 16; camera++) {
			for (const stream of ["main", "sub"] as const) {
				const clip = clips.find(camera, stream);
				const { framesPerSecond } = clip?.entry ?? { framesPerSecond: 0 };
				const randomAccess = clip?.pictures.flatMap((picture, index) => (picture.randomAccess ? [index] : []));
				expect(randomAccess).toEqual([0, 2 * framesPerSecond]);
			}
			const bytes = clips.find(camera, "sub")?.pictures.reduce((sum, picture) => sum + picture.payloadBytes, 0) ?? 0;
			expect((bytes * 8) / 4).toBeGreaterThan(340_000);
			expect((bytes * 8) / 4).toBeLessThan(460_000);
		}
	});
});

describe("making clips", () => {
	it("gives the same bytes for the same options", async () => {
		await using out = await temporaryDirectory();
		const options = { cameras: 1, streams: ["sub"], seconds: 1, gopSeconds: 1, subKbps: 200, mainKbps: 1 } as const;
		for (const name of ["a", "b"]) await encodeClips({ ...options, out: join(out.path, name) });
		const [a, b] = await Promise.all(["a", "b"].map((name) => readFile(join(out.path, name, "camera-01-sub.h264"))));
		expect(a?.equals(b ?? Buffer.alloc(0))).toBe(true);
	}, 60_000);

	it("makes a set with a long GOP and without main streams, which the simulator plays", async () => {
		await using out = await temporaryDirectory();
		const options = { cameras: 1, streams: ["sub"], seconds: 10, gopSeconds: 10, subKbps: 200, mainKbps: 1 } as const;
		await encodeClips({ ...options, out: out.path });
		const clip = (await loadClips(out.path)).find(3, "sub");
		expect(clip?.pictures.filter((picture) => picture.randomAccess)).toHaveLength(1);
		await using sim = await startCameraSim({ count: 3, clipsDirectory: out.path });
		await using sub = await TestClient.connect(sim.url(3, "sub"));
		await using main = await TestClient.connect(sim.url(3, "main"));
		expect([await sub.play(), await main.play()]).toEqual([200, 404]);
	}, 60_000);

	it("refuses a loop that is too long for the frame counter", async () => {
		const options = { cameras: 1, streams: ["main"], seconds: 11, gopSeconds: 2, subKbps: 1, mainKbps: 1 } as const;
		await expect(encodeClips({ ...options, out: tmpdir() })).rejects.toThrow("at most 255");
	});
});

describe("the clip index", () => {
	it("is refused with a reason unless it is whole", () => {
		expect(() => parseClipIndex("{}")).toThrow("npm run clips");
		expect(() => parseClipIndex('[{"file":"../../etc/passwd.h264"}]')).toThrow("Entry 0");
		fc.assert(fc.property(fc.json(), (text) => isArrayOrError(() => parseClipIndex(text))));
	});
});

/** Neither a value of another kind nor a thrown one that is no Error. */
function isArrayOrError(action: () => unknown): boolean {
	try {
		return Array.isArray(action());
	} catch (error) {
		return error instanceof Error;
	}
}
