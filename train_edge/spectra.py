"""Sound as power spectrograms in memory, and the torch twin of the log-mel front end."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from device.backends.frontend import EPSILON, mel_bands, power
from device.front_end import LOGMEL

RATE_HZ: int = LOGMEL["sample_rate"]
HOP: int = LOGMEL["hop"]
HOP_S = HOP / RATE_HZ
FRAMES: int = LOGMEL["samples"] // HOP
"""L: mel frames of one second, what a model hears at once."""
BINS: int = LOGMEL["n_fft"] // 2 + 1
"""F: frequency bins, 0 to RATE_HZ / 2."""


@dataclass(frozen=True)
class Spectra:
    """Many short sounds, one after the other on the frame axis."""

    magnitude: NDArray[np.float16]
    """(sum of L, F) |FFT|: half the memory of float32, relative error below 0.0005."""
    starts: NDArray[np.int64]
    """(K,) first frame of each sound."""
    lengths: NDArray[np.int64]
    """(K,) frames of each sound, >= 2."""
    classes: NDArray[np.int64]
    """(K,) class number of each sound."""
    voices: tuple[str, ...]
    """(K) who speaks."""

    def __len__(self) -> int:
        return len(self.starts)


def power_spectrogram(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Front end's |FFT|^2 of sound (N,) in -1..1 -> (L = N // 320, F) float32."""
    return power(audio, LOGMEL).astype(np.float32)


def gather(sounds: list[NDArray[np.float32]], classes: list[int], voices: list[str]) -> Spectra:
    """Analyse sounds (N,) at 16 kHz, at least 40 ms each, into one Spectra."""
    parts = [np.sqrt(power_spectrogram(sound)).astype(np.float16) for sound in sounds]
    lengths = np.array([len(part) for part in parts], np.int64)
    return Spectra(
        magnitude=np.concatenate(parts),
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        classes=np.array(classes, np.int64),
        voices=tuple(voices),
    )


def joined(first: Spectra, second: Spectra) -> Spectra:
    """Both, one after the other on the frame axis."""
    return Spectra(
        magnitude=np.concatenate([first.magnitude, second.magnitude]),
        starts=np.concatenate([first.starts, second.starts + len(first.magnitude)]),
        lengths=np.concatenate([first.lengths, second.lengths]),
        classes=np.concatenate([first.classes, second.classes]),
        voices=(*first.voices, *second.voices),
    )


def features(power_: Tensor) -> Tensor:
    """Log-mel as the front end makes it: power (B, L, F) -> (B, 1, L, mel) float32, -2..2."""
    bands = mel_bands(*(LOGMEL[k] for k in ("sample_rate", "n_fft", "n_mels", "fmin", "fmax")))
    depth = LOGMEL["floor_db"] / 10 * math.log(10)
    level = torch.log(power_ @ torch.tensor(bands.T, dtype=torch.float32) + EPSILON)
    loudest = level.amax((1, 2), keepdim=True).clamp(min=math.log(EPSILON) + depth)
    return (4 * ((level - loudest) / depth).clamp(min=-1) + 2)[:, None]
