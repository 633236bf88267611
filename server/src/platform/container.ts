/** Whether this is a container of our image, where the system's own advice does not fit. @module */

/** @param env `VIGIA_CONTAINER` is set by the Dockerfile. */
export function isInContainer(env: NodeJS.ProcessEnv): boolean {
	return env["VIGIA_CONTAINER"] === "1";
}
