/** The sentences of a probe in English and Spanish, by their stable codes. @module */
import { type ReasonCode, REASON_TEXTS, REASON_TEXTS_ES } from "@vigia/api";
import type { Advice, AdviceCode } from "./advice.ts";

export const PROBE_LANGUAGES = ["en", "es"] as const;
export type ProbeLanguage = (typeof PROBE_LANGUAGES)[number];
/** The same in both languages. */
export type Sentence = readonly [en: string, es: string];

/** `{name}` is filled in from the advice's values. A failure's sentences are those of its reason. */
const OWN_TEXTS: Readonly<Record<Exclude<AdviceCode, ReasonCode>, Sentence>> = {
	"credentials-missing": [
		"The camera asks for a user name and a password, and was given none: enter both.",
		"La cámara pide usuario y contraseña, y no se le dieron: indique ambos.",
	],
	lockout: [
		"Cameras lock themselves after a few wrong passwords, some for 30 minutes, and then refuse the right one too. This test tried once; the wall tries less and less often. Correct the password; if the right one is refused, wait half an hour.",
		"Las cámaras se bloquean tras unas pocas contraseñas erróneas, algunas durante 30 minutos, y entonces rechazan también la correcta. Esta prueba lo intentó una vez; el mural lo intenta cada vez menos. Corrija la contraseña; si se rechaza la correcta, espere media hora.",
	],
	"probe-session": [
		"This test needs a connection of its own. A camera that allows only one refuses it while the wall is connected; then nothing is wrong.",
		"Esta prueba necesita una conexión propia. Una cámara que solo admite una la rechaza mientras el mural está conectado; entonces no hay ningún fallo.",
	],
	"certificate-pin": [
		"To trust this camera's certificate and no other, set its TLS setting to sha256:{sha256}. Compare it with the camera's own page first, if you can.",
		"Para confiar en el certificado de esta cámara y en ningún otro, ponga en su ajuste TLS sha256:{sha256}. Antes compárelo, si puede, con la página de la propia cámara.",
	],
	"certificate-changed": [
		"The camera has another certificate than the one in the settings: after a reset or an update of the camera set its TLS setting to sha256:{sha256}; otherwise find out who answers in its place.",
		"La cámara tiene un certificado distinto del configurado: si se reinició de fábrica o se actualizó, ponga en su ajuste TLS sha256:{sha256}; si no, averigüe quién responde en su lugar.",
	],
	"certificate-legacy": [
		"The camera knows only an old kind of encryption (TLS): set its TLS setting to legacy, in a network that you trust, or update the camera.",
		"La cámara solo conoce un cifrado antiguo (TLS): ponga legacy en su ajuste TLS, en una red de confianza, o actualice la cámara.",
	],
	"certificate-unproven": [
		"Any certificate is accepted for this camera. To accept its own only, set its TLS setting to sha256:{sha256}.",
		"Se acepta cualquier certificado para esta cámara. Para aceptar solo el suyo, ponga en su ajuste TLS sha256:{sha256}.",
	],
	"tls-expected": [
		"This may be the camera's port for encrypted RTSP (TLS, often 322 or 7441): then begin the address with rtsps://.",
		"Quizá sea el puerto de la cámara para RTSP cifrado (TLS, a menudo 322 o 7441): entonces empiece la dirección por rtsps://.",
	],
	"tls-missing": [
		"This port seems to be one without encryption (TLS): begin the address with rtsp://, or use the camera's port for encrypted RTSP (often 322 or 7441).",
		"Este puerto parece ser uno sin cifrado (TLS): empiece la dirección por rtsp://, o use el puerto de la cámara para RTSP cifrado (a menudo 322 o 7441).",
	],
	h265: [
		"The video is H.265. For browsers that cannot play it FFmpeg on the server has to convert it, which is much work: choose H.264 in the camera, at least for one of its two streams.",
		"El vídeo es H.265. Para los navegadores que no lo reproducen debe convertirlo FFmpeg en el servidor, que es mucho trabajo: elija H.264 en la cámara, al menos para uno de sus dos flujos.",
	],
	jpeg: [
		"The video is Motion JPEG, which loads the network heavily and is shown only with FFmpeg on the server: choose H.264 in the camera.",
		"El vídeo es Motion JPEG, que carga mucho la red y solo se muestra con FFmpeg en el servidor: elija H.264 en la cámara.",
	],
	mpeg4: [
		"The video is MPEG-4 Visual, which no browser plays and which is shown only with FFmpeg on the server: choose H.264 in the camera.",
		"El vídeo es MPEG-4 Visual, que ningún navegador reproduce y que solo se muestra con FFmpeg en el servidor: elija H.264 en la cámara.",
	],
	"b-frames": [
		"The video has B-frames, which the fastest way to the browser (WebRTC) does not take, so that the picture comes a little later. To have it sooner, turn them off in the camera (H.264 profile Baseline).",
		"El vídeo tiene fotogramas B, que la vía más rápida al navegador (WebRTC) no admite, así que la imagen llega algo más tarde. Para que llegue antes, desactívelos en la cámara (H.264, perfil Baseline).",
	],
	"key-frame-rare": [
		"The camera sends a whole picture (key frame) only every {seconds} s. When you open it, or after a fault, the picture can take that long to come: set its I-frame interval to 1-2 s.",
		"La cámara solo envía una imagen completa (fotograma clave) cada {seconds} s. Al abrirla o tras un fallo, la imagen puede tardar eso en llegar: ponga su intervalo de fotogramas I en 1-2 s.",
	],
	"key-frame-not-seen": [
		"The camera sent no second whole picture (key frame) within {seconds} s. When you open it, or after a fault, the picture can take longer than that to come: set its I-frame interval to 1-2 s, and turn off smart codecs (H.264+, Smart Codec), which stretch it.",
		"La cámara no envió una segunda imagen completa (fotograma clave) en {seconds} s. Al abrirla o tras un fallo, la imagen puede tardar más que eso en llegar: ponga su intervalo de fotogramas I en 1-2 s y desactive los códecs inteligentes (H.264+, Smart Codec), que lo alargan.",
	],
	"key-frame-unknown": [
		"{seconds} s are too short to tell how often the camera sends a whole picture (key frame): watch it for longer (--seconds).",
		"{seconds} s no bastan para saber cada cuánto envía la cámara una imagen completa (fotograma clave): obsérvela durante más tiempo (--seconds).",
	],
	"low-frame-rate": [
		"Only {fps} pictures a second: raise the camera's frame rate if movement matters; if that is so in the dark only, limit its exposure time.",
		"Solo {fps} imágenes por segundo: aumente la frecuencia de imágenes de la cámara si importa el movimiento; si solo ocurre en la oscuridad, limite su tiempo de exposición.",
	],
	"no-frame-rate": [
		"Only one picture came within {seconds} s: check the camera's frame rate.",
		"Solo llegó una imagen en {seconds} s: revise la frecuencia de imágenes de la cámara.",
	],
	"timestamps-still": [
		"The camera's clock for its pictures stands still. They are shown as they arrive and may stutter: update the camera's software (firmware).",
		"El reloj con el que la cámara marca sus imágenes no avanza. Se muestran según llegan y pueden ir a saltos: actualice el software (firmware) de la cámara.",
	],
	"grid-resolution": [
		"{size} is large for a small picture on the wall: use the camera's sub stream there (about 640x360), so that one device can show many cameras at once.",
		"{size} es mucho para una imagen pequeña del mural: use ahí el flujo secundario de la cámara (unos 640x360), para que un dispositivo pueda mostrar muchas cámaras a la vez.",
	],
	"basic-unencrypted": [
		"Others in the network can read the camera's password: it is sent unprotected (Basic authentication without TLS). Choose Digest in the camera, or use rtsps.",
		"Otros pueden leer en la red la contraseña de la cámara: se envía sin protección (autenticación Basic sin TLS). Elija Digest en la cámara, o use rtsps.",
	],
	"media-unencrypted": [
		"Only the connection for control is encrypted. Picture and sound come over UDP, where others in the network can see and hear them: set the camera's transport to tcp.",
		"Solo va cifrada la conexión de control. La imagen y el sonido llegan por UDP, donde otros pueden verlos y oírlos en la red: ponga el transporte de la cámara en tcp.",
	],
	"loss-tcp": [
		"{percent} % of the data is missing although it comes over TCP: the camera drops what it cannot send in time. Lower its bitrate, or improve its (wireless) network.",
		"Falta el {percent} % de los datos aunque llegan por TCP: la cámara descarta lo que no puede enviar a tiempo. Reduzca su tasa de bits, o mejore su red (inalámbrica).",
	],
	"loss-udp": [
		"{percent} % of the data is lost on its way: use tcp for this camera if it can, or improve its network.",
		"Se pierde el {percent} % de los datos por el camino: use tcp para esta cámara si puede, o mejore su red.",
	],
	"udp-only": [
		"The camera sends over UDP only: what the network loses is missing in the picture, and a firewall has to let it in. Set its transport to udp, so that TCP is not tried first.",
		"La cámara solo transmite por UDP: lo que pierde la red falta en la imagen, y un cortafuegos debe dejarlo entrar. Ponga su transporte en udp, para que no se pruebe antes TCP.",
	],
	"http-tunnel": [
		"The camera could be reached through HTTP only: set its transport to http, so that nothing else is tried first, or open its RTSP port.",
		"Solo se pudo llegar a la cámara a través de HTTP: ponga su transporte en http, para que no se pruebe antes otra cosa, o abra su puerto RTSP.",
	],
	"slow-picture": [
		"The first picture took {seconds} s to come: shorten the camera's I-frame interval, and if it is busy, close other programs that watch it.",
		"La primera imagen tardó {seconds} s en llegar: acorte el intervalo de fotogramas I de la cámara y, si está sobrecargada, cierre otros programas que la ven.",
	],
	"audio-absent": [
		"This stream has no sound: if the camera has a microphone, turn audio on in the camera for this stream.",
		"Este flujo no tiene sonido: si la cámara tiene micrófono, active en ella el audio de este flujo.",
	],
	"audio-unsupported": [
		"The sound ({encoding}) is not supported: choose AAC or G.711 in the camera.",
		"El sonido ({encoding}) no es compatible: elija AAC o G.711 en la cámara.",
	],
	"audio-silent": [
		"The camera announces sound, but sends none: check its microphone and its settings.",
		"La cámara anuncia sonido, pero no envía ninguno: revise su micrófono y su configuración.",
	],
};

