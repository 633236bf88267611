"""GStreamer's RTSP server with four H.264 cameras behind a Digest password, as a camera that we did not write.

Usage: /usr/bin/python3 gst-rtsp-server.py USER PASSWORD
Prints `port N` when it listens; ends when its standard input ends.
"""

import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

# One background colour a camera, so that a test can tell from the pixels which one it sees.
CAMERAS = [
    ("cam1", 0xFFC02020, "width=640,height=360,framerate=15/1", "baseline", "key-int-max=30"),
    ("cam2", 0xFF20C020, "width=1280,height=720,framerate=25/1", "high", "key-int-max=50 option-string=slices=4"),
    ("cam3", 0xFF2020C0, "width=704,height=576,framerate=12/1", "main", "key-int-max=120"),
    ("cam4", 0xFFC0C020, "width=360,height=640,framerate=20/1", "high", "key-int-max=40"),
]


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
    user, password = sys.argv[1:3]
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")

    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth.add_digest(user, password, token)
    server.set_auth(auth)

    for name, colour, caps, profile, encoder in CAMERAS:
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(launch_line(colour, caps, profile, encoder))
        factory.set_shared(True)
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
