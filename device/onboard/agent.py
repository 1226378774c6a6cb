"""The board's side of a remote run, one verb a call: ssh sends lock.py and this file with each.

Nothing of the kit is on the board when it starts, so these two import nothing else of it. A verb
takes one JSON object and prints one line of JSON (`follow`: a line for each event); a failure
prints {"error": CODE, "message": TEXT}. `receive` reads its file from the rest of stdin.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import platform
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from device.onboard.lock import Trouble, boot_id, busy, drop, first_line, holder, holds, own, take

PREFIX = "collodi-run-"
KIT, STATE, EVENTS, LOG, SPARE = "collodi.pyz", "state.json", "events.jsonl", "log.txt", "spare"
FINAL = ("done", "failed")
ROOM_BYTES = 1 << 20
"""For the report and the events, on top of what is sent."""
SPARE_BYTES = 1 << 16
"""Kept for the last words of a run that filled the disk."""
BLOCK = 1 << 16
STUCK_S = 5.0
"""A program of the board that says nothing for so long is left alone."""


def hello(job: dict[str, Any]) -> dict[str, Any]:
    """Say what this board is, who has its lock and which runs of this user it holds."""
    scratch = Path(job["scratch"] or tempfile.gettempdir())
    if not scratch.is_dir() or not os.access(scratch, os.W_OK | os.X_OK):
        raise Trouble("scratch", f"{scratch} is no folder that this user may write to")
    text = holder(job["lock"])
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "bits": 8 * struct.calcsize("P"),
        "model": first_line("/proc/device-tree/model"),
        "boot_id": boot_id(),
        "wall_s": time.time(),
        "free_bytes": free_bytes(scratch),
        "scratch": str(scratch),
        "power_mode": power_mode(),
        "modules": [name for name in job["modules"] if find_spec(name)],
        "busy": None if text is None else str(busy(text)),
        "runs": sorted(path.name for path in scratch.glob(PREFIX + "*") if mine(path)),
    }


def receive(job: dict[str, Any]) -> dict[str, Any]:
    """Store one file of the run; Trouble where it did not arrive whole and right."""
    folder = Path(job["dir"])
    if not folder.is_dir():
        folder.mkdir(mode=0o700)
    own(folder)
    if free_bytes(folder) < job["bytes"] + ROOM_BYTES:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder.parent))
    path, left = folder / job["name"], job["bytes"]
    with path.open("wb") as stream:
        while left:
            block = sys.stdin.buffer.read(min(left, BLOCK))
            if not block:
                raise Trouble("cut", f"{job['name']} ended {left} bytes early")
            stream.write(block)
            left -= len(block)
    if sha256_of(path) != job["sha256"]:
        raise Trouble("damaged", f"{job['name']} arrived damaged: its SHA-256 differs")
    return {"stored": job["name"]}


def start(job: dict[str, Any]) -> dict[str, Any]:
    """Take the board's lock and start the supervisor, which outlives this connection."""
    folder = Path(job["dir"])
    own(folder)
    if (folder / STATE).exists():  # asked again after a connection that dropped in between
        return {"started": False}
    handle = take(job["lock"], job["owner"], job["dir"])
    (folder / SPARE).write_bytes(bytes(SPARE_BYTES))
    write_state(folder, {"phase": "starting", "boot_id": boot_id()})
    with (folder / LOG).open("ab") as log:
        subprocess.Popen(
            [sys.executable, str(folder / KIT), "supervise", job["dir"], job["lock"]],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            pass_fds=(handle,),
            start_new_session=True,
        )
    return {"started": True}


def follow(job: dict[str, Any]) -> dict[str, Any]:
    """Print the run's events after the first `seen`, as they come, then its last state."""
    folder, seen = Path(job["dir"]), job["seen"]
    while True:
        own(folder)
        alive = holds(job["lock"], job["dir"])  # before the state: a run's last act is to let go
        state = read_state(folder)
        seen += show_events(folder / EVENTS, seen)
        if state.get("phase") in FINAL or not alive:
            return last_state(folder, state)
        time.sleep(job["period_s"])


def show_events(path: Path, seen: int) -> int:
    """Print the whole lines after the first `seen`; returns how many they are."""
    if not path.exists():
        return 0
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")[seen:-1]
    sys.stdout.write("".join(line + "\n" for line in lines))
    sys.stdout.flush()
    return len(lines)


