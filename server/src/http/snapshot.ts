/** `GET /api/cameras/:id/snapshot.jpg`: the latest key frame as a still, with the time at which it was captured. @module */
import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import type { SnapshotProblem, Snapshots } from "../outputs/snapshot/snapshots.ts";
import { sendError } from "./errors.ts";

/** In pixels: an icon, and the widest that cameras send. */
export const MIN_WIDTH = 16;
export const MAX_WIDTH = 3840;
/** Seconds after which a still that could not be had may be there. */
const RETRY_AFTER_SECONDS = 5;

const querySchema = z.object({
	stream: z.enum(["main", "sub"]).default("main"),
	width: z
		.string()
		.regex(/^\d{1,4}$/)
		.transform(Number)
		.refine((width) => width >= MIN_WIDTH && width <= MAX_WIDTH)
		.optional(),
});

const PROBLEMS: Readonly<Record<SnapshotProblem, readonly [status: number, message: string]>> = {
	"unknown-camera": [404, "There is no camera with this id: see /api/cameras."],
	"no-picture": [503, "The camera sends no picture now: /api/cameras says why. Try again in some seconds."],
	"ffmpeg-missing": [
		503,
		"Stills are made by FFmpeg, which is not installed: install it on the server (Debian, Ubuntu: apt install ffmpeg) or set FFMPEG to its path.",
	],
	"too-many-snapshots": [503, "So many stills are being made that one more has to wait: try again in some seconds."],
	"snapshot-failed": [503, "FFmpeg cannot decode the camera's latest key frame: try again with the next one."],
};

/** Adds the route. */
export function registerSnapshot(app: FastifyInstance, options: { readonly snapshots: Snapshots }): void {
	app.get<{ Params: { id: string } }>("/api/cameras/:id/snapshot.jpg", async (request, reply) => {
		const query = querySchema.safeParse(request.query);
		if (!query.success) {
			const message = `Use stream=main or sub, and width=${MIN_WIDTH} to ${MAX_WIDTH} pixels, or leave them out.`;
			return sendError(reply, 400, "bad-request", message);
		}
		const { stream, width } = query.data;
		const answer = await options.snapshots.take({ cameraId: request.params.id, stream, width });
		if (typeof answer === "string") return sendProblem(reply, answer);
		const captured = new Date(answer.capturedWallMs);
		return reply
			.headers({
				"last-modified": captured.toUTCString(),
				"x-vigia-captured-at": captured.toISOString(),
				"access-control-expose-headers": "Last-Modified, X-Vigia-Captured-At, Retry-After",
				"cache-control": "no-store",
			})
			.type("image/jpeg")
			.send(answer.jpeg);
	});
}

/** Answers why there is no still. */
export function sendProblem(reply: FastifyReply, problem: SnapshotProblem): FastifyReply {
	const [status, message] = PROBLEMS[problem];
	reply.header("cache-control", "no-store");
	if (status === 503) reply.header("retry-after", RETRY_AFTER_SECONDS);
	return sendError(reply, status, problem, message);
}
