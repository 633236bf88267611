/** The server's side of the settings for tests: a list of cameras behind `fetch`, with the contract's answers. @module */
import type { SettingsCamera, SettingsCameraInput, SettingsTestAnswer } from "@vigia/api";

export interface Asked {
	readonly method: string;
	readonly path: string;
	readonly body: Record<string, unknown> | undefined;
}

export class SettingsServer {
	cameras: SettingsCamera[];
	readonly asked: Asked[] = [];
	/** What is answered once instead of the contract's answer, by path. */
	readonly next = new Map<string, Response>();
	/** Wanted before anything else. */
	token: string | undefined;
	/** The right password of every camera. */
	password = "right";
	#revision = 1;
	#unlocked = false;

	constructor(cameras: SettingsCamera[] = []) {
		this.cameras = cameras;
	}

	/** Somebody else saves. */
	change(cameras: SettingsCamera[]): void {
		this.cameras = cameras;
		this.#revision += 1;
	}

	/** Paths that were asked for, in order. */
	get paths(): string[] {
		return this.asked.map(({ method, path }) => `${method} ${path}`);
	}

	readonly fetch = async (address: string, init: RequestInit): Promise<Response> => {
		await Promise.resolve();
		const path = new URL(address).pathname.replace("/wall/api/settings/", "");
		const body = typeof init.body === "string" ? (JSON.parse(init.body) as Record<string, unknown>) : undefined;
		this.asked.push({ method: init.method ?? "", path, body });
		const once = this.next.get(path);
		this.next.delete(path);
		return once ?? this.#answer(init.method ?? "", path, body ?? {});
	};

	#answer(method: string, path: string, body: Record<string, unknown>): Response {
		if (path === "access") {
			this.#unlocked = body["token"] === this.token;
			return this.#unlocked ? new Response(null, { status: 204 }) : refusal(403, "token-wrong");
		}
		if (this.token !== undefined && !this.#unlocked) return refusal(403, "settings-locked");
		if (path === "cameras" && method === "PUT") return this.#put(body);
		if (path === "cameras") return this.#list();
		if (path === "test") return json(this.#test(body["camera"] as SettingsCameraInput));
		return refusal(404, "not-found");
	}

	#put({ revision, cameras }: Record<string, unknown>): Response {
		if (revision !== String(this.#revision)) return refusal(409, "changed-meanwhile");
		this.change(
			(cameras as SettingsCameraInput[]).map(({ password, was, ...fields }) => ({
				...fields,
				hasPassword: password !== undefined || (was !== undefined && this.cameras[was]?.hasPassword === true),
			})),
		);
		return this.#list();
	}

	#list(): Response {
		const vendors = [{ id: "dahua", name: "Dahua", template: "dahua", port: 554, notes: [] }];
		const { cameras } = this;
		const ids = cameras.map(({ id }, place) => id ?? `cam${place + 1}`);
		return json({ revision: String(this.#revision), file: "vigia.yaml", cameras, ids, elsewhere: 0, vendors });
	}

	#test(camera: SettingsCameraInput): SettingsTestAnswer {
		const refused = camera.password !== undefined && camera.password !== this.password;
		const dark = camera.channel === "9";
		return {
			streams: [
				{
					stream: "main",
					report: {
						result: refused || dark ? "failed" : "good",
						...(refused && { failure: { code: "auth-refused", text: "", detail: "" } }),
						...(dark && { failure: { code: "not-found", text: "", detail: "" } }),
						measuredSeconds: 1,
						encrypted: false,
						tracks: [],
						packets: { received: 1, lost: 0, reordered: 0, malformed: 0, damagedPictures: 0 },
						quirks: [],
						advice: [],
					},
				},
			],
		};
	}
}

export function json(value: unknown, status = 200): Response {
	return new Response(JSON.stringify(value), { status });
}

/** An error as the server's. */
export function refusal(status: number, code: string, more: object = {}): Response {
	return json({ error: { code, message: `about ${code}`, ...more } }, status);
}
