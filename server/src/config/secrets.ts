/** Everything in the settings that must not be logged, for the redactor. @module */
import type { Settings } from "./settings.ts";

/** User names and passwords of all cameras and ICE servers, of go2rtc, and of those who fetch over RTSP. */
export function secretsOf(settings: Settings): { readonly username: string; readonly password: string }[] {
	const cameras = settings.cameras.flatMap(({ credentials }) => (credentials ? [credentials.reveal()] : []));
	const iceServers = settings.iceServers.flatMap(({ username = "", credential }) =>
		credential === undefined ? [] : [{ username, password: credential }],
	);
	const others = [settings.rtspOutput?.credentials, settings.go2rtc?.credentials];
	return [...cameras, ...iceServers, ...others.flatMap((credentials) => (credentials ? [credentials.reveal()] : []))];
}
