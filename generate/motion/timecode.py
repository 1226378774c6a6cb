"""Times of the rows of a capture: timecodes written and read, uneven rows made even.

A timecode is hours:minutes:seconds:frames; frames may have a fraction, and are counted at a whole
number a second, which the file itself shows where it is longer than a second.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

USUAL_HZ = 60.0
"""Rate of the apps where nothing says another."""
LONGEST_GAP_S = 1.0
FASTEST_HZ = 1000.0
MOST_FILLED = 10
"""Uneven rows may become so many times as many."""
UNEVEN = 0.05
"""Rows whose spacing is within this share of even are taken as they are."""
_SMPTE = re.compile(r"(\d+):([0-5]?\d):([0-5]?\d)[:;](\d+(?:\.\d*)?)")
_CLOCK = re.compile(r"(\d+):([0-5]?\d):([0-5]?\d(?:\.\d*)?)")
_NUMBER = re.compile(r"\d+(\.\d*)?([eE][-+]?\d+)?")


def timecode(frame: int, rate_hz: float) -> str:
    """Timecode of a frame; frames are counted at `rate_hz` rounded up, with thousandths."""
    count = math.ceil(rate_hz - 1e-9)
    ticks = round(frame / rate_hz * count * 1000)
    whole, rest = divmod(ticks, count * 1000)
    return (
        f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:"
        f"{rest // 1000:02d}.{rest % 1000:03d}"
    )


def seconds_of(
    where: str, stamps: Sequence[tuple[int, str]], rate_hz: float | None
) -> tuple[F64, list[str]]:
    """Times (T,) of rows, s, from the first, and notes.

    stamps: row numbers and texts, all of one kind; rate_hz: at which frames are counted, else what
    the file shows, else USUAL_HZ. Raises ValueError with the row for a text that is no time, a
    frame beyond the rate, or times that do not rise.
    """
    notes: list[str] = []
    if _SMPTE.fullmatch(stamps[0][1]):
        fields = _fields(where, stamps, _SMPTE, "a timecode like 00:00:01:05.000")
        seconds = fields[:, :3] @ (3600.0, 60.0, 1.0)
        count = math.ceil(rate_hz - 1e-9) if rate_hz else _count(seconds, fields[:, 3])
        if count is None:
            count = int(USUAL_HZ)
            notes.append(f"too short to show its rate: frames counted at {count} a second")
        late = np.flatnonzero(fields[:, 3] >= count)
        if len(late):
            number, text = stamps[late[0]]
            raise ValueError(f"{where}, row {number}: frame of {text!r} at {count} a second")
        times = seconds + fields[:, 3] / count
    elif _CLOCK.fullmatch(stamps[0][1]):
        times = _fields(where, stamps, _CLOCK, "a time like 00:00:01.250") @ (3600.0, 60.0, 1.0)
    else:
        times = _plain(where, stamps, rate_hz, notes)
    endless = np.flatnonzero(~np.isfinite(times))
    if len(endless):
        number, text = stamps[endless[0]]
        raise ValueError(f"{where}, row {number}: {text!r:.60} is not a time")
    stuck = np.flatnonzero(np.diff(times) <= 0)
    if len(stuck):
        (_, before), (number, text) = stamps[stuck[0]], stamps[stuck[0] + 1]
        raise ValueError(f"{where}, row {number}: time {text!r} does not rise from {before!r}")
    return times - times[0], notes


def _fields(
    where: str, stamps: Sequence[tuple[int, str]], pattern: re.Pattern[str], like: str
) -> F64:
    out = []
    for number, text in stamps:
        found = pattern.fullmatch(text)
        if found is None:
            raise ValueError(f"{where}, row {number}: {text!r} is not {like}")
        out.append([float(group) for group in found.groups()])
    return np.array(out)


def _plain(
    where: str, stamps: Sequence[tuple[int, str]], rate_hz: float | None, notes: list[str]
) -> F64:
    for number, text in stamps:
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"{where}, row {number}: {text!r} is not a time")
    values = np.array([float(text) for _, text in stamps])
    if any("." in text or "e" in text.lower() for _, text in stamps):
        return values
    if rate_hz is None:
        notes.append(f"frame numbers: counted at {USUAL_HZ:g} a second")
    return np.asarray(values / (rate_hz or USUAL_HZ))


def _count(seconds: F64, frames: F64) -> int | None:
    """Frames a second, from the rows between which a second passes; None where none does."""
    within = np.diff(frames)[np.diff(seconds) == 0]
    passed = np.flatnonzero(np.diff(seconds) == 1)
    if not len(within) or not len(passed):
        return None
    counts = np.median(within) + frames[passed] - frames[passed + 1]
    return max(round(float(np.median(counts))), math.floor(frames.max()) + 1)


def regular(
    where: str, numbers: Sequence[int], times_s: F64, values: F64, alone_hz: float
) -> tuple[F64, float, list[str]]:
    """Values (T, C) at even times, their rate, and notes.

    Even rows stay as they are, others are interpolated at the median spacing; a single row is said
    to have the rate `alone_hz`. Raises ValueError
    with the row after a gap of more than LONGEST_GAP_S, and for rows that are closer than
    FASTEST_HZ or mostly missing.
    """
    if len(times_s) == 1:
        return values, alone_hz, []
    steps = np.diff(times_s)
    if steps.max() > LONGEST_GAP_S:
        row = int(steps.argmax()) + 1
        raise ValueError(f"{where}, row {numbers[row]}: {steps[row - 1]:.3g} s after the row "
                         f"before it, want {LONGEST_GAP_S:g} s or less")  # fmt: skip
    mean, middle = float(steps.mean()), float(np.median(steps))
    made = times_s[-1] / middle
    if middle < 0.999 / FASTEST_HZ or made > MOST_FILLED * len(steps) + USUAL_HZ:
        raise ValueError(f"{where}: half of the rows are {middle:.3g} s apart, all {mean:.3g} s; "
                         "rows are missing or times are wrong")  # fmt: skip
    even = np.abs(times_s - np.arange(len(times_s)) * mean).max() < 0.5 * mean
    if even and np.abs(steps - mean).max() < UNEVEN * mean:
        return values, _tidy(1 / mean), []
    rate = _tidy(1 / middle)
    grid = np.arange(math.floor(times_s[-1] * rate + 1e-6) + 1) / rate
    out = np.stack([np.interp(grid, times_s, column) for column in values.T], axis=1)
    return out, rate, [f"uneven rows: {len(values)} made {len(out)} at {rate:g} Hz"]


def _tidy(rate_hz: float) -> float:
    """A rate that is measured, as the whole number it is within 0.02 % of."""
    near = round(rate_hz)
    return float(near) if near and abs(rate_hz / near - 1) < 2e-4 else float(rate_hz)