def last_state(folder: Path, state: dict[str, Any]) -> dict[str, Any]:
    """Return how a run ended; one that ended without a word was killed, or the board restarted."""
    if state.get("phase") not in FINAL:
        last = last_line(folder / LOG)
        died = ("died", "the run was killed on the board" + (f": {last}" if last else ""))
        same = state.get("boot_id") == boot_id()
        code, message = died if same else ("restarted", "the board restarted during the run")
        state = {**state, "phase": "failed", "code": code, "message": message}
    return {**state, "event": "end"}


def fetch(job: dict[str, Any]) -> None:
    """Print size and hash of a file of the run, then the file."""
    own(Path(job["dir"]))
    data = (Path(job["dir"]) / job["name"]).read_bytes()
    say({"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def clean(job: dict[str, Any]) -> dict[str, Any]:
    """Stop the run if it goes on, then remove its folder and its lock."""
    folder, lock = Path(job["dir"]), job["lock"]
    if not folder.name.startswith(PREFIX):
        raise Trouble("folder", f"{folder} is no folder of a run")
    pid = read_state(folder).get("pid")
    if pid and holds(lock, job["dir"]):
        kill(pid, signal.SIGTERM)
        wait_until(lambda: not holds(lock, job["dir"]), 5.0)
    for other in remains(folder):
        kill(other, signal.SIGKILL)
    removed = wait_until(lambda: gone(folder), 5.0)
    if wait_until(lambda: not holds(lock, job["dir"]), 5.0):
        drop(lock, job["dir"])
    return {"removed": removed}


def gone(folder: Path) -> bool:
    """Remove a folder; is it gone?"""
    shutil.rmtree(folder, ignore_errors=True)
    return not os.path.lexists(folder)


def remains(folder: Path) -> list[int]:
    """Return the processes of a run: started from its folder, or with its kit on their path."""
    found, name = [], os.fsencode(folder)
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            ours = any(word.startswith(name) for word in words)
            if ours or name + b"/" in (entry / "environ").read_bytes():  # not "dir" of a call
                found.append(int(entry.name))
    return found


def kill(pid: int, number: int) -> None:
    """Send a signal to a process that may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait until true() holds; False where it does not within the time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Write the state of the run, whole or not at all."""
    part = folder / (STATE + ".part")
    part.write_text(json.dumps(state), encoding="utf-8")
    part.replace(folder / STATE)


def read_state(folder: Path) -> dict[str, Any]:
    """Return the state of the run, empty where there is none."""
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as it lies on the disk."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()


def mine(path: Path) -> bool:
    """Does this folder belong to this user?"""
    try:
        return path.lstat().st_uid == os.geteuid()
    except OSError:
        return False


def last_line(path: Path) -> str:
    """Return the last line of a log that says something."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")[-4000:]
    except OSError:
        return ""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")[:300]


def power_mode() -> str | None:
    """Return what `nvpmodel -q` names on a Jetson, else None."""
    if not shutil.which("nvpmodel"):
        return None
    words = ["nvpmodel", "-q"]
    try:
        done = subprocess.run(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=STUCK_S
        )
    except subprocess.TimeoutExpired:
        return None
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        if line.startswith("NV Power Mode:"):
            return line.split(":", 1)[1].strip()
    return None


def free_bytes(folder: Path) -> int:
    """Return the room that this user has left there."""
    info = os.statvfs(folder)
    return info.f_bavail * info.f_frsize


def say(value: dict[str, Any]) -> None:
    """Print one line of JSON."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


VERBS: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
    "hello": hello, "receive": receive, "start": start, "follow": follow, "fetch": fetch,
    "clean": clean,
}  # fmt: skip


def main(words: list[str]) -> int:
    """Run one verb; 3 where it fails with a named error."""
    try:
        answer = VERBS[words[0]](json.loads(words[1]))
        if answer is not None:
            say(answer)
        return 0
    except Trouble as error:
        say({"error": error.code, "message": str(error)})
    except OSError as error:
        code = "disk-full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "system"
        say({"error": code, "message": f"{error.strerror}: {error.filename or '?'}"})
    return 3
