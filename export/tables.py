"""The tables of a report: built once, shown both on the terminal and in the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from device.bundle import Bundle
from device.report import Report
from device.table import doubt_lines, heads_and_rows
from train_edge.page import Table


def accuracy_table(evaluations: dict[str, dict[str, Any]]) -> Table:
    """Keyword accuracy by (model file, data); `evaluations` maps "data, file" to its JSON."""
    rows = []
    for name, result in evaluations.items():
        spoken = result["by_speaker"] if result["data"] == "real" else {}
        worst = min(spoken.values(), default=None)
        rows.append((name, f"{result['n']}", _percent(result["accuracy"]), _percent(worst)))
    return Table(
        "Keywords: accuracy",
        ("tested on", "clips", "accuracy", "worst speaker"),
        rows,
        "Trained on synthetic voices only. Real = argmax over the folder's own labels.",
    )


def face_table(evaluations: dict[str, dict[str, Any]]) -> Table:
    """Landmark error by (model file, data)."""
    rows = [
        (
            name,
            f"{result['n']}",
            _percent(result["nme_68"]),
            _percent(result["nme_51"]),
            _percent(result["failure_10"]),
        )
        for name, result in evaluations.items()
    ]
    return Table(
        "Face: landmark error, share of the distance between the outer eye corners",
        ("tested on", "images", "NME 68", "NME inner 51", "over 10 %"),
        rows,
        "Trained on synthetic faces only.",
    )


def bundle_table(bundles: Sequence[Bundle]) -> Table:
    """Size, parity and arena of every exported file."""
    rows = []
    for bundle in bundles:
        for file in bundle.files:
            parity = file.parity
            rows.append((
                f"{bundle.name}/{file.path}",
                f"{file.bytes:,}",
                f"{parity.sqnr_db:.1f}" if parity else "",
                _percent(parity.flips) if parity else "",
                f"{file.arena_bytes / 1024:.1f}" if file.arena_bytes else "",
            ))  # fmt: skip
    return Table(
        "Bundles: files and parity with the trained model",
        ("file", "bytes", "SQNR dB", "flips", "arena KiB"),
        rows,
        "SQNR and class flips on synthetic clips that calibration did not use.",
    )


def bench_table(report: Report) -> Table:
    """Latency and memory of every file that ran on this machine, and the doubts below."""
    notes = ["Times of this machine, one input at a time; not of a board.", *doubt_lines(report)]
    heads, rows = heads_and_rows(report)
    return Table(f"{report.bundles[0].label}: speed on this machine", heads, rows, "\n".join(notes))


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"
