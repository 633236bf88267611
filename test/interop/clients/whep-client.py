"""A WHEP player that is not ours: aiortc (Python) for WebRTC, FFmpeg (PyAV) for H.264.

Usage: whep-client.py URL FRAMES
Needs a Python with aiortc: python3 -m venv DIR && DIR/bin/pip install aiortc
Prints one JSON line: {"frames", "width", "height", "firstFrameMs", "status", "location", "etag", "deleted"}, and exits
with 0 once so many frames were decoded and the session was deleted; with 1 and {"error"} if that takes over 30 s.
"""

import asyncio
import json
import sys
import time
import urllib.request
from urllib.parse import urljoin

from aiortc import RTCPeerConnection, RTCSessionDescription

LIMIT_SECONDS = 30


def request(method, url, body=None, headers=None):
    message = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    with urllib.request.urlopen(message, timeout=10) as response:
        return response.status, response.headers, response.read().decode()


async def play(url, frames):
    started = time.monotonic()
    peer = RTCPeerConnection()
    tracks = asyncio.Queue()
    peer.on("track", tracks.put_nowait)
    peer.addTransceiver("video", direction="recvonly")
    peer.addTransceiver("audio", direction="recvonly")
    # aiortc gathers its candidates here and puts them into the offer.
    await peer.setLocalDescription(await peer.createOffer())
    offer = peer.localDescription.sdp.encode()
    status, headers, answer = await asyncio.to_thread(
        request, "POST", url, offer, {"Content-Type": "application/sdp"}
    )
    session = urljoin(url, headers["Location"])
    await peer.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
    track = await tracks.get()
    while track.kind != "video":
        track = await tracks.get()
    frame = None
    first_frame_ms = None
    for _ in range(frames):
        frame = await track.recv()
        first_frame_ms = first_frame_ms or round((time.monotonic() - started) * 1000)
    deleted, _, _ = await asyncio.to_thread(request, "DELETE", session)
    await peer.close()
    return {
        "frames": frames,
        "width": frame.width,
        "height": frame.height,
        "firstFrameMs": first_frame_ms,
        "status": status,
        "location": headers["Location"],
        "etag": headers["ETag"],
        "deleted": deleted,
    }


try:
    print(json.dumps(asyncio.run(asyncio.wait_for(play(sys.argv[1], int(sys.argv[2])), LIMIT_SECONDS))))
except Exception as error:
    print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
    sys.exit(1)
