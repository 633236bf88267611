/** Debian's nginx in front of the server, with a configuration of the test's own. @module */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CAMERA_CERTIFICATE } from "../../server/src/sources/testing/test-certificates.ts";
import { Child } from "./child.ts";
import { accepts, freeTcpPort } from "./server-process.ts";

/** It is installed; where it is not, that is printed once per test file. */
export const NGINX_IS_THERE = spawnSync("nginx", ["-v"], { stdio: "ignore" }).status === 0;
if (!NGINX_IS_THERE) console.log("SKIPPED: nginx is not installed (Debian: nginx-light)");

export interface NginxOptions {
	/** URL of the server behind it, without a path. */
	readonly upstream: string;
	/** HTTPS with HTTP/2, under a certificate that no browser trusts. Default: plain HTTP/1.1. */
	readonly tls?: boolean;
	/** Passes `Upgrade` on, so that WebSockets work. Default: not, as nginx does where nobody told it to. */
	readonly upgrade?: boolean;
	/** Holds answers back until a buffer is full, as nginx does where nobody told it not to. Default: not. */
	readonly buffering?: boolean;
	/** Default: any free one. */
	readonly port?: number;
	/** The path below which it shows the server, begins with `/`. Default: none. */
	readonly path?: string;
	/** What the server gets of `path`: nothing (Default), or all, for `BASE_PATH`. */
	readonly keepsPath?: boolean;
	/** A `location` block as somebody wrote it, instead of the one that the options above make. */
	readonly location?: string;
	/** Where it listens. Default: 127.0.0.1 only. */
	readonly host?: "0.0.0.0";
}

export interface Nginx extends AsyncDisposable {
	/** Of the page, without a slash at its end. */
	readonly url: string;
	/** Its error log; with it, what each request asked for and the status it got. */
	log(): string;
}

/** Starts it in a folder of its own, and waits until it answers. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
	const directory = mkdtempSync(join(tmpdir(), "vigia-nginx-"));
	const port = options.port ?? (await freeTcpPort());
	mkdirSync(join(directory, "logs"));
	writeFileSync(join(directory, "key.pem"), CAMERA_CERTIFICATE.key, { mode: 0o600 });
	writeFileSync(join(directory, "cert.pem"), CAMERA_CERTIFICATE.cert);
	writeFileSync(join(directory, "nginx.conf"), configuration(port, options));
	const args = ["-p", directory, "-c", join(directory, "nginx.conf"), "-e", "logs/error.log"];
	const child = new Child("nginx", args);
	await child.until("nginx listens", () => accepts(port));
	return {
		url: `${options.tls ? "https" : "http"}://127.0.0.1:${port}${options.path ?? ""}`,
		log: () => ["error", "access"].map((name) => readFileSync(join(directory, `logs/${name}.log`), "utf8")).join(""),
		async [Symbol.asyncDispose]() {
			await child[Symbol.asyncDispose]();
			rmSync(directory, { recursive: true, force: true });
		},
	};
}

/** Paths are relative to the folder given by `-p`. */
function configuration(port: number, options: NginxOptions): string {
	const { tls, host = "127.0.0.1", location = locationOf(options) } = options;
	const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
	// Its workers must be able to write to the folder, which belongs to whoever runs the test.
	return `${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
pid nginx.pid;
events {}
http {
	access_log logs/access.log;
	${temporary.map((name) => `${name}_temp_path ${name};`).join(" ")}
	server {
		listen ${host}:${port}${tls ? " ssl http2" : ""};
		${tls ? "ssl_certificate cert.pem; ssl_certificate_key key.pem;" : ""}
		${location}
	}
}
`;
}

function locationOf({ upstream, upgrade, buffering, path = "", keepsPath = path === "" }: NginxOptions): string {
	return `location ${path}/ {
			proxy_pass ${upstream}${keepsPath ? "" : "/"};
			proxy_set_header Host $http_host;
			proxy_set_header X-Forwarded-Host $http_host;
			proxy_set_header X-Forwarded-Proto $scheme;
			proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
			${buffering ? "" : "proxy_buffering off; proxy_request_buffering off;"}
			${upgrade ? UPGRADE : ""}
		}`;
}

/** As nginx's own documentation has it. */
const UPGRADE = `proxy_http_version 1.1;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection "upgrade";`;
