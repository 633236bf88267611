/** What a camera does otherwise than the standards say, in a sentence for people. @module */
import type { RtspQuirk } from "@vigia/rtsp";
import { inLanguage, type ProbeLanguage } from "./advice-texts.ts";

type Sentence = readonly [en: string, es: string];

const SESSION_QUIRKS: Readonly<Record<RtspQuirk, Sentence>> = {
	"options-refused": ["It refuses OPTIONS.", "Rechaza OPTIONS."],
	"public-missing": ["It does not say which methods it knows.", "No dice qué métodos conoce."],
	"cseq-wrong": ["It numbers its answers wrongly.", "Numera mal sus respuestas."],
	"session-id-changes": ["It changes the session's name on the way.", "Cambia el nombre de la sesión sobre la marcha."],
	"content-base-wrong": [
		"It names a wrong base address; the one that was asked for is used.",
		"Da una dirección base errónea; se usa la que se pidió.",
	],
	"content-type-wrong": [
		"It calls its description something else than SDP.",
		"Llama a su descripción algo distinto de SDP.",
	],
	"content-length-wrong": ["It states a wrong length of an answer.", "Indica una longitud errónea de una respuesta."],
	"control-outside-base": [
		"It places its tracks outside its own address.",
		"Sitúa sus pistas fuera de su propia dirección.",
	],
	"transport-header-missing": ["It does not say how it sends.", "No dice cómo transmite."],
	"channels-renumbered": ["It sends on other channels than asked for.", "Transmite por otros canales que los pedidos."],
	"other-transport-answered": [
		"It answers with another transport than asked for.",
		"Responde con otro transporte que el pedido.",
	],
	"server-port-missing": ["It does not name its UDP ports.", "No indica sus puertos UDP."],
	"rtcp-on-rtp-channel": ["It mixes its reports with the media.", "Mezcla sus informes con los medios."],
	"unassigned-channel": ["It sends data that nobody asked for.", "Envía datos que nadie pidió."],
	"garbage-between-frames": [
		"It sends garbage between the packets, which is skipped.",
		"Envía basura entre los paquetes, que se omite.",
	],
	"range-refused": ["It refuses to be asked from when to play.", "Rechaza que se le pida desde cuándo reproducir."],
	"aggregate-play-refused": ["It plays its tracks only one by one.", "Reproduce sus pistas solo de una en una."],
	"play-unanswered": ["It sends without answering PLAY.", "Transmite sin responder a PLAY."],
	"media-before-play": ["It sends before it answers PLAY.", "Transmite antes de responder a PLAY."],
	"keep-alive-refused": [
		"It refuses the usual keep-alive; another is used.",
		"Rechaza la señal de vida habitual; se usa otra.",
	],
	"keep-alive-unanswered": ["It does not answer keep-alives.", "No responde a las señales de vida."],
	"nonce-renewed": ["It asked for the password again on the way.", "Volvió a pedir la contraseña sobre la marcha."],
	"digest-downgraded": [
		"It offers a stronger kind of Digest than it understands.",
		"Ofrece un tipo de Digest más fuerte del que entiende.",
	],
	"basic-authentication": ["It takes Basic authentication.", "Usa autenticación Basic."],
	"backchannel-refused": ["It refuses the way to its loudspeaker.", "Rechaza la vía a su altavoz."],
	"audio-setup-refused": ["It announces sound and refuses to send it.", "Anuncia sonido y se niega a enviarlo."],
	"server-request": ["It sends requests of its own.", "Envía peticiones propias."],
};

/** Words of the receive path: server/src/sources. */
const MEDIA_QUIRKS: Readonly<Record<string, Sentence>> = {
	"ssrc-changes": [
		"It changes the name of its stream (SSRC) on the way.",
		"Cambia el nombre de su flujo (SSRC) sobre la marcha.",
	],
	"sequence-jumps": ["Its packet numbers jump.", "Los números de sus paquetes dan saltos."],
	"foreign-payload-types": [
		"It mixes packets of other kinds among those of the video or the sound, which are left out.",
		"Mezcla paquetes de otro tipo con los del vídeo o el sonido, que se omiten.",
	],
	"timestamps-jump": [
		"Its timestamps jump; pictures are timed by their arrival there.",
		"Sus marcas de tiempo dan saltos; ahí las imágenes se ordenan por su llegada.",
	],
	"interleaved-payloads": [
		"Some packets use a payload structure that is not supported (interleaving): their pictures are left out.",
		"Algunos paquetes usan una estructura que no se admite (intercalado): sus imágenes se omiten.",
	],
	"markers-wrong": [
		"It marks the ends of its pictures wrongly, which costs the delay of one picture.",
		"Marca mal el final de sus imágenes, lo que cuesta el retraso de una imagen.",
	],
	"datagrams-from-elsewhere": [
		"Datagrams came from another address than the camera's, and were left out.",
		"Llegaron datagramas de otra dirección que la de la cámara, y se omitieron.",
	],
};

/** @param code a word of {@link SourceSession.quirks}; one that has no sentence is given as it is. */
export function quirkText(code: string, language: ProbeLanguage): string {
	const sentence = Object.hasOwn(SESSION_QUIRKS, code)
		? SESSION_QUIRKS[code as RtspQuirk]
		: Object.hasOwn(MEDIA_QUIRKS, code)
			? MEDIA_QUIRKS[code]
			: undefined;
	return sentence ? inLanguage(sentence, language) : code;
}

/** For the test that holds both languages equal. */
export const QUIRK_TEXTS: Readonly<Record<string, Sentence>> = { ...SESSION_QUIRKS, ...MEDIA_QUIRKS };
