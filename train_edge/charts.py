"""Small SVG charts for the reports, drawn with matplotlib, embedded without any script."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

INK, ACCENT, SECOND = "#22303c", "#2f7d6b", "#c2703d"


def svg(draw: Callable[[Any], None], width_in: float = 5.2, height_in: float = 3.0) -> str:
    """Draw on one axes and return the `<svg>` element."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    style = {"font.size": 9, "axes.edgecolor": INK, "text.color": INK, "svg.hashsalt": "collodi"}
    style |= {"axes.spines.top": False, "axes.spines.right": False, "axes.labelcolor": INK}
    with pyplot.rc_context(style):
        figure, axes = pyplot.subplots(figsize=(width_in, height_in), layout="constrained")
        draw(axes)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None}, transparent=True)
        pyplot.close(figure)
    text = out.getvalue()
    return text[text.index("<svg") :]


def training_curve(stats: Sequence[Mapping[str, float]], title: str) -> str:
    """Loss against step, logarithmic, with a running median."""
    steps = np.array([row["step"] for row in stats if "loss" in row])
    loss = np.array([row["loss"] for row in stats if "loss" in row])

    def draw(axes: Any) -> None:
        axes.plot(steps, loss, color=ACCENT, lw=0.6, alpha=0.4)
        span = max(1, len(loss) // 25)
        smooth = [np.median(loss[max(0, i - span) : i + span + 1]) for i in range(len(loss))]
        axes.plot(steps, smooth, color=ACCENT, lw=1.6)
        axes.set(xlabel="step", ylabel="loss", title=title)
        if len(loss) and loss.min() > 0:
            axes.set_yscale("log")

    return svg(draw)


def confusion(matrix: Sequence[Sequence[int]], labels: Sequence[str], title: str) -> str:
    """Row-normalised confusion matrix, truth down, answer across, per cent in the cells."""
    counts = np.array(matrix, float)
    share = 100 * counts / np.maximum(counts.sum(1, keepdims=True), 1)

    def draw(axes: Any) -> None:
        axes.imshow(share, cmap="Greens", vmin=0, vmax=100, aspect="auto")
        axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right")
        axes.set_yticks(range(len(labels)), labels)
        axes.set(xlabel="answer", ylabel="truth", title=title)
        for row, column in zip(*np.nonzero(share >= 0.5), strict=True):
            value = share[row, column]
            color = "white" if value > 60 else INK
            axes.text(column, row, f"{value:.0f}", ha="center", va="center", color=color, size=7)

    return svg(draw, 5.2, 4.6)


def latency_histogram(latency_ms: Mapping[str, Sequence[float]], title: str) -> str:
    """One outline a file; the axis ends at the largest 99th percentile."""
    last = max(float(np.percentile(values, 99)) for values in latency_ms.values()) * 1.15

    def draw(axes: Any) -> None:
        bins = np.linspace(0, last, 80)
        for name, values in latency_ms.items():
            axes.hist(np.clip(values, 0, last), bins=bins, histtype="step", lw=1.4, label=name)
        axes.set(xlabel="ms", ylabel="runs", title=title)
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.2), fontsize=8)

    return svg(draw)
