"""The kit's own CPU kernels answer as their references, and the whole as the eager generator."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from export.generator_cpu import CpuGenerator
from export.kernels.epilogue.reference import Floats, finished
from export.kernels.products.kernel import COLUMNS, ROWS, multiply, panels_of
from export.kernels.simd import LANES
from export.kernels.to_rgb.kernel import to_rgb
from export.kernels.to_rgb.reference import colours
from export.kernels.up_fir.fir import KEPT
from export.kernels.up_fir.kernel import double
from export.kernels.up_fir.reference import doubled
from export.kernels.up_fir.split import PLANES, double_by_tiles, split_weights
from export.kernels.winograd.kernel import convolve
from export.kernels.winograd.reference import convolved, transformed
from export.parity import relative_error
from generate.gan.architecture import Architecture
from generate.gan.networks import Generator

RNG = np.random.default_rng(0)


def normal(*shape: int) -> Floats:
    return RNG.standard_normal(shape).astype(np.float32)


def room(planes: int, tiles: int, channels: int) -> Floats:
    """Memory with values of an earlier use."""
    return normal(planes * tiles * (channels + LANES))


def bordered(x: Floats) -> Floats:
    return np.pad(x, ((1, 1), (1, 1), (0, 0)))


@pytest.mark.parametrize("height, width, strip", [(4, 4, 1), (12, 8, 4), (8, 20, 3), (8, 12, 9)])
def test_winograd_equals_the_convolution(height: int, width: int, strip: int) -> None:
    x, weight = bordered(normal(height, width, 16)), normal(COLUMNS, 16, 3, 3)
    scale, bias, after = normal(COLUMNS), normal(COLUMNS), normal(COLUMNS)
    picture, got = normal(height, width), bordered(np.zeros((height, width, COLUMNS), np.float32))
    panels, memory = panels_of(transformed(weight)), (room(36, strip, 16), room(36, strip, COLUMNS))
    convolve(x, panels, strip, memory, scale, bias, picture, after, got)
    want = finished(convolved(x, weight), scale, bias, picture, after)
    assert relative_error(bordered(want), got) < 1e-5


@pytest.mark.parametrize("height, width, strip", [(1, 1, 1), (5, 3, 2), (4, 7, 4)])
def test_doubling_equals_the_formula(height: int, width: int, strip: int) -> None:
    products = np.zeros((height + 2, width + 2, 9, LANES), np.float32)
    products[1:-1, 1:-1] = normal(height, width, 9, LANES)
    scale, bias, after, picture = (
        normal(LANES),
        normal(LANES),
        normal(LANES),
        normal(2 * height, 2 * width),
    )
    got, rows = (
        bordered(np.zeros((2 * height, 2 * width, LANES), np.float32)),
        normal(4, 2 * width, LANES),
    )
    for first in range(0, height, strip):
        part = products[first : min(first + strip, height) + 2]
        double(part, first, scale, bias, picture, after, rows, got)
    want = finished(doubled(products), scale, bias, picture, after)
    assert relative_error(bordered(want), got) < 1e-6


@pytest.mark.parametrize(
    "height, width, strip", [(4, 4, 1), (8, 12, 1), (12, 8, 1), (12, 8, 4), (20, 12, 6), (8, 4, 5)]
)
def test_doubling_by_tiles_equals_the_formula(height: int, width: int, strip: int) -> None:
    x, weight, style = bordered(normal(height, width, 16)), normal(COLUMNS, 16, 3, 3), normal(16)
    scale, bias, after = normal(COLUMNS), normal(COLUMNS), normal(COLUMNS)
    picture = normal(2 * height, 2 * width)
    got = bordered(np.zeros((2 * height, 2 * width, COLUMNS), np.float32))
    spread = normal(8 * -(-strip * 4 // width) + KEPT + 1, 2 * width + 3, COLUMNS)
    memory = room(PLANES, strip, 16), room(PLANES, strip, COLUMNS), spread
    panels = panels_of(split_weights(weight))
    double_by_tiles(x, style, panels, strip, memory, scale, bias, picture, after, got)
    taps = weight.transpose(1, 2, 3, 0).reshape(16, 9 * COLUMNS)
    products = ((x * style).reshape(-1, 16) @ taps).reshape(height + 2, width + 2, 9, COLUMNS)
    want = finished(doubled(products), scale, bias, picture, after)
    assert relative_error(bordered(want), got) < 1e-5


def test_products_equal_and_rows_beyond_are_not_touched() -> None:
    for rows in (*range(1, 3 * ROWS), 8 * ROWS + 5):
        x, weights = normal(3, rows + 2, 5), normal(3, 5, 3 * COLUMNS)
        got = np.zeros((3, rows + 2, 3 * COLUMNS), np.float32)
        multiply(x, rows, panels_of(weights), got)
        assert relative_error(x[:, :rows] @ weights, got[:, :rows]) < 1e-6, rows
        assert not got[:, rows:].any()


def test_colours_equal_the_formula() -> None:
    x, weight, bias, before = normal(6, 10, 16), normal(3, 16), normal(3), normal(3, 5, 3)
    got = bordered(np.zeros((6, 10, 3), np.float32))
    to_rgb(bordered(x), weight, bias, bordered(before), got)
    assert relative_error(bordered(colours(x, weight, bias, before)), got) < 1e-6


@pytest.mark.parametrize("noise", [True, False])
def test_whole_generator_equals_eager(noise: bool) -> None:
    sizes = Architecture(32, 512, 16, 32, 32, 2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator = Generator(sizes).eval().requires_grad_(False)
        for layer in generator.synthesis.layers:
            nn.init.constant_(layer.noise_strength, 0.3)
            nn.init.normal_(layer.conv.bias)
        for head in generator.synthesis.to_rgb:
            nn.init.normal_(head.bias)
        ws = torch.randn(2, sizes.n_ws, 32)
    fast = CpuGenerator(generator, noise)
    want = generator.synthesis(ws, "const" if noise else "none").numpy()
    for _ in range(2):  # the second call finds used buffers
        assert relative_error(want, fast(ws.numpy())) < 1e-4
    with pytest.raises(ValueError, match=r"want \(B, 8, 32\)"):
        fast(ws.numpy()[:, :2])


def test_odd_channels_are_filled_up() -> None:
    generator = Generator(Architecture(16, 200, 20, 32, 32, 2)).requires_grad_(False)
    ws = torch.randn(1, generator.sizes.n_ws, 32)
    want = generator.synthesis(ws, "const").numpy()
    assert relative_error(want, CpuGenerator(generator)(ws.numpy())) < 1e-4


@pytest.mark.skipif(LANES != 16, reason="this processor has no AVX-512 to do without")
def test_kernels_answer_the_same_without_avx512(tmp_path: Path) -> None:
    some = "products or winograd or tiles or colours"
    lesser = {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma,+f16c,+sse4.2,+popcnt",
        "NUMBA_CACHE_DIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", some, __file__]
    done = subprocess.run(
        command, env={**os.environ, **lesser}, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout[-2000:]
    made = {path.name.split("-")[0] for path in tmp_path.rglob("*.nbc")}
    assert {"kernel.multiply", "split.double_by_tiles"} <= made
