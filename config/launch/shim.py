"""Run one command, and end it with all that it started when the other end of standard input closes.

Whoever starts this holds that end of a pipe. Should it die, even by `kill -9`, the system closes the pipe, and
nothing is left running: on Linux and macOS alike. Usage: python -I -S shim.py SECONDS COMMAND…, where SECONDS is what
the command gets to end by itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading


def main(grace: float, command: list[str]) -> int:
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # A handler, not SIG_IGN: the command would inherit that.
        signal.signal(number, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    ending = threading.Event()

    def watch() -> None:
        while os.read(0, 1024):
            pass
        ending.set()
        os.killpg(0, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace)
        child.kill()
        child.wait()
        os.killpg(0, signal.SIGKILL)  # grandchildren too, and this process last

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    code = child.wait()
    if ending.is_set():
        watcher.join()
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
