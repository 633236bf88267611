/**
 * The cameras of `vigia.yaml`, as the page's settings read and write them: `/api/settings/...`. They answer to the
 * machine itself and to whoever gave the token that the server printed at its start; everybody else gets 403
 * `settings-locked`. No password and no address with user information is ever in an answer.
 * @module
 */
import * as z from "zod/mini";
import { probeReportSchema } from "./probe.ts";
import { streamNameSchema } from "./camera.ts";

const text = z.string().check(z.maxLength(4096));
const shortText = z.string().check(z.maxLength(256));
/** Of the texts in the answer; English where it is left out. */
const lang = z.optional(z.enum(["en", "es"]));

/** As they stand in the file, all of them text: see `docs/settings.md`. */
const cameraFields = {
	id: z.optional(shortText),
	name: z.optional(shortText),
	url: z.optional(text),
	main: z.optional(text),
	host: z.optional(shortText),
	port: z.optional(shortText),
	scheme: z.optional(shortText),
	template: z.optional(text),
	channel: z.optional(shortText),
	user: z.optional(shortText),
	transport: z.optional(shortText),
	tls: z.optional(shortText),
	serial: z.optional(shortText),
};

/** One camera of the file, in the file's order. */
export const settingsCameraSchema = z.object({
	...cameraFields,
	/** There is one in the file; what it is stays there. */
	hasPassword: z.boolean(),
});
export type SettingsCamera = z.infer<typeof settingsCameraSchema>;

/**
 * One camera as it is to be. A field that is sent as it was shown stays as it is in the file; `id`, and at the same address
 * `serial`, stay also left out.
 */
export const settingsCameraInputSchema = z.strictObject({
	...cameraFields,
	/**
	 * Left out: that of {@link SettingsCameraInput.was}, or none. At another host than it was given for it has to be sent
	 * again, and without a user there is none.
	 */
	password: z.optional(shortText),
	/** The place in the list of `revision` (from 0) of the camera that this one is, perhaps changed; left out for a new one. */
	was: z.optional(z.int().check(z.nonnegative())),
});
export type SettingsCameraInput = z.infer<typeof settingsCameraInputSchema>;

/** A maker in the picker. */
export const settingsVendorSchema = z.object({
	id: z.string(),
	name: z.string(),
	/** Value of `template`; left out where the addresses must be given. */
	template: z.optional(z.string()),
	/** RTSP port that its devices come with. */
	port: z.number(),
	/** What has to be known or done first, in the language that was asked for. */
	notes: z.array(z.string()),
});
export type SettingsVendor = z.infer<typeof settingsVendorSchema>;

/** `GET /api/settings/cameras?lang=en`, and the answer to a `PUT` that was taken. */
export const settingsCamerasSchema = z.object({
	/** Of the file as it was read: a `PUT` names it, so that nobody's change is lost. */
	revision: z.string(),
	/** The file's name without its folder. */
	file: z.string(),
	cameras: z.array(settingsCameraSchema),
	/** Their ids on the wall, in the same order: those that have none in the file have one by their place. */
	ids: z.array(z.string()),
	/** Cameras that come from the environment or `.env`: they are changed there. */
	elsewhere: z.number(),
	vendors: z.array(settingsVendorSchema),
});
export type SettingsCameras = z.infer<typeof settingsCamerasSchema>;

/**
 * `PUT /api/settings/cameras`: these cameras, in this order, instead of those of the file. Applied before the answer.
 * 409 `changed-meanwhile`: read again. 422 `settings-invalid` with {@link settingsProblemSchema}: nothing was written.
 * 500 `not-writable`, `not-readable`: the message says what to do.
 */
export const settingsPutSchema = z.strictObject({
	revision: z.string(),
	cameras: z.array(settingsCameraInputSchema).check(z.maxLength(256)),
	lang,
});
export type SettingsPut = z.infer<typeof settingsPutSchema>;

/** In the `error` of a 422, as `problems`. */
export const settingsProblemSchema = z.object({
	/** Place in the list that was sent; left out where it is about the whole. */
	camera: z.optional(z.number()),
	/** Name of a camera's field; of a `test` and a `find`, of theirs. */
	field: z.optional(z.string()),
	/** What is wrong and what would be right, without the value itself. */
	text: z.string(),
});
export type SettingsProblem = z.infer<typeof settingsProblemSchema>;

