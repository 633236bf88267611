/** What all our requests to cameras have in common. @module */
import { createHash, randomBytes } from "node:crypto";
import type { HttpTunnelOptions } from "@vigia/rtsp";

/** For RTSP requests and for those that open an HTTP tunnel. */
export const CLIENT: Pick<HttpTunnelOptions, "hashes" | "randomHex" | "userAgent"> = {
	hashes: {
		md5: (bytes) => createHash("md5").update(bytes).digest("hex"),
		sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
	},
	randomHex: (digits) =>
		randomBytes(Math.ceil(digits / 2))
			.toString("hex")
			.slice(0, digits),
	userAgent: "Vigia",
};
