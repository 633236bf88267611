"""GStreamer's RTSP server with cameras behind a Digest password, as cameras that we did not write.

Usage: /usr/bin/python3 gst-rtsp-server.py [--certificate CERTIFICATE_AND_KEY.pem] [--clips FOLDER] USER PASSWORD
With a certificate it speaks RTSP over TLS only. Of the folder it plays `h265.mkv` and so on, as coded-clips.ts makes
them, at `/clip/h265` and so on. Prints `port N` when it listens; ends when its standard input ends.
"""

import argparse
import pathlib
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

# One background colour a camera, so that a test can tell from the pixels which one it sees.
CAMERAS = [
    ("cam1", 0xFFC02020, "width=640,height=360,framerate=15/1", "baseline", "key-int-max=30"),
    ("cam2", 0xFF20C020, "width=1280,height=720,framerate=25/1", "high", "key-int-max=50 option-string=slices=4"),
    ("cam3", 0xFF2020C0, "width=704,height=576,framerate=12/1", "main", "key-int-max=120"),
    ("cam4", 0xFFC0C020, "width=360,height=640,framerate=20/1", "high", "key-int-max=40"),
]

SMALL = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=15/1"
TONE = "audiotestsrc is-live=true freq=440 volume=0.5"
H264 = (
    f"{SMALL} ! x264enc tune=zerolatency speed-preset=superfast key-int-max=15 "
    "! video/x-h264,profile=constrained-baseline ! rtph264pay name=pay0 pt=96 config-interval=0"
)

# One mount point a payload format; audio cameras have H.264 video beside it, as cameras do.
FORMATS = {
    "h265": f"( {SMALL} ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph265pay name=pay0 pt=96 )",
    "mjpeg": f"( {SMALL},format=I420 ! jpegenc ! rtpjpegpay name=pay0 pt=26 )",
    "aac": f"( {H264} {TONE} ! audio/x-raw,rate=48000,channels=2 ! voaacenc ! rtpmp4gpay name=pay1 pt=97 )",
    "pcmu": f"( {H264} {TONE} ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1 pt=0 )",
    "pcma": f"( {H264} {TONE} ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8 )",
    "l16": f"( {H264} {TONE} ! audio/x-raw,format=S16BE,rate=44100,channels=1 ! rtpL16pay name=pay1 pt=11 )",
    "opus": f"( {H264} {TONE} ! audio/x-raw,rate=48000,channels=2 ! opusenc ! rtpopuspay name=pay1 pt=97 )",
    # B-frames, which browsers do not play over WebRTC.
    "bframes": f"( {SMALL} ! x264enc speed-preset=superfast bframes=2 b-adapt=false key-int-max=30 "
    "! video/x-h264,profile=main ! rtph264pay name=pay0 pt=96 )",
}

# How the clips are paid out, by the names that coded-clips.ts gives them; the sound's branch comes second.
H264_CLIP = "h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1"
CLIPS = {
    "h265": ["h265parse ! rtph265pay name=pay0 pt=96 config-interval=-1"],
    "mjpeg": ["jpegparse ! rtpjpegpay name=pay0 pt=26"],
    "mpeg4": ["mpeg4videoparse ! rtpmp4vpay name=pay0 pt=96 config-interval=1"],
    "bframes": [H264_CLIP],
    "aac": [H264_CLIP, "aacparse ! rtpmp4gpay name=pay1 pt=97"],
    "pcma": [H264_CLIP, "rtppcmapay name=pay1 pt=8"],
}


def clip_line(path: pathlib.Path, video: str, audio: str | None = None) -> str:
    branches = [f"demux.video_0 ! queue ! {video}"] + ([f"demux.audio_0 ! queue ! {audio}"] if audio else [])
    return f"( filesrc location={path} ! matroskademux name=demux {' '.join(branches)} )"


def launch_line(colour: int, caps: str, profile: str, encoder: str) -> str:
    dct8x8 = str(profile == "high").lower()
    cabac = str(profile != "baseline").lower()
    return (
        f"( videotestsrc is-live=true pattern=ball background-color={colour} ! video/x-raw,{caps} "
        f"! x264enc tune=zerolatency speed-preset=superfast bframes=0 bitrate=500 "
        f"dct8x8={dct8x8} cabac={cabac} {encoder} "
        f"! video/x-h264,profile={profile} ! rtph264pay name=pay0 pt=96 config-interval=0 )"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate")
    parser.add_argument("--clips", type=pathlib.Path)
    parser.add_argument("user")
    parser.add_argument("password")
    options = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")

    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth.add_digest(options.user, options.password, token)
    if options.certificate is not None:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(options.certificate))
    server.set_auth(auth)

    lines = {name: launch_line(*camera) for name, *camera in CAMERAS} | FORMATS
    if options.clips is not None:
        lines |= {f"clip/{name}": clip_line(options.clips / f"{name}.mkv", *parts) for name, parts in CLIPS.items()}
    for name, line in lines.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(line)
        # A file is wound back for everybody when one more client says PLAY: each gets its own.
        factory.set_shared(not name.startswith("clip/"))
        factory.add_role_from_structure(
            Gst.Structure.new_from_string(
                "user, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"
            )
        )
        server.get_mount_points().add_factory(f"/{name}", factory)

    loop = GLib.MainLoop()
    server.attach(None)
    print(f"port {server.get_bound_port()}", flush=True)

    def wait_for_end() -> None:
        sys.stdin.read()
        loop.quit()

    threading.Thread(target=wait_for_end, daemon=True).start()
    loop.run()


main()
