/** Camera credentials: data of their own type, never part of a URL, never printable. @module */
import { inspect } from "node:util";

/** A user name and password whose every printed form is `***`. */
export class Credentials {
	readonly #username: string;
	readonly #password: string;

	constructor(username: string, password: string) {
		this.#username = username;
		this.#password = password;
	}

	/** Hands the plain values to the one caller that computes an Authorization header. */
	reveal(): { readonly username: string; readonly password: string } {
		return { username: this.#username, password: this.#password };
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
