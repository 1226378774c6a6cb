"""A command line of the kit as real processes, stopped by kill -9 or left to end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLLODI = "import sys; from device.main import main; sys.exit(main())"
PATIENCE_S = 300.0
GRACE_S = 10.0
"""Time in which the children of a killed process must end."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    """Exit status, minus the signal where one ended it."""
    text: str
    """The end of what it said."""
    seconds: float
    stopped: bool
    """Whether it was killed before it had ended."""


class Command:
    """A command line that runs in a session of its own in the folder of a case."""

    def __init__(self, words: str, case: Path, before: Sequence[str] = ()) -> None:
        self.begun = time.monotonic()
        self._said = (case.parent / f"{case.name}.said").open("w+b")
        paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
        more = {"TMPDIR": str(case / "tmp"), "XDG_CONFIG_HOME": str(case), "OMP_NUM_THREADS": "1",
                "PYTHONPATH": os.pathsep.join(paths)}  # fmt: skip
        self.process = subprocess.Popen(
            [*before, sys.executable, "-B", "-c", COLLODI, *words.split()],
            cwd=case,
            env={**os.environ, **more},
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def ended(self, patience_s: float = PATIENCE_S) -> Ended:
        """Wait for the end, and hold that no process is left."""
        status = self.process.wait(patience_s)
        seconds = time.monotonic() - self.begun
        left = self._left()
        while left and time.monotonic() - self.begun - seconds < GRACE_S:
            time.sleep(0.02)
            left = self._left()
        self.kill()
        self._said.seek(0)
        text = self._said.read().decode(errors="replace")[-400:]
        self._said.close()
        Path(self._said.name).unlink()
        assert not left, f"processes outlive the command: {left}"
        return Ended(status, text, seconds, status == -signal.SIGKILL)

    def kill(self) -> None:
        """kill -9 of the whole process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def _left(self) -> list[str]:
        """Other processes of the session that are alive."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                state, _, _, session = (place / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(session) == self.process.pid and state not in "ZX":
                    words = (place / "cmdline").read_bytes().replace(b"\0", b" ")
                    found.append(words.decode(errors="replace")[:80])
        return found


def run(words: str, case: Path, before: Sequence[str] = ()) -> Ended:
    """Run a command to its end."""
    return Command(words, case, before).ended()


def stop_at(words: str, case: Path, seconds: float, leader: bool) -> Ended:
    """Kill a command after a time: its first process alone, or the whole group."""
    command = Command(words, case)
    try:
        command.process.wait(seconds)
    except subprocess.TimeoutExpired:
        command.process.kill() if leader else command.kill()
    return command.ended()


def stop_at_call(words: str, case: Path, call: str, number: int) -> Ended:
    """Kill a command just before a thread makes its Nth system call of a name."""
    when = f"inject={call}:signal=SIGKILL:when={number}"
    before = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}",
              "-e", when]  # fmt: skip
    return Command(words, case, before).ended()
