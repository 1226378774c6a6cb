"""Charts of a transfer report of faces; fractions come in, per cent are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from train_edge.charts import ACCENT, INK, SECOND, svg
from train_edge.metrics import FAILED
from train_edge.transfer_charts import colours

ENLARGED = 3
"""Arrows are drawn so many times as long as the offsets are."""


def cumulative(curves: Mapping[str, Mapping[str, Any]]) -> str:
    """Share of faces below each error: `curves` maps arms to {"error", "share"}."""
    paint = colours(list(curves))

    def draw(axes: Any) -> None:
        for arm, curve in curves.items():
            x, y = 100 * np.array(curve["error"]), 100 * np.array(curve["share"])
            axes.plot(x, y, color=paint[arm], lw=1.6, label=arm)
        axes.axvline(100 * FAILED, color=INK, lw=0.5, ls=":")
        axes.grid(lw=0.4, alpha=0.5)
        axes.set(xlabel="NME, %", ylabel="faces below, %", title="cumulative error", ylim=(0, 101))
        axes.legend(frameon=False, fontsize=8)

    return svg(draw, 5.2, 3.6)


def directions(points: Mapping[str, Any]) -> str:
    """The mean labelled face with the offset of each point, seen from both directions.

    The second is turned round, so that two arrows agree where the definitions of a point differ.
    """
    shape = np.array(points["shape"])
    here, there = np.array(points["synthetic_on_real"]), -np.array(points["real_on_renders"])

    def draw(axes: Any) -> None:
        axes.plot(*shape.T, "o", ms=2.5, color=INK, alpha=0.5)
        for move, colour, said in (
            (here, ACCENT, "synthetic-trained on real, minus labels"),
            (there, SECOND, "labels of renders, minus real-trained"),
        ):
            axes.quiver(*shape.T, *(ENLARGED * move).T, color=colour, angles="xy",
                        scale_units="xy", scale=1, width=0.004, label=said)  # fmt: skip
        axes.set_aspect("equal")
        axes.invert_yaxis()
        axes.axis("off")
        axes.set_title(f"where definitions differ, arrows {ENLARGED} times as long")
        axes.figure.legend(loc="outside lower center", ncols=1, frameon=False, fontsize=8)

    return svg(draw, 5.2, 5.6)
