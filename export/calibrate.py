"""Calibration clips: which set the ranges, which are held out for the gate, and their hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_CLIPS = 16
EVERY = 4


@dataclass(frozen=True)
class Calibration:
    """Model inputs (B, H, W, C) float32, as the front end makes them."""

    clips: NDArray[np.float32]
    """Set the int8 ranges."""
    held_out: NDArray[np.float32]
    """Seen by the gate only."""
    sha256: str
    """Of `clips`: shape, dtype and bytes."""


def split(inputs: NDArray[np.float32]) -> Calibration:
    """Calibrate with every fourth input, test with the rest; ValueError for too few or not finite.

    Taken in turns, because data sets are written speaker by speaker. Most go to the gate: 2 % of
    changed decisions need hundreds of clips to be told from chance.
    """
    if len(inputs) < LEAST_CLIPS:
        raise ValueError(f"{len(inputs)} calibration clips; at least {LEAST_CLIPS} are needed")
    if not np.isfinite(inputs).all():
        raise ValueError("calibration clips hold values that are not finite")
    inputs = inputs.astype(np.float32, copy=False)
    calibrates = np.arange(len(inputs)) % EVERY == 0
    clips, held_out = on_steps(inputs[calibrates]), inputs[~calibrates]
    return Calibration(clips, held_out, hash_of(clips))


def on_steps(clips: NDArray[np.float32]) -> NDArray[np.float32]:
    """A copy whose range of (-128 / 127, 1) times its peak makes 0 and both ends steps of int8.

    255 steps from -2 to 2 would miss all three by half a step, and most cells of a quiet second are
    -2: the same error in each of them, 25.2 and 23.1 dB where two keyword networks have 30.6 and
    30.5 with this (TFLite). Two cells of one clip are set to the ends of the range.
    """
    clips, peak = clips.copy(), np.abs(clips).max(initial=0)
    clips.reshape(-1)[:2] = -peak * np.float32(128 / 127), peak
    return clips


def hash_of(array: NDArray[np.float32]) -> str:
    """SHA-256 of shape, dtype and little-endian bytes, 64 hex digits."""
    head = f"{array.dtype.name} {list(array.shape)}\n".encode()
    return hashlib.sha256(head + array.astype("<f4", copy=False).tobytes()).hexdigest()
