/**
 * The image's HEALTHCHECK: ends with 0 where `GET /health` says 200. It reads the few settings that say where to ask,
 * and those only: loading all of them every half minute would cost a small machine more than the wall does.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";
import { parseEnvFile } from "../server/src/config/env-file.ts";

/** Docker gives up after 5 s (Dockerfile), and then nobody reads why. */
const TIMEOUT_MS = 4_000;

/** What {@link healthUrl} reads in `vigia.yaml`. */
const YAML_KEYS = ["host", "port", "tls_cert"];

/**
 * Where the server of these settings answers this machine.
 * @param dotEnv the text of `.env`.
 * @param yaml that of `vigia.yaml`.
 */
export async function healthUrl(
	env: Readonly<Record<string, string | undefined>>,
	dotEnv: string,
	yaml: string,
): Promise<string> {
	const { values } = parseEnvFile(dotEnv);
	// Only where it is needed: to load the parser costs as much as all the rest.
	const { readYamlTexts } = yaml === "" ? {} : await import("../server/src/config/yaml-texts.ts");
	const texts = readYamlTexts?.(yaml, YAML_KEYS) ?? {};
	const setting = (name: string): string => env[name] || values[name] || texts[name.toLowerCase()] || "";
	const host = setting("HOST").replace(/^\[(.*)\]$/, "$1");
	// Listening on all addresses is listening on this one.
	const address = host === "" || host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
	const scheme = setting("TLS_CERT") === "" ? "http" : "https";
	return `${scheme}://${address.includes(":") ? `[${address}]` : address}:${setting("PORT") || "8000"}/health`;
}

function readIfThere(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return "";
	}
}

if (import.meta.main) {
	const url = await healthUrl(process.env, readIfThere(".env"), readIfThere("vigia.yaml"));
	// It asks itself: the certificate is made out to a name, and 127.0.0.1 is none.
	const options = { timeout: TIMEOUT_MS, rejectUnauthorized: false };
	const request = (url.startsWith("https:") ? getHttps : getHttp)(url, options, (response) => {
		let body = "";
		response.setEncoding("utf8").on("data", (text: string) => {
			body += text;
		});
		response.on("end", () => {
			console.log(`${url} ${response.statusCode}: ${body}`);
			process.exitCode = response.statusCode === 200 ? 0 : 1;
		});
	});
	request.on("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
	request.on("error", (error) => {
		console.log(`${url}: ${error.message}`);
		process.exitCode = 1;
	});
}
