"""Measure pieces of work turn by turn, each in a process of its own.

A process for each gives it its own peak memory, and a runtime that crashes takes only its row with
it. All stay loaded and take turns round by round, so that a slow minute of the machine meets all of
them and the ratio of two rows means something. This side imports no runtime.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from device.child import Child
from device.report import Accuracy
from device.strict import decode, encode
from device.worker import Ask, Job, Loaded, Memory, Round

T = TypeVar("T")
PATIENCE_S = 300.0
"""Time for the least runs, on top of the measuring time."""
LOAD_PATIENCE_S = 1800.0
"""Time for import and load; a small board builds a TensorRT engine in minutes."""


class Absent(RuntimeError):
    """The runtime is here and lacks what was asked for; the row is `not run`."""


@dataclass
class Measured:
    """What was seen of one job so far."""

    loaded: Loaded | None = None
    rounds: list[Round] = field(default_factory=list)
    memory: Memory | None = None
    accuracy: Accuracy | None = None
    trouble: RuntimeError | None = None
    """Why it is not whole; the fields above are then not to be used."""


@dataclass(frozen=True)
class Effort:
    """How much to measure of each job."""

    runs: int
    """Most measured runs."""
    seconds: float
    """Most measuring time."""
    rounds: int
    """In how many turns; fewer where there are fewer runs."""


def measure(
    jobs: Sequence[Job],
    effort: Effort,
    samples: Sequence[Path | None] = (),
    say: Callable[[str], None] = lambda _: None,
    begin: Callable[[], None] = lambda: None,
) -> list[Measured]:
    """Measure the jobs turn by turn; one result each, whose `trouble` says what went wrong.

    samples: a file to score each job on, or None. begin: called before the first round. Odd rounds
    go through the jobs backwards, which takes a steady drift of the machine out of a ratio.
    """
    seats = [Seat(job) for job in jobs]
    rounds = max(1, min(effort.rounds, effort.runs))
    ask = Ask("round", -(-effort.runs // rounds), effort.seconds / rounds)
    try:
        for number, seat in enumerate(seats, 1):
            say(f"load {number} of {len(seats)}")
            seat.load()
        begin()
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            left = effort.runs - number * ask.runs
            for seat in seats[:: -1 if number % 2 else 1]:
                seat.round(Ask("round", min(ask.runs, left), ask.seconds))
        for number, seat in enumerate(seats):
            seat.finish(samples[number] if samples else None)
    finally:
        for seat in seats:
            seat.close()
    return [seat.seen for seat in seats]


class Seat:
    """A job, its process, and what was seen of it; after a trouble it sits the rest out."""

    def __init__(self, job: Job) -> None:
        self.seen = Measured()
        self._process = Process(job)

    def load(self) -> None:
        """Import, load, warm up."""
        self.seen.loaded = self._ask(Ask("load"), Loaded)

    def round(self, ask: Ask) -> None:
        """Take one turn, if there are runs left."""
        if ask.runs > 0 and (made := self._ask(ask, Round)):
            self.seen.rounds.append(made)

    def finish(self, samples: Path | None) -> None:
        """Ask for the memory, and then for the accuracy, which takes memory of its own."""
        self.seen.memory = self._ask(Ask("memory"), Memory)
        if samples is not None:
            self.seen.accuracy = self._ask(Ask("score", samples=str(samples)), Accuracy)
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.close()

    def _ask(self, ask: Ask, kind: type[T]) -> T | None:
        if self.seen.trouble is not None:
            return None
        try:
            return self._process.ask(ask, kind)
        except RuntimeError as error:
            self.seen.trouble = error
            self.close()
            return None


class Process(Child):
    """A measuring process (device/worker.py), started with the first question."""

    def __init__(self, job: Job) -> None:
        super().__init__("device.worker", json.dumps(encode(job)), job.folder, job.threads)
        self.job = job

    def ask(self, ask: Ask, kind: type[T]) -> T:
        """Return the answer; RuntimeError with one line where it fails, crashes or takes too long.

        Absent where the runtime lacks what the job wants.
        """
        self.send(json.dumps(encode(ask)).encode() + b"\n")
        patience_s = LOAD_PATIENCE_S if ask.what == "load" else ask.seconds + PATIENCE_S
        answer = json.loads(self.line(patience_s))
        if "absent" in answer:
            raise Absent(self.shown(answer["absent"]))
        if "failed" in answer:
            raise RuntimeError(self.shown(answer["failed"]))
        return decode(kind, answer["done"], "the measuring process")


def available_bytes() -> int | None:
    """Return the memory that this machine could still give, None where it does not tell."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", text, re.MULTILINE)
    return int(found.group(1)) * 1024 if found else None
