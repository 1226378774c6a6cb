"""A piece of speech with its place in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Timed:
    """A phoneme (IPA, stress marks kept) or a word, and when it sounds."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Speech:
    """What a text-to-speech engine said."""

    pcm: NDArray[np.int16]
    """(N,)"""
    rate_hz: int
    phonemes: tuple[Timed, ...]
    """IPA, stress marks kept; the silent closure of a voiceless stop belongs to the stop."""
    words: tuple[Timed, ...]


def retime(
    items: Iterable[Timed], old_s: NDArray[np.float64], new_s: NDArray[np.float64]
) -> tuple[Timed, ...]:
    """Move times along the piecewise linear map `old_s` -> `new_s` (both increasing, seconds)."""
    return tuple(
        Timed(
            item.text,
            float(np.interp(item.start_s, old_s, new_s)),
            float(np.interp(item.end_s, old_s, new_s)),
        )
        for item in items
    )


def later(items: Iterable[Timed], by_s: float) -> tuple[Timed, ...]:
    """Move times by `by_s` seconds."""
    return tuple(Timed(item.text, item.start_s + by_s, item.end_s + by_s) for item in items)


def cut(items: Iterable[Timed], start_s: float, end_s: float) -> tuple[Timed, ...]:
    """What lies in [start_s, end_s), clipped to it, with times counted from `start_s`."""
    kept = (item for item in items if item.end_s > start_s and item.start_s < end_s)
    return tuple(
        Timed(item.text, max(item.start_s, start_s) - start_s, min(item.end_s, end_s) - start_s)
        for item in kept
    )
