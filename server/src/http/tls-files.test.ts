import { mkdtempSync, rmSync, watchFile, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock } from "../platform/fake-clock.ts";
import { CAMERA_CERTIFICATE, OLD_CAMERA_CERTIFICATE } from "../sources/testing/test-certificates.ts";
import { TlsFiles, type TlsMaterial } from "./tls-files.ts";

const SETTLED_MS = 2_000;

let folder: string;
let certFile: string;
let keyFile: string;
let clock: FakeClock;
let lines: string[];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "vigia-tls-"));
	certFile = join(folder, "cert.pem");
	keyFile = join(folder, "key.pem");
	clock = new FakeClock();
	lines = [];
	write(CAMERA_CERTIFICATE);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write({ cert, key }: { readonly cert: string; readonly key: string }): void {
	writeFileSync(certFile, cert);
	writeFileSync(keyFile, key);
}

function open(): TlsFiles {
	const note =
		(level: string) =>
		(_: unknown, line: string): void =>
			void lines.push(`${level}: ${line}`);
	return new TlsFiles({ certFile, keyFile, clock, log: { info: note("info"), error: note("error") } });
}

/** What the watch does when a look shows another time: it looks every ten seconds. */
function changed(file: string): void {
	watchFile(file, { persistent: false, interval: 10_000 }, () => {}).emit("change");
}

test("a renewed certificate is read once both files had time to be written", () => {
	using files = open();
	const renewed: TlsMaterial[] = [];
	files.watch((material) => renewed.push(material));
	const { cert, key } = CAMERA_CERTIFICATE;
	expect(files.material.cert.toString()).toBe(cert);
	writeFileSync(certFile, OLD_CAMERA_CERTIFICATE.cert);
	changed(certFile);
	clock.advance(SETTLED_MS - 1);
	// The same pair, told apart by what stands around it in the files.
	write({ cert: `renewed\n${cert}`, key: `renewed\n${key}` });
	changed(keyFile);
	clock.advance(SETTLED_MS);
	expect(renewed.map((material) => material.cert.toString())).toEqual([`renewed\n${cert}`]);
	expect(lines).toEqual(["info: the renewed certificate is in use"]);
});

test("files that do not fit together, or are gone, are told, and the old ones stay", () => {
	using files = open();
	let renewals = 0;
	files.watch(() => renewals++);
	writeFileSync(certFile, OLD_CAMERA_CERTIFICATE.cert);
	changed(certFile);
	clock.advance(SETTLED_MS);
	rmSync(keyFile);
	changed(keyFile);
	clock.advance(SETTLED_MS);
	expect(renewals).toBe(0);
	expect(lines).toHaveLength(2);
	expect(lines[0]).toMatch(/the old one stays: TLS_CERT and TLS_KEY do not fit together/);
	expect(lines[1]).toMatch(/the old one stays: TLS_KEY cannot be read \(ENOENT\)/);
	expect(lines.join()).not.toContain("PRIVATE");
});

test("nothing is read after the end", () => {
	const files = open();
	let renewals = 0;
	files.watch(() => renewals++);
	changed(certFile);
	files[Symbol.dispose]();
	changed(certFile);
	clock.advance(2 * SETTLED_MS);
	expect([renewals, clock.pending]).toEqual([0, 0]);
});

test("wrong files stop the start with the name of the setting", () => {
	writeFileSync(keyFile, "no key");
	expect(open).toThrow(/TLS_CERT and TLS_KEY do not fit together, or are not in PEM/);
	rmSync(certFile);
	expect(open).toThrow("TLS_CERT cannot be read (ENOENT): give the path of a file that is there");
});
