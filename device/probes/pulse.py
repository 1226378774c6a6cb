"""A load that a power meter can recognise: the board is busy and idle in a fixed pattern.

The pattern is a maximal-length sequence of 31 chips, whose correlation with itself moved by any
whole number of chips is -1/31 of that in place (Golomb, Shift Register Sequences, 1967): no work
looks like it by chance. The one at the end is the first backwards, a sequence of its own.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

CHIP_S = 0.2
"""Length of a chip: longer than clocks and voltage regulators take to follow (tens of ms)."""
REST_S = 0.5
"""Idle time before and after, so that the first and last edges show."""
BLOCK = bytes(1 << 16)
"""Hashing this takes 0.1 to 1 ms, without the interpreter's lock: threads load every core."""


def m_sequence() -> tuple[int, ...]:
    """Return the 31 chips (1 busy, 0 idle) of the register x^5 + x^2 + 1, all ones at first."""
    register, chips = [1] * 5, []
    for _ in range(31):
        chips.append(register[-1])
        register = [register[4] ^ register[1], *register[:4]]
    return tuple(chips)


CODES = {"start": m_sequence(), "end": m_sequence()[::-1]}


@dataclass(frozen=True)
class Pulse:
    """One pattern that the board played."""

    name: str
    """`start` or `end`: which of CODES."""
    began_s: float
    """Begin of its first chip, on the clock of the telemetry."""
    chip_s: float = CHIP_S
    """Length of a chip, 0.02 to 10 s."""

    def __post_init__(self) -> None:
        if self.name not in CODES:
            raise ValueError(f"a pattern named {self.name!r}: there are {', '.join(CODES)}")
        if not 0.02 <= self.chip_s <= 10:
            raise ValueError(f"chips of {self.chip_s} s: they last between 0.02 and 10")


def play(
    name: str,
    chip_s: float = CHIP_S,
    clock: Callable[[], float] = time.monotonic,
    threads: int | None = None,
) -> Pulse:
    """Play a pattern on all cores for 31 chips and two rests; return it, timed by `clock` (s)."""
    due = Pulse(name, 0.0, chip_s)
    busy, end = threading.Event(), threading.Event()
    count = threads or os.cpu_count() or 1
    workers = [threading.Thread(target=_work, args=(busy, end), daemon=True) for _ in range(count)]
    for worker in workers:
        worker.start()
    try:
        time.sleep(REST_S)
        began = clock()
        _steps(CODES[name], chip_s, busy)
    finally:
        end.set()
        busy.set()
    for worker in workers:
        worker.join()
    time.sleep(REST_S)
    return replace(due, began_s=began)


def _steps(code: Sequence[int], chip_s: float, busy: threading.Event) -> None:
    """Set and clear `busy` chip by chip; late wake-ups do not add up."""
    start = time.monotonic()
    for number, chip in enumerate(code):
        if chip:
            busy.set()
        else:
            busy.clear()
        time.sleep(max(0.0, start + (number + 1) * chip_s - time.monotonic()))
    busy.clear()


def _work(busy: threading.Event, end: threading.Event) -> None:
    while not end.is_set():
        busy.wait()
        while busy.is_set() and not end.is_set():
            hashlib.sha256(BLOCK)
