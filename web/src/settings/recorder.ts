/** A recorder or a camera by its maker, as a form: one camera for each channel. @module */
import type { SettingsVendor } from "@vigia/api";
import type { CameraFields, NewCamera } from "./draft.ts";
import { readAddress } from "./rtsp-address.ts";

/** Channels that one form adds: the largest recorders have as many. */
export const MAX_CHANNELS = 64;

export interface RecorderForm {
	/** Id of a maker; empty: not known. */
	readonly vendor: string;
	/** What a search found, where the maker is not known. */
	readonly template: string;
	readonly host: string;
	readonly port: string;
	readonly user: string;
	readonly password: string;
	readonly channels: string;
}

export const EMPTY_RECORDER: RecorderForm = {
	vendor: "",
	template: "",
	host: "",
	port: "",
	user: "",
	password: "",
	channels: "1",
};

export type RecorderProblem = "host-missing" | "host-wrong" | "port-wrong" | "channels-wrong" | "maker-missing";

/** The form with this maker, and the port that its devices come with where none was typed. */
export function withVendor(
	form: RecorderForm,
	vendor: SettingsVendor | undefined,
	before?: SettingsVendor,
): RecorderForm {
	const typed = form.port !== "" && form.port !== String(before?.port ?? "");
	return { ...form, vendor: vendor?.id ?? "", template: "", port: typed ? form.port : String(vendor?.port ?? "") };
}

/** The form with this address: a port, user and password in it go to their own fields, as from a pasted one. */
export function withHost(form: RecorderForm, text: string): RecorderForm {
	const trimmed = text.trim();
	const read = readAddress(/^\w+:\/\//.test(trimmed) ? trimmed.replace(/^\w+/, "rtsp") : `rtsp://${trimmed}`);
	if (!read.ok || !/[:/@]/.test(trimmed)) return { ...form, host: trimmed };
	const { host, port, user, password } = read.address;
	// A port of the web page is none of RTSP.
	const isWeb = /^https?:/i.test(trimmed);
	return {
		...form,
		host,
		...(port !== "" && !isWeb && { port }),
		...(user !== undefined && { user }),
		...(password !== undefined && password !== "" && { password }),
	};
}

/** What has to be corrected before its cameras can be added; `template`: also how the paths are made must be known. */
export function recorderProblems(form: RecorderForm, template: string | undefined): readonly RecorderProblem[] {
	const problems: RecorderProblem[] = [];
	if (form.host === "") problems.push("host-missing");
	else if (/[\s/@?#]/.test(form.host)) problems.push("host-wrong");
	if (form.port !== "" && !isWhole(form.port, 65_535)) problems.push("port-wrong");
	if (!isWhole(form.channels, MAX_CHANNELS)) problems.push("channels-wrong");
	if (template === undefined) problems.push("maker-missing");
	return problems;
}

/** One camera a channel; `nameOf` gives the channel's. */
export function recorderCameras(
	form: RecorderForm,
	template: string,
	nameOf: (channel: number) => string,
): readonly NewCamera[] {
	const count = isWhole(form.channels, MAX_CHANNELS) ? Number(form.channels) : 0;
	return Array.from({ length: count }, (_, index) => {
		const fields: CameraFields = {
			name: nameOf(index + 1),
			host: form.host,
			...(form.port !== "" && { port: form.port }),
			template,
			channel: String(index + 1),
			...(form.user !== "" && { user: form.user }),
		};
		return { fields, ...(form.user !== "" && { password: form.password }) };
	});
}

function isWhole(text: string, most: number): boolean {
	return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= most;
}