/**
 * `POST /api/settings/test`: looks at one camera before it is saved, for some ten seconds. 422 as for a `PUT`; 503
 * `too-many-probes` with Retry-After.
 */
export const settingsTestSchema = z.strictObject({
	revision: z.string(),
	camera: settingsCameraInputSchema,
	lang,
});
export type SettingsTest = z.infer<typeof settingsTestSchema>;

export const settingsTestAnswerSchema = z.object({
	/** The grid's first. */
	streams: z.array(
		z.object({
			stream: streamNameSchema,
			report: probeReportSchema,
			/** A JPEG in base64; left out where there is none, or no FFmpeg. */
			picture: z.optional(z.string()),
		}),
	),
});
export type SettingsTestAnswer = z.infer<typeof settingsTestAnswerSchema>;

/**
 * `POST /api/settings/find`: tries the paths of likely makers on one device; one refused password ends it.
 */
export const settingsFindSchema = z.strictObject({
	host: shortText,
	port: z.optional(shortText),
	user: z.optional(shortText),
	password: z.optional(shortText),
	vendor: z.optional(shortText),
	lang,
});
export type SettingsFind = z.infer<typeof settingsFindSchema>;

export const settingsFindAnswerSchema = z.object({
	found: z.optional(z.object({ template: z.string(), port: z.number() })),
	/** Why none was found: a reason's code and text. */
	failure: z.optional(z.object({ code: z.string(), text: z.string() })),
});
export type SettingsFindAnswer = z.infer<typeof settingsFindAnswerSchema>;

/** `POST /api/settings/discover`: asks the network (ONVIF, WS-Discovery) for some seconds. */
export const settingsDiscoverSchema = z.strictObject({
	/** Asked one by one besides: `192.168.1.0/24`, `10.0.0.5-10.0.0.40`. 400 `bad-range` with the rule. */
	range: z.optional(shortText),
	lang,
});

export const settingsDiscoverAnswerSchema = z.object({
	devices: z.array(
		z.object({
			/** For `settings/describe`: host, or host and port. */
			address: z.string(),
			name: z.optional(z.string()),
			hardware: z.optional(z.string()),
		}),
	),
	/** Addresses of this machine from which the network was asked: in a container these are the container's. */
	interfaces: z.array(z.string()),
});
export type SettingsDiscoverAnswer = z.infer<typeof settingsDiscoverAnswerSchema>;

/** `POST /api/settings/describe`: an ONVIF device's channels as cameras. 502 with an ONVIF error's code and text. */
export const settingsDescribeSchema = z.strictObject({
	address: shortText,
	user: z.optional(shortText),
	password: z.optional(shortText),
	lang,
});
export type SettingsDescribe = z.infer<typeof settingsDescribeSchema>;

export const settingsDescribeAnswerSchema = z.object({
	manufacturer: z.optional(z.string()),
	model: z.optional(z.string()),
	/** For `serial` of its cameras: with it they are found again at another address. */
	serial: z.optional(z.string()),
	/** Without user and password, which the page has from its user. */
	cameras: z.array(z.object({ name: z.string(), url: z.string(), main: z.optional(z.string()) })),
	/** Channels whose address holds a password, or cannot be written as one, and is not told: give the vendor instead. */
	withheld: z.number(),
});
export type SettingsDescribeAnswer = z.infer<typeof settingsDescribeAnswerSchema>;

/** `POST /api/settings/import`: the text of a Frigate, go2rtc or MediaMTX file. With `add` its cameras go into the file. */
export const settingsImportSchema = z.strictObject({
	revision: z.string(),
	text: z.string().check(z.maxLength(262_144)),
	add: z.boolean(),
	lang,
});
export type SettingsImport = z.infer<typeof settingsImportSchema>;

export const settingsImportAnswerSchema = z.object({
	/** `frigate`, `go2rtc`, `mediamtx`; left out where nothing could be made of it. */
	kind: z.optional(z.string()),
	cameras: z.array(settingsCameraSchema),
	/** What was left out or changed, and why. */
	notes: z.array(z.string()),
});
export type SettingsImportAnswer = z.infer<typeof settingsImportAnswerSchema>;

/** `GET /api/settings/access`; `POST` with `{ token }` answers 204 with a cookie, or 403 `token-wrong`. */
export const settingsAccessSchema = z.object({ allowed: z.boolean() });
export const settingsTokenSchema = z.strictObject({ token: shortText });
