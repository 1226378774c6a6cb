"""Whispered speech: the same envelope over noise, flatter and much quieter.

A whisper has no F0; its noise rises towards high frequencies relative to voice, and its first
formant loses most (Jovicic, Acustica 84, 1998; Ito, Takeda and Itakura, Speech Communication 45,
2005). T: one frame every FRAME_S seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generate.voice.speech import RATE_HZ
from generate.voice.synthesis import synthesize
from generate.voice.world import BINS, FRAME_S, analyse

QUIETER_DB = -11.0
"""Level of a whisper beside the voice it comes from."""
TILT_DB, LOW_HZ, MOST_DB = 5.0, 400.0, 14.0
"""Gain an octave over LOW_HZ, up to MOST_DB."""
RAMP_S = 0.04


def whispered(
    audio: NDArray[np.float32], spans: Sequence[tuple[float, float]], rng: np.random.Generator
) -> NDArray[np.float32]:
    """The sound (N,) at RATE_HZ without voice in the spans (start, end), s; N stays."""
    found = analyse(audio, RATE_HZ)
    hz = np.linspace(0, RATE_HZ / 2, BINS)
    rise_db = np.clip(TILT_DB * np.log2(np.maximum(hz, LOW_HZ) / LOW_HZ), 0, MOST_DB)
    power = found.log_power + (rise_db * np.log(10) / 10)[None].astype(np.float32)
    silent = np.zeros(len(power))
    noise = np.ones(power.shape, np.float32)
    breath = synthesize(silent, power, noise, RATE_HZ, round(FRAME_S * RATE_HZ), rng)
    breath = np.pad(breath, (0, max(len(audio) - len(breath), 0)))[: len(audio)]
    level = float(np.sqrt(np.square(audio).mean()) / max(np.sqrt(np.square(breath).mean()), 1e-9))
    share = _share(spans, len(audio))
    mixed = audio * (1 - share) + breath * (share * level * 10 ** (QUIETER_DB / 20))
    return mixed.astype(np.float32)


def _share(spans: Sequence[tuple[float, float]], count: int) -> NDArray[np.float64]:
    """(N,) how much of the sound is whispered, 0..1."""
    times = np.arange(count) / RATE_HZ
    share = np.zeros(count)
    for start, end in spans:
        inside = np.minimum(times - start, end - times) / RAMP_S + 1
        share = np.maximum(share, np.clip(inside, 0, 1))
    return share
