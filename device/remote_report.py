"""What is told of a run on a board: how it goes on, and what the host adds to its report."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from device.boards import Entry
from device.report import Report
from device.ssh import BoardError
from device.stamp import Stamp

LEAST_PAUSE_S = 5.0
"""Between two lines about a run that only goes on."""
LARGEST = 1e12
"""No time, temperature or clock of a board is above it."""


class Teller:
    """Turns events into lines for people; `seen` counts the events."""

    def __init__(self, board: str, say: Callable[[str], None]) -> None:
        self.board, self.say = board, say
        self.seen, self.phase, self.last = 0, "starting", 0.0

    def tell(self, event: dict[str, Any]) -> None:
        """Say a change of phase at once, the state of the board now and then."""
        self.seen += 1
        new = event["event"] == "phase"
        self.phase = str(event.get("name")) if new else self.phase
        if not new and time.monotonic() - self.last < LEAST_PAUSE_S:
            return
        self.last = time.monotonic()
        facts = [self.phase]
        for key, unit in (("at_s", "s"), ("temperature_c", "C"), ("clock_mhz", "MHz")):
            value = number(event.get(key))
            if value is not None:
                facts.append(f"{value:.0f} {unit}")
        self.say(f"board {self.board}: {', '.join(facts)}")


def number(value: object) -> float | None:
    """Return what a board sent as a number, None where it is none that can be."""
    good = isinstance(value, (int, float)) and abs(value) < LARGEST
    return float(value) if good else None  # type: ignore[arg-type]


def at_home(
    report: Report, entry: Entry, created: Stamp, manifests: tuple[str, ...], end: dict[str, Any]
) -> Report:
    """Return the board's report with what the host knows: name, time, command, doubts.

    BoardError where the report is about other bundles than those that were sent.
    """
    if tuple(subject.manifest_sha256 for subject in report.bundles) != manifests:
        raise BoardError(entry.name, "report", "its report is about other bundles than were sent")
    stamp = replace(
        report.created,
        commit=created.commit,
        command=created.command,
        created_utc=created.created_utc,
    )
    doubts = tuple(host_doubts(report, entry, end))
    runs = tuple(
        replace(run, doubts=(*run.doubts, *doubts)) if run.status == "ran" else run
        for run in report.runs
    )
    return replace(report, created=stamp, board=replace(report.board, name=entry.name), runs=runs)


def host_doubts(report: Report, entry: Entry, end: dict[str, Any]) -> list[str]:
    """Return what only the host can doubt."""
    jumps = end["jumps_s"] if isinstance(end["jumps_s"], list) else []
    found = [
        f"the board's clock was set by {jump:+.0f} s meanwhile; times here are of a clock that "
        "nobody sets"
        for jump in map(number, jumps)
        if jump is not None
    ]
    if entry.model and report.board.model and entry.model not in report.board.model:
        found.append(f"it calls itself '{report.board.model}', its entry says '{entry.model}'")
    return found
