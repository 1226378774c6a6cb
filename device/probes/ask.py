"""Ask a program of the board within a hard limit: a measurement never waits for a stuck tool."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass

PLACES = ("/usr/sbin", "/sbin", "/usr/local/sbin", "/opt/vc/bin")
"""Where nvpmodel and old vcgencmds lie; PATH over SSH often leaves them out."""
LIMIT_S = 2.0
"""vcgencmd takes about 5 ms and nvpmodel 50 ms; after this long they are stuck."""
GRACE_S = 0.5
"""Time for a killed program to be gone; one that the kernel holds is left behind."""
MOST_BYTES = 1 << 18


@dataclass(frozen=True)
class Answer:
    """What a program printed."""

    text: str
    """Standard output; empty where the program is absent, failed or was stuck."""
    cpu_s: float = 0.0
    """CPU time of the program."""
    stuck: bool = False
    """It did not end within the limit and was killed."""


def where(program: str) -> str | None:
    """Return the path of a program, looked for in PATH and in PLACES."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *PLACES])
    return shutil.which(program, path=path)


def ask(program: str, *words: str, limit_s: float | None = None) -> Answer:
    """Run a small program and return what it prints within LIMIT_S. Never raises, never hangs."""
    path = where(program)
    if path is None:
        return Answer("")
    try:
        process = start(path, *words)
    except OSError:
        return Answer("")
    until = time.monotonic() + (LIMIT_S if limit_s is None else limit_s)
    raw, ended = _read(process, until)
    status, cpu_s = _reap(process, until) if ended else (None, 0.0)
    if status is None:
        cpu_s = stop(process)
    text = raw.decode("utf-8", errors="replace") if status == 0 else ""
    return Answer(text, cpu_s, status is None)


def start(path: str, *words: str) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that it can be killed with its children."""
    return subprocess.Popen(
        [path, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
        start_new_session=True,
    )


def stop(process: subprocess.Popen[bytes]) -> float:
    """Kill a program with its children and return its CPU time in seconds."""
    with contextlib.suppress(OSError):  # gone already
        os.killpg(process.pid, signal.SIGKILL)
    return _reap(process, time.monotonic() + GRACE_S)[1]


def _read(process: subprocess.Popen[bytes], until: float) -> tuple[bytes, bool]:
    """Return what it printed, and whether it closed its output before `until`."""
    assert process.stdout is not None
    handle, raw = process.stdout.fileno(), b""
    while len(raw) < MOST_BYTES:
        left = until - time.monotonic()
        if left <= 0 or not select.select([handle], [], [], left)[0]:
            return raw, False
        block = os.read(handle, 1 << 16)
        if not block:
            return raw, True
        raw += block
    return raw, False


def _reap(process: subprocess.Popen[bytes], until: float) -> tuple[int | None, float]:
    """Return (exit status, CPU seconds); status None where it has not ended by then."""
    pause = 0.0005
    try:
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1
                process.returncode = code  # reaped here, not by subprocess
                return code, usage.ru_utime + usage.ru_stime
            if time.monotonic() >= until:
                process.returncode = -1  # left behind: nothing may wait for it
                return None, 0.0
            time.sleep(pause)
            pause = min(2 * pause, 0.02)
    except ChildProcessError:
        return None, 0.0
    finally:
        if process.stdout is not None and process.returncode is not None:
            process.stdout.close()
