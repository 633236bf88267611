export * from "./camera.ts";
export * from "./link-frame.ts";
export * from "./media-frame.ts";
export * from "./probe.ts";
export * from "./reason.ts";
export * from "./settings.ts";
export * from "./wall-protocol.ts";
