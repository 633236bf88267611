/**
 * A self-signed certificate as cameras have it: no name in it that anybody asked for. Its key is of use to nobody.
 * Made with: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=camera
 * @module
 */
import { X509Certificate } from "node:crypto";

const cert = `-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUeU6NiGUVA+vdbqpIW2GYnUS6SecwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGY2FtZXJhMCAXDTI2MTEyMjE5MTg0OFoYDzIxMjYxMDI5MTkx
ODQ4WjARMQ8wDQYDVQQDDAZjYW1lcmEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATbpWJ1pLVBbwJNprNv6e210d0VWT0FkZmbkIiXMGBvvBLBWwHUQmHPtgtaTNdP
qv36aIQUBA9KhM+dNXxkqRGBo1MwUTAdBgNVHQ4EFgQUSCH5Lv1u2kHJaWpg9mED
9CedPacwHwYDVR0jBBgwFoAUSCH5Lv1u2kHJaWpg9mED9CedPacwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAC6BDmLNEgYztIbox4YZGMm8kjBMP6
Ec4muVna2I1enQIhALQrIuCLYdABmmvE1BaffdCRLZ5520VdrNtfMtUNJsYr
-----END CERTIFICATE-----`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQga26BR0zvze69jC0e
jcT/J86blUOivYS1w017UkaQGu2hRANCAATbpWJ1pLVBbwJNprNv6e210d0VWT0F
kZmbkIiXMGBvvBLBWwHUQmHPtgtaTNdPqv36aIQUBA9KhM+dNXxkqRGB
-----END PRIVATE KEY-----`;

export const CAMERA_CERTIFICATE = { key, cert };
/** SHA-256 of the DER form, as a pin has it. */
export const CAMERA_FINGERPRINT = new X509Certificate(cert).fingerprint256.replaceAll(":", "").toLowerCase();
