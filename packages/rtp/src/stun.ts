/**
 * STUN messages that ICE sends on the ports of RTP (RFC 7983), as far as somebody between two agents must change them:
 * RFC 8489 sections 5 (header), 14 (attributes), 14.5 (MESSAGE-INTEGRITY), 14.7 (FINGERPRINT); RFC 8445 section 7.1.
 *
 * @module
 */

/** HMAC-SHA1 (RFC 2104) under the password of the agent that is asked: RFC 8489 section 9.1.1. */
export type SignStun = (bytes: Uint8Array) => Uint8Array;

/** A transport address: 4 or 16 bytes, in network order, and a port. */
export interface StunAddress {
	readonly bytes: Uint8Array;
	readonly port: number;
}

interface Attribute {
	readonly type: number;
	/** Without padding; a view. */
	readonly value: Uint8Array;
}

interface SignedMessage {
	/** A view of the 20 bytes. */
	readonly header: Uint8Array;
	/** Those before MESSAGE-INTEGRITY: what follows it is not signed, and counts for nothing. */
	readonly attributes: readonly Attribute[];
	/** All up to here is signed. */
	readonly signedBytes: number;
	readonly integrity: Uint8Array;
}

const HEADER_BYTES = 20;
const MAGIC_COOKIE = 0x2112a442;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const MESSAGE_INTEGRITY = 0x0008;
const XOR_MAPPED_ADDRESS = 0x0020;
const FINGERPRINT = 0x8028;
const ICE_CONTROLLED = 0x8029;
const ICE_CONTROLLING = 0x802a;
const ATTRIBUTE_HEADER_BYTES = 4;
const SHA1_BYTES = 20;
const CRC_BYTES = 4;
const FINGERPRINT_XOR = 0x5354554e;
/** ISO 3309, as in RFC 8489 section 14.7: the polynomial with its bits in reverse. */
const CRC_POLYNOMIAL = 0xedb88320;
const TIE_BREAKER_BYTES = 8;
const FAMILY_IPV4 = 1;
const FAMILY_IPV6 = 2;

/**
 * A Binding request whose tie-breaker is 0, with 1 in place of it; `undefined` for everything else, and for one that is not
 * signed with the password: who does not know it gets nothing signed.
 */
export function mendTieBreaker(datagram: Uint8Array, sign: SignStun): Uint8Array | undefined {
	if (typeOf(datagram) !== BINDING_REQUEST) return undefined;
	return rewrite(datagram, sign, ({ type, value }) => {
		const isTieBreaker = type === ICE_CONTROLLED || type === ICE_CONTROLLING;
		if (!isTieBreaker || value.length !== TIE_BREAKER_BYTES || value.some((byte) => byte !== 0)) return undefined;
		return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1);
	});
}

/**
 * A success response to a Binding request, with `address` as the one that it says the request came from; `undefined` for
 * everything else, and for one that is not signed with the password.
 */
export function replaceMappedAddress(
	datagram: Uint8Array,
	address: StunAddress,
	sign: SignStun,
): Uint8Array | undefined {
	if (typeOf(datagram) !== BINDING_SUCCESS) return undefined;
	return rewrite(datagram, sign, ({ type }, header) =>
		type === XOR_MAPPED_ADDRESS ? xorAddress(address, header) : undefined,
	);
}

/** RFC 8489 section 5; 0 where it is no STUN message: no method has that number. */
function typeOf(datagram: Uint8Array): number {
	if (datagram.length < HEADER_BYTES) return 0;
	const view = viewOf(datagram);
	return view.getUint32(4) === MAGIC_COOKIE ? view.getUint16(0) : 0;
}

/** Signs the message anew with the values that `replace` gives; `undefined` when it gives none, or nothing may be signed. */
function rewrite(
	datagram: Uint8Array,
	sign: SignStun,
	replace: (attribute: Attribute, header: Uint8Array) => Uint8Array | undefined,
): Uint8Array | undefined {
	const message = readSigned(datagram);
	if (!message) return undefined;
	let changed = false;
	const attributes = message.attributes.map((attribute) => {
		const value = replace(attribute, message.header);
		changed ||= value !== undefined;
		return value ? { type: attribute.type, value } : attribute;
	});
	if (!changed || !equals(message.integrity, integrityOf(datagram, message.signedBytes, sign))) return undefined;
	return writeSigned(message.header, attributes, sign);
}

