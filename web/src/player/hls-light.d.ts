/** hls.js gives its light build no types of its own: the same API without alternate sound, subtitles and encryption. */
declare module "hls.js/light" {
	export * from "hls.js";
	export { default } from "hls.js";
}
