/** Camera credentials: data of their own type, never part of a URL, never printable. @module */
import { inspect } from "node:util";
import type { PlainCredentials } from "@vigia/rtsp";

/** A user name and password whose every printed form is `***`. */
export class Credentials {
	readonly #username: string;
	readonly #password: string;
	readonly #digestOnly: boolean;

	/** @param use `digest-only`: nobody is sent the password readable (Basic). */
	constructor(username: string, password: string, use?: "digest-only") {
		this.#username = username;
		this.#password = password;
		this.#digestOnly = use === "digest-only";
	}

	/** The same for a device of which nobody has said that it is the right one: it is not sent the password readable. */
	digestOnly(): Credentials {
		return new Credentials(this.#username, this.#password, "digest-only");
	}

	/** Hands the plain values to the one caller that computes an Authorization header. */
	reveal(): PlainCredentials {
		return {
			username: this.#username,
			password: this.#password,
			...(this.#digestOnly && { digestOnly: true }),
		};
	}

	toString(): string {
		return "***";
	}

	toJSON(): string {
		return "***";
	}

	[inspect.custom](): string {
		return "***";
	}
}
