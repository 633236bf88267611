/** Why a camera shows no live video: a stable code for programs and translations, and its plain English. @module */

/** One sentence a person can act on, per code. The page translates by code; the API answers both. */
export const REASON_TEXTS = {
	"address-unknown": "The camera's name cannot be resolved to an address: check the spelling and the DNS server.",
	"no-route": "The camera does not answer at this address: check the cable, the power and the address.",
	"connection-refused": "Something answers at this address, but not on the RTSP port: check the port number.",
	"no-answer":
		"The camera accepts the connection but does not answer: it may be starting or overloaded. Wait a minute, then restart it.",
	"auth-refused": "The camera refused the user name or password: correct them in the settings.",
	"address-unconfirmed":
		"The camera has another address in the network now, and takes its password only readable there. A device that was merely found is not told it: if it is your camera, enter its new address and its password in the settings yourself.",
	"camera-full": "The camera or recorder allows no more sessions: close other viewers or raise its limit.",
	"not-found": "The camera does not know this channel or path: check the channel number and the URL.",
	"no-video": "The camera offers no video on this stream: it sends audio or data only.",
	"codec-unsupported": "This stream's video codec is not supported: choose H.264 in the camera's settings.",
	"ffmpeg-missing":
		"This browser cannot play the camera's video, and FFmpeg, which would convert it, is not installed: install FFmpeg on the server, or choose H.264 in the camera's settings.",
	"transcode-limit":
		"This browser cannot play the camera's video, and the server converts as many streams as it may already: raise TRANSCODE_MAX, or choose H.264 in the camera's settings.",
	"transcode-failed":
		"This browser cannot play the camera's video, and converting it fails: see the log, or choose H.264 in the camera's settings.",
	"media-encrypted":
		"The camera encrypts this stream (SRTP), which is not supported: switch SRTP off in the camera, or use its address without enableSrtp.",
	"no-key-frame":
		"The camera sends video but no key frames: set its I-frame interval to 1-2 s and turn off intra refresh.",
	"video-stalled": "The camera is connected but sends no video: restart it if none comes by itself.",
	"certificate-untrusted":
		"The camera's TLS certificate cannot be verified: set the camera's TLS setting (CAMERA_n_TLS, or tls in vigia.yaml) to its fingerprint, sha256:..., which vigia probe shows, or to insecure.",
	"transport-unsupported":
		"The camera streams over no transport that was tried: set RTSP_TRANSPORT to one that it knows, and let UDP from the camera through the firewall.",
	"redirect-refused":
		"The camera sends its viewers on in a way that is not followed (too many times, to an unencrypted address, or to none): use the address of the final camera.",
	"session-ended":
		"The camera ended the session: if that happens often, close other viewers and update the camera's firmware.",
	"connection-lost": "The connection to the camera was lost: if that happens often, check its network and its power.",
	"protocol-error": "What answers does not speak valid RTSP: check address and port, and update the camera's firmware.",
	"internal-error": "Vigía made a mistake with this camera; see the log.",
} as const satisfies Record<string, string>;

export type ReasonCode = keyof typeof REASON_TEXTS;

/** The same in Spanish. */
export const REASON_TEXTS_ES: Readonly<Record<ReasonCode, string>> = {
	"address-unknown":
		"El nombre de la cámara no corresponde a ninguna dirección: revise cómo está escrito y el servidor DNS.",
	"no-route": "La cámara no responde en esta dirección: revise el cable, la alimentación y la dirección.",
	"connection-refused": "Algo responde en esta dirección, pero no en el puerto RTSP: revise el número de puerto.",
	"no-answer":
		"La cámara acepta la conexión pero no responde: puede estar arrancando o sobrecargada. Espere un minuto y, si sigue así, reiníciela.",
	"auth-refused": "La cámara rechazó el usuario o la contraseña: corríjalos en la configuración.",
	"address-unconfirmed":
		"La cámara tiene ahora otra dirección en la red, y allí solo admite la contraseña sin cifrar. A un dispositivo que solo se ha encontrado no se le dice: si es su cámara, escriba usted en la configuración su nueva dirección y la contraseña.",
	"camera-full": "La cámara o el grabador no admite más sesiones: cierre otros visores o aumente su límite.",
	"not-found": "La cámara no conoce este canal o ruta: revise el número de canal y la URL.",
	"no-video": "La cámara no ofrece vídeo en este flujo: solo envía audio o datos.",
	"codec-unsupported":
		"El códec de vídeo de este flujo no es compatible: elija H.264 en la configuración de la cámara.",
	"ffmpeg-missing":
		"Este navegador no puede reproducir el vídeo de la cámara, y FFmpeg, que lo convertiría, no está instalado: instale FFmpeg en el servidor, o elija H.264 en la configuración de la cámara.",
	"transcode-limit":
		"Este navegador no puede reproducir el vídeo de la cámara, y el servidor ya convierte todos los flujos que puede: aumente TRANSCODE_MAX, o elija H.264 en la configuración de la cámara.",
	"transcode-failed":
		"Este navegador no puede reproducir el vídeo de la cámara, y su conversión falla: consulte el registro, o elija H.264 en la configuración de la cámara.",
	"media-encrypted":
		"La cámara cifra este flujo (SRTP), que no es compatible: desactive SRTP en la cámara, o use su dirección sin enableSrtp.",
	"no-key-frame":
		"La cámara envía vídeo sin fotogramas clave: ponga el intervalo de fotogramas I en 1-2 s y desactive «intra refresh».",
	"video-stalled": "La cámara está conectada, pero no envía vídeo: reiníciela si no llega por sí solo.",
	"certificate-untrusted":
		"No se puede verificar el certificado TLS de la cámara: ponga en el ajuste TLS de la cámara (CAMERA_n_TLS, o tls en vigia.yaml) su huella, sha256:..., que muestra vigia probe, o insecure.",
	"transport-unsupported":
		"La cámara no transmite por ningún transporte de los probados: ponga en RTSP_TRANSPORT uno que conozca, y deje pasar por el cortafuegos el UDP de la cámara.",
	"redirect-refused":
		"La cámara envía a sus visores a otro sitio de un modo que no se sigue (demasiadas veces, a una dirección sin cifrar, o a ninguna): use la dirección de la cámara final.",
	"session-ended":
		"La cámara cerró la sesión: si ocurre a menudo, cierre otros visores y actualice el firmware de la cámara.",
	"connection-lost": "Se perdió la conexión con la cámara: si ocurre a menudo, revise su red y su alimentación.",
	"protocol-error":
		"Lo que responde no habla RTSP válido: revise la dirección y el puerto, y actualice el firmware de la cámara.",
	"internal-error": "Vigía cometió un error con esta cámara; consulte el registro.",
};
