/** The server's half of authentication: makes challenges and checks answers. RFC 2617, RFC 7616. @module */
import { encodeBase64, utf8ByteString } from "./bytes.ts";
import { type DigestAlgorithm, quote, splitAuthFields } from "./challenge.ts";
import { digestResponse, type HashFunctions, type PlainCredentials } from "./digest.ts";

export type ChallengeOffer =
	| {
			readonly scheme: "digest";
			readonly realm: string;
			readonly nonce: string;
			/** Default MD5, then not named in the challenge. */
			readonly algorithm?: DigestAlgorithm;
			/** Offer `qop="auth"`. */
			readonly qopAuth?: boolean;
			readonly opaque?: string;
			readonly stale?: boolean;
	  }
	| { readonly scheme: "basic"; readonly realm: string };

/** The value of one WWW-Authenticate field. */
export function makeChallenge(offer: ChallengeOffer): string {
	if (offer.scheme === "basic") return `Basic realm=${quote(offer.realm)}`;
	let value = `Digest realm=${quote(offer.realm)}, nonce=${quote(offer.nonce)}`;
	if (offer.algorithm !== undefined) value += `, algorithm=${offer.algorithm}`;
	if (offer.qopAuth === true) value += ', qop="auth"';
	if (offer.opaque !== undefined) value += `, opaque=${quote(offer.opaque)}`;
	if (offer.stale === true) value += ", stale=TRUE";
	return value;
}

export interface AuthorizationCheck {
	/** The Authorization field as received, if there was one. */
	readonly authorization: string | undefined;
	readonly method: string;
	/** The request target as received: the digest's `uri` must be the same text, or that of a URL above it. */
	readonly target: string;
	readonly credentials: PlainCredentials;
	/** What this connection was offered; an answer to anything else is refused. */
	readonly offers: readonly ChallengeOffer[];
}

/**
 * `accepted`; `missing`: there is no answer yet to what is offered; `stale`: right for a nonce that is not offered any more, so challenge
 * again with `stale`; `refused`: wrong.
 */
export type AuthorizationVerdict = "accepted" | "missing" | "stale" | "refused";

/** Checks an answer to a challenge. Never throws, whatever the peer sent. */
export function verifyAuthorization(check: AuthorizationCheck, hashes: HashFunctions): AuthorizationVerdict {
	if (check.authorization === undefined) return "missing";
	const fields = splitAuthFields(check.authorization)[0];
	if (fields?.scheme === "basic") {
		// Some clients send it with their first request, before they have read what is offered: nothing is tried with it.
		if (!check.offers.some((offer) => offer.scheme === "basic")) return "missing";
		const { username, password } = check.credentials;
		const wanted = encodeBase64(utf8ByteString(`${username}:${password}`));
		return equalText(fields.token ?? "", wanted) ? "accepted" : "refused";
	}
	if (fields?.scheme !== "digest") return "refused";
	return verifyDigest(check, fields.parameters, hashes);
}

function verifyDigest(
	check: AuthorizationCheck,
	given: ReadonlyMap<string, string>,
	hashes: HashFunctions,
): AuthorizationVerdict {
	const algorithm = (given.get("algorithm") ?? "MD5").toLowerCase();
	const offer = check.offers.find(
		(one) => one.scheme === "digest" && (one.algorithm ?? "MD5").toLowerCase() === algorithm,
	);
	if (offer?.scheme !== "digest") return "refused";
	const uri = given.get("uri") ?? "";
	if (given.get("realm") !== offer.realm || !isOrHolds(uri, check.target)) return "refused";
	const nonce = given.get("nonce") ?? "";
	const qop = given.get("qop");
	if (qop !== undefined && (qop !== "auth" || offer.qopAuth !== true)) return "refused";
	const cnonce = given.get("cnonce") ?? "";
	const wanted = digestResponse(
		{
			algorithm: offer.algorithm ?? "MD5",
			credentials: check.credentials,
			realm: offer.realm,
			nonce,
			method: check.method,
			uri,
			cnonce,
			...(qop === undefined ? {} : { qop: { nc: given.get("nc") ?? "", cnonce } }),
		},
		hashes,
	);
	const isAnswer = equalText(given.get("response")?.toLowerCase() ?? "", wanted);
	// After the hashes: the time it takes does not tell whether there is such a user.
	const isUser = equalText(given.get("username") ?? "", utf8ByteString(check.credentials.username));
	if (!isAnswer || !isUser) return "refused";
	return nonce === offer.nonce ? "accepted" : "stale";
}

/**
 * RFC 2617 section 3.2.2.5: the digest's `uri` is the request's. live555, and so VLC, signs every request with the
 * presentation's URL, also the SETUP of a track under it.
 */
function isOrHolds(uri: string, target: string): boolean {
	if (uri === target) return true;
	return uri !== "" && target.startsWith(uri.endsWith("/") ? uri : `${uri}/`);
}

/** Takes the same time wherever the texts differ. */
function equalText(a: string, b: string): boolean {
	let difference = a.length ^ b.length;
	for (let at = 0; at < b.length; at++) difference |= (a.charCodeAt(at) | 0) ^ b.charCodeAt(at);
	return difference === 0;
}
