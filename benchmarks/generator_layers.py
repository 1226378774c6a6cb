"""Where the time of a picture goes: each size of the float32 CPU kernels against the core's peak.

One thread, CPU milliseconds, medians; the caches are emptied before each picture.

    python benchmarks/generator_layers.py --rounds 30
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from typing import Any

import numpy as np
import torch
from bench_generator import SEED, layer_work, make_generator, peak_calls

from export.generator_cpu import CpuGenerator
from export.generator_cpu_int8 import samples
from generate.gan.architecture import PRESETS, architecture_of


class Timed:
    """A layer that remembers the seconds of each run."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self.seconds: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

    def run(self, *args: Any) -> None:
        """As the layer runs."""
        begin = time.process_time()
        self._layer.run(*args)
        self.seconds.append(time.process_time() - begin)


def measure(preset: str, rounds: int) -> tuple[list[Timed], list[float], float]:
    """Layers with their seconds, seconds of whole pictures, and the core's peak in FLOP/s."""
    generator = make_generator(architecture_of(preset))
    made = CpuGenerator(generator)
    ws = samples(generator, 1, SEED).numpy()
    product, junk = peak_calls()["kernels"], np.zeros(48 << 20, np.uint8)
    made(ws), product()
    layers = made._layers = [Timed(layer) for layer in made._layers]  # type: ignore[assignment]
    whole, peaks = [], []
    for _ in range(rounds):
        junk += 1
        begin = time.process_time()
        made(ws)
        whole.append(time.process_time() - begin)
        begin = time.process_time()
        product()
        peaks.append(time.process_time() - begin)
    return layers, whole, 2 * 1024**3 / min(peaks)  # type: ignore[return-value]


def lines_of(layers: list[Timed], whole: list[float], peak: float) -> list[str]:
    """A row for each size: what its products would take at the peak, and what its layers took."""
    lines = ["| size, px | products at the peak, ms | measured, ms | share |", "|---|---|---|---|"]
    ideals: dict[int, float] = {}
    took: dict[int, float] = {}
    for layer in layers:
        side = len(layer.picture)
        ideals[side] = ideals.get(side, 0) + 1e3 * layer_work(layer) / peak
        took[side] = took.get(side, 0) + 1e3 * median(layer.seconds)
    for side, ideal in ideals.items():
        share = f"{ideal / took[side]:.2f}"
        lines.append(f"| {side} | {ideal:.1f} | {took[side]:.1f} | {share} |")
    rest = 1e3 * median(whole) - sum(took.values())
    lines.append(f"| styles, colours, the rest | | {rest:.1f} | |")
    every = 1e3 * median(whole)
    lines.append(f"| a picture | {sum(ideals.values()):.1f} | {every:.1f} | "
                 f"{sum(ideals.values()) / every:.2f} |")  # fmt: skip
    return lines


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--preset", default="256", choices=PRESETS)
    parser.add_argument("--rounds", type=int, default=30)
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error(f"--rounds {args.rounds}: at least 1")
    torch.set_num_threads(1)
    layers, whole, peak = measure(args.preset, args.rounds)
    print("\n".join(lines_of(layers, whole, peak)))
    print(f"peak {peak / 1e9:.0f} GFLOP/s, best picture {1e3 * min(whole):.1f} ms")


if __name__ == "__main__":
    main()
