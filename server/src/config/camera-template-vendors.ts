/**
 * Who makes cameras and recorders, which templates theirs take, and what has to be done on them first. Data.
 *
 * Every path was seen in two independent places at least, which its comment names; none was tried on the device itself.
 * "Documentation" is a maker's own.
 *
 * @module
 */
import { DEFAULT_RTSP_PORT } from "@vigia/rtsp";
import type { CAMERA_TEMPLATES } from "./camera-template.ts";

export interface CameraVendor {
	/** Stable, for programs. */
	readonly id: string;
	/** As people know it. */
	readonly name: string;
	/** Other names and brands with the same cameras, in lower case. */
	readonly aliases: readonly string[];
	/** Names of {@link CAMERA_TEMPLATES}, the likeliest first; none where paths cannot be known beforehand. */
	readonly templates: readonly (keyof typeof CAMERA_TEMPLATES)[];
	/** RTSP ports that its devices come with, the usual one first. */
	readonly ports: readonly number[];
	/** What a person has to know or do first. */
	readonly notes: readonly VendorNote[];
}

export interface VendorNote {
	readonly en: string;
	readonly es: string;
}

const ONLY_554: readonly number[] = [DEFAULT_RTSP_PORT];

const LOCKOUT: VendorNote = {
	en: "It locks after a few wrong passwords, often for half an hour: try once, then check the password.",
	es: "Se bloquea tras unas pocas contraseñas erróneas, a menudo media hora: pruebe una vez y luego revise la contraseña.",
};

