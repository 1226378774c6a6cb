"""Move F0 and tempo of what an engine said, where the engine itself cannot."""

from __future__ import annotations

import numpy as np
import soxr

from generate.voice.child import Timbre, transform
from generate.voice.timed import Speech, retime

RATE_HZ = 16000
"""WORLD's frames are set for it."""


def moved(said: Speech, f0_hz: float, f0_range: float, tempo: float, seed: int) -> Speech:
    """`said` at 16 kHz by WORLD: median F0 `f0_hz`, its excursions times `f0_range`, and `tempo`
    times as fast; formants stay."""
    audio = soxr.resample(said.pcm.astype(np.float64) / 32768, said.rate_hz, RATE_HZ)
    old_s = np.array([0.0, len(audio) / RATE_HZ])
    new_s = old_s / tempo
    voice = transform(
        audio,
        RATE_HZ,
        f0_hz=f0_hz,
        formant_scale=1.0,
        timbre=Timbre(f0_range=f0_range),
        rng=np.random.default_rng(seed),
        old_s=old_s,
        new_s=new_s,
    )
    pcm = np.round(np.clip(voice, -1, 1) * 32767).astype(np.int16)
    phonemes, words = retime(said.phonemes, old_s, new_s), retime(said.words, old_s, new_s)
    return Speech(pcm, RATE_HZ, phonemes, words)
