"""int8 kernels of the generator: exact products, honest rounding, images near those of float32."""

from __future__ import annotations

import numba
import numpy as np
import pytest
import torch
from torch import nn

from export import generator_cpu_int8
from export.generator_cpu import CpuGenerator
from export.generator_cpu_int8 import Int8Generator, int8_generator
from export.generator_int8 import image_distance
from export.kernels.epilogue.reference import Floats, finished
from export.kernels.int8.kernel import PIXELS, convolve, spread_rows, weigh
from export.kernels.int8.simd import VNNI
from export.kernels.products.kernel import COLUMNS, panels_of
from export.kernels.simd import LANES, ZERO, load, store
from generate.gan.architecture import Architecture
from generate.gan.networks import Generator

RNG = np.random.default_rng(0)
needs_vnni = pytest.mark.skipif(not VNNI, reason="this processor has no VNNI")


def normal(*shape: int) -> Floats:
    return RNG.standard_normal(shape).astype(np.float32)


def features(height: int, width: int, channels: int) -> np.ndarray:
    x = np.full((height + 2, width + 2, channels), ZERO, np.uint8)
    x[1:-1, 1:-1] = RNG.integers(0, 256, (height, width, channels))
    return x


def numbers(x: np.ndarray) -> np.ndarray:
    return x.astype(np.int64) - ZERO


@numba.njit
def copied(x, out):  # type: ignore[no-untyped-def]
    for i in range(0, len(x), LANES):
        store(out, (i,), load(x, (i,)))


def test_bytes_are_numbers_from_minus_43_and_are_rounded_and_cut() -> None:
    x = np.linspace(-60, 230, 8 * LANES, dtype=np.float32)
    there, back = np.zeros(len(x), np.uint8), np.zeros(len(x), np.float32)
    copied(x, there)
    copied(there, back)
    assert (back == np.clip(np.rint(x), -43, 212)).all()


def test_an_array_of_other_numbers_is_refused() -> None:
    with pytest.raises(numba.TypingError, match="array of float64; want float32 or uint8"):
        copied(np.zeros(LANES), np.zeros(LANES))


@needs_vnni
@pytest.mark.parametrize("height, width", [(2, PIXELS), (3, PIXELS + 3), (1, 3 * PIXELS)])
def test_a_convolution_of_bytes_is_exact(height: int, width: int) -> None:
    weight = RNG.integers(-127, 128, (2 * COLUMNS, 8, 3, 3))
    flat = weight.transpose(2, 3, 1, 0).reshape(1, 72, -1).astype(np.float32)
    panels = np.empty((2, 18, COLUMNS), np.int32)
    zeros = np.empty((1, 2 * COLUMNS), np.int32)
    ones = np.ones(2 * COLUMNS, np.float32)
    weigh(panels_of(flat)[0], ones[:8], ones, np.array([18], np.int32), panels, zeros)
    x, picture = features(height, width, 8), normal(height, width)
    scale, bias = normal(2 * COLUMNS) / 1000, normal(2 * COLUMNS)
    got = np.zeros((height + 2, width + 2, 2 * COLUMNS), np.float32)
    bias_there = bias - zeros[0].astype(np.float32) * scale
    convolve(x, panels, scale, bias_there, picture, ones, got)
    windows = np.lib.stride_tricks.sliding_window_view(numbers(x), (3, 3), (0, 1))
    sums = np.einsum("hwikl,oikl->hwo", windows, weight)
    want = finished(sums.astype(np.float32), scale, bias, picture, ones)
    assert np.abs(got[1:-1, 1:-1] - want).max() < 1e-3
    assert not got[0].any() and not got[:, -1].any()


@needs_vnni
@pytest.mark.parametrize("side, strip", [(PIXELS, 2), (PIXELS + 4, 100), (2 * PIXELS, 5)])
def test_a_doubling_of_bytes_is_exact(side: int, strip: int) -> None:
    weight = RNG.integers(-127, 128, (COLUMNS, 16, 3, 3)).astype(np.float32)
    ends, parts = np.array([16, 24, 32, 36], np.int32), weight.transpose(2, 3, 1, 0)
    places = [parts[2::-2, 2::-2], parts[2::-2, 1:2], parts[1:2, 2::-2], parts[1:2, 1:2]]
    flat = np.concatenate([part.reshape(-1, COLUMNS) for part in places])
    panels, zeros = np.empty((1, 36, COLUMNS), np.int32), np.empty((4, COLUMNS), np.int32)
    ones = np.ones(COLUMNS, np.float32)
    weigh(panels_of(flat[None])[0], ones[:16], ones, ends, panels, zeros)
    x, out = features(side, side, 16), np.zeros((2 * side + 3, 2 * side + 3, COLUMNS), np.float32)
    for first in range(0, side + 1, strip):
        last = min(first + strip, side + 1)
        spread_rows(x, first, last, panels, ones, -zeros.astype(np.float32), out)
    want = np.zeros((2 * side + 1, 2 * side + 1, COLUMNS))
    inside = numbers(x)[1:-1, 1:-1]
    for k in range(3):
        for l in range(3):
            part = np.einsum("hwi,oi->hwo", inside, weight[:, :, k, l])
            want[k : k + 2 * side : 2, l : l + 2 * side : 2] += part
    assert (out[1:-1, 1:-1] == want).all()
    assert not out[0].any() and not out[:, -1].any()


def make_generator(**sizes: int) -> Generator:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator = Generator(Architecture(64, **sizes)).eval().requires_grad_(False)
        for layer in generator.synthesis.layers:
            nn.init.constant_(layer.noise_strength, 0.1)
            nn.init.normal_(layer.conv.bias, std=0.1)
    return generator


@needs_vnni
def test_images_are_near_those_of_float32() -> None:
    generator = make_generator(channel_base=2560, channel_max=48, z_dim=32, w_dim=32)
    with torch.inference_mode():
        ws = generator.ws(torch.randn(8, 32)).numpy()
    want, fast = CpuGenerator(generator)(ws), int8_generator(generator)
    for _ in range(2):  # the second call finds used buffers
        db, _ = image_distance(want, fast(ws))
        assert db > 24
    off = want - fast(ws)
    assert np.abs(off.mean((0, 2, 3))).max() < 0.05 * want.std()


def test_another_processor_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator_cpu_int8, "VNNI", False)
    with pytest.raises(RuntimeError, match="need a processor with VNNI"):
        Int8Generator(make_generator(channel_base=512, channel_max=32, z_dim=32, w_dim=32))
