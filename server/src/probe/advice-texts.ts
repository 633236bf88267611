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
		"The camera asks for a user name and a password, and was given none: add them to the camera's settings, or give them to vigia probe by --user and --password-stdin.",
		"La cámara pide usuario y contraseña, y no se le dio ninguno: añádalos a la configuración de la cámara, o déselos a vigia probe con --user y --password-stdin.",
	],
	lockout: [
		"Cameras lock after a few wrong passwords, some for 30 minutes, and then refuse the right one too. This probe tried once; the wall tries ever more rarely. Correct the password, and wait if the right one is refused.",
		"Las cámaras se bloquean tras unas pocas contraseñas erróneas, algunas durante 30 minutos, y entonces rechazan también la correcta. Esta prueba lo intentó una vez; el mural lo intenta cada vez menos. Corrija la contraseña, y espere si se rechaza la correcta.",
	],
	"probe-session": [
		"A probe needs a session of its own: where the wall is connected to a camera that allows one only, the probe is refused although all is well.",
		"La prueba necesita una sesión propia: si el mural está conectado a una cámara que solo admite una, la prueba se rechaza aunque todo esté bien.",
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
		"The camera speaks only an old kind of TLS: set its TLS setting to legacy, in a network that you trust, or update the camera.",
		"La cámara solo habla un TLS antiguo: ponga legacy en su ajuste TLS, en una red de confianza, o actualice la cámara.",
	],
	"certificate-unproven": [
		"Any certificate is accepted for this camera. To accept its own only, set its TLS setting to sha256:{sha256}.",
		"Se acepta cualquier certificado para esta cámara. Para aceptar solo el suyo, ponga en su ajuste TLS sha256:{sha256}.",
	],
	"tls-expected": [
		"If this port of the camera is the one for RTSP over TLS (often 322 or 7441), begin the address with rtsps://.",
		"Si este puerto de la cámara es el de RTSP sobre TLS (a menudo 322 o 7441), empiece la dirección por rtsps://.",
	],
	"tls-missing": [
		"Nobody shows a certificate at this port, which seems to be one without TLS: begin the address with rtsp://, or use the camera's port for RTSP over TLS (often 322 or 7441).",
		"Nadie muestra un certificado en este puerto, que parece ser uno sin TLS: empiece la dirección por rtsp://, o use el puerto de la cámara para RTSP sobre TLS (a menudo 322 o 7441).",
	],
	h265: [
		"The video is H.265: browsers that cannot play it need FFmpeg on the server, which costs it computing time. Choose H.264 in the camera, or for one of its two streams.",
		"El vídeo es H.265: los navegadores que no lo reproducen necesitan FFmpeg en el servidor, que le cuesta tiempo de cálculo. Elija H.264 en la cámara, o para uno de sus dos flujos.",
	],
	jpeg: [
		"The video is Motion JPEG, which takes much of the network and needs FFmpeg on the server to be shown: choose H.264 in the camera.",
		"El vídeo es Motion JPEG, que ocupa mucha red y necesita FFmpeg en el servidor para mostrarse: elija H.264 en la cámara.",
	],
	mpeg4: [
		"The video is MPEG-4 Visual, which no browser plays and which needs FFmpeg on the server to be shown: choose H.264 in the camera.",
		"El vídeo es MPEG-4 Visual, que ningún navegador reproduce y que necesita FFmpeg en el servidor para mostrarse: elija H.264 en la cámara.",
	],
	"b-frames": [
		"The video has B-frames, which browsers do not play over WebRTC: it is shown by Media Source Extensions, with more delay. Turn them off in the camera (H.264 profile Baseline).",
		"El vídeo tiene fotogramas B, que los navegadores no reproducen por WebRTC: se muestra con Media Source Extensions, con más retardo. Desactívelos en la cámara (H.264, perfil Baseline).",
	],
	"key-frame-rare": [
		"A key frame every {seconds} s: set the camera's I-frame interval to 1-2 s for quick zapping.",
		"Un fotograma clave cada {seconds} s: ponga el intervalo de fotogramas I de la cámara en 1-2 s para cambiar de cámara con rapidez.",
	],
	"key-frame-not-seen": [
		"No second key frame within {seconds} s: set the camera's I-frame interval to 1-2 s for quick zapping, and turn off smart codecs (H.264+, Smart Codec), which stretch it.",
		"Sin un segundo fotograma clave en {seconds} s: ponga el intervalo de fotogramas I de la cámara en 1-2 s para cambiar de cámara con rapidez, y desactive los códecs inteligentes (H.264+, Smart Codec), que lo alargan.",
	],
	"key-frame-unknown": [
		"{seconds} s are too short to tell how far apart the key frames are: watch the camera for longer (--seconds).",
		"{seconds} s no bastan para saber cada cuánto llega un fotograma clave: observe la cámara durante más tiempo (--seconds).",
	],
	"low-frame-rate": [
		"Only {fps} pictures a second: raise the camera's frame rate if movement matters; in the dark, limit its exposure time.",
		"Solo {fps} imágenes por segundo: aumente la frecuencia de imágenes de la cámara si importa el movimiento; en la oscuridad, limite su tiempo de exposición.",
	],
	"no-frame-rate": [
		"Only one picture came within {seconds} s: check the camera's frame rate.",
		"Solo llegó una imagen en {seconds} s: revise la frecuencia de imágenes de la cámara.",
	],
	"timestamps-still": [
		"The camera's timestamps stand still, so its pictures are timed by their arrival and may stutter: update the camera's firmware.",
		"Las marcas de tiempo de la cámara no avanzan, así que sus imágenes se ordenan por su llegada y pueden ir a saltos: actualice el firmware de la cámara.",
	],
	"grid-resolution": [
		"{size} is large for a tile of the grid: give the grid the camera's sub stream (about 640x360), so that devices can show many cameras at once.",
		"{size} es mucho para una casilla de la cuadrícula: dele el flujo secundario de la cámara (unos 640x360), para que los dispositivos puedan mostrar muchas cámaras a la vez.",
	],
	"basic-unencrypted": [
		"The password can be read on its way: the camera takes Basic authentication without TLS. Choose Digest in the camera, or use rtsps.",
		"La contraseña se puede leer por el camino: la cámara usa autenticación Basic sin TLS. Elija Digest en la cámara, o use rtsps.",
	],
	"media-unencrypted": [
		"Only the RTSP connection is encrypted: over UDP anybody on the way can see and hear the camera. Set the camera's transport to tcp.",
		"Solo la conexión RTSP va cifrada: por UDP cualquiera por el camino puede ver y oír la cámara. Ponga el transporte de la cámara en tcp.",
	],
	"loss-tcp": [
		"{percent} % of the packets are missing although they come over TCP: the camera drops what it cannot send. Lower its bitrate, or improve its (wireless) network.",
		"Falta el {percent} % de los paquetes aunque llegan por TCP: la cámara descarta lo que no puede enviar. Reduzca su tasa de bits, o mejore su red (inalámbrica).",
	],
	"loss-udp": [
		"{percent} % of the packets are lost on their way: use tcp for this camera if it can, or improve its network.",
		"Se pierde el {percent} % de los paquetes por el camino: use tcp para esta cámara si puede, o mejore su red.",
	],
	"udp-only": [
		"The camera streams over UDP only: what the network loses is missing in the picture, and a firewall must let it in. Set its transport to udp to connect without the detour over TCP.",
		"La cámara solo transmite por UDP: lo que pierde la red falta en la imagen, y un cortafuegos debe dejarlo entrar. Ponga su transporte en udp para conectar sin el rodeo por TCP.",
	],
	"http-tunnel": [
		"The camera could be reached through HTTP only: set its transport to http to connect without the detour, or open its RTSP port.",
		"Solo se pudo llegar a la cámara a través de HTTP: ponga su transporte en http para conectar sin rodeos, o abra su puerto RTSP.",
	],
	"slow-picture": [
		"The first picture took {seconds} s to come: shorten the camera's I-frame interval, and close other viewers if it is busy.",
		"La primera imagen tardó {seconds} s en llegar: acorte el intervalo de fotogramas I de la cámara, y cierre otros visores si está sobrecargada.",
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
