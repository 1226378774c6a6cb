"""Charts as inline SVG: histogram, points in order, curves over time. No script, colours by CSS."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 440, 210
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 14, 40
"""Margins, px of the view box."""
MOST_BINS = 48
MOST_POINTS = 600
"""More are thinned: a page of a million runs must still open."""
COLOURS = 6
"""Curves with colours of their own, `--c0` to `--c5`; later ones begin again."""


@dataclass(frozen=True)
class Frame:
    """What is drawn: ranges of both axes, x0 < x1 and y0 < y1."""

    x0: float
    x1: float
    y0: float
    y1: float

    def x(self, value: float) -> float:
        """Return where a value is, px from the left."""
        return LEFT + (value - self.x0) / (self.x1 - self.x0) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Return where a value is, px from the top."""
        return HEIGHT - BOTTOM - (value - self.y0) / (self.y1 - self.y0) * (HEIGHT - TOP - BOTTOM)


def histogram(values: Sequence[float], marks: Mapping[str, float], unit: str, title: str) -> str:
    """Return a histogram of positive values with named vertical marks.

    Bins after Freedman and Diaconis 1981 (Z. Wahrsch. verw. Gebiete 57:453). The axis ends three
    times as far from the smallest value as the 90th percentile does; what lies beyond is in words.
    """
    ordered = sorted(values)
    far = far_end(ordered)
    inside = [value for value in ordered if value <= far]
    low, high = inside[0], max(inside[-1], inside[0] * (1 + 1e-6) + 1e-12)
    quarter = inside[len(inside) * 3 // 4] - inside[len(inside) // 4]
    step = 2 * quarter / len(inside) ** (1 / 3)
    bins = min(MOST_BINS, max(8, math.ceil((high - low) / step))) if step > 0 else 8
    counts = [0] * bins
    for value in inside:
        counts[min(int((value - low) / (high - low) * bins), bins - 1)] += 1
    room = (high - low) * 0.04
    frame = Frame(low - room, high + room, 0, max(counts) * 1.12)
    width = (high - low) / bins
    parts = [
        _rect(frame, low + i * width, low + (i + 1) * width, 0, count, "bar")
        for i, count in enumerate(counts)
        if count
    ]
    parts += _marks(frame, marks)
    beyond = len(ordered) - len(inside)
    hidden = "".join(f", {name} {at:.4g}" for name, at in marks.items() if at > frame.x1)
    note = f"{unit}; runs beyond: {beyond}{hidden}" if beyond else unit
    return _svg(frame, parts, note, "runs", title)


def far_end(ordered: Sequence[float]) -> float:
    """Return where an axis ends that a few slow runs shall not stretch; values sorted."""
    return ordered[0] + 3 * (ordered[math.ceil(0.9 * len(ordered)) - 1] - ordered[0])


def in_order(values: Sequence[float], rounds: Sequence[int], unit: str, title: str) -> str:
    """Return each value as a dot, in order, with every second round shaded.

    Values beyond `far_end` are rings on the top edge.
    """
    thin = max(1, math.ceil(len(values) / MOST_POINTS))
    top = min(max(values), max(far_end(sorted(values)), 1.5 * min(values))) * 1.06
    frame = Frame(0, max(len(values), 2), 0, max(top, 1e-9))
    parts, at = [], 0
    for index, size in enumerate(rounds):
        if index % 2:
            parts.append(_rect(frame, at, at + size, 0, frame.y1, "span"))
        at += size
    parts += [
        f'<circle class="{"ring" if value > frame.y1 else "dot"}" cx="{frame.x(i + 0.5):.1f}" '
        f'cy="{frame.y(min(value, frame.y1)):.1f}" r="{2.6 if value > frame.y1 else 1.6}"/>'
        for i, value in enumerate(values)
        if i % thin == 0 or value == max(values[i : i + thin])
    ]
    note = "run, in order" + (", thinned" if thin > 1 else "")
    slow = sum(value > frame.y1 for value in values)
    note += f"; rings: {slow} beyond, up to {max(values):.4g}" if slow else ""
    return _svg(frame, parts, note, unit, title)


def curves(
    series: Mapping[str, Sequence[tuple[float, float]]],
    spans: Sequence[tuple[float, float]],
    alarms: Sequence[float],
    unit: str,
    title: str,
) -> str:
    """Return named curves of (second, value); measured spans shaded, alarms as red lines."""
    points = [point for curve in series.values() for point in curve]
    times = [x for x, _ in points] + [x for span in spans for x in span]
    values = [y for _, y in points]
    room = max((max(values) - min(values)) * 0.12, abs(max(values)) * 0.02, 1e-9)
    low = min(values) - room if min(values) < 0 else max(0.0, min(values) - room)
    start = min(times)
    frame = Frame(start, max(max(times), start + 1e-3), low, max(values) + room)
    parts = [_rect(frame, a, b, frame.y0, frame.y1, "span") for a, b in spans if b > a]
    parts += [_line(frame, at, "alarm") for at in alarms]
    for index, curve in enumerate(series.values()):
        path = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in thinned(curve))
        parts.append(f'<polyline class="curve" style="stroke:{colour(index)}" points="{path}"/>')
    return _svg(frame, parts, "seconds", unit, title)


def thinned(curve: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return at most about MOST_POINTS points, the largest value of each stretch."""
    step = max(1, math.ceil(len(curve) / MOST_POINTS))
    return [
        max(curve[i : i + step], key=lambda point: point[1]) for i in range(0, len(curve), step)
    ]


def colour(index: int) -> str:
    """Return the CSS colour of a curve."""
    return f"var(--c{index % COLOURS})"


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers from `low` to `high`: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def _svg(frame: Frame, parts: Sequence[str], x_label: str, y_label: str, title: str) -> str:
    axes = [*_axes(frame)]
    axes.append(
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" class="label" text-anchor="end">'
        f"{escape(x_label)}</text>"
    )
    axes.append(f'<text x="6" y="11" class="label">{escape(y_label)}</text>')
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(axes)}{''.join(parts)}</svg>"
    )


def _axes(frame: Frame) -> Iterator[str]:
    bottom = HEIGHT - BOTTOM
    for value in ticks(frame.y0, frame.y1, 4):
        y = frame.y(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.6g}</text>'
    for value in ticks(frame.x0, frame.x1):
        x = frame.x(value)
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 4}"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 17}" text-anchor="middle">{value:.6g}</text>'
    yield f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>'


def _marks(frame: Frame, marks: Mapping[str, float]) -> Iterator[str]:
    """Yield named lines; a name that would lie on the one before goes a line lower."""
    last, row = -math.inf, 0
    for name, value in sorted(marks.items(), key=lambda item: item[1]):
        if value > frame.x1:
            continue
        x = frame.x(value)
        row = row + 1 if x - last < 34 else 0
        last = x
        end = x > WIDTH - RIGHT - 30
        anchor, shift = ("end", -4) if end else ("start", 4)
        yield _line(frame, value, "mark")
        yield (
            f'<text class="name" x="{x + shift:.1f}" y="{TOP + 10 + 13 * row}" '
            f'text-anchor="{anchor}">{escape(name)}</text>'
        )


def _line(frame: Frame, at: float, kind: str) -> str:
    x = frame.x(min(max(at, frame.x0), frame.x1))
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'


def _rect(frame: Frame, x0: float, x1: float, y0: float, y1: float, kind: str) -> str:
    left, right = frame.x(x0), frame.x(x1)
    top, bottom = frame.y(y1), frame.y(y0)
    width, height = max(right - left - (0.6 if kind == "bar" else 0), 0.4), bottom - top
    return (
        f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}"/>'
    )
