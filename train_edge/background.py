"""Seconds of a home in which nobody says a keyword, out of a `stream` data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from generate.progress import Progress
from generate.shards import Dataset
from generate.voice.keywords import class_of
from train_edge.data import class_names, open_clips
from train_edge.spectra import FRAMES, Spectra, gather

STEP = 10
"""Frames between the starts of two seconds: 0.2 s."""
SHARE = 0.6
"""Share of the unknown of a batch that is background, where there is some."""


def load_background(folder: str | Path, words: tuple[str, ...]) -> Spectra:
    """Every second, `STEP` frames apart, of a stream without keywords; class `unknown`.

    ValueError where the data set is no stream, holds keywords or does not leave out one of `words`.
    """
    dataset = open_clips(folder, "audio")
    _check(dataset, words)
    sounds, progress = [], Progress(len(dataset), "read", "minute")
    for number, clip in enumerate(dataset.clips(("audio",))):
        assert clip.audio is not None
        sounds.append(clip.audio.astype(np.float32) / np.float32(32768))
        progress.update(number + 1)
    progress.close()
    unknown = class_names(words).index("unknown")
    long = gather(sounds, [unknown] * len(sounds), ["background"] * len(sounds))
    return windows(long)


def windows(long: Spectra) -> Spectra:
    """The seconds of long sounds as sounds of their own, on the same spectra."""
    spans = zip(long.starts, long.lengths, long.classes, long.voices, strict=True)
    found = [
        (start, number, voice)
        for first, length, number, voice in spans
        for start in range(int(first), int(first + length) - FRAMES + 1, STEP)
    ]
    return Spectra(
        magnitude=long.magnitude,
        starts=np.array([start for start, _, _ in found], np.int64),
        lengths=np.full(len(found), FRAMES, np.int64),
        classes=np.array([number for _, number, _ in found], np.int64),
        voices=tuple(voice for _, _, voice in found),
    )


def _check(dataset: Dataset, words: tuple[str, ...]) -> None:
    options = dataset.header["options"]
    if "keywords_per_minute" not in options:
        raise ValueError(f"--background {dataset.folder}: want a `stream` data set")
    if options["keywords_per_minute"]:
        raise ValueError(
            f"--background {dataset.folder}: keywords are said in it; want --keywords-per-minute 0"
        )
    left_out = {class_of(word) for word in options["words"]}
    said = [word for word in words if word not in left_out]
    if said:
        raise ValueError(
            f"--background {dataset.folder}: may say {said[0]!r}; generate it with --words "
            + " ".join(words)
        )
