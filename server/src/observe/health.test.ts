import { CAMERA_STATES, type CameraState, type CameraStatus, healthSchema } from "@vigia/api";
import { expect, test } from "vitest";
import { healthOf } from "./health.ts";

function camera(state: CameraState, failed = false): CameraStatus {
	const since = "2026-01-01T00:00:00.000Z";
	const reason = { code: "no-route", text: "The camera does not answer." } as const;
	return { id: "cam1", name: "Camera 1", state, since, streams: {}, ...(failed && { reason }) };
}

const statusOf = (...cameras: CameraStatus[]) => healthOf(cameras, "0.1.0", 12.9).status;

test("counts each camera once and keeps the contract", () => {
	const health = healthOf([...CAMERA_STATES.map((state) => camera(state)), camera("connecting", true)], "0.1.0", 12.9);
	expect(health).toEqual({
		status: "ok",
		cameras: { total: 10, live: 1, connecting: 3, offline: 6 },
		uptimeSeconds: 12,
		version: "0.1.0",
	});
	expect(healthSchema.safeParse(health).success).toBe(true);
});

test("is ok while one camera of many is live", () => {
	expect(statusOf(camera("live"), camera("waiting", true), camera("refused", true))).toBe("ok");
});

test("is ok at the start, while cameras are connecting for the first time", () => {
	expect(statusOf(camera("connecting"), camera("waiting", true))).toBe("ok");
});

test("is degraded when every camera is offline, also while one is being tried again", () => {
	expect(statusOf(camera("waiting", true), camera("stalled", true))).toBe("degraded");
	expect(statusOf(camera("waiting", true), camera("connecting", true))).toBe("degraded");
});

test("is ok without cameras", () => {
	expect(statusOf()).toBe("ok");
});
