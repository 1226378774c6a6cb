"""One transform or blocks: the convolution is the same."""

import numpy as np
import pytest

from generate.sound.convolution import LENGTHS, Taps, convolve


@pytest.mark.parametrize(
    ("count", "taps"), [(1, 1), (1, 900), (2048, 1), (16000, 7000), (3000, 54345), (3000, 54346)]
)
def test_it_is_the_convolution_at_any_length(count, taps):
    rng = np.random.default_rng(count)
    sound, response = (rng.standard_normal(n).astype(np.float32) for n in (count, taps))
    whole = convolve(sound, Taps(response))
    assert whole.dtype == np.float32
    assert whole == pytest.approx(np.convolve(sound, response), abs=2e-3)


def test_kept_taps_serve_sounds_of_any_length():
    rng = np.random.default_rng(1)
    taps = Taps(rng.standard_normal(900).astype(np.float32))
    for count in (2000, 16000, 16000, 2000):
        sound = rng.standard_normal(count).astype(np.float32)
        assert convolve(sound, taps) == pytest.approx(np.convolve(sound, taps.taps), abs=2e-3)


def test_lengths_rise_by_a_quarter_at_most():
    steps = np.divide(LENGTHS[1:], LENGTHS[:-1])
    assert steps.min() > 1
    assert steps.max() <= 1.25
