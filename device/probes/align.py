"""Find the board's pattern in a meter's samples, and so the meter's clock on that of the board.

Coarse: correlation of the mean power of the chips with the code, after taking out a straight line
(warm-up, a falling battery). Fine: each edge of the code gives a delay of its own, by how much
energy the chip's length around it has too little; their mean is the delay, their scatter its
uncertainty.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from device.probes.energy import Curve, curve
from device.probes.meter import Trace
from device.probes.pulse import CODES, Pulse

LEAST_SCORE = 0.8
"""Correlation that chance does not reach: with 31 chips, once in 10^7 places."""
STEPS = 8
"""Places looked at in each chip."""
MOST_PLACES = 1_000_000
"""A search through more takes minutes: with chips of 0.2 s, 7 hours."""
LEAST_PER_CHIP = 3.0
"""Samples that a chip needs at least."""
CRYSTAL = 1e-4
"""How much two clocks may run apart, as a fraction of time, where that was not measured."""
MOST_APART = 2e-3
"""More than any two crystals: the time column must have another unit."""


@dataclass(frozen=True)
class Found:
    """A pattern in the samples of a meter."""

    began_s: float
    """Begin of the first chip on the meter's clock."""
    uncertainty_s: float
    """Standard uncertainty of that."""
    score: float
    """Correlation with the code, 0..1."""
    step_mw: float
    """Power of a busy chip over that of an idle one."""


@dataclass(frozen=True)
class Alignment:
    """The meter's clock by that of the board: meter = offset + rate x board."""

    offset_s: float
    rate: float
    uncertainty_s: float
    """Standard uncertainty between the patterns; beyond a single one it grows by `drift`."""
    drift: float
    """Further uncertainty for each second away from the pattern; 0 where two were found."""
    at_s: float
    """Time of the (first) pattern on the clock of the board."""

    def meter_s(self, board_s: float) -> float:
        """Return the meter's time of a time of the board."""
        return self.offset_s + self.rate * board_s

    def uncertainty_at(self, board_s: float) -> float:
        """Return the standard uncertainty of `meter_s` there."""
        return math.hypot(self.uncertainty_s, self.drift * (board_s - self.at_s))


def align(trace: Trace, pulses: Sequence[Pulse]) -> Alignment:
    """Return how the clocks lie, by one pattern or by two; ValueError where one is not found."""
    power = curve(trace.times_s, trace.power_mw)
    if power is None or not pulses:
        raise ValueError(
            "nothing to align: no samples of the meter, or the board played no pattern"
        )
    found = [find(power, pulse) for pulse in pulses]
    first, last = pulses[0], pulses[-1]
    if len(pulses) == 1:
        offset = found[0].began_s - first.began_s
        return Alignment(offset, 1.0, found[0].uncertainty_s, CRYSTAL, first.began_s)
    if not last.began_s > first.began_s:
        raise ValueError("the board's patterns are not in order: the end is not after the start")
    rate = (found[-1].began_s - found[0].began_s) / (last.began_s - first.began_s)
    if not abs(rate - 1) < MOST_APART:
        raise ValueError(
            f"the meter's clock runs {rate:.4g} times as fast as the board's: "
            "is its time column in the unit that it states?"
        )
    uncertainty = max(one.uncertainty_s for one in found)
    offset = found[0].began_s - rate * first.began_s
    return Alignment(offset, rate, uncertainty, 0.0, first.began_s)


def find(power: Curve, pulse: Pulse) -> Found:
    """Return where a pattern lies; ValueError with one line where it is not clearly there."""
    code, chip_s = CODES[pulse.name], pulse.chip_s
    if power.step_s * LEAST_PER_CHIP > chip_s:
        raise ValueError(
            f"the meter takes a sample every {power.step_s:.3g} s: too few for chips of "
            f"{chip_s:.3g} s; sample faster, or bench with --pulse-chip "
            f"{LEAST_PER_CHIP * power.step_s:.2g}"
        )
    places = _search(power, code, chip_s)
    place, score = places[0]
    if score < LEAST_SCORE:
        raise ValueError(
            f"the board's {pulse.name} pattern is not in the meter's samples: best correlation "
            f"{max(score, 0.0):.2f}, at least {LEAST_SCORE} is needed; was the meter running?"
        )
    if len(places) > 1:
        apart = abs(places[1][0] - place)
        raise ValueError(
            f"the board's {pulse.name} pattern is in the meter's samples twice, {apart:.1f} s "
            "apart: leave the samples of one run in the file"
        )
    began, scatter, step = _edges(power, code, chip_s, place)
    return Found(began, math.hypot(scatter, power.step_s / math.sqrt(12)), score, step)


