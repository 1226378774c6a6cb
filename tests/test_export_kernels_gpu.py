"""The Triton kernels against their references: on a GPU, else by Triton's interpreter."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

os.environ["TRITON_INTERPRET"] = "0" if torch.cuda.is_available() else "1"
pytest.importorskip("triton", reason="the extra `triton` is not installed")

from export.generator_gpu import GpuGenerator
from export.kernels.epilogue import gpu
from export.kernels.epilogue.gpu import epilogue
from export.kernels.epilogue.reference import finished
from export.kernels.modulated_conv.gpu import modulated_conv, styles, taps_of
from export.kernels.modulated_conv.reference import modulated
from export.kernels.to_rgb.gpu import to_rgb
from export.kernels.to_rgb.reference import colours
from generate.gan.architecture import PRESETS
from generate.gan.layers import GAIN
from generate.gan.networks import Generator

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SHAPES = [(1, 3, 4, 4), (2, 5, 7, 3), (1, 33, 9, 17)]
"""Odd sides, channels that fill no block, more than one block."""
KINDS = [(torch.float32, 2e-6), (torch.float16, 2e-3), (torch.bfloat16, 2e-2)]


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(DEVICE)


def channels_last(x: Tensor) -> Any:
    return x.float().permute(1, 2, 0).cpu().numpy()


def assert_near(got: Tensor, want: Tensor, error: float) -> None:
    assert got.shape == want.shape
    assert float((got.float().cpu() - want.cpu()).abs().max() / want.abs().max().cpu()) < error


def test_no_axis_of_a_grid_but_the_first_grows_with_samples_times_channels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[int, ...]] = []

    class Recorder:
        def __getitem__(self, grid: tuple[int, ...]) -> Any:
            seen.append(grid)
            return lambda *_, **__: None

    monkeypatch.setattr(gpu, "_kernel", Recorder())
    epilogue(*(torch.zeros(shape) for shape in ((128, 512, 1, 2), (128, 512), (512,), (1, 2))))
    assert seen == [(128 * 512, 1)] and max(seen[0][1:]) <= 65535


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind, error", KINDS)
def test_epilogue(shape: tuple[int, ...], kind: torch.dtype, error: float) -> None:
    x, scale = normal(*shape).to(kind), normal(*shape[:2], seed=1)
    bias, picture = normal(shape[1], seed=2), normal(*shape[2:], seed=3)
    got = epilogue(x, scale, bias, picture)
    assert got.dtype == kind
    ones = np.ones(shape[1], np.float32)
    for sample in range(shape[0]):
        parts = (scale[sample].cpu().numpy(), bias.cpu().numpy(), picture.cpu().numpy())
        want = finished(channels_last(x[sample]), *parts, ones)
        assert_near(got[sample], torch.from_numpy(want).permute(2, 0, 1), error)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind, error", KINDS)
def test_modulated_convolution(shape: tuple[int, ...], kind: torch.dtype, error: float) -> None:
    batch, n_in, height, width = shape
    x, weight = normal(*shape).to(kind), normal(n_in + 2, n_in, 3, 3, seed=1)
    weight = weight.to(kind).float()
    style, bias = normal(batch, n_in, seed=2), normal(n_in + 2, seed=3)
    picture = normal(height, width, seed=4)
    factor, scale = styles(weight, style)
    taps = taps_of(weight).to(kind)
    got = modulated_conv(x, taps, factor, scale, GAIN * bias, GAIN * picture)
    assert got.dtype == kind
    assert_near(got, modulated(x.float(), weight, style, bias, picture), error)


def test_float16_features_times_large_styles_stay_finite() -> None:
    x, weight, style = normal(1, 4, 4, 4) * 100, normal(4, 4, 3, 3, seed=1), normal(1, 4) * 1e4
    zero = torch.zeros(4, 4, device=DEVICE)
    factor, scale = styles(weight, style)
    got = modulated_conv(x.half(), taps_of(weight).half(), factor, scale, zero[0], zero)
    assert_near(got, modulated(x, weight, style, zero[0], zero), 5e-3)


@pytest.mark.parametrize("shape", [(1, 3, 4, 4), (2, 5, 6, 10), (1, 9, 18, 20)])
@pytest.mark.parametrize("kind, error", KINDS)
def test_colours(shape: tuple[int, ...], kind: torch.dtype, error: float) -> None:
    batch, channels, height, width = shape
    x, rows, bias = normal(*shape).to(kind), normal(batch, 3, channels, seed=1), normal(3, seed=2)
    before = normal(batch, 3, height // 2, width // 2, seed=3)
    got = to_rgb(x, rows, bias, before)
    for sample in range(batch):
        parts = (rows[sample].cpu().numpy(), bias.cpu().numpy(), channels_last(before[sample]))
        want = colours(channels_last(x[sample]), *parts)
        assert_near(got[sample], torch.from_numpy(want).permute(2, 0, 1), error)


@pytest.mark.parametrize("kind, error", [(torch.float32, 1e-5), (torch.float16, 1e-2)])
def test_whole_generator(kind: torch.dtype, error: float) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator = Generator(PRESETS["16"]).eval().requires_grad_(False)
        for layer in generator.synthesis.layers:
            nn.init.constant_(layer.noise_strength, 0.3)
            nn.init.normal_(layer.conv.bias)
    generator.to(DEVICE)
    ws = normal(2, 6, 32)
    assert_near(GpuGenerator(generator, kind)(ws), generator.synthesis(ws), error)
