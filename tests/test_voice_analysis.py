"""Our CheapTrick, StoneMask and D4C against pyworld's and against what is known of made sounds."""

import numpy as np
import pytest

from generate.voice.envelope import log_envelope
from generate.voice.noise_share import band_noise_db, share_of_noise
from generate.voice.refine_f0 import refined
from generate.voice.world import FRAME_S, _pyworld

RATE_HZ, HOP, SIZE = 16000, 160, 512
SECONDS = np.arange(RATE_HZ) / RATE_HZ
TIMES_S = np.arange(101) * FRAME_S


def glide(middle_hz, seed=0):
    """F0 of frames (T,) and one second of a voice (N,) of 20 harmonics, softly noisy."""
    f0_hz = middle_hz * np.exp(0.25 * np.sin(2 * np.pi * 1.5 * SECONDS))
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE_HZ
    wave = sum(np.sin(k * phase + k) / k for k in range(1, 20) if 1.3 * k * middle_hz < 7500)
    noise = np.random.default_rng(seed).standard_normal(RATE_HZ)
    return np.interp(TIMES_S, SECONDS, f0_hz), wave + 1e-3 * noise


@pytest.mark.parametrize("middle_hz", [130.0, 220.0, 380.0])
def test_envelope_is_cheaptricks(middle_hz):
    f0_hz, wave = glide(middle_hz)
    f0_hz[40:50] = 0
    want = _pyworld.cheaptrick(wave, f0_hz, TIMES_S, RATE_HZ, fft_size=SIZE, f0_floor=95.0)
    found = log_envelope(wave, f0_hz, RATE_HZ, HOP, SIZE)
    apart_db = np.abs(found - np.log(want)) * 10 / np.log(10)
    assert found.shape == want.shape and found.dtype == np.float32
    assert np.median(apart_db) < 0.02 and np.quantile(apart_db, 0.99) < 0.3


def test_envelope_of_silence_is_finite_and_low():
    found = log_envelope(np.zeros(4000), np.zeros(26), RATE_HZ, HOP, SIZE)
    assert np.all(np.isfinite(found)) and found.max() < -30


def test_envelope_refuses_f0_whose_window_does_not_fit():
    with pytest.raises(ValueError, match="80 Hz is too low"):
        log_envelope(np.zeros(4000), np.full(26, 80.0), RATE_HZ, HOP, SIZE)


@pytest.mark.parametrize("middle_hz", [90.0, 220.0, 450.0])
@pytest.mark.parametrize("wrong", [0.96, 1.03])
def test_refined_f0_is_nearer(middle_hz, wrong):
    f0_hz, wave = glide(middle_hz)
    found = refined(wave, f0_hz * wrong, RATE_HZ, HOP)
    inner = slice(4, -4)
    assert np.median(np.abs(found / f0_hz - 1)[inner]) < 0.004
    assert np.max(np.abs(found / f0_hz - 1)[inner]) < 0.02


def test_refined_f0_leaves_what_has_none_and_what_would_move_far():
    f0_hz, wave = glide(200.0)
    assert not refined(wave, np.zeros(101), RATE_HZ, HOP).any()
    noise = np.random.default_rng(1).standard_normal(RATE_HZ)
    moved = refined(noise, f0_hz, RATE_HZ, HOP) / f0_hz
    assert np.all(np.abs(moved - 1) < 0.2)


@pytest.mark.parametrize("level", [0.003, 0.3])
@pytest.mark.parametrize("middle_hz", [110.0, 300.0])
def test_noise_share_is_d4cs(level, middle_hz):
    f0_hz, wave = glide(middle_hz)
    wave = wave + level * np.random.default_rng(2).standard_normal(RATE_HZ)
    few = np.arange(8, 92, 6)
    want = _pyworld.d4c(wave, f0_hz[few], TIMES_S[few], RATE_HZ, threshold=0.0, fft_size=SIZE)
    found = share_of_noise(band_noise_db(wave, f0_hz[few], few * HOP, RATE_HZ), 257, RATE_HZ)
    assert found.shape == want.shape and found.dtype == np.float32
    apart_db = np.abs(20 * np.log10(found / want))[:, 1:-1]
    assert np.median(apart_db) < 0.6 and np.quantile(apart_db, 0.9) < 3


def test_more_noise_is_more_noise_and_never_above_all():
    f0_hz, wave = glide(200.0)
    noise = np.random.default_rng(3).standard_normal(RATE_HZ)
    few = np.arange(8, 92, 6)
    levels = [
        band_noise_db(wave + level * noise, f0_hz[few], few * HOP, RATE_HZ) for level in (0, 0.3, 3)
    ]
    assert np.mean(levels[0]) < np.mean(levels[1]) - 3 < np.mean(levels[2]) - 3
    assert all(np.max(level) <= 0 for level in levels)
    silent = band_noise_db(np.zeros(RATE_HZ), f0_hz[few], few * HOP, RATE_HZ)
    assert np.all(np.isfinite(share_of_noise(silent, 257, RATE_HZ)))
