/**
 * The soak test's cameras, in a process of their own: the first ones behind one recorder's address, each other one with
 * an address of its own. Arguments: how many in all, how many of them behind the recorder. @module
 */
import { type CameraSim, startCameraSim } from "@vigia/camera-sim";
import type { CameraAction, CameraOrder, CamerasMessage } from "./ipc.ts";

const [count = 0, behindRecorder = 0] = process.argv.slice(2).map(Number);
const credentials = { username: process.env["SOAK_USER"] ?? "", password: process.env["SOAK_PASSWORD"] ?? "" };
const say = (message: CamerasMessage): void => void process.send?.(message);

const recorder = await startCameraSim({ count: behindRecorder, host: "127.0.0.2", ports: "shared", credentials });
// Each is asked for at an address of its own in 127.0.0.0/8.
const singles = await startCameraSim({
	count: count - behindRecorder,
	host: "0.0.0.0",
	ports: "separate",
	credentials,
});
say({
	recorderPort: recorder.port,
	singlePorts: Array.from({ length: count - behindRecorder }, (_, index) => singles.portOf(index + 1)),
});

async function perform(sim: CameraSim, camera: number, action: CameraAction): Promise<void> {
	const { control } = sim;
	switch (action.act) {
		case "stop":
			return await control.stop(camera, action.answer);
		case "start":
			return await control.start(camera);
		case "freeze":
			return control.freeze(camera, { rtcp: action.rtcp });
		case "drop-silently":
			return control.dropSilently(camera);
		case "abandon-connections":
			return control.abandonConnections(camera);
		case "change-password":
			return control.changePassword(camera, action.password);
		case "limit-sessions":
			return control.limitSessions(camera, action.limit);
	}
}

process.on("message", ({ id, cameras, action }: CameraOrder) => {
	const all = cameras.map((camera) =>
		camera <= behindRecorder ? perform(recorder, camera, action) : perform(singles, camera - behindRecorder, action),
	);
	void Promise.all(all).then(() => say({ id, doneAtMs: performance.timeOrigin + performance.now() }));
});
process.on("disconnect", () => process.exit());
// Ctrl-C reaches the whole group; whoever started this one ends it.
process.on("SIGINT", () => undefined);
