export * from "./camera.ts";
export * from "./probe.ts";
export * from "./reason.ts";
export * from "./wall-protocol.ts";