export const UNUSED_TEXTS = {
	backchannel: ["it leads to the camera's loudspeaker", "lleva al altavoz de la cámara"],
	"not-media": ["it is neither video nor audio", "no es ni vídeo ni audio"],
	"codec-unsupported": ["this encoding is not supported", "esta codificación no es compatible"],
	"another-chosen": ["another track is used", "se usa otra pista"],
	"setup-refused": ["the session ended before it was used", "la sesión terminó antes de usarla"],
} as const satisfies Record<string, Sentence>;
export type UnusedCode = keyof typeof UNUSED_TEXTS;

export function isReasonCode(code: string): code is ReasonCode {
	return Object.hasOwn(REASON_TEXTS, code);
}

/** What to do, as a person reads it. */
export function adviceText({ code, values }: Pick<Advice, "code" | "values">, language: ProbeLanguage): string {
	if (isReasonCode(code)) return (language === "es" ? REASON_TEXTS_ES : REASON_TEXTS)[code];
	const text = inLanguage(OWN_TEXTS[code], language);
	return text.replace(/\{(\w+)\}/g, (_, name: string) => {
		const value = values[name] ?? "";
		return typeof value === "number" ? formatNumber(value, language) : value;
	});
}

export function inLanguage([en, es]: Sentence, language: ProbeLanguage): string {
	return language === "es" ? es : en;
}

/** A number as the language writes it, without separators of thousands. */
export function formatNumber(value: number, language: ProbeLanguage): string {
	return language === "es" ? String(value).replace(".", ",") : String(value);
}

/** For the test that holds both languages equal. */
export const ADVICE_TEXTS: Readonly<Record<string, Sentence>> = OWN_TEXTS;
