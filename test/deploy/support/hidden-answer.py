"""Answers a script on a terminal of its own as a person would: a hidden question once the terminal shows nothing.

hidden-answer.py ANSWER... -- COMMAND...
An answer that begins with `hidden:` waits until echo is off. What the terminal showed goes to standard output. With the
variable LIMIT_SECONDS it waits for the end of the command, and ends as it does; otherwise until the answers are used up.
"""
import os
import pty
import select
import sys
import termios
import time

LIMIT_SECONDS = int(os.environ.get("LIMIT_SECONDS", "20"))
WAITS = "LIMIT_SECONDS" in os.environ

cut = sys.argv.index("--")
answers, command = sys.argv[1:cut], sys.argv[cut + 1 :]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)

shown = b""
asked = 0
deadline = time.monotonic() + LIMIT_SECONDS
while time.monotonic() < deadline:
    ready, _, _ = select.select([terminal], [], [], 0.02)
    if ready:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            data = b""
        if not data:
            break
        shown += data
        continue
    # It is quiet. Each question ends with a colon and a space.
    if shown.count(b": ") <= asked or not shown.endswith(b": "):
        continue
    if not answers:
        if WAITS:
            continue
        break
    answer = answers[0]
    if answer.startswith("hidden:"):
        if termios.tcgetattr(terminal)[3] & termios.ECHO:
            continue
        answer = answer[len("hidden:") :]
    answers.pop(0)
    asked = shown.count(b": ")
    os.write(terminal, answer.encode() + b"\n")
sys.stdout.buffer.write(shown)
sys.stdout.flush()
if not WAITS or time.monotonic() >= deadline:
    os.kill(pid, 9)
_, status = os.waitpid(pid, 0)
if WAITS:
    sys.exit(os.waitstatus_to_exitcode(status))
