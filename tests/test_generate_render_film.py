"""Developing a picture: brightness, grain and its independence between rows and frames."""

from __future__ import annotations

import numpy as np
import pytest

from generate.render.film import TABLE_ROOT, TABLE_SIZE, print_film

SIZE = 64
PLAIN = np.linspace(0, TABLE_ROOT, TABLE_SIZE, dtype=np.float32) ** 2 * np.float32(255)
"""A tone table that changes nothing."""


def shot(light, gain=1.0, fall=1.0, noise=(0.0, 0.0), saturation=1.0, seed=1):
    return print_film(
        np.broadcast_to(np.array(light, np.float32), (SIZE, SIZE, 3)),
        np.full(3, gain, np.float32), np.full(SIZE, fall, np.float32),
        np.array(noise, np.float32), PLAIN, saturation, np.random.default_rng(seed),
    )  # fmt: skip


def test_without_noise_each_channel_is_exposure_times_light() -> None:
    assert np.abs(shot([0.1, 0.2, 0.3], gain=2.0)[0, 0] - np.array([51, 102, 153.0])).max() <= 1
    assert (shot([-1.0, 0.5, 99.0])[..., [0, 2]] == [0, 255]).all()


def test_the_corner_loses_light_along_both_axes() -> None:
    fall = 1 - np.linspace(-0.5, 0.5, SIZE, dtype=np.float32) ** 2
    light, plain = np.full((SIZE, SIZE, 3), 0.5, np.float32), np.zeros(2, np.float32)
    rng = np.random.default_rng(0)
    image = print_film(light, np.ones(3, np.float32), fall, plain, PLAIN, 1.0, rng)
    assert np.array_equal(image, image.transpose(1, 0, 2))
    assert image[0, 0, 0] == pytest.approx(255 * 0.5 * 0.5, abs=1)
    assert image[0, SIZE // 2, 0] == pytest.approx(255 * 0.5 * 0.75, abs=1)


def test_saturation_keeps_the_luma_and_spreads_the_channels() -> None:
    dull, vivid = (shot([0.2, 0.4, 0.5], saturation=s)[0, 0].astype(float) for s in (0.5, 1.5))
    luma = np.array([0.299, 0.587, 0.114])
    assert dull @ luma == pytest.approx(vivid @ luma, abs=1.5)
    assert np.ptp(vivid) > 2.5 * np.ptp(dull)


def test_grain_has_the_stated_spread_and_no_pattern() -> None:
    dark, bright = (shot([v] * 3, noise=(1e-4, 4e-4)).astype(float) for v in (0.25, 0.5))
    assert dark.std() == pytest.approx(255 * np.sqrt(1e-4 + 4e-4 * 0.25), rel=0.06)
    assert bright.std() == pytest.approx(255 * np.sqrt(1e-4 + 4e-4 * 0.5), rel=0.06)
    unlike = dark.reshape(SIZE, -1) - dark.mean()
    rows = np.corrcoef(unlike) - np.eye(SIZE)
    assert np.abs(rows).max() < 0.5 and abs(rows.mean()) < 0.02
    assert np.abs(np.corrcoef(unlike[:, :-3].ravel(), unlike[:, 3:].ravel())[0, 1]) < 0.05


def test_grain_follows_the_generator() -> None:
    first, again, other = (shot([0.4] * 3, noise=(1e-3, 0), seed=s) for s in (1, 1, 2))
    assert np.array_equal(first, again) and (first != other).mean() > 0.7
