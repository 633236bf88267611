import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** The server that `vite` alone, without a build, passes the API on to. */
const SERVER = "http://127.0.0.1:8000";

/** hls.js with alternate renditions, loaded only for sound over HLS. */
const HLS_CHUNK_KB = 600;

export default defineConfig({
	root: fileURLToPath(new URL(".", import.meta.url)),
	// Relative addresses, so that the page also works below a path of a reverse proxy.
	base: "./",
	build: {
		outDir: "dist",
		emptyOutDir: true,
		target: "es2022",
		modulePreload: false,
		chunkSizeWarningLimit: HLS_CHUNK_KB,
	},
	oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
	server: {
		proxy: {
			"/api": { target: SERVER, ws: true, changeOrigin: true, rewriteWsOrigin: true },
			"/health": { target: SERVER },
			"/metrics": { target: SERVER },
		},
	},
});