/** `undefined` when it is damaged or carries no MESSAGE-INTEGRITY. */
function readSigned(datagram: Uint8Array): SignedMessage | undefined {
	const view = viewOf(datagram);
	if (view.getUint16(2) !== datagram.length - HEADER_BYTES) return undefined;
	const header = datagram.subarray(0, HEADER_BYTES);
	const attributes: Attribute[] = [];
	let at = HEADER_BYTES;
	while (at + ATTRIBUTE_HEADER_BYTES <= datagram.length) {
		const type = view.getUint16(at);
		const end = at + ATTRIBUTE_HEADER_BYTES + view.getUint16(at + 2);
		if (end > datagram.length) return undefined;
		const value = datagram.subarray(at + ATTRIBUTE_HEADER_BYTES, end);
		if (type === MESSAGE_INTEGRITY) return { header, attributes, signedBytes: at, integrity: value };
		attributes.push({ type, value });
		at = padded(end);
	}
	return undefined;
}

function writeSigned(header: Uint8Array, attributes: readonly Attribute[], sign: SignStun): Uint8Array {
	const signedBytes = attributes.reduce(
		(sum, { value }) => sum + ATTRIBUTE_HEADER_BYTES + padded(value.length),
		HEADER_BYTES,
	);
	const fingerprintAt = signedBytes + ATTRIBUTE_HEADER_BYTES + SHA1_BYTES;
	const message = new Uint8Array(fingerprintAt + ATTRIBUTE_HEADER_BYTES + CRC_BYTES);
	message.set(header);
	let at = HEADER_BYTES;
	for (const attribute of attributes) at = writeAttribute(message, at, attribute);
	writeAttribute(message, at, { type: MESSAGE_INTEGRITY, value: integrityOf(message, signedBytes, sign) });
	const view = viewOf(message);
	view.setUint16(2, message.length - HEADER_BYTES);
	const checksum = new Uint8Array(CRC_BYTES);
	viewOf(checksum).setUint32(0, (crc32(message.subarray(0, fingerprintAt)) ^ FINGERPRINT_XOR) >>> 0);
	writeAttribute(message, fingerprintAt, { type: FINGERPRINT, value: checksum });
	return message;
}

/** Returns where the next one begins. */
function writeAttribute(message: Uint8Array, at: number, { type, value }: Attribute): number {
	const view = viewOf(message);
	view.setUint16(at, type);
	view.setUint16(at + 2, value.length);
	message.set(value, at + ATTRIBUTE_HEADER_BYTES);
	return at + ATTRIBUTE_HEADER_BYTES + padded(value.length);
}

/** Of the message up to there; its length says as if MESSAGE-INTEGRITY were the last attribute: RFC 8489 section 14.5. */
function integrityOf(message: Uint8Array, signedBytes: number, sign: SignStun): Uint8Array {
	// A Buffer's slice() would be a view where a Uint8Array's is a copy.
	const signed = new Uint8Array(message.subarray(0, signedBytes));
	viewOf(signed).setUint16(2, signedBytes - HEADER_BYTES + ATTRIBUTE_HEADER_BYTES + SHA1_BYTES);
	return sign(signed);
}

/** RFC 8489 section 14.2. The cookie and the transaction ID stand side by side in the header. */
function xorAddress({ bytes, port }: StunAddress, header: Uint8Array): Uint8Array {
	const value = new Uint8Array(4 + bytes.length);
	value[1] = bytes.length === 4 ? FAMILY_IPV4 : FAMILY_IPV6;
	viewOf(value).setUint16(2, port ^ (MAGIC_COOKIE >>> 16));
	for (const [index, byte] of bytes.entries()) value[4 + index] = byte ^ (header[4 + index] ?? 0);
	return value;
}

function crc32(bytes: Uint8Array): number {
	let crc = 0xffffffff;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ CRC_POLYNOMIAL;
	}
	return ~crc >>> 0;
}

function equals(a: Uint8Array, b: Uint8Array): boolean {
	return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** RFC 8489 section 14: values are padded to 4 bytes. */
function padded(length: number): number {
	return (length + 3) & ~3;
}

function viewOf(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