def _search(power: Curve, code: Sequence[int], chip_s: float) -> list[tuple[float, float]]:
    """Return (begin, correlation) of the best place, to an eighth of a chip.

    A second follows where another place, more than half a pattern away, is good enough too.
    """
    start, end = power.times_s[0], power.times_s[-1]
    count = int((end - start) / chip_s * STEPS)
    if count > MOST_PLACES:
        raise ValueError(
            f"the meter's samples last {(end - start) / 3600:.1f} hours: leave those of one run "
            f"in the file, at most {MOST_PLACES * chip_s / STEPS / 3600:.0f} hours"
        )
    sums = [power.energy_mj(start, start + i * chip_s / STEPS) for i in range(count + 1)]
    wave = _straightened(code)
    scores = array("d", [-1.0])  # at least one, where the trace is shorter than the pattern
    for i in range(count - STEPS * len(code) + 1):
        marks = sums[i : i + STEPS * len(code) + 1 : STEPS]
        scores.append(_correlation([marks[k + 1] - marks[k] for k in range(len(code))], wave))
    best = max(range(len(scores)), key=scores.__getitem__)
    far = (i for i in range(len(scores)) if abs(i - best) > STEPS * len(code) / 2)
    others = [i for i in far if scores[i] >= LEAST_SCORE]
    second = [max(others, key=scores.__getitem__)] if others else []
    return [(start + (i - 1) * chip_s / STEPS, scores[i]) for i in (best, *second)]


def _edges(
    power: Curve, code: Sequence[int], chip_s: float, place: float
) -> tuple[float, float, float]:
    """Return (begin, standard error, step mW) from the delays of the code's edges."""
    delays, step = [0.0], 0.0
    for _ in range(4):  # each time from the edges where the last one put them
        means = [
            power.energy_mj(place + k * chip_s, place + (k + 1) * chip_s) / chip_s
            for k in range(len(code))
        ]
        base, slope, step = _levels(means, code)
        delays = []
        for k in range(1, len(code)):
            turn = code[k] - code[k - 1]
            if turn:
                edge = place + k * chip_s
                seen = power.energy_mj(edge - chip_s / 2, edge + chip_s / 2)
                due = chip_s * (base + slope * (k - 0.5) + step / 2)
                delays.append((due - seen) / (turn * step))
        place += mean(delays)
    return place, stdev(delays) / math.sqrt(len(delays)), step


def _levels(means: Sequence[float], code: Sequence[int]) -> tuple[float, float, float]:
    """Return (base, slope a chip, busy step) of the least-squares fit of the chips' means."""
    wave = _straightened(code)
    step = sum(w * m for w, m in _pairs(wave, means)) / sum(w * w for w in wave)
    rest = [m - step * c for m, c in _pairs(means, code)]
    middle = (len(code) - 1) / 2
    spread = sum((k - middle) ** 2 for k in range(len(code)))
    slope = sum((k - middle) * rest[k] for k in range(len(code))) / spread
    return mean(rest) - slope * middle, slope, step


def _straightened(values: Sequence[float]) -> list[float]:
    """Return the values less their mean and their straight line."""
    count = len(values)
    middle, level = (count - 1) / 2, sum(values) / count
    spread = sum((k - middle) ** 2 for k in range(count))
    slope = sum((k - middle) * values[k] for k in range(count)) / spread
    return [values[k] - level - slope * (k - middle) for k in range(count)]


def _correlation(values: Sequence[float], wave: Sequence[float]) -> float:
    """Return the correlation of values, their straight line taken out, with a straightened wave."""
    flat = _straightened(values)
    both = sum(f * f for f in flat) * sum(w * w for w in wave)
    return sum(f * w for f, w in _pairs(flat, wave)) / math.sqrt(both) if both > 0 else 0.0


def _pairs(one: Sequence[float], two: Sequence[float]) -> list[tuple[float, float]]:
    return [(one[k], two[k]) for k in range(len(one))]
