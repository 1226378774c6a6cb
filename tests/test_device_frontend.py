"""The one front end: exact shapes, known signals in known cells, and agreement with plain sums."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.backends.frontend import fit, image, logmel, mel_bands, mel_power, power, resize
from device.front_end import IMAGE, LOGMEL

RNG = np.random.default_rng(0)


def noise(n: int = 16000, level: float = 0.1) -> Any:
    return (RNG.standard_normal(n) * level).astype(np.float32)


def test_one_second_is_fifty_frames_of_forty() -> None:
    features = logmel(noise(), LOGMEL)
    assert features.shape == (50, 40) and features.dtype == np.float32
    assert features.max() == 2 and features.min() >= -2


@given(st.integers(320, 20000))
@settings(max_examples=20, deadline=None)
def test_frames_are_whole_hops(samples: int) -> None:
    assert logmel(noise(samples), LOGMEL).shape == (samples // 320, 40)


def test_power_equals_a_plain_fourier_sum() -> None:
    """Frame 3 written out: samples 880..1359, periodic Hann, DFT by definition."""
    audio = noise()
    piece = audio[3 * 320 - 80 : 3 * 320 + 400].astype(np.float64)
    n = np.arange(480)
    windowed = piece * (0.5 - 0.5 * np.cos(2 * np.pi * n / 480))
    expected = [
        abs((windowed * np.exp(-2j * np.pi * k * n / 512)).sum()) ** 2 for k in (1, 64, 256)
    ]
    assert np.allclose(power(audio, LOGMEL)[3, [1, 64, 256]], expected, rtol=1e-9)


@pytest.mark.parametrize("hz", [200, 440, 1000, 3000, 7000])
def test_a_tone_lands_in_its_mel_band(hz: float) -> None:
    tone = 0.5 * np.sin(2 * np.pi * hz * np.arange(16000) / 16000)
    band = int(mel_power(power(tone, LOGMEL), LOGMEL)[25].argmax())
    top = 2595 * math.log10(1 + 8000 / 700)
    low = 2595 * math.log10(1 + 20 / 700)
    expected = (2595 * math.log10(1 + hz / 700) - low) / (top - low) * 41 - 1
    assert abs(band - expected) <= 1


def test_a_click_lands_in_its_hop() -> None:
    for frame in (0, 7, 49):
        audio = np.zeros(16000, np.float32)
        audio[frame * 320 + 160] = 1
        assert logmel(audio, LOGMEL)[:, 20].argmax() == frame


def test_gain_does_not_matter_and_silence_is_the_floor() -> None:
    audio = noise(level=0.2)
    assert np.abs(logmel(audio, LOGMEL) - logmel(audio * 0.25, LOGMEL)).max() < 0.01
    assert (logmel(np.zeros(16000, np.float32), LOGMEL) == -2).all()
    assert logmel(noise(level=1e-5), LOGMEL).max() < -1


def test_the_floor_is_forty_decibels_deep() -> None:
    """Half the clip 30 dB quieter: 3 quarters of the range lower."""
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    tone[8000:] *= 10 ** (-30 / 20)
    features = logmel(tone, LOGMEL)
    band = features[10].argmax()
    assert np.allclose(features[5:20, band] - features[30:45, band], 3, atol=0.01)


def test_a_batch_equals_its_items() -> None:
    audio = np.stack([noise(), noise(level=0.01)])
    assert np.array_equal(logmel(audio, LOGMEL), np.stack([logmel(a, LOGMEL) for a in audio]))


def test_mel_bands_are_triangles_of_peak_one() -> None:
    bands = mel_bands(16000, 512, 40, 20.0, 8000.0)
    assert bands.shape == (40, 257) and bands.min() == 0 and bands.max() <= 1
    inside = bands[:, 10:240].sum(0)  # neighbouring triangles add up to one
    assert np.allclose(inside, 1)


@pytest.mark.parametrize("bad", [np.zeros(16000, np.int16), np.zeros(100, np.float32)])
def test_wrong_sound_is_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match="log-mel front end takes"):
        logmel(bad, LOGMEL)


@given(st.integers(1, 50), st.integers(1, 50))
def test_fit_keeps_the_middle(have: int, want: int) -> None:
    audio = np.arange(1, have + 1, dtype=np.float32)
    out = fit(audio, want)
    assert out.shape == (want,)
    kept = out[out > 0]
    assert len(kept) == min(have, want) and (np.diff(kept) == 1).all()
    lost_left, lost_right = (kept[0] - 1, have - kept[-1]) if have > want else (0, 0)
    assert abs(lost_left - lost_right) <= 1


def test_image_is_scaled_to_minus_one_to_one() -> None:
    for value in (0, 51, 255):
        flat = image(np.full((200, 130, 3), value, np.uint8), IMAGE)
        assert flat.shape == (96, 96, 3) and flat.dtype == np.float32
        assert np.allclose(flat, value / 127.5 - 1, atol=1e-5)


def test_image_of_the_right_size_is_only_scaled() -> None:
    pixels = RNG.integers(0, 256, (96, 96, 3)).astype(np.uint8)
    assert np.allclose(image(pixels, IMAGE), pixels / 127.5 - 1, atol=1e-5)


@given(st.integers(40, 300), st.integers(40, 300))
@settings(max_examples=25, deadline=None)
def test_resize_keeps_places(height: int, width: int) -> None:
    """A ramp over the image stays the same ramp, by pixel centres, away from the border."""
    ramp = np.broadcast_to((np.arange(width) + 0.5) / width, (height, width))[..., None]
    small = resize(ramp, 96, 96)[48, 4:-4, 0]
    assert np.allclose(small, ((np.arange(96) + 0.5) / 96)[4:-4], atol=1e-3)  # 0.1 px


def test_shrinking_averages_instead_of_skipping() -> None:
    """Fine stripes become grey; nearest neighbour or plain bilinear would keep them."""
    stripes = np.zeros((384, 384, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(image(stripes, IMAGE)[:, 2:-2]).max() < 0.02


def test_standardize_gives_mean_zero_deviation_one() -> None:
    pixels = RNG.integers(0, 256, (120, 120, 3)).astype(np.uint8)
    out = image(pixels, {**IMAGE, "standardize": True})
    assert abs(out.mean()) < 1e-4 and abs(out.std() - 1) < 1e-3


@pytest.mark.parametrize(
    "bad", [np.zeros((96, 96), np.uint8), np.zeros((96, 96, 3)), np.zeros((0, 5, 3), np.uint8)]
)
def test_wrong_image_is_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match="image front end takes"):
        image(bad, IMAGE)
