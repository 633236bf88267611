import { expect, test } from "vitest";
import type { CameraSettings, StreamAddress } from "../config/settings.ts";
import { cameraStream } from "./camera-stream.ts";

const main: StreamAddress = { scheme: "rtsp", host: "c", port: 554, path: "/main" };
const camera = (streams: CameraSettings["streams"]): CameraSettings => ({ id: "cam1", name: "Gate", streams });

test("the stream that fills the grid is known, and whether it is the only one", () => {
	const both = camera({ main, sub: { ...main, path: "/sub" } });
	expect(cameraStream(both, undefined, "tcp")).toMatchObject({ name: "sub", use: { inGrid: true, isOnly: false } });
	expect(cameraStream(both, "main", "tcp")?.use).toEqual({ inGrid: false, isOnly: false });
	expect(cameraStream(camera({ main }), undefined, "tcp")?.use).toEqual({ inGrid: true, isOnly: true });
	expect(cameraStream(camera({ main }), "sub", "tcp")).toBeUndefined();
});
