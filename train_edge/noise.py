"""A bank of made noises as power spectra, for augmentation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generate.sound.textures import clicks, coloured, motor, swelling, tune
from train_edge.spectra import power_spectrogram


def noise_bank(rng: np.random.Generator) -> NDArray[np.float32]:
    """Power spectrograms (K noises, L frames, F bins) of 16 s each, unit RMS before."""
    waves = [coloured(rng, slope) for slope in (-0.5, 0, 0.5, 1, 1, 1.5, 2)]
    waves += [swelling(rng) for _ in range(6)]
    waves += [motor(rng) for _ in range(5)]
    waves += [clicks(rng) for _ in range(4)]
    waves += [tune(rng) for _ in range(3)]
    return np.stack([power_spectrogram((w / w.std()).astype(np.float32)) for w in waves])
