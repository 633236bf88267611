"""A network of its own behind a link with faults: what stands behind it reaches this machine over that link only.

Usage (root): /usr/bin/python3 impaired-link.py SERVER_ADDRESS CLIENT_ADDRESS
It needs no tc netem, which not every kernel has: two TUN devices, one in this machine's network and one in a network
namespace of this process, and every IP packet between them passes through here. Prints `ready` when the link is up.
A line of JSON on standard input changes the conditions, each of them both ways:
{"lossPercent", "delayMs", "jitterMs", "rateKbps", "queueMs", "cut"}, and is answered by one of what passed since the
one before: {"passed", "lost", "full"}. Ends when its standard input ends; devices and namespace then vanish.
"""

import ctypes
import errno
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

# linux/if_tun.h and linux/sched.h.
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
MTU = 1500
# A link that is slow holds so much before it drops what comes, unless told otherwise.
QUEUE_MS = 500


def open_tun(address: str, peer: str) -> int:
    """A TUN device in the network that this process is in now; the file stays bound to it when the process moves."""
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH14x", b"vigia%d", IFF_TUN | IFF_NO_PI)
    name = fcntl.ioctl(tun, TUNSETIFF, request)[:16].rstrip(b"\0").decode()
    subprocess.run(["ip", "address", "add", address, "peer", peer, "dev", name], check=True)
    subprocess.run(["ip", "link", "set", name, "mtu", str(MTU), "up"], check=True)
    return tun


class Direction:
    """One way over the link: packets leave in the order they came, as late as the conditions say."""

    def __init__(self, out: int) -> None:
        self.out = out
        self.waiting: list[tuple[float, int, bytes]] = []
        self.count = 0
        self.line_free_at = 0.0
        self.last_due = 0.0

    def push(self, packet: bytes, now: float, conditions: dict, counters: dict) -> None:
        if conditions.get("cut") or random.random() * 100 < conditions.get("lossPercent", 0):
            counters["lost"] += 1
            return
        sent = now
        rate = conditions.get("rateKbps", 0)
        if rate:
            start = max(now, self.line_free_at)
            if (start - now) * 1000 > conditions.get("queueMs", QUEUE_MS):
                counters["full"] += 1
                return
            sent = self.line_free_at = start + len(packet) * 8 / (rate * 1000)
        delay = conditions.get("delayMs", 0) + random.uniform(0, conditions.get("jitterMs", 0))
        self.last_due = max(self.last_due, sent + delay / 1000)
        self.count += 1
        heapq.heappush(self.waiting, (self.last_due, self.count, packet))

    def send_due(self, now: float, counters: dict) -> None:
        while self.waiting and self.waiting[0][0] <= now:
            packet = heapq.heappop(self.waiting)[2]
            try:
                os.write(self.out, packet)
                counters["passed"] += 1
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.ENOBUFS, errno.EINVAL):
                    raise
                counters["lost"] += 1

    def next_due(self) -> float | None:
        return self.waiting[0][0] if self.waiting else None


def main() -> None:
    server, client = sys.argv[1:3]
    outside = open_tun(server, client)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        sys.exit(f"no network namespace: {os.strerror(ctypes.get_errno())}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    inside = open_tun(client, server)
    # A browser asks the default route for its own address.
    subprocess.run(["ip", "route", "add", "default", "via", server], check=True)
    directions = {outside: Direction(inside), inside: Direction(outside)}
    conditions: dict = {}
    counters = {"passed": 0, "lost": 0, "full": 0}
    commands = b""
    print("ready", flush=True)
    while True:
        due = [at for at in (direction.next_due() for direction in directions.values()) if at is not None]
        wait = max(0.0, min(due) - time.monotonic()) if due else None
        readable = select.select([outside, inside, 0], [], [], wait)[0]
        now = time.monotonic()
        if 0 in readable:
            text = os.read(0, 65536)
            if not text:
                return
            *lines, commands = (commands + text).split(b"\n")
            for line in lines:
                conditions = json.loads(line)
                print(json.dumps(counters), flush=True)
                counters.update(passed=0, lost=0, full=0)
        for tun, direction in directions.items():
            while tun in readable:
                try:
                    direction.push(os.read(tun, MTU), now, conditions, counters)
                except BlockingIOError:
                    break
            direction.send_due(time.monotonic(), counters)


main()
