/** RTSP 1.0 without I/O: messages, interleaving, authentication, session descriptions, client session. @module */
export * from "./auth.ts";
export * from "./auth-verify.ts";
export { encodeBase64, fromByteString, toByteString, utf8ByteString } from "./bytes.ts";
export * from "./challenge.ts";
export * from "./digest.ts";
export * from "./errors.ts";
export * from "./message.ts";
export * from "./message-parser.ts";
export * from "./sdp.ts";
export * from "./sdp-write.ts";
export * from "./session-header.ts";
export * from "./transport-header.ts";
export * from "./client-contract.ts";
export * from "./client-session.ts";
export * from "./presentation.ts";
export * from "./url.ts";
export * from "./server-session.ts";
export * from "./server-transport.ts";
