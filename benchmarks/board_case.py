"""One fault on a board: the case, and the helpers of the faults in board_faults.py."""

from __future__ import annotations

import contextlib
import runpy
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from device.bench import Options
from device.boards import board_named
from device.bundle import MANIFEST
from device.files import sha256_of
from device.remote import Remote
from device.report import Report
from device.ssh import BoardError

SHORT = Options(file="onnx", runs=6, seconds=0.5, rounds=2)
LONG = Options(file="onnx", runs=10**7, seconds=6.0, rounds=3)
TESTS = Path(__file__).resolve().parent.parent / "tests"
MAKE = runpy.run_path(str(TESTS / "make_loopback.py"))


class Case:
    """One fault: a fresh board, a bundle, and the host's side of a run."""

    def __init__(self, board: Any, folder: Path) -> None:
        self.board, self.folder = board, folder
        self.said: list[str] = []
        self.on_say: Callable[[str], None] = lambda _: None

    def remote(self, **entry: object) -> Remote:
        """Return the host's side, after a change of the board's entry."""
        if entry:
            self.board.write_configs(**entry)
        return Remote(board_named("desk"), self.say)

    def say(self, line: str) -> None:
        self.said.append(line)
        self.on_say(line)

    def right(self, report: Report, *doubts: str) -> None:
        """Check that a report is whole, about this bundle, and carries these doubts."""
        (row,) = report.runs
        assert report.bundles[0].manifest_sha256 == sha256_of(self.folder / MANIFEST)
        assert row.status == "ran" and len(row.latency_ns) >= 5 and min(row.latency_ns) > 0
        assert sum(row.rounds) == len(row.latency_ns) and report.board.name == "desk"
        for phrase in doubts:
            assert any(phrase in doubt for doubt in row.doubts), (phrase, row.doubts)

    def runs(self, remote: Remote | None = None, options: Options = SHORT) -> Report:
        """Measure."""
        return (remote or self.remote()).bench([self.folder], options)

    def when_running(self, act: Callable[[], object]) -> None:
        """Do something once, as soon as the run measures."""
        done: list[bool] = []

        def look(line: str) -> None:
            if "running" in line and not done:
                done.append(True)
                act()

        self.on_say = look

    def away(self, seconds: float) -> None:
        """Kill sshd with its connections; it is back after some seconds."""
        self.board.stop()
        threading.Timer(seconds, self.board.start).start()

    def run_folder(self) -> Path:
        """Return the folder of the run on the board."""
        (folder,) = self.board.scratch.glob("collodi-run-*")
        return folder


@contextlib.contextmanager
def ends_in(code: str, *words: str) -> Iterator[None]:
    """Expect a BoardError of this code, in one line with these words."""
    try:
        yield
    except BoardError as error:
        line = str(error)
        assert error.code == code, f"{error.code}, not {code}: {line}"
        assert "\n" not in line and line.startswith("board desk: "), line
        assert all(word in line for word in words), line
        return
    raise AssertionError(f"no error where '{code}' was due")


def before_call(remote: Remote, verb: str, act: Callable[[], object], times: int = 1) -> None:
    """Do something just before the first calls of a verb."""
    real, left = remote.ssh._call, [times]

    def call(what: str, job: dict[str, Any], payload: bytes = b"") -> bytes:
        if what == verb and left[0]:
            left[0] -= 1
            act()
        return real(what, job, payload)

    remote.ssh._call = call  # type: ignore[method-assign]


def damaged(remote: Remote, times: int) -> None:
    """Turn over a byte of the next files that are sent."""
    real, left = remote.ssh._call, [times]

    def call(what: str, job: dict[str, Any], payload: bytes = b"") -> bytes:
        if what == "receive" and left[0]:
            left[0] -= 1
            payload = payload[:100] + bytes([payload[100] ^ 1]) + payload[101:]
        return real(what, job, payload)

    remote.ssh._call = call  # type: ignore[method-assign]
