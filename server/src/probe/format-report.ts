/** A report as lines for a terminal. Pure. @module */
import type { AdviceSeverity, ProbeReport, ProbeVideo } from "@vigia/api";
import { formatNumber, inLanguage, type ProbeLanguage } from "./advice-texts.ts";
import { round } from "./advice.ts";

type Sentence = readonly [en: string, es: string];

const LABELS = {
	result: ["Result", "Resultado"],
	detail: ["Detail", "Detalle"],
	camera: ["Camera", "Cámara"],
	transport: ["Transport", "Transporte"],
	certificate: ["Certificate", "Certificado"],
	track: ["Track", "Pista"],
	video: ["Video", "Vídeo"],
	sound: ["Sound", "Sonido"],
	first: ["First picture", "Primera imagen"],
	packets: ["Packets", "Paquetes"],
	quirk: ["Quirk", "Rareza"],
	advice: ["Advice", "Consejo"],
} as const satisfies Record<string, Sentence>;

const WORDS = {
	good: ["good: no fault was found", "bien: no se encontró ningún fallo"],
	works: ["it works, with advice below", "funciona, con los consejos de abajo"],
	failed: ["no picture on the wall ({code})", "sin imagen en el mural ({code})"],
	tcp: ["on the RTSP connection (TCP)", "por la conexión RTSP (TCP)"],
	udp: ["in datagrams (UDP)", "en datagramas (UDP)"],
	http: ["through HTTP", "a través de HTTP"],
	encrypted: ["over TLS", "sobre TLS"],
	selfSigned: ["self-signed", "autofirmado"],
	until: ["valid until {date}", "válido hasta {date}"],
	used: ["used", "se usa"],
	unused: ["not used: {why}", "no se usa: {why}"],
	payload: ["payload type {type}", "tipo de carga {type}"],
	fps: ["{value} pictures/s", "{value} imágenes/s"],
	bitrate: ["{value} kbit/s", "{value} kbit/s"],
	keyFrames: ["a key frame every {value} s", "un fotograma clave cada {value} s"],
	noKeyFrames: ["no second key frame within {value} s", "sin un segundo fotograma clave en {value} s"],
	bFrames: ["B-frames", "fotogramas B"],
	measured: ["measured for {value} s", "medido durante {value} s"],
	after: ["after {value} s", "a los {value} s"],
	packets: [
		"{received} received, {lost} lost, {reordered} out of order, {malformed} broken; {damagedPictures} pictures damaged",
		"{received} recibidos, {lost} perdidos, {reordered} desordenados, {malformed} rotos; {damagedPictures} imágenes dañadas",
	],
} as const satisfies Record<string, Sentence>;
type Word = keyof typeof WORDS;

const MARKS: Readonly<Record<AdviceSeverity, string>> = { error: "x", warning: "!", info: "-" };
const CODEC_NAMES: Readonly<Record<ProbeVideo["codec"], string>> = {
	h264: "H.264",
	h265: "H.265",
	jpeg: "Motion JPEG",
	mpeg4: "MPEG-4 Visual",
};

/** Labels stand in a column of their own. */
const LABEL_COLUMNS = 16;

export function formatReport(report: ProbeReport, language: ProbeLanguage): string {
	const lines: string[] = [];
	const say = (word: Word, values: Readonly<Record<string, string | number>> = {}): string =>
		inLanguage(WORDS[word], language).replace(/\{(\w+)\}/g, (_, name: string) => {
			const value = values[name] ?? "";
			return typeof value === "number" ? formatNumber(value, language) : value;
		});
	const add = (label: keyof typeof LABELS, ...parts: (string | undefined)[]): void => {
		const text = parts.filter((part) => part !== undefined).join(", ");
		lines.push(`${inLanguage(LABELS[label], language).padEnd(LABEL_COLUMNS)}${text}`);
	};

	const { failure, certificate, video, audio } = report;
	add("result", say(report.result, { code: failure?.code ?? "" }));
	if (failure) add("detail", failure.detail);
	if (report.server !== undefined) add("camera", report.server);
	if (report.transport) add("transport", say(report.transport), report.encrypted ? say("encrypted") : undefined);
	if (certificate) {
		const { sha256, selfSigned, validTo } = certificate;
		const until = validTo === undefined ? undefined : say("until", { date: validTo.slice(0, 10) });
		add("certificate", `sha256:${sha256}`, selfSigned ? say("selfSigned") : undefined, until);
	}
	for (const track of report.tracks) {
		const channels = track.channels > 1 ? `/${track.channels}` : "";
		const format = `${track.encoding}/${track.clockRate}${channels}`;
		const why = track.unused ? say("unused", { why: track.unused.text }) : say("used");
		add("track", track.type, format, say("payload", { type: track.payloadType }), why);
	}
	if (video) add("video", ...videoParts(video, report.measuredSeconds, say));
	if (audio) add("sound", audio.codec, audio.bitrateBps === undefined ? undefined : bitrate(audio.bitrateBps, say));
	if (report.firstPictureMs !== undefined)
		add("first", say("after", { value: round(report.firstPictureMs / 1000, 1) }));
	if (report.packets.received > 0) add("packets", say("packets", report.packets));
	for (const { text } of report.quirks) add("quirk", text);
	for (const { severity, text } of report.advice) add("advice", `${MARKS[severity]} ${text}`);
	return lines.join("\n");
}

type Say = (word: Word, values?: Readonly<Record<string, string | number>>) => string;

function videoParts(video: ProbeVideo, measuredSeconds: number, say: Say): (string | undefined)[] {
	const { codec, codecString, width, height, fps, bitrateBps, keyFrameSeconds, bFrames } = video;
	return [
		codecString === undefined ? CODEC_NAMES[codec] : `${CODEC_NAMES[codec]} ${codecString}`,
		width !== undefined && height !== undefined ? `${width}x${height}` : undefined,
		fps === undefined ? undefined : say("fps", { value: round(fps, 1) }),
		bitrateBps === undefined ? undefined : bitrate(bitrateBps, say),
		codec === "jpeg" ? undefined : keyFrames(keyFrameSeconds, measuredSeconds, say),
		bFrames ? say("bFrames") : undefined,
		say("measured", { value: measuredSeconds }),
	];
}

function keyFrames(seconds: number | undefined, measuredSeconds: number, say: Say): string {
	if (seconds === undefined) return say("noKeyFrames", { value: measuredSeconds });
	return say("keyFrames", { value: round(seconds, 1) });
}

function bitrate(bps: number, say: Say): string {
	return say("bitrate", { value: Math.round(bps / 1000) });
}
