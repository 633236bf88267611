/**
 * Simulated cameras in a process of their own. Says `{port}` first, then each second `{pictures}`: when each picture of
 * a sub stream was handed to the network, in milliseconds since 1970. Messages in: `{stop}`, `{start}`, `{freeze}` with
 * a camera's number. @module
 */
import { startCameraSim } from "@vigia/camera-sim";
import type { SentPicture } from "./ipc.ts";

const clipsDirectory = process.argv[2];
let pictures: SentPicture[] = [];

const sim = await startCameraSim({
	count: 16,
	ports: "shared",
	...(clipsDirectory && { clipsDirectory }),
	onPictureSent: ({ channel, stream, index, sentAtMs }) => {
		if (stream === "sub") pictures.push([channel, index, performance.timeOrigin + sentAtMs]);
	},
});
process.send?.({ port: sim.port });
setInterval(() => {
	process.send?.({ pictures });
	pictures = [];
}, 1000);
async function obey(message: { stop?: number; start?: number; freeze?: number }): Promise<void> {
	if (message.stop) await sim.control.stop(message.stop);
	if (message.start) await sim.control.start(message.start);
	if (message.freeze) sim.control.freeze(message.freeze, { rtcp: true });
	process.send?.({ doneAtMs: performance.timeOrigin + performance.now() });
}
process.on("message", (message: Parameters<typeof obey>[0]) => void obey(message));
process.on("disconnect", () => process.exit());
