"""Charts of a transfer report; fractions come in, per cent are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from train_edge.charts import ACCENT, INK, SECOND, svg

TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
MIXED = ("#8a6fb0", "#4f86c6", "#b0893a", "#7d7d7d")


def colours(arms: Sequence[str]) -> dict[str, str]:
    """A colour for each arm: synthetic, real-trained, and the mixed ones in turn."""
    mixed = iter(MIXED * len(arms))
    fixed = {"synthetic": ACCENT, "real-trained": SECOND}
    return {arm: fixed.get(arm) or next(mixed) for arm in arms}


def by_group(
    series: Mapping[str, tuple[Mapping[str, float], Mapping[str, Sequence[float]]]],
    title: str,
    what: str,
) -> str:
    """Figure of each arm, with its interval, for each speaker, word or range: a row of dots each.

    `series` maps arms to (means by name, [low, high] by name).
    """
    names = list(next(iter(series.values()))[0])
    paint, spread = colours(list(series)), 0.6 / len(series)

    def draw(axes: Any) -> None:
        for number, (arm, (means, ends)) in enumerate(series.items()):
            y = np.arange(len(names)) + (number - (len(series) - 1) / 2) * spread
            x = 100 * np.array([means[name] for name in names])
            low, high = 100 * np.array([ends[name] for name in names]).T
            # A percentile interval may leave the mean outside; a bar has no negative length.
            bars = np.maximum([x - low, high - x], 0)
            axes.errorbar(x, y, xerr=bars, fmt="o", ms=4, lw=1.2, color=paint[arm], label=arm)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.grid(axis="x", lw=0.4, alpha=0.5)
        axes.set(xlabel=f"{what}, %", title=title)
        _legend(axes)

    return svg(draw, 5.2, 1.5 + len(names) * max(0.34, 0.11 * len(series)))


def few_real(
    points: Mapping[int, tuple[float, Sequence[float]]],
    upper: float | None,
    samples: str,
    what: str,
) -> str:
    """Figure against k real samples (0: none), and the real-trained line."""
    ks = sorted(points)

    def draw(axes: Any) -> None:
        at = np.arange(len(ks))
        mean = 100 * np.array([points[k][0] for k in ks])
        low, high = 100 * np.array([points[k][1] for k in ks]).T
        bars = np.maximum([mean - low, high - mean], 0)
        axes.errorbar(
            at, mean, yerr=bars, fmt="o-", ms=4, lw=1.4, color=ACCENT, label="synthetic+k"
        )
        if upper is not None:
            axes.axhline(100 * upper, color=SECOND, ls="--", lw=1.4, label="real-trained")
        axes.set_xticks(at, [str(k) for k in ks])
        axes.set_xlim(-0.4, len(ks) - 0.6)
        axes.set(xlabel=f"k, {samples}", ylabel=f"{what}, %", title="a few real samples")
        _legend(axes)

    return svg(draw)


def det(curves: Mapping[str, Mapping[str, Any]], title: str) -> str:
    """Misses against false accepts of each arm on the scale of the normal deviate."""
    paint, deviate = colours(list(curves)), NormalDist().inv_cdf

    def scaled(rates: Sequence[float]) -> list[float]:
        return [deviate(min(max(rate, TICKS[0] / 2), 0.6)) for rate in rates]

    def draw(axes: Any) -> None:
        for arm, curve in curves.items():
            label = f"{arm}, equal error {100 * curve['equal_error']:.1f} %"
            x, y = scaled(curve["false_accept"]), scaled(curve["miss"])
            axes.plot(x, y, color=paint[arm], lw=1.5, label=label)
        ends = deviate(TICKS[0] * 0.7), deviate(0.5)
        axes.plot(ends, ends, color=INK, lw=0.5, ls=":")
        at = [deviate(tick) for tick in TICKS]
        names = [f"{100 * tick:g}" for tick in TICKS]
        axes.set_xticks(at, names)
        axes.set_yticks(at, names)
        axes.grid(lw=0.4, alpha=0.5)
        axes.set(xlim=ends, ylim=ends, xlabel="false accepts, %", ylabel="misses, %", title=title)
        _legend(axes, columns=1)

    return svg(draw, 5.2, 5.2)


def _legend(axes: Any, columns: int = 3) -> None:
    axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center",
                       ncols=columns, frameon=False, fontsize=8)  # fmt: skip
