"""Energy from samples of power: the trapezoid rule, where the samples really cover the time."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from device.probes.rails import Total, total
from device.report import Moment

LEAST_MOMENTS = 3
"""Fewer samples inside the time that is asked for are no measurement of it."""
LONGEST_GAP = 5.0
"""In median steps: over a longer gap nobody knows what the power did."""
EDGE = 1.5
"""In median steps: this far beyond the first and last sample the power is taken to stay."""


@dataclass(frozen=True)
class Curve:
    """Power over time, straight between the samples, and its integral."""

    times_s: Sequence[float]
    """Time of each sample, rising."""
    power_mw: Sequence[float]
    """Power at that time."""
    sums_mj: Sequence[float]
    """Energy from the first sample to this one."""
    step_s: float
    """Median step between samples."""

    def energy_mj(self, start_s: float, end_s: float) -> float:
        """Return the energy from `start_s` to `end_s`; beyond the ends the power stays as there."""
        return self._until(end_s) - self._until(start_s)

    def covers(self, start_s: float, end_s: float) -> bool:
        """Say whether samples reach over the whole time, without a long gap in it."""
        times = self.times_s
        reach = EDGE * self.step_s
        if start_s < times[0] - reach or end_s > times[-1] + reach:
            return False
        first, last = bisect_right(times, start_s), bisect_right(times, end_s)
        inside = range(max(1, first), min(len(times), last + 1))
        return all(times[i] - times[i - 1] <= LONGEST_GAP * self.step_s for i in inside)

    def count(self, start_s: float, end_s: float) -> int:
        """Return how many samples lie in the time."""
        return bisect_right(self.times_s, end_s) - bisect_right(self.times_s, start_s)

    def own_mj(self, start_s: float, end_s: float) -> float | None:
        """Return the energy by the samples that lie in the time, the first and last of them held
        to its ends: those outside show the power of other work. None where there is none."""
        first, last = bisect_left(self.times_s, start_s), bisect_right(self.times_s, end_s) - 1
        if first > last:
            return None
        edges = (self.times_s[first] - start_s) * self.power_mw[first]
        edges += (end_s - self.times_s[last]) * self.power_mw[last]
        return edges + self.sums_mj[last] - self.sums_mj[first]

    def _until(self, at_s: float) -> float:
        times, power = self.times_s, self.power_mw
        i = bisect_right(times, at_s) - 1
        if i < 0:
            return (at_s - times[0]) * power[0]
        rest = at_s - times[i]
        if i == len(times) - 1:
            return self.sums_mj[i] + rest * power[i]
        slope = (power[i + 1] - power[i]) / (times[i + 1] - times[i])
        return self.sums_mj[i] + rest * (power[i] + rest * slope / 2)


def curve(times_s: Sequence[float], power_mw: Sequence[float]) -> Curve | None:
    """Return the curve through samples in rising order of time; None for fewer than two."""
    if len(times_s) < 2:
        return None
    sums = array("d", [0.0])
    steps = array("d")
    for i in range(1, len(times_s)):
        step = times_s[i] - times_s[i - 1]
        if step <= 0:
            raise ValueError(f"sample {i} at {times_s[i]} s is not after {times_s[i - 1]} s")
        steps.append(step)
        sums.append(sums[-1] + step * (power_mw[i] + power_mw[i - 1]) / 2)
    return Curve(times_s, power_mw, sums, median(steps))


def power_curve(moments: Iterable[Moment], rails: Sequence[str]) -> Curve | None:
    """Return the sum of `rails` over time; moments that lack one of them are left out."""
    whole = [m for m in moments if rails and all(rail in m.power_mw for rail in rails)]
    powers = [sum(m.power_mw[rail] for rail in rails) for m in whole]
    return curve([m.at_s for m in whole], powers)


def energy_mj(
    moments: Iterable[Moment], start_s: float, end_s: float, rails: Sequence[str]
) -> float | None:
    """Return the energy of `rails` from `start_s` to `end_s`, mJ, idle power included.

    None where the moments do not cover the time, or fewer than LEAST_MOMENTS lie in it.
    """
    return energy_of_spans(moments, [(start_s, end_s)], rails)


def energy_of_spans(
    moments: Iterable[Moment], spans: Sequence[tuple[float, float]], rails: Sequence[str]
) -> float | None:
    """Return the energy of `rails` over all `spans` (start, end) together, mJ.

    For work in rounds: each may be shorter than a few samples, all together must not be.
    """
    found = power_curve(moments, rails)
    return None if found is None else spans_mj(found, spans)


def spans_mj(power: Curve, spans: Sequence[tuple[float, float]]) -> float | None:
    """Return the energy of a curve over `spans`, mJ; None where it does not measure them.

    Only samples inside a span count, since between the rounds of a row others run; a span without
    any is taken to have the mean power of those that have some.
    """
    if not spans or not all(power.covers(start, end) for start, end in spans):
        return None
    if sum(power.count(start, end) for start, end in spans) < LEAST_MOMENTS:
        return None
    seen = [(end - start, power.own_mj(start, end)) for start, end in spans]
    own = [(took, energy) for took, energy in seen if energy is not None]
    mean_mw = sum(energy for _, energy in own) / sum(took for took, _ in own)
    return mean_mw * sum(end - start for start, end in spans)


def mean_power_mw(
    moments: Iterable[Moment], start_s: float, end_s: float, rails: Sequence[str]
) -> float | None:
    """Return the mean power of `rails` over a time, mW; None as for `energy_mj`."""
    energy = energy_mj(moments, start_s, end_s, rails)
    return None if energy is None or end_s <= start_s else energy / (end_s - start_s)


def total_of(moments: Iterable[Moment], source: str) -> Total | None:
    """Return which rails to add up: those that over half of the moments with power know."""
    counts: dict[str, int] = {}
    measured = [m.power_mw for m in moments if m.power_mw]
    for power in measured:
        for rail in power:
            counts[rail] = counts.get(rail, 0) + 1
    return total([rail for rail, n in counts.items() if n > len(measured) / 2], source)
