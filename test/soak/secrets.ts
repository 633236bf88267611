/** Whether a credential slips out. @module */
import { secretForms } from "../support/secret-forms.ts";
import type { ServerProcess } from "../support/server-process.ts";
import type { Credentials } from "./processes.ts";

/** Looks for every form of the credentials in everything that the server says. */
export class SecretWatch {
	readonly #server: ServerProcess;
	readonly #forms: readonly string[];
	readonly #seen = new Set<number>();

	constructor(server: ServerProcess, { username, password }: Credentials) {
		this.#server = server;
		this.#forms = [username, ...secretForms(username, password)];
	}

	look(text: string): void {
		for (const [index, form] of this.#forms.entries()) if (text.includes(form)) this.#seen.add(index);
	}

	async readAnswers(): Promise<void> {
		for (const path of ["/health", "/metrics", "/api/cameras", "/api/cameras/cam1", "/nothing"]) {
			const answer = await fetch(this.#server.url + path);
			this.look(`${JSON.stringify([...answer.headers])}\n${await answer.text()}`);
		}
	}

	/** Numbers of the forms that were seen so far, the output of the process included. */
	seen(): number[] {
		this.look(this.#server.output());
		return [...this.#seen];
	}
}
