"""A whisper has no voice where it is asked for, and the rest stays as it was."""

import os

import numpy as np
import pytest

from generate.voice.speech import speak
from generate.voice.voices import sample_voice
from generate.voice.whisper import RAMP_S, whispered
from generate.voice.world import FRAME_S, track_f0


@pytest.fixture(scope="module")
def audio():
    rng = np.random.default_rng(3)
    text = "My mother is going away in the morning."
    return speak(text, sample_voice(rng, 6, "female"), rng).audio


def test_only_the_span_loses_its_voice(audio):
    middle = len(audio) / 32000
    hushed = whispered(audio, [(middle, 2 * middle)], np.random.default_rng(0))
    assert hushed.shape == audio.shape
    kept = int((middle - RAMP_S) * 16000)
    assert np.allclose(hushed[:kept], audio[:kept], atol=1e-6)
    half = int(middle / FRAME_S) + 10
    before, after = (track_f0(np.asarray(a, np.float64), 16000)[0] > 0 for a in (audio, hushed))
    assert before[half:].mean() > 0.4
    assert after[half:].mean() < 0.15
    assert after[:half].mean() > 0.8 * before[:half].mean()


def test_a_whisper_is_quieter_and_brighter(audio):
    hushed = whispered(audio, [(0, len(audio) / 16000)], np.random.default_rng(0))
    level = [float(np.sqrt(np.square(a).mean())) for a in (audio, hushed)]
    assert 0.15 * level[0] < level[1] < 0.5 * level[0]
    power = [np.abs(np.fft.rfft(a)) ** 2 for a in (audio, hushed)]
    cut = round(2000 / 8000 * len(power[0]))
    high = [float(p[cut:].sum() / p.sum()) for p in power]
    assert high[1] > 2 * high[0]


def test_flite_says_nothing_on_the_terminal(capfd):
    from generate.voice.flite_library import _quiet

    with _quiet():
        os.write(2, b"udb failed to find entry")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"
