/** Simulated RTSP cameras with faults on demand, for the demo, the tests and the benchmarks. @module */
export { CAMERA_NAMES, type CameraName } from "./camera-names.ts";
export {
	CameraSim,
	type CameraSimOptions,
	DEFAULT_CLIPS_DIRECTORY,
	MAX_CAMERAS,
	type SentPicture,
	startCameraSim,
} from "./camera-sim.ts";
export type { ChannelFaults, ChannelStatus, Freeze, StoppedAnswer } from "./channel.ts";
export type { StreamName } from "./clip-index.ts";
export { type CameraControl, type ChannelSelector, MAX_RESTART_DELAY_MS } from "./control.ts";
export { type ControlServer, startControlServer } from "./control-http.ts";
export { FRAME_CODE_BLOCKS, type FrameCode, frameCodeBlocks, readFrameCode } from "./frame-code.ts";
export { type OnvifDeviceSim, startOnvifDevice } from "./onvif/onvif-device.ts";
export type { OnvifDeviceOptions, OnvifDiscoveryFault, OnvifHttpFault } from "./onvif/onvif-options.ts";
export { cameraPath } from "./target.ts";
