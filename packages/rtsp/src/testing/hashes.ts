/** Node's hash functions, for tests of this package only. @module */
import { createHash } from "node:crypto";
import type { HashFunctions } from "../digest.ts";

export const hashes: HashFunctions = {
	md5: (bytes) => createHash("md5").update(bytes).digest("hex"),
	sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
};
