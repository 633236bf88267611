/**
 * One session description per kind of camera or server: the structure and the oddities are those that were seen there,
 * the values are ours. What must come of each stands beside it. RTSP-QUIRKS sections 1.4 and 1.5.
 * @module
 */

export interface CameraDescription {
	readonly lines: readonly string[];
	/** Between the lines, where it is not CRLF; `end` is what stands behind the last one. */
	readonly lineEnd?: string;
	readonly end?: string;
	/** Header fields of the DESCRIBE answer, besides Content-Type and Content-Length. */
	readonly headers?: readonly string[];
	readonly contentType?: string;
	/** What the camera is asked for; `/live` if nothing else stands here. */
	readonly path?: string;
	/** Kind of the error, or what is set up: `encoding/clock rate/channels path`, the video track first. */
	readonly expected: string | readonly string[];
	/** What PLAY is asked for, if that is not the path that DESCRIBE is. */
	readonly aggregate?: string;
	/** How many valid parameter sets the description holds; two where nothing stands. */
	readonly parameterSets?: number;
	readonly dimensions?: string;
}

const SPROP = "Z01ADOygoP2AiAAAAwAIAAADAFB4oUyw,aOvjyyA=";
/** The same with an Annex B start code behind each set. */
const SPROP_ANNEX_B = "Z01ADOygoP2AiAAAAwAIAAADAFB4oUywAAAAAQ==,aOvjyyAAAAAB";
const SPROP_H265 =
	"sprop-vps=QAEMAf//AWAAAAMAkAAAAwAAAwA8lZgJ;sprop-sps=QgEBAWAAAAMAkAAAAwAAAwA8oAoIDxZZWaSTK8BaAgAAAwACAAADAAoQ;sprop-pps=RAHBcrRiQA==";
const FMTP = `a=fmtp:96 packetization-mode=1;profile-level-id=4D400C;sprop-parameter-sets=${SPROP}`;
const AAC = "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408";
const H264 = ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", FMTP];
const ANY = ["c=IN IP4 0.0.0.0", "t=0 0"];
const MEDIA_HEADER = "a=Media_header:MEDIAINFO=00010203;";
const origin = (user = "-"): string => `o=${user} 17001700 17001700 IN IP4 192.0.2.9`;

