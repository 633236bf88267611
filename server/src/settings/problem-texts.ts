/** What is wrong with a camera in the settings, in Spanish too. Data, and how it is found. @module */
import type { SettingsProblem } from "@vigia/api";

/** The loader's sentences, as patterns: what stands between parentheses goes to `$1`. A test holds them to its rules. */
const SPANISH: readonly (readonly [pattern: RegExp, text: string])[] = [
	[/^must be letters, digits, - and _, at most 64 of them$/, "debe tener solo letras, cifras, - y _, 64 como máximo"],
	[/^must be a name of at most 100 characters$/, "debe ser un nombre de 100 caracteres como máximo"],
	[/^must be an RTSP address$/, "debe ser una dirección RTSP"],
	[/^must be an RTSP address without spaces in it$/, "debe ser una dirección RTSP sin espacios"],
	[
		/^must be a host name or an IP address, without scheme and port$/,
		"debe ser un nombre de equipo o una dirección IP, sin protocolo ni puerto",
	],
	[/^must be a whole number from (\d+) to (\d+)$/, "debe ser un número entero de $1 a $2"],
	[/^must be rtsp or rtsps$/, "debe ser rtsp o rtsps"],
	[
		/^must be a maker \((.*)\) or a path with \{channel\} in it$/,
		"debe ser un fabricante ($1) o una ruta que contenga {channel}",
	],
	[
		/^must be text without line breaks and other control characters$/,
		"debe ser texto sin saltos de línea ni otros caracteres de control",
	],
	[/^must be auto, tcp, udp or http$/, "debe ser auto, tcp, udp o http"],
	[
		/^must be verify, insecure, legacy or sha256: with the certificate's 64 hexadecimal digits$/,
		"debe ser verify, insecure, legacy o sha256: con las 64 cifras hexadecimales del certificado",
	],
	[/^must be a serial number of (\d+) to (\d+) characters$/, "debe ser un número de serie de $1 a $2 caracteres"],
	[/^another camera has the id (\S+) already$/, "otra cámara tiene ya el identificador $1"],
	[
		/^the URL cannot be used: it must begin with rtsp:\/\/ or rtsps:\/\/$/,
		"la dirección no sirve: debe empezar por rtsp:// o rtsps://",
	],
	[
		/^the URL cannot be used: its host or port is not valid$/,
		"la dirección no sirve: el equipo o el puerto no es válido",
	],
	[
		/^the address is rtsp, which is without TLS: this setting is for rtsps$/,
		"la dirección es rtsp, que va sin TLS: este ajuste es para rtsps",
	],
	[/^it is not set, but the password is$/, "falta, pero hay contraseña"],
	[
		/^it is not set, but the user name is; an empty password is set empty$/,
		"falta, pero hay usuario; una contraseña vacía se indica vacía",
	],
	[/^belongs to host, which is not set$/, "va con la dirección del equipo, que falta"],
	[/^this camera has no address: it needs url or host$/, "esta cámara no tiene dirección: necesita url o host"],
	[/^a camera has either host or url, not both$/, "una cámara tiene host o url, no ambos"],
	[
		/^the address is another device's now: give its password again$/,
		"la dirección es ahora la de otro dispositivo: escriba de nuevo la contraseña",
	],
	[
		/^it has a password in it that is not shown: write it again in place of \*\*\*$/,
		"contiene una contraseña que no se muestra: escríbala de nuevo en lugar de ***",
	],
	[/^there may be at most (\d+) cameras$/, "puede haber $1 cámaras como máximo"],
];

const EXAMPLE = "; for example: ";

/** The problem with its text in the language; what is not about a camera stays in English, as in the log. */
export function shownProblem(problem: SettingsProblem, language: "en" | "es"): SettingsProblem {
	if (language === "en") return problem;
	const [reason = "", ...examples] = problem.text.split(EXAMPLE);
	const example = examples.length === 0 ? "" : `; por ejemplo: ${examples.join(EXAMPLE)}`;
	const known = SPANISH.find(([pattern]) => pattern.test(reason));
	return known ? { ...problem, text: reason.replace(known[0], known[1]) + example } : problem;
}
