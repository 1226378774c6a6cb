"""What runs on the board while nobody need be connected: wait until cool, measure, keep the end."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from device.onboard.agent import (
    EVENTS,
    KIT,
    LOG,
    SPARE,
    SPARE_BYTES,
    free_bytes,
    last_line,
    read_state,
    sha256_of,
    write_state,
)
from device.onboard.lock import boot_id, drop
from device.probes.linux import clocks_mhz, temperatures_c
from device.strict import load_json

JOB, REQUEST, REPORT = "job.zip", "request.json", "report.json"
JUMP_S = 2.0
"""A wall clock that moves by more against the monotonic one was set."""
NO_SPACE = "No space left on device"


class Ended(Exception):
    """The run ends here, for a reason that has a code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Supervisor:
    """One run: its folder, its state, its events."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.request: dict[str, Any] = {}
        self.began = time.monotonic()
        self.wall_offset = time.time() - self.began
        self.state: dict[str, Any] = {"boot_id": boot_id(), "pid": os.getpid(), "jumps_s": []}

    def run(self) -> None:
        """Measure and leave a final state, whatever happens."""
        try:
            self.unpack()
            self.cool_down()
            self.enter("running")
            self.measure()
            report = self.folder / REPORT
            end = {"phase": "done", "bytes": report.stat().st_size, "sha256": sha256_of(report)}
        except Ended as error:
            end = {"phase": "failed", "code": error.code, "message": str(error)}
        except OSError as error:
            code = "disk-full" if error.errno == errno.ENOSPC else "system"
            end = {"phase": "failed", "code": code, "message": str(error.strerror)}
        with contextlib.suppress(OSError):
            (self.folder / SPARE).unlink()
        write_state(self.folder, {**self.state, **end})

    def unpack(self) -> None:
        """Lay out the bundles; they take more room than the zip that was sent."""
        with zipfile.ZipFile(self.folder / JOB) as archive:
            archive.extractall(self.folder)
        self.request = load_json(self.folder / REQUEST)

    def enter(self, phase: str) -> None:
        """Write the phase where `follow` sees it."""
        self.state["phase"] = phase
        write_state(self.folder, self.state)
        self.tell("phase", name=phase)

    def cool_down(self) -> None:
        """Wait until the hottest zone is below `cool_c`; Ended `hot` after `cool_wait_s`."""
        limit, patience = self.request["cool_c"], self.request["cool_wait_s"]
        end = time.monotonic() + patience
        waiting = False
        while limit is not None:
            hottest = max(temperatures_c().values(), default=limit - 1)
            if hottest < limit:
                return
            if time.monotonic() >= end:
                text = f"{hottest:.0f} C after {patience:.0f} s of waiting for {limit:.0f} C"
                raise Ended("hot", text)
            if not waiting:
                self.enter("cooling")
            waiting = True
            self.tick()
            time.sleep(min(2.0, max(0.05, end - time.monotonic())))

    def measure(self) -> None:
        """Run the measuring process; Ended names why it left no report."""
        words = [sys.executable, str(self.folder / KIT), "measure", str(self.folder)]
        with (self.folder / LOG).open("ab") as log:
            done = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "TMPDIR": str(self.folder)},  # some runtimes leave files in it
                start_new_session=True,
            )
        try:
            while done.poll() is None:
                self.tick()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    done.wait(self.request["period_s"])
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(done.pid, signal.SIGKILL)
            done.wait()
        self.tick()
        if done.returncode != 0 or not (self.folder / REPORT).exists():
            raise self.why(done.returncode)

    def why(self, status: int) -> Ended:
        """Return how the measuring process failed."""
        last = last_line(self.folder / LOG)
        if status < 0:
            name = signal.Signals(-status).name
            return Ended("killed", f"the measuring process was killed ({name})")
        if NO_SPACE in last or free_bytes(self.folder) < SPARE_BYTES:
            return Ended("disk-full", last if NO_SPACE in last else NO_SPACE)
        return Ended("bench", last or f"the measuring process ended with status {status}")

    def tick(self) -> None:
        """Tell temperature and clocks, and whether the wall clock was set."""
        offset = time.time() - time.monotonic()
        if abs(offset - self.wall_offset) > JUMP_S:
            self.state["jumps_s"].append(round(offset - self.wall_offset, 1))
            self.wall_offset = offset
        zones, clocks = temperatures_c(), clocks_mhz()
        self.tell(
            "moment",
            temperature_c=max(zones.values(), default=None),
            clock_mhz=max(clocks, default=None),
        )

    def tell(self, event: str, **facts: object) -> None:
        """Append one event for whoever follows."""
        line = {"event": event, "at_s": round(time.monotonic() - self.began, 1), **facts}
        with (self.folder / EVENTS).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")


def supervise(folder: str, lock: str) -> int:
    """Entry of the detached process; it holds the board's lock, inherited from `start`."""

    def stop(*_: object) -> None:
        raise Ended("stopped", "stopped from the host")

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        Supervisor(Path(folder)).run()
    finally:
        drop(lock, folder)
    return 0 if read_state(Path(folder)).get("phase") == "done" else 1


def measure(folder: str) -> int:
    """Entry of the measuring process: what the request asks, with the kit's own `bench`."""
    from device.bench import Options, bench
    from device.report import write_report
    from device.strict import decode

    home = Path(folder)
    request = load_json(home / REQUEST)
    options = decode(Options, request["options"], REQUEST)
    samples = tuple(sorted(home.glob("samples/*")))
    bundles = [home / f"bundles/{number}" for number in range(request["bundles"])]
    report = bench(bundles, replace(options, samples=samples))
    write_report(Path(folder) / REPORT, report)
    return 0


def main(words: list[str]) -> int:
    """Entry of the zip application."""
    if words[0] == "supervise":
        return supervise(words[1], words[2])
    try:
        return measure(words[1])
    except (ValueError, OSError, RuntimeError, ImportError, MemoryError) as error:
        print(" ".join(str(error).split()) or type(error).__name__, file=sys.stderr)
        return 1
