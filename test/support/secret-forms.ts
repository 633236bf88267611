/** Every form in which a password could slip out of the server. @module */
import { createHash } from "node:crypto";

export function secretForms(username: string, password: string): string[] {
	const pair = `${username}:${password}`;
	return [
		password,
		encodeURIComponent(password),
		encodeURI(password),
		JSON.stringify(password).slice(1, -1),
		Buffer.from(password).toString("base64").replace(/=+$/, ""),
		Buffer.from(pair).toString("base64").replace(/=+$/, ""),
		Buffer.from(password).toString("hex"),
		createHash("md5").update(pair).digest("hex"),
	];
}