/** By vendor and oddity; the names are those of shared/camera-samples. */
export const CAMERA_DESCRIPTIONS: Readonly<Record<string, CameraDescription>> = {
	"aja-encoder": {
		lines: ["v=0", origin("VNSDK"), "s=enc.sdp", "c=IN IP4 192.0.2.9", "t=0 0", "r=0 0", "m=video 0 RTP/AVP 96"],
		expected: "unsupported-codec",
	},
	"altasec-nvr": {
		lines: [
			"v=0",
			"o=Channel1 39 39 IN IP4",
			"s=Channel1",
			"c=IN IP4 0.0.0.0",
			"t=39 39",
			"a=range:npt=0-",
			"a=control:*",
		]
			.concat(["m=video 0 RTP/AVP 96", "a=control:0", "a=rtpmap:96 H264/90000", "a=recvonly", FMTP])
			.concat(["m=audio 0 RTP/AVP 0", "a=control:1", "a=recvonly", "a=rtpmap:0 PCMU/8000"])
			.concat(["m=application 0 RTP/AVP 107", "a=control:2", "a=recvonly", "a=rtpmap:107 METADATA/90000"]),
		expected: ["H264/90000/1 /live/0", "PCMU/8000/1 /live/1"],
	},
	"altasec-nvr session control 0": {
		lines: ["a=control:0", ...H264, "a=control:1"],
		expected: ["H264/90000/1 /live/1"],
		aggregate: "/live/0",
	},
	"anjvision-ipc": {
		headers: ["Content-Base: 192.0.2.10:554/stream0/"],
		lines: ["v=0", "o=- 1 2 IN IP4 x.y.z.w", "s=RTSP/RTP stream", "e=NONE", ...ANY, "a=control:*"]
			.concat(["m=video 0 RTP/AVP 96", "a=rtpmap:96 H265/90000", "a=control:trackID=1"])
			.concat([`a=fmtp:96 packetization-mode=0;profile-space=0;${SPROP_H265};config=00000001`])
			.concat(["a=x-dimensions: 1280, 720", "a=x-framerate: 5", MEDIA_HEADER]),
		expected: ["H265/90000/1 /stream0/trackID=1"],
		aggregate: "/stream0/",
		parameterSets: 3,
		dimensions: "1280x720",
	},
	"anpviz-unknown": {
		lines: ["v=0", "o=- 1 2 IN IP4 x.y.z.w", "s=x", ...ANY, "a=control:*", "m=video 0 RTP/AVP 96"]
			.concat([
				"a=rtpmap:96 H264/90000",
				"a=control:trackID=1",
				`${FMTP};config=0000000167`,
				"a=x-dimensions: 704, 576",
			])
			.concat(["m=audio 0 RTP/AVP 0", "a=rtpmap:0 MPEG4-GENERIC/16000/2", "a=fmtp:0 config=1408"])
			.concat(["a=control:trackID=2", MEDIA_HEADER, "a=appversion:1.0"]),
		end: "",
		expected: ["H264/90000/1 /live/trackID=1", "MPEG4-GENERIC/16000/2 /live/trackID=2"],
		dimensions: "704x576",
	},
	"avigilon-onvif-backchannel": {
		lines: ["v=0", origin(), "s=Live", "t=0 0", "m=audio 0 RTP/AVP 0", "c=IN IP4 192.0.2.9"]
			.concat(["a=control:rtsp://192.0.2.9/p/mic/trackID=9?mtu=1440&streamType=u", "a=recvonly"])
			.concat(["m=audio 0 RTP/AVP 0 97", "c=IN IP4 192.0.2.9", "c=SM SM spk0_trackID2"])
			.concat(["a=control:rtsp://192.0.2.9/p/spk0/trackID=2?mtu=1440", "a=sendonly", "a=rtpmap:0 pcmu/8000"])
			.concat(["a=rtpmap:97 opus/48000/2", ...H264, "a=control:rtsp://192.0.2.9/p/video/trackID=1?mtu=1440"]),
		expected: ["H264/90000/1 /p/video/trackID=1?mtu=1440", "PCMU/8000/1 /p/mic/trackID=9?mtu=1440&streamType=u"],
	},
	"avm-fritzbox-6660-cable": {
		lines: ["v=0", "o=- 224 1 IN IP4 192.0.2.9", "s=SatIPServer:1 0,0,4", "t=0 0", "m=video 0 RTP/AVP 33"]
			.concat([
				"c=In IP4 0.0.0.0",
				"a=control:stream=1",
				"a=fmtp:33 ver=1.2;src=1;tuner=1,240,1,7,112,,dvbc,,,,6900,34",
			])
			.concat(["a=sendonly"]),
		expected: "unsupported-codec",
	},
	"axis-media-amp-video-2015": {
		path: "/axis-media/media.amp?resolution=176x144&fps=1",
		lines: ["v=0", origin(), "s=Session", "i=rtsp-server", "t=0 0", "a=tool:GStreamer", "a=range:npt=now-"]
			.concat(["a=control:rtsp://192.0.2.3/axis-media/media.amp?resolution=176x144&fps=1", ...H264, "b=AS:50000"])
			.concat(["a=control:rtsp://192.0.2.3/axis-media/media.amp/stream=0?resolution=176x144&fps=1"])
			.concat(["a=framerate:1.000000", "a=transform:0.91,0.0,0.0;0.0,1.0,0.0;0.0,0.0,1.0"]),
		expected: ["H264/90000/1 /axis-media/media.amp/stream=0?resolution=176x144&fps=1"],
	},
	"axis-media-amp-video-audio-svg": {
		lines: ["v=0", origin(), "t=0 0", "a=control:rtsp://192.0.2.3/m.amp?video=1&audio=1", ...H264]
			.concat(["a=control:rtsp://192.0.2.3/m.amp/stream=0?video=1&audio=1", "m=audio 0 RTP/AVP 97", "b=AS:32"])
			.concat(["a=rtpmap:97 MPEG4-GENERIC/16000/1", `a=fmtp:97 ${AAC}`])
			.concat(["a=control:rtsp://192.0.2.3/m.amp/stream=1?video=1&audio=1", "m=application 0 RTP/AVP 99"])
			.concat(["a=rtpmap:99 image.svg.data/90000", "a=control:rtsp://192.0.2.3/m.amp/stream=2?video=1&audio=1"]),
		expected: ["H264/90000/1 /m.amp/stream=0?video=1&audio=1", "MPEG4-GENERIC/16000/1 /m.amp/stream=1?video=1&audio=1"],
		aggregate: "/m.amp?video=1&audio=1",
	},
	"dahua-h264-aac-onvif": {
		path: "/cam/realmonitor?channel=1&subtype=1&proto=Onvif",
		headers: ["Content-Base: rtsp://192.0.2.11:554/cam/realmonitor?channel=1&subtype=1&proto=Onvif/"],
		lines: ["v=0", origin(), "s=Media Server", ...ANY, "a=control:*", "a=packetization-supported:DH"]
			.concat(["m=video 0 RTP/AVP 96", "a=control:trackID=0", "a=framerate:15.0", "a=rtpmap:96 H264/90000", FMTP])
			.concat(["a=recvonly", "m=audio 0 RTP/AVP 97", "a=control:trackID=1", "a=rtpmap:97 MPEG4-GENERIC/48000"])
			.concat([`a=fmtp:97 ${AAC}`, "a=recvonly", "m=application 0 RTP/AVP 107", "a=control:trackID=4"])
			.concat(["a=rtpmap:107 vnd.onvif.metadata/90000", "a=recvonly"]),
		expected: [
			"H264/90000/1 /cam/realmonitor?channel=1&subtype=1&proto=Onvif/trackID=0",
			"MPEG4-GENERIC/48000/1 /cam/realmonitor?channel=1&subtype=1&proto=Onvif/trackID=1",
		],
		aggregate: "/cam/realmonitor?channel=1&subtype=1&proto=Onvif/",
	},
	"dahua-h265-pcma": {
		headers: ["Content-Base: rtsp://cam-driveway/cam/realmonitor?channel=1&subtype=2/"],
		lines: ["v=0", origin(), ...ANY, "a=control:*", "m=video 0 RTP/AVP 98", "a=control:trackID=0"]
			.concat(["a=rtpmap:98 H265/90000", `a=fmtp:98 profile-id=1;${SPROP_H265}`, "a=recvonly"])
			.concat(["m=audio 0 RTP/AVP 8", "a=control:trackID=1", "a=rtpmap:8 PCMA/8000", "a=recvonly"]),
		expected: [
			"H265/90000/1 /cam/realmonitor?channel=1&subtype=2/trackID=0",
			"PCMA/8000/1 /cam/realmonitor?channel=1&subtype=2/trackID=1",
		],
		aggregate: "/cam/realmonitor?channel=1&subtype=2/",
		parameterSets: 3,
	},
	"dahua-like-multi-format": {
		lines: ["v=0", origin(), "s=-", "t=0 0", "m=video 42504 RTP/AVP 98 96", "a=rtpmap:96 H264/90000"].concat([
			"a=rtpmap:98 MetaData",
			"a=rtcp-mux",
			FMTP,
		]),
		expected: ["H264/90000/1 /live"],
	},
	"dlink-cv-rtsphandler": {
		lines: ["v=0", "o=CV-RTSPHandler 1 0 IN IP4 192.0.2.9", "s=Camera", ...ANY, "a=charset:Shift_JIS", "a=control:*"]
			.concat(["m=video 0 RTP/AVP 99", "a=rtpmap:99 H264/90000", FMTP.replace("96", "99"), "a=control:trackID=1"])
			.concat(["a=sendonly", "m=audio 0 RTP/AVP 127", "a=rtpmap:127 mpeg4-generic/8000/1"])
			.concat(["a=fmtp:127 streamtype=5; sizeLength=13; indexLength=3; config=1588; CTSDeltaLength=0;"])
			.concat(["a=control:trackID=2"]),
		expected: ["H264/90000/1 /live/trackID=1", "MPEG4-GENERIC/8000/1 /live/trackID=2"],
	},
	"foscam-live555-2014.02.10": {
		headers: ["Content-Base: rtsp://192.0.2.7:65534/videoMain/"],
		lines: ["v=0", origin(), "s=Video", "i=videoMain", "t=0 0", "a=tool:LIVE555 Streaming Media v2014.02.10"]
			.concat(["a=control:*", "a=range:npt=0-", ...H264, "b=AS:96", "a=control:track1"])
			.concat(["m=audio 0 RTP/AVP 0", "c=IN IP4 0.0.0.0", "b=AS:64", "a=control:track2"]),
		expected: ["H264/90000/1 /videoMain/track1", "PCMU/8000/1 /videoMain/track2"],
		aggregate: "/videoMain/",
	},
	"generic-decimal-origin": {
		lines: ["v=0", "o=- 1700.8795 1700.8795 IN IP4 192.0.2.206:12626", "s=Playout", ...H264],
		expected: ["H264/90000/1 /live"],
	},
	"generic-empty-unicast-address": {
		lines: [
			"v=0",
			"o=RTSP 163 163 IN IP4 ",
			"s=RTSP Server",
			"e=NONE",
			"t=0 0",
			"a=recvonly",
			"a=x-dimensions:1920,1080",
		]
			.concat([...H264, MEDIA_HEADER, "b=AS:5000", "a=control:rtsp://192.0.2.30:8554/onvif2/audio/trackID=0"])
			.concat(["m=audio 0 RTP/AVP 0", "a=rtpmap:0 PCMU/8000/1"])
			.concat(["a=control:rtsp://192.0.2.30:8554/onvif2/audio/trackID=1"]),
		expected: ["H264/90000/1 /onvif2/audio/trackID=0", "PCMU/8000/1 /onvif2/audio/trackID=1"],
		dimensions: "1920x1080",
	},
	"generic-fake-backchannel": {
		lines: ["v=0", "o=- 16 1 IN IP4 *****", 's=Streamed by "IDS uEye"', "t=0 0", "a=control:*", "m=video 0 RTP/AVP 96"]
			.concat(["c=IN IP4 *****", "a=sendonly", "a=rtpmap:96 H264/90000", `${FMTP};`, "a=cliprect:0,0,1080,1920"])
			.concat(["a=control:rtsp://*****/video=video1"]),
		expected: ["H264/90000/1 /video=video1"],
	},
	"generic-hex-session-1": { lines: ["v=0", "o=j 0xAC4EC96E 28 IN IP4 192.0.2.9", "s=x"], expected: "no-video" },
	"generic-hex-session-2": {
		lines: ["v=0", "o=j 0XAC4EC96E 28 IN IP4 192.0.2.9", ...H264],
		expected: ["H264/90000/1 /live"],
	},
	"generic-hex-session-3": {
		lines: ["v=0", "o=j 103bdb6f 28 IN IP4 192.0.2.9", ...H264],
		expected: ["H264/90000/1 /live"],
	},
	"generic-malformed-c-ipv4": {
		lines: ["v=0", origin("test"), "s=Test", "c=IN 192.0.2.1", "t=0 0", "m=video 0 RTP/AVP 96"],
		expected: "unsupported-codec",
	},
	"generic-mikey-session": {
		lines: ["v=0", origin(), "t=0 0", "a=key-mgmt:mikey AQAFAAAAAAAAAAAA", "m=video 0 RTP/SAVP 96"].concat([
			"a=rtpmap:96 H264/90000",
			"a=control:trackID=0",
		]),
		expected: "encrypted",
	},
	"generic-mjpeg-m-vana": {
		lines: [
			"v=0",
			origin(),
			"t=0 0",
			"a=tool:LIVE555 Streaming Media v2014.02.04",
			"a=control:*",
			"m=video 0 RTP/AVP 26",
		]
			.concat(["b=AS:1500", "a=x-bufferdelay:0.55000", "a=x-dimensions:1280,960", "a=control:track1"])
			.concat(["m=audio 0 RTP/AVP 0", "a=control:track2", "m=application 0 RTP/AVP 107"])
			.concat(["a=rtpmap:107 vnd.onvif.metadata/90000/500", "a=control:track4", "m=vana 0 RTP/AVP 108"])
			.concat(["a=rtpmap:108 video.analysis/90000/500", "a=control:track5"]),
		expected: ["JPEG/90000/1 /live/track1", "PCMU/8000/1 /live/track2"],
		parameterSets: 0,
		dimensions: "1280x960",
	},
	"generic-mp2t-proto": {
		lines: [
			"v=0",
			origin(),
			"t=0 0",
			"c=IN IP4 239.3.1.142",
			"a=range:clock=0-",
			"m=video 8048 MP2T/AVP 33",
			"b=AS:7655",
		],
		expected: "unsupported-codec",
	},
	"generic-no-timing": {
		lines: ["v=0", origin("jdoe"), "s=x", "m=video 0 RTP/AVP/TCP 96", "a=rtpmap:96 H265/90000"]
			.concat([`a=fmtp:96 ${SPROP_H265.replaceAll(";", "; ")};`, "a=control:streamid=0"])
			.concat(["m=audio 0 RTP/AVP/TCP 97", "a=rtpmap:97 mpeg4-generic/44100/2", `a=fmtp:97 ${AAC}`])
			.concat(["a=control:streamid=1"]),
		expected: ["H265/90000/1 /live/streamid=0", "MPEG4-GENERIC/44100/2 /live/streamid=1"],
		parameterSets: 3,
	},
	"generic-quoted-sprop": {
		lines: ["v=0", origin(), "s=profile1", "u=http:///", "e=admin@", "t=0 0", "a=control:*", "a=range:npt=00.000- "]
			.concat(["m=video 0 RTP/AVP 96", "b=AS:5000", "a=control:track1", "a=rtpmap:96 H264/90000", "a=recvonly"])
			.concat([
				`a=fmtp:96 profile-level-id=674d40; sprop-parameter-sets=${SPROP.replace(",", '","')}; packetization-mode=1`,
			])
			.concat(["m=audio 0 RTP/AVP 8", "a=control:track2", "a=rtpmap:8 pcma/8000", "a=ptime:40", "a=recvonly"]),
		expected: ["H264/90000/1 /live/track1", "PCMA/8000/1 /live/track2"],
	},
	"generic-real-backchannel": {
		lines: ["v=0", "o=- 1 1 IN IP4 192.0.2.9:554", ...ANY, "a=control:*", "m=video 0 RTP/AVP 96", "a=control:video"]
			.concat(["a=rtpmap:96 H264/90000", FMTP, "a=recvonly", "m=audio 0 RTP/AVP 0", "a=control:backchannel"])
			.concat(["a=rtpmap:0 PCMU/8000", "a=sendonly", "m=audio 0 RTP/AVP 0", "a=control:audio", "a=rtpmap:0 PCMU/8000"])
			.concat(["a=recvonly", "m=application 0 RTP/AVP 98", "a=control:meta", "a=rtpmap:98 vnd.onvif.metadata/90000"]),
		expected: ["H264/90000/1 /live/video", "PCMU/8000/1 /live/audio"],
	},
	"generic-rtspserver-duplicate-s-line": {
		lines: ["v=0", origin(), "s=RtspServer", "i=live", "t=0 0", "a=control:*", "m=video 0 RTP/AVP 96", "s=RtspServer"]
			.concat(["i=live", "a=control:track0", "a=range:npt=0-", "a=rtpmap:96 H264/90000", FMTP, "a=control:track0"])
			.concat(["m=audio 0 RTP/AVP 97", "s=RtspServer", "a=control:track1", "a=rtpmap:97 MPEG4-GENERIC/8000/1"])
			.concat([`a=fmtp:97 ${AAC}`, "a=control:track1"]),
		expected: ["H264/90000/1 /live/track0", "MPEG4-GENERIC/8000/1 /live/track1"],
	},
	"generic-tias-bandwidth": {
		lines: ["v=0", origin(), "t=0 0", "a=control:*", "m=video 0 RTP/AVP 96", "b=TIAS:10000", "a=maxprate:2.0000"]
			.concat([
				"a=control:trackid=1",
				"a=rtpmap:96 H264/90000",
				'a=mimetype:string;"video/H264"',
				"a=framesize:96 384-832",
			])
			.concat(["a=Width:integer;384", "a=Height:integer;832", FMTP]),
		expected: ["H264/90000/1 /live/trackid=1"],
		dimensions: "384x832",
	},
	"generic-unordered-global-attributes": {
		lines: ["v=0", origin(), "a=control:*", "a=source-filter: incl IN IP4 * 192.0.2.17", "s=RTSP Server", "t=0 0"]
			.concat([...H264, "a=control:?ctype=video", "a=recvonly", "m=application 0 RTP/AVP 106"])
			.concat(["a=rtpmap:106 vnd.onvif.metadata/90000", "a=control:?ctype=app106", "a=sendonly"]),
		expected: ["H264/90000/1 /live?ctype=video"],
	},
	"geovision-gv": {
		lines: ["v=0", "o=- 1001 1 IN IP4 192.0.2.9", "s=VCP IPC Realtime stream", "m=video 0 RTP/AVP 105"]
			.concat(["c=IN IP4 192.0.2.9", "a=control:rtsp://192.0.2.9/media/video1/video", "a=rtpmap:105 H264/90000"])
			.concat([FMTP.replace("96", "105").replaceAll(";", "; "), "a=recvonly", "m=application 0 RTP/AVP 107"])
			.concat(["a=control:rtsp://192.0.2.9/media/video1/metadata", "a=fmtp:107 DecoderTag=h3c-v3 RTCP=0"]),
		expected: ["H264/90000/1 /media/video1/video"],
	},
	"gwsecurity-gw4089ip-main": {
		path: "/H264?channel=1&subtype=0",
		headers: ["Content-Base: rtsp://192.0.2.10:5050/H264?channel=1&subtype=0"],
		lines: ["v=0", "o=- 1 2 IN IP4 x.y.z.w", 's=Session streamed by "H264Server"', "e=NONE", ...ANY, "a=control:*"]
			.concat(["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:video"])
			.concat([`a=fmtp:96 packetization-mode=1;profile-level-id=5046314;sprop-parameter-sets=${SPROP_ANNEX_B}`])
			.concat(["m=audio 0 RTP/AVP 8", "a=control:audio", "a=rtpmap:8 PCMU/8000/1", "a=fmtp:8 vad=no"]),
		expected: ["H264/90000/1 /H264?channel=1&subtype=0/video", "PCMU/8000/1 /H264?channel=1&subtype=0/audio"],
	},
	"h264dvr-1.0-xm": {
		path: "/user=admin&password=&channel=1&stream=0.sdp",
		lines: ["v=0", origin(), "s=RTSP Session", ...ANY, "a=control:*", "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000 "]
			.concat(["a=range:npt=0-", "a=framerate:0S", FMTP, "a=framerate:25", "a=control:trackID=3"])
			.concat(["m=audio 0 RTP/AVP 8", "a=control:trackID=4"]),
		expected: [
			"H264/90000/1 /user=admin&password=&channel=1&stream=0.sdp/trackID=3",
			"PCMA/8000/1 /user=admin&password=&channel=1&stream=0.sdp/trackID=4",
		],
	},
	"hanwha-wisenet-nvr": {
		lines: [
			"v=0",
			"s=NVR",
			"c=IN IP4 192.0.2.9",
			"m=video 0 RTP/AVP 96",
			"a=control:trackID=0",
			"a=rtpmap:96 H264/90000",
		]
			.concat([FMTP, "m=audio 0 RTP/AVP 14", "a=control:trackID=1", "m=text 0 RTP/AVP 103", "a=control:trackID=2"])
			.concat(["a=rtpmap:103 object-detection/1000"]),
		expected: ["H264/90000/1 /live/trackID=0"],
	},
	"hikvision-ds2cd": {
		path: "/Streaming/Channels/101/?transportmode=unicast&profile=Profile_1",
		headers: ["Content-Base: rtsp://192.0.2.6:554/Streaming/Channels/101/"],
		lines: ["v=0", origin(), "s=Media Presentation", "e=NONE", "b=AS:5050", "t=0 0"]
			.concat(["a=control:rtsp://192.0.2.6:554/Streaming/Channels/101/?transportmode=unicast&profile=Profile_1"])
			.concat(["m=video 0 RTP/AVP 96", "b=AS:5000", "a=recvonly", "a=x-dimensions:1920,1080"])
			.concat([
				"a=control:rtsp://192.0.2.6:554/Streaming/Channels/101/trackID=1?transportmode=unicast&profile=Profile_1",
			])
			.concat(["a=rtpmap:96 H264/90000", FMTP, "m=application 0 RTP/AVP 107", "a=recvonly", MEDIA_HEADER]),
		expected: ["H264/90000/1 /Streaming/Channels/101/trackID=1?transportmode=unicast&profile=Profile_1"],
		dimensions: "1920x1080",
	},
	"hikvision-hik-media-server": {
		lines: [
			"v=0",
			origin(),
			"s=HIK Media Server",
			"e=NONE",
			"c=IN c=IN IP4 0.0.0.0",
			"t=0 0",
			"a=control:*",
			...H264,
		].concat(["a=control:trackID=video", MEDIA_HEADER, "a=appversion:1.0"]),
		expected: ["H264/90000/1 /live/trackID=video"],
	},
	"ioi-trk101": {
		lines: [
			"v=0",
			"o=- 1 1 IN IP4 127.0.0.1 ",
			"s=x",
			"m=video 0 RTP/AVP 96",
			"a=rtpmap:96 MP4V-ES/1000",
			"a=control:video",
		],
		expected: "unsupported-codec",
	},
	"ipcam-c9f0sez3n0pbl0": {
		lines: [
			"v=0",
			origin(),
			"s=RTSP Session",
			...ANY,
			"a=control:*",
			"m=video 0 RTP/AVP 96",
			"a=rtpmap:96 H264/90000 ",
		].concat(["a=framerate:0S", FMTP, MEDIA_HEADER, "a=framerate:25", "a=control:trackID=1"]),
		expected: ["H264/90000/1 /live/trackID=1"],
	},
	"macrovideo-v380": {
		lines: ["v=0", "s=streamed by the macro-video rtsp server", "t=0 0", "a=control:*", "c=IN IP4 0.0.0.0"]
			.concat(["m=video 0 RTP/AVP 96", "b=AS:500", "a=rtpmap:96 H264/90000", FMTP.replace("4D400C", "TUAM")])
			.concat(["a=control:track1"]),
		expected: ["H264/90000/1 /live/track1"],
	},
	"mercury-rtsp-server": {
		lines: ["v=0", "o=- 146 317 1 IN IP4 192.0.2.9", "t=0 0", "m=video 0 RTP/AVP 96", "b=AS:4096", "a=control:track1"]
			.concat(["a=rtpmap:96 H264/90000", FMTP, "m=audio 0 RTP/AVP 8", "a=rtpmap:8 PCMA/8000", "a=control:track2"])
			.concat(["m=application/MERCURY 0 RTP/AVP smart/1/90000", "a=rtpmap:95 MERCURY/90000", "a=control:track3"]),
		expected: ["H264/90000/1 /live/track1", "PCMA/8000/1 /live/track2"],
	},
	"reolink-control-first": {
		lines: ["v=0", origin(), "t=0 0", "a=control:*", "a=type:broadcast", "a=tool:LIVE555 Streaming Media v2013.04.08"]
			.concat(["m=video 0 RTP/AVP 96", "a=control:trackID=1", "b=AS:500", "a=rtpmap:96 H264/90000", FMTP])
			.concat(["m=audio 0 RTP/AVP 97", "a=control:trackID=2", "a=rtpmap:97 MPEG4-GENERIC/16000"])
			.concat([`a=fmtp:97 ${AAC}; profile=1;`]),
		expected: ["H264/90000/1 /live/trackID=1", "MPEG4-GENERIC/16000/1 /live/trackID=2"],
	},
	"reolink-doorbell-bc-2022.10.01": {
		path: "//",
		lines: ["v=0", origin(), 's=Session streamed by "preview"', "t=0 0", "a=control:*", ...H264, "a=recvonly"]
			.concat(["a=control:track1", "m=audio 0 RTP/AVP 97", "a=rtpmap:97 MPEG4-GENERIC/16000", `a=fmtp:97 ${AAC};`])
			.concat(["a=recvonly", "a=control:track2", "m=audio 0 RTP/AVP 8", "a=control:track3", "a=rtpmap:8 PCMA/8000"])
			.concat(["a=sendonly"]),
		end: "",
		expected: ["H264/90000/1 //track1", "MPEG4-GENERIC/16000/1 //track2"],
	},
	"reolink-rlc": {
		lines: ["v=0", origin(), "t=0 0", "a=tool:LIVE555 Streaming Media v2013.04.08", "a=control:*", ...H264]
			.concat(["a=control:trackID=1", "m=audio 0 RTP/AVP 97", "a=rtpmap:97 MPEG4-GENERIC/16000", `a=fmtp:97 ${AAC};`])
			.concat(["a=control:trackID=2"]),
		lineEnd: "\n",
		expected: ["H264/90000/1 /live/trackID=1", "MPEG4-GENERIC/16000/1 /live/trackID=2"],
	},
	"rfc5109-ulpfec": {
		lines: [
			"v=0",
			origin("adam"),
			"c=IN IP4 224.2.17.12/127",
			"a=group:FEC 1 2",
			"m=audio 30000 RTP/AVP 0",
			"a=mid:1",
		].concat(["m=application 30002 RTP/AVP 100", "a=rtpmap:100 ulpfec/8000", "m=video 30004 RTP/AVP 31", "a=mid:3"]),
		expected: "unsupported-codec",
	},
	"teleste-mph-h264": {
		lines: [
			"v=0",
			origin("Teleste"),
			"c=IN IP4 232.16.200.207/16",
			"t=0 0",
			"a=x-plgroup:COD",
			"m=video 5008 RTP/AVP 98",
		].concat(["a=rtpmap:98 H264/90000", `${FMTP.replace("96", "98")};`, "a=control:trackID=0"]),
		expected: ["H264/90000/1 /live/trackID=0"],
	},
	"teleste-mph-mjpeg": {
		lines: [
			"v=0",
			origin("Teleste"),
			"c=IN IP4 232.16.200.209/16",
			"m=video 5008 RTP/AVP 26",
			"a=rtpmap:26 JPEG/90000",
		].concat(["a=control:trackID=0"]),
		expected: ["JPEG/90000/1 /live/trackID=0"],
		parameterSets: 0,
	},
	"tplink-tl-ipc44aw-color": {
		lines: ["v=0", "o=- 146 317 1 IN IP4 192.0.2.9", "t=0 0", "m=video 0 RTP/AVP 96", "b=AS:4096", "a=control:track1"]
			.concat(["a=rtpmap:96 H265/90000", `a=fmtp:96 profile-space=0;tier-flag=0;${SPROP_H265}`])
			.concat(["m=audio 0 RTP/AVP 8", "a=rtpmap:8 PCMA/8000", "a=control:track2"])
			.concat(["m=application/TP-LINK 0 RTP/AVP smart/1/90000", "a=rtpmap:95 TP-LINK/90000", "a=control:track3"]),
		expected: ["H265/90000/1 /live/track1", "PCMA/8000/1 /live/track2"],
		parameterSets: 3,
	},
	"ubiquiti-uvc": {
		lines: ["v=0", origin(), "u=www.example.com", "t=0 0", "a=recvonly", "a=control:*", "m=audio 0 RTP/AVP 96"]
			.concat(["a=recvonly", "a=rtpmap:96 mpeg4-generic/48000/1", "a=control:trackID=0"])
			.concat(["a=fmtp:96 streamtype=5; mode=AAC-hbr; config=1188; SizeLength=13; IndexLength=3;"])
			.concat(["m=audio 0 RTP/AVP 96", "a=recvonly", "a=rtpmap:96 opus/48000/2", "a=control:trackID=1", "a=fmtp:96"])
			.concat(["m=video 0 RTP/AVP 97", "a=recvonly", "a=control:trackID=2", "a=rtpmap:97 H264/90000"])
			.concat([FMTP.replace("96", "97")]),
		expected: ["H264/90000/1 /live/trackID=2", "MPEG4-GENERIC/48000/1 /live/trackID=0"],
	},
	"uniview-ipc2122lb-sf28k-a": {
		lines: ["v=0", "o=- 1001 1 IN ", "s=VCP IPC Realtime stream", "m=video 0 RTP/AVP 105", "c=IN "]
			.concat(["a=control:rtsp://192.0.2.1/media/video1/video", "a=rtpmap:105 H264/90000", FMTP.replace("96", "105")])
			.concat([
				"a=recvonly",
				"m=application 0 RTP/AVP 107",
				"c=IN ",
				"a=control:rtsp://192.0.2.1/media/video1/metadata",
			]),
		expected: ["H264/90000/1 /media/video1/video"],
	},
	"unknown-no-content-type": {
		contentType: "",
		lines: [
			"v=0",
			"o=- 0 0 IN IP4 127.0.0.1",
			"s=No Name",
			"t=0 0",
			"a=tool:libavformat",
			...H264,
			"a=control:streamid=0",
		]
			.concat(["m=audio 0 RTP/AVP 97", "b=AS:128", "a=rtpmap:97 MPEG4-GENERIC/48000/2", `a=fmtp:97 ${AAC}; x=y`])
			.concat(["a=control:streamid=1"]),
		expected: ["H264/90000/1 /live/streamid=0", "MPEG4-GENERIC/48000/2 /live/streamid=1"],
	},
	"verint-vms-gateway": {
		lines: ["v=0", "o=- 13 13 IP IP4 192.0.2.1", "s=EWR", "a=control:rtsp://192.0.2.1:554/c266-9ed9", "t=0 0"]
			.concat(["a=length:npt=0", "m=video 0 RTP/AVP 105", "a=rtpmap:105 H264/90000"])
			.concat([`a=fmtp:105 packetization-mode=1; sprop-parameter-sets=${SPROP}AAAA`, "a=request-iframe-allowed:1000"])
			.concat(["a=control:rtsp://192.0.2.1:554/c266-9ed9/Video"]),
		expected: ["H264/90000/1 /c266-9ed9/Video"],
		aggregate: "/c266-9ed9",
		parameterSets: 1,
	},
	"vurix-nvr": {
		lines: [
			"v=0",
			"o=- 1 1 IN IPV4 192.0.2.9",
			"c=IN IPV4 0.0.0.0",
			"t=0 0",
			"a=control:*",
			"m=video 0 RTP/AVP 96",
		].concat(["a=control:rtsp://192.0.2.9:5556/vurix/1414/0/video", "a=rtpmap:96 H264/90000", FMTP, "a=recvonly"]),
		expected: ["H264/90000/1 /vurix/1414/0/video"],
	},
	"wms-rs-bandwidth": {
		lines: ["v=0", origin(), "b=AS:104", "a=maxps:1250", "t=0 0", "a=control:rtsp://192.0.2.130:554/x.wmv/"].concat([
			"m=video 0 RTP/AVP 96",
			"b=X-AV:100",
			"b=RS:0",
			"b=RR:0",
			"a=rtpmap:96 x-asf-pf/1000",
			"a=control:video",
		]),
		expected: "unsupported-codec",
	},
	"wowza-bigbuckbunny-vod": {
		headers: ["Content-Base: rtsp://192.0.2.172/vod/mp4:clip.mov/", "Session: 16420;timeout=60"],
		lines: ["v=0", origin(), "t=0 0", "a=sdplang:en", "a=range:npt=0- 596.48", "a=control:*", "m=audio 0 RTP/AVP 96"]
			.concat(["a=rtpmap:96 mpeg4-generic/12000/2", `a=fmtp:96 ${AAC}`, "a=control:trackID=1", "m=video 0 RTP/AVP 97"])
			.concat(["a=rtpmap:97 H264/90000", FMTP.replace("96", "97"), "a=cliprect:0,0,160,240", "a=framesize:97 240-160"])
			.concat(["a=framerate:24.0", "a=control:trackID=2"]),
		expected: ["H264/90000/1 /vod/mp4:clip.mov/trackID=2", "MPEG4-GENERIC/12000/2 /vod/mp4:clip.mov/trackID=1"],
		aggregate: "/vod/mp4:clip.mov/",
		dimensions: "240x160",
	},
	"ycam-bullet-hd": {
		lines: [
			"v=0",
			"o=- -1962418 -1962418 IN IP4 192.0.2.9",
			"t=0 0",
			"a=control:*",
			'a=mpeg4-iod: "data:x;base64,AoDU"',
		].concat(["m=video 0 RTP/AVP 96", "a=control:trackID=1", "a=rtpmap:96 MP4V-ES/90000", "a=mpeg4-esid:201"]),
		expected: "unsupported-codec",
	},
	"vstarcam parameter sets that are none": {
		lines: ["v=0", origin("VSTC"), ...ANY, "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000"].concat([
			"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=AAAAAAAAAAA=,AAAAAAAA",
			"a=control:track0",
		]),
		expected: ["H264/90000/1 /live/track0"],
		parameterSets: 0,
	},
	"rtspserver fmtp under the wrong media": {
		lines: [
			"m=video 0 RTP/AVP 96",
			"a=rtpmap:96 H264/90000",
			"a=control:1",
			"m=audio 0 RTP/AVP 8",
			"a=rtpmap:0 pcma/8000",
		].concat([FMTP, "a=control:2"]),
		expected: ["H264/90000/1 /live/1", "PCMA/8000/1 /live/2"],
	},
	"bosch h264 on payload type 35, a leading slash and a byte order mark": {
		lines: ["\u00ef\u00bb\u00bfv=0", "", "m=video 0 RTP/AVP 35", "a=rtpmap:35 H264/90000", "a=control:/trackID=1"],
		end: "\0\0",
		expected: ["H264/90000/1 /live/trackID=1"],
		parameterSets: 0,
	},
	"hikvision little-endian pcm": {
		lines: [...H264, "a=control:1", "m=audio 0 RTP/AVP 11", "a=rtpmap:11 PCM/48000", "a=control:2"],
		expected: ["H264/90000/1 /live/1", "PCM/48000/1 /live/2"],
	},
};
