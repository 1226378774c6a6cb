"""Make a report of made-up measurements: the same seed, the same report.

python tests/make_report.py FILE.json [SEED]
"""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path
from typing import Any

from device.report import (
    Accuracy,
    Board,
    Conditions,
    FileRun,
    Moment,
    Report,
    Subject,
    write_report,
)
from device.stamp import Host, Stamp

STAMP = Stamp(
    "0.1.0", "0123456789ab", "collodi bench kws-en --json r.json", "2026-01-31T12:00:00Z",
    "3.11.7", {"numpy": "2.4.6", "onnxruntime": "1.31.1"},
    Host("aarch64", "Linux", "Raspberry Pi 5 Model B Rev 1.0", 4),
)  # fmt: skip
CALM = Conditions(0.1, "performance", (2400.0,) * 4, {"cpu-thermal": 51.2}, ())
BOARD = Board("pi5", "Raspberry Pi 5 Model B Rev 1.0", "Debian GNU/Linux 12 (bookworm)",
              "Linux 6.6.20", None, None, None)  # fmt: skip


def make_latencies(
    seed: int,
    runs: int = 200,
    rounds: int = 10,
    ms: float = 2.0,
    spread: float = 0.03,
    round_spread: float = 0.01,
    lean: float = 0.0,
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return latencies in ns and the length of each round: log-normal, with a slow one in fifty.

    lean: correlation of a run with the one before; round_spread: of the rounds among each other.
    """  # fmt: skip
    rng = random.Random(seed)
    size, values, away = runs // rounds, [], 0.0
    for _ in range(rounds):
        level, away = rng.gauss(0, round_spread), rng.gauss(0, spread)
        for _ in range(size):
            away = lean * away + math.sqrt(1 - lean * lean) * rng.gauss(0, spread)
            slow = 1 + 2 * rng.random() if rng.random() < 0.02 else 1.0
            values.append(int(ms * 1e6 * math.exp(level + away) * slow))
    return tuple(values), (size,) * rounds


def make_row(seed: int = 0, file: str = "a.onnx", **more: Any) -> FileRun:
    """Return a row that ran, with 200 latencies near 2 ms unless `more` says otherwise."""
    latency, rounds = make_latencies(seed)
    starts = tuple(0.8 * i + 0.1 * (seed % 5) for i in range(len(rounds)))
    values: dict[str, Any] = {
        "bundle": "kws-en", "file": file, "bytes": 53936, "target": "onnx",
        "runtime": "onnxruntime 1.31.1", "status": "ran", "reason": None, "threads": 1,
        "load_ms": 12.5, "warmup_ns": (2900000, 2100000), "latency_ns": latency,
        "cpu_ns": sum(latency), "runtime_rss_bytes": 40 << 20, "peak_rss_bytes": 48 << 20,
        "arena_bytes": None, "energy_mj": 5.5, "doubts": (), "cold_ns": 9000000,
        "rounds": rounds, "started_s": starts, "took_s": (0.05,) * len(rounds),
        "accuracy": Accuracy("signal to noise, dB", 42.5, 43.0, 64, 0.98),
    }  # fmt: skip
    return FileRun(**{**values, **more})


def make_absent(file: str, target: str, runtime: str, reason: str, **more: Any) -> FileRun:
    """Return a row that did not run."""
    nothing: dict[str, Any] = {
        "status": "not run", "reason": reason, "load_ms": None, "warmup_ns": (), "latency_ns": (),
        "cpu_ns": None, "runtime_rss_bytes": None, "peak_rss_bytes": None, "energy_mj": None,
        "cold_ns": None, "rounds": (), "started_s": (), "took_s": (), "accuracy": None,
    }  # fmt: skip
    return make_row(0, file, **{"target": target, "runtime": runtime, **nothing, **more})


def make_moments(count: int = 60) -> tuple[Moment, ...]:
    """Return telemetry of a board that warms up and is throttled at its end."""
    return tuple(
        Moment(
            i * 0.15 - 0.5,
            {"cpu-thermal": 51 + 30 * (1 - math.exp(-i / 25)), "rp1": 48 + i * 0.1},
            (2400.0 if i < count - 8 else 1500.0,) * 4,
            {"EXT5V": 3100 + 900 * (i % 7 > 2), "VDD_CORE": 1200 + 700 * (i % 7 > 2)},
            ("soft temperature limit now",) if i >= count - 8 else (),
        )
        for i in range(count)
    )


def make_report(*rows: FileRun, **more: Any) -> Report:
    """Return a report of these rows (where none is given: three that ran, two that did not)."""
    tflite = {"target": "tflite-int8", "runtime": "ai-edge-litert 2.3.0", "arena_bytes": 37000}
    shown = rows or (
        make_row(4, "front end: logmel", target="front-end", runtime="numpy 2.4.6", bytes=0,
                 work="front end", accuracy=None),
        make_row(1), make_row(2, "a.tflite", **tflite, doubts=("drift: the last third is +9%",)),
        make_absent("a.engine", "tensorrt", "tensorrt", "tensorrt is not installed"),
        make_absent("a.c", "c", "-", "source code: a compiler puts it in", arena_bytes=36000),
    )  # fmt: skip
    values: dict[str, Any] = {
        "created": STAMP, "bundles": (Subject("kws-en", "kws-en", "cd" * 32, "kws"),),
        "board": BOARD, "before": CALM, "after": CALM, "runs": shown, "overhead_ns": 85,
        "telemetry": make_moments(), "power_source": "pmic", "idle_mw": 2900.0,
    }  # fmt: skip
    return Report(**{**values, **more})


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    write_report(Path(sys.argv[1]), make_report())
