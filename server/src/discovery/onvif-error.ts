/** What goes wrong with an ONVIF device, and what a person does about it. @module */

/** By code; stable, for programs. */
const ONVIF_ERROR_TEXTS = {
	"address-invalid": "This is no address of a device: write it as 192.168.1.20 or 192.168.1.20:8000.",
	"range-invalid": "This is no range of addresses: write it as 192.168.1.0/24 or 192.168.1.10-192.168.1.50.",
	"range-too-large": "The range has more than 1024 addresses: search in parts.",
	"address-unknown": "The device's name cannot be resolved to an address: check the spelling and the DNS server.",
	"no-route": "Nothing answers at this address: check the cable, the power and the address.",
	"connection-refused":
		"The device answers, but not on this port: switch ONVIF on in the device, and check its port (80, 8000, 8080, 8899 and 2020 are usual).",
	"no-answer": "The device accepts the connection but does not answer in time: wait a minute, then restart it.",
	"connection-lost": "The device closed the connection before it had answered: try again, then restart it.",
	"certificate-untrusted":
		"The device's TLS certificate cannot be verified: pin its fingerprint, or accept any certificate.",
	"redirect-refused":
		"The device sends us elsewhere, which is not followed: use its https address, or the address of the final device.",
	"answer-too-large": "The device's answer is larger than any camera's: check that the address is that of a camera.",
	"not-onvif": "What answers at this address does not speak ONVIF: check address and port, and switch ONVIF on.",
	"credentials-needed": "The device asks for a user name and a password: enter them.",
	"auth-refused":
		"The device refused the user name or password. Many makers keep users of their own for ONVIF: create one in the device's ONVIF settings.",
	"not-permitted":
		"The device knows this user but does not let it read the streams: give it the rights of an operator.",
	"clock-refused": "The device refuses our time: set its clock and its time zone, best by NTP.",
	"not-supported": "The device does not offer its streams over ONVIF: add it by maker or by its RTSP address.",
	"device-fault": "The device answered with an error of its own: update its firmware, or add it by its RTSP address.",
	cancelled: "The search was cancelled.",
} as const satisfies Record<string, string>;

export type OnvifErrorCode = keyof typeof ONVIF_ERROR_TEXTS;

/** The same in Spanish. */
const ONVIF_ERROR_TEXTS_ES: Readonly<Record<OnvifErrorCode, string>> = {
	"address-invalid": "Esto no es la dirección de un dispositivo: escríbala como 192.168.1.20 o 192.168.1.20:8000.",
	"range-invalid": "Esto no es un rango de direcciones: escríbalo como 192.168.1.0/24 o 192.168.1.10-192.168.1.50.",
	"range-too-large": "El rango tiene más de 1024 direcciones: busque por partes.",
	"address-unknown":
		"El nombre del dispositivo no corresponde a ninguna dirección: revise cómo está escrito y el servidor DNS.",
	"no-route": "Nada responde en esta dirección: revise el cable, la alimentación y la dirección.",
	"connection-refused":
		"El dispositivo responde, pero no en este puerto: active ONVIF en el dispositivo y revise su puerto (los habituales son 80, 8000, 8080, 8899 y 2020).",
	"no-answer":
		"El dispositivo acepta la conexión pero no responde a tiempo: espere un minuto y, si sigue así, reinícielo.",
	"connection-lost":
		"El dispositivo cerró la conexión antes de responder: inténtelo otra vez y, si sigue así, reinícielo.",
	"certificate-untrusted":
		"No se puede comprobar el certificado TLS del dispositivo: fije su huella o acepte cualquier certificado.",
	"redirect-refused":
		"El dispositivo nos envía a otro lugar, y eso no se sigue: use su dirección https o la del dispositivo final.",
	"answer-too-large":
		"La respuesta del dispositivo es mayor que la de cualquier cámara: compruebe que la dirección es la de una cámara.",
	"not-onvif":
		"Lo que responde en esta dirección no habla ONVIF: revise la dirección y el puerto, y active ONVIF en el dispositivo.",
	"credentials-needed": "El dispositivo pide usuario y contraseña: escríbalos.",
	"auth-refused":
		"El dispositivo rechazó el usuario o la contraseña. Muchos fabricantes tienen usuarios aparte para ONVIF: cree uno en la configuración ONVIF del dispositivo.",
	"not-permitted": "El dispositivo conoce a este usuario pero no le deja leer los flujos: dele permisos de operador.",
	"clock-refused": "El dispositivo no acepta nuestra hora: ponga en hora su reloj y su zona horaria, mejor por NTP.",
	"not-supported": "El dispositivo no ofrece sus flujos por ONVIF: añádalo por su fabricante o por su dirección RTSP.",
	"device-fault":
		"El dispositivo respondió con un error propio: actualice su firmware o añádalo por su dirección RTSP.",
	cancelled: "Se canceló la búsqueda.",
};

/** One sentence that says what to do, for the page and the API. */
export function onvifErrorText(code: OnvifErrorCode, language: "en" | "es"): string {
	return (language === "es" ? ONVIF_ERROR_TEXTS_ES : ONVIF_ERROR_TEXTS)[code];
}

/** The one error that this folder throws. Neither its message nor its detail ever holds a credential. */
export class OnvifError extends Error {
	readonly code: OnvifErrorCode;
	/** For the log: which request, and the device's own words, bounded and on one line. */
	readonly detail: string;

	constructor(code: OnvifErrorCode, detail = "") {
		super(ONVIF_ERROR_TEXTS[code]);
		this.name = "OnvifError";
		this.code = code;
		this.detail = detail;
	}
}
