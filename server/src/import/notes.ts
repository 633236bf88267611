/** What an import left out or changed, and why, in English and Spanish. @module */
import { inLanguage, type ProbeLanguage } from "../probe/advice-texts.ts";

type Sentence = readonly [en: string, es: string];

/** A name out of a foreign file is cut to this in a note. */
const MAX_NAME_CHARS = 80;
/** Nobody reads more, and a hostile file makes one a line. */
const MAX_NOTES = 500;

/** By stable codes; `{name}` is filled in from the note's values. */
const NOTE_TEXTS = {
	"too-large": [
		"The file is larger than 256 KiB or has more than 15000 entries, as no settings of this kind: nothing was imported.",
		"El archivo ocupa más de 256 KiB o tiene más de 15000 entradas, como ninguna configuración de este tipo: no se importó nada.",
	],
	"not-yaml": ["This is not valid YAML: nothing was imported.", "Esto no es YAML válido: no se importó nada."],
	"unknown-kind": [
		"This is no file of Frigate, go2rtc or MediaMTX: it has none of the sections cameras, streams and paths.",
		"Este archivo no es de Frigate, go2rtc ni MediaMTX: no tiene ninguna de las secciones cameras, streams y paths.",
	],
	"section-empty": ["There is nothing in this section.", "En esta sección no hay nada."],
	"tag-unknown": [
		"The tag {tag} is not followed: its value counts as not set.",
		"La etiqueta {tag} no se sigue: su valor cuenta como no definido.",
	],
	"too-many": ["Only the first {count} cameras were imported.", "Solo se importaron las primeras {count} cámaras."],
	disabled: ["It is switched off there, and was left out.", "Allí está desactivada, y se omitió."],
	"no-source": ["It has no source, and was left out.", "No tiene ninguna fuente, y se omitió."],
	"source-kind": [
		"A source of the kind {kind} is not RTSP, and was left out.",
		"Una fuente de tipo {kind} no es RTSP, y se omitió.",
	],
	"source-further": [
		"Only the first RTSP source of a stream is taken: this one was left out.",
		"Solo se toma la primera fuente RTSP de cada flujo: esta se omitió.",
	],
	"same-stream": [
		"It shows what another stream of this file shows, and was left out.",
		"Muestra lo mismo que otro flujo de este archivo, y se omitió.",
	],
	"source-invalid": [
		"This is not a valid RTSP address, and was left out.",
		"Esta no es una dirección RTSP válida, y se omitió.",
	],
	"source-no-video": [
		"This source is for sound only, and was left out.",
		"Esta fuente es solo de sonido, y se omitió.",
	],
	"variable-missing": [
		"The address depends on {variable}, whose value is not given here: it was left out.",
		"La dirección depende de {variable}, cuyo valor no se indica aquí: se omitió.",
	],
	"password-missing": [
		"The user name or password depends on {variable}, whose value is not given here: the camera was imported without both. Add them.",
		"El usuario o la contraseña depende de {variable}, cuyo valor no se indica aquí: la cámara se importó sin ambos. Añádalos.",
	],
	"password-as-written": [
		"The password holds a percent sign and is taken as it is written, as Frigate does.",
		"La contraseña contiene un signo de porcentaje y se toma tal como está escrita, como hace Frigate.",
	],
	"restream-unknown": [
		"It reads {stream} from go2rtc on that machine, for which this file names no RTSP source: it was left out. Give the camera's own address, or that machine's in place of 127.0.0.1.",
		"Lee {stream} de go2rtc en esa máquina, y este archivo no indica ninguna fuente RTSP para él: se omitió. Indique la dirección de la propia cámara, o la de esa máquina en lugar de 127.0.0.1.",
	],
	"tls-not-verified": [
		"That program does not verify the camera's certificate; Vigía does. If it is refused, vigia probe shows the fingerprint for the setting tls.",
		"Ese programa no verifica el certificado de la cámara; Vigía sí. Si se rechaza, vigia probe muestra la huella para el ajuste tls.",
	],
	"tls-insecure": [
		"Any certificate of the camera is accepted, as it is there. To accept its own only, set tls to the fingerprint that vigia probe shows.",
		"Se acepta cualquier certificado de la cámara, como allí. Para aceptar solo el suyo, ponga en tls la huella que muestra vigia probe.",
	],
	"transport-unknown": [
		"The transport {transport} is not known here: the usual ones are tried.",
		"El transporte {transport} no se conoce aquí: se prueban los habituales.",
	],
	"streams-differ": [
		"The larger stream is at another device or has another user than the one for the grid, and was left out: add it as a camera of its own.",
		"El flujo mayor está en otro equipo o tiene otro usuario que el de la cuadrícula, y se omitió: añádalo como cámara propia.",
	],
	publisher: [
		"This path waits for somebody who sends to MediaMTX, and was left out: give the address of what sends.",
		"Esta ruta espera a quien envíe a MediaMTX, y se omitió: indique la dirección de lo que envía.",
	],
	"path-pattern": [
		"This path stands for any number of names, and was left out.",
		"Esta ruta representa un número cualquiera de nombres, y se omitió.",
	],
	"on-demand": [
		"MediaMTX asks this camera only while somebody watches. Vigía keeps the stream of the grid open.",
		"MediaMTX solo pide esta cámara mientras alguien mira. Vigía mantiene abierto el flujo de la cuadrícula.",
	],
} as const satisfies Record<string, Sentence>;

export type NoteCode = keyof typeof NOTE_TEXTS;

/** One thing that an import left out or changed. No field ever holds an address or a credential. */
export interface ImportNote {
	/** As it is found in the file: `cameras.front.ffmpeg.inputs[0]`, `line 7`. */
	readonly place: string;
	readonly code: NoteCode;
	readonly values: Readonly<Record<string, string | number>>;
}

/** The note as a sentence, with its place. */
export function noteText({ place, code, values }: ImportNote, language: ProbeLanguage): string {
	const sentence = inLanguage(NOTE_TEXTS[code], language);
	const filled = sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
	return place === "" ? filled : `${place}: ${filled}`;
}

/** Collects the notes of one import. */
export class Notes {
	readonly #notes: ImportNote[] = [];

	add(place: string, code: NoteCode, values: ImportNote["values"] = {}): void {
		if (this.#notes.length >= MAX_NOTES) return;
		const clean = Object.entries(values).map(([name, value]) => [
			name,
			typeof value === "string" ? shownName(value) : value,
		]);
		this.#notes.push({ place, code, values: Object.fromEntries(clean) as ImportNote["values"] });
	}

	get all(): readonly ImportNote[] {
		return this.#notes;
	}
}

/** A name as a place and a note show it: without what a terminal obeys, and never with a login of an address. */
export function shownName(name: string): string {
	// Looking for a login takes quadratic time.
	const head = name.slice(0, 10 * MAX_NAME_CHARS);
	const clean = head.replace(/[\p{Cc}\p{Cf}]/gu, "").replace(/:\/\/[^]*@/, "://***@");
	return clean.length > MAX_NAME_CHARS ? `${clean.slice(0, MAX_NAME_CHARS)}...` : clean;
}