/** In the order in which they are met most: what a search without a vendor tries first. */
export const CAMERA_VENDORS: readonly CameraVendor[] = [
	{
		// go2rtc's README; github.com/CamioCam/rtsp, paths.csv (FLIR, Amcrest) and issues 75 (WatchNet) and 110 (Lorex).
		id: "dahua",
		name: "Dahua",
		aliases: ["empiretech", "ic realtime", "q-see", "flir", "watchnet"],
		templates: ["dahua"],
		ports: ONLY_554,
		notes: [LOCKOUT],
	},
	{
		// Documentation: supportusa.hikvision.com, 17000129022. CamioCam/rtsp, pull request 43. The old path: the same
		// family's manuals (LTS), and the recorder in deepch/RTSPtoWeb issue 554.
		id: "hikvision",
		name: "Hikvision",
		aliases: ["hiwatch", "truvision", "luma", "alibi"],
		templates: ["hikvision", "hikvision-old"],
		ports: ONLY_554,
		notes: [
			{
				en: "Channel 1 is 101 (main) and 102 (sub) in its own papers; the template does this by itself.",
				es: "El canal 1 es 101 (principal) y 102 (secundario) en sus manuales; la plantilla lo hace sola.",
			},
			LOCKOUT,
		],
	},
	{
		// Documentation: support.reolink.com, 900000630706 (Preview) and 360007010473 (h264Preview), as quoted in
		// blakeblackshear/frigate pull request 21555 and CamioCam/rtsp issue 162. go2rtc's README.
		id: "reolink",
		name: "Reolink",
		aliases: ["reo-link"],
		templates: ["reolink", "reolink-preview"],
		ports: ONLY_554,
		notes: [
			{
				en: "RTSP may be switched off: in the app under Settings, Network, Advanced, Server Settings. Cameras with a battery, and the E1, have none.",
				es: "RTSP puede estar desactivado: en la app, en Ajustes, Red, Avanzado, Configuración del servidor. Las cámaras de batería y la E1 no lo tienen.",
			},
		],
	},
	{
		// Documentation: tapo.com, FAQ 34, as go2rtc's internal/tapo cites it. The wiki of phit/vigilatus.
		id: "tapo",
		name: "TP-Link Tapo",
		aliases: ["tp-link", "tplink", "tp-link tapo"],
		templates: ["tapo"],
		ports: ONLY_554,
		notes: [
			{
				en: "The camera account is not the one of the cloud: make it in the Tapo app under Camera Settings, Advanced Settings, Camera Account.",
				es: "La cuenta de la cámara no es la de la nube: créela en la app Tapo, en Ajustes de la cámara, Ajustes avanzados, Cuenta de la cámara.",
			},
			{
				en: "It takes two viewers at a time and locks after wrong passwords. Cameras with a battery have no RTSP.",
				es: "Admite dos visores a la vez y se bloquea tras contraseñas erróneas. Las cámaras de batería no tienen RTSP.",
			},
		],
	},
	{
		// ch-bas/cctv-camera-database pull request 260, which cites TP-Link's FAQ for Tapo and VIGI alike: seen in
		// documentation only.
		id: "vigi",
		name: "TP-Link VIGI",
		aliases: ["tp-link vigi"],
		templates: ["vigi"],
		ports: ONLY_554,
		notes: [
			{
				en: "The user is admin, with the password of the camera itself, not that of the TP-Link account.",
				es: "El usuario es admin, con la contraseña de la propia cámara, no la de la cuenta TP-Link.",
			},
		],
	},
	{
		// CamioCam/rtsp, paths.csv (NV1104, IP2M-841); go2rtc's README.
		id: "amcrest",
		name: "Amcrest",
		aliases: [],
		templates: ["amcrest"],
		ports: ONLY_554,
		notes: [LOCKOUT],
	},
	{
		// roflcoopter/viseron issue 811; eduard256/StrixCamDB issues 22 and 29.
		id: "imou",
		name: "Imou",
		aliases: ["lechange"],
		templates: ["imou"],
		ports: ONLY_554,
		notes: [
			{
				en: "The user is admin and the password the safety code on the camera's label, unless you changed it in the app. RTSP may have to be switched on there.",
				es: "El usuario es admin y la contraseña, el código de seguridad de la etiqueta de la cámara, salvo que lo cambiara en la app. Puede que haya que activar RTSP en ella.",
			},
		],
	},
	{
		// wiki.zohead.com and mofulls.pixnet.net (both paths); CamioCam/rtsp pull request 230 (OVISS); the camera's path:
		// ch-bas/cctv-camera-database pull requests 260 and 261 (Advidia and Neutron, of the same make).
		id: "uniview",
		name: "Uniview",
		aliases: ["unv"],
		templates: ["uniview", "uniview-camera"],
		ports: ONLY_554,
		notes: [
			{
				en: "uniview is for its recorders, uniview-camera for a camera by itself.",
				es: "uniview es para sus grabadores, uniview-camera para una cámara sola.",
			},
		],
	},
	{
		// CamioCam/rtsp issue 110; FLIR's DNR200 in its paths.csv, of the same make.
		id: "lorex",
		name: "Lorex",
		aliases: [],
		templates: ["lorex"],
		ports: ONLY_554,
		notes: [LOCKOUT],
	},
	{
		// ch-bas/cctv-camera-database pull request 261 (HiWatch, Alibi) and the guide AkashMLodiwiksz/Face-Identifying...
		id: "annke",
		name: "Annke",
		aliases: [],
		templates: ["annke", "hikvision-old"],
		ports: ONLY_554,
		notes: [LOCKOUT],
	},
	{
		// As Hikvision, whose brand it is.
		id: "hilook",
		name: "HiLook",
		aliases: [],
		templates: ["hilook"],
		ports: ONLY_554,
		notes: [LOCKOUT],
	},
	{
		// Documentation: wiki.2n.com, Universal Axis Camera Settings (VAPIX); CamioCam/rtsp, paths.csv (M3024, P1224).
		// The parameter camera: go2rtc's README, RTSP over WebSocket.
		id: "axis",
		name: "Axis",
		aliases: [],
		templates: ["axis"],
		ports: ONLY_554,
		notes: [
			{
				en: "The channel is the sensor or the view area, from 1.",
				es: "El canal es el sensor o la vista, desde 1.",
			},
		],
	},
	{
		// Documentation: support.hanwhavision.eu, 4414178841746 (cameras, sensors and recorders; a recorder's RTSP port is
		// the last of its device ports). CamioCam/rtsp issues 196 and 229.
		id: "hanwha",
		name: "Hanwha Vision (Wisenet, Samsung)",
		aliases: ["wisenet", "samsung", "hanwha vision", "hanwha techwin", "samsung techwin"],
		templates: ["hanwha", "hanwha-sensors", "hanwha-nvr"],
		ports: [DEFAULT_RTSP_PORT, 558],
		notes: [
			{
				en: "Profile 2 is H.264 as the camera comes; profile 1 is Motion JPEG. No profile is known to be small as it comes, so that the wall shows the large stream: for a small one make a profile of 640x360 and write its number into a path of your own: /profile{2|3}/media.smp.",
				es: "De fábrica el perfil 2 es H.264 y el 1, Motion JPEG. No se conoce ningún perfil que sea pequeño de fábrica, y el mural muestra el flujo grande: para uno pequeño cree un perfil de 640x360 y ponga su número en una ruta propia: /profile{2|3}/media.smp.",
			},
			{
				en: "hanwha-sensors is for cameras with several sensors, hanwha-nvr for recorders, whose port is often 558.",
				es: "hanwha-sensors es para cámaras con varios sensores, hanwha-nvr para grabadores, cuyo puerto suele ser 558.",
			},
		],
	},
	{
		// CamioCam/rtsp issues 72 (manual of the CC8130) and 233 (Vivotek's own note on firmware 0x13); its user manuals.
		id: "vivotek",
		name: "Vivotek",
		aliases: [],
		templates: ["vivotek", "vivotek-old"],
		ports: ONLY_554,
		notes: [
			{
				en: "The stream's name can be changed on the camera's page. vivotek-old is for older firmware.",
				es: "El nombre del flujo se puede cambiar en la página de la cámara. vivotek-old es para firmware antiguo.",
			},
		],
	},
	{
		// CamioCam/rtsp pull request 103, which cites Foscam's manual, and issue 117; home-assistant/core issue 22783.
		id: "foscam",
		name: "Foscam",
		aliases: [],
		templates: ["foscam"],
		ports: [88, DEFAULT_RTSP_PORT],
		notes: [
			{
				en: "The RTSP port is usually 88, as that of its page; newer cameras have 554.",
				es: "El puerto RTSP suele ser 88, como el de su página; las cámaras nuevas usan 554.",
			},
		],
	},
	{
		// support of avycon.freshdesk.com, 36000297688, of the same make, which writes "substream"; CamioCam/rtsp issue 170
		// with a longer form. "sub": code that reads them.
		id: "tvt",
		name: "TVT",
		aliases: ["avycon"],
		templates: ["tvt"],
		ports: ONLY_554,
		notes: [
			{
				en: "On newer firmware the API server has to be switched on under Network, Port, for RTSP too.",
				es: "En el firmware nuevo hay que activar el servidor API en Red, Puerto, también para RTSP.",
			},
		],
	},
	{
		// A table of makers' paths found by search, and avycon.freshdesk.com, 36000328602, which has the same two.
		id: "milesight",
		name: "Milesight",
		aliases: [],
		templates: ["milesight"],
		ports: ONLY_554,
		notes: [],
	},
	{
		// go2rtc's README and its issue 81; ch-bas/cctv-camera-database pull request 261.
		id: "ubiquiti",
		name: "Ubiquiti UniFi Protect",
		aliases: ["unifi", "unifi protect", "ubnt"],
		templates: [],
		ports: [7441],
		notes: [
			{
				en: "Each stream has a secret path of its own: switch RTSPS on in UniFi Protect, in the camera's settings under Advanced, and paste the addresses it then shows (rtsps://...:7441/..., or rtsp://...:7447/...): that of the low resolution as the address for the wall, that of the high one as the large stream. There is neither user nor password: whoever has the address can watch.",
				es: "Cada flujo tiene su propia ruta secreta: active RTSPS en UniFi Protect, en los ajustes de la cámara, en Avanzado, y pegue las direcciones que muestra (rtsps://...:7441/... o rtsp://...:7447/...): la de resolución baja como dirección para el mural, la de la alta como flujo grande. No hay usuario ni contraseña: quien tenga la dirección puede mirar.",
			},
			{
				en: "Its certificate is its own: set tls to the fingerprint that vigia probe shows.",
				es: "Su certificado es propio: ponga en tls la huella que muestra vigia probe.",
			},
		],
	},
	{
		id: "generic",
		name: "Another maker",
		aliases: ["other", "onvif"],
		templates: [],
		ports: [DEFAULT_RTSP_PORT, 8554],
		notes: [
			{
				en: "Look for the RTSP address in the manual, or in the camera's own page under Network or Video; ONVIF finds it too, where it is switched on.",
				es: "Busque la dirección RTSP en el manual, o en la página de la propia cámara, en Red o Vídeo; ONVIF también la encuentra, si está activado.",
			},
		],
	},
];

/** By id, name, alias, or the name of one of its templates, in any case; `undefined` for one that is not known. */
export function findVendor(text: string): CameraVendor | undefined {
	const wanted = text.trim().toLowerCase();
	const names = ({ id, name, aliases }: CameraVendor): boolean =>
		id === wanted || name.toLowerCase() === wanted || aliases.includes(wanted);
	return (
		CAMERA_VENDORS.find(names) ?? CAMERA_VENDORS.find(({ templates }) => templates.some((name) => name === wanted))
	);
}
