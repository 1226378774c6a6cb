"""Data sets into memory: what is held out, and the sounds of keyword spotting."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generate.clip import SAMPLE_RATE_HZ, Clip
from generate.progress import Progress
from generate.shards import Dataset, open_dataset
from generate.store import Location
from generate.voice.keywords import class_of
from train_edge.spectra import Spectra, gather

UNKNOWN, SILENCE = "unknown", "silence"
HELD_OUT = 10
"""One clip in ten (or child, where one child has several stills), about, is kept for validation."""
SPLIT = 2
"""Counts the rules of what is held out: a training by another rule is not the same."""
MARGIN_S = 0.04
"""Kept before and after the labelled word."""


class Said(NamedTuple):
    """A word as it is heard."""

    sound: NDArray[np.float32]
    place: int
    """Among the class names."""
    voice: str


def open_clips(folder: str | Location, want: str, exact: bool = True) -> Dataset:
    """Open a finished data set that has `want` ("frames" or "audio"); ValueError if not.

    `exact` refuses pseudo-labels, which landmarks, pose and age have but nothing else.
    """
    dataset = open_dataset(folder)
    if exact and dataset.pseudo:
        told = f"its labels are told by {dataset.pseudo}"
        raise ValueError(f"data set {folder}: {told}; here exact ones are wanted")
    count = {"frames": "n_frames", "audio": "n_samples"}[want]
    if not len(dataset):
        raise ValueError(f"data set {folder}: no clips")
    if not any(row[count] for row in dataset.rows):
        what = "pictures; want one of `stills`" if want == "frames" else "sound; want `words`"
        raise ValueError(f"data set {folder}: has no {what}")
    return dataset


def split(dataset: Dataset) -> tuple[list[int], list[int]]:
    """Clips to train on and to hold out; stills of a child and takes of a word stay together."""
    options = dataset.header["options"]
    group = int(options.get("child_stills", options.get("takes", 1)))
    held = [n for n in range(len(dataset)) if _is_held(n // group)]
    kept = sorted(set(range(len(dataset))) - set(held))
    if held:
        return kept, held
    print(f"{dataset.folder}: too few clips to hold some out; validating on all", file=sys.stderr)
    return kept, kept


def _is_held(number: int) -> bool:
    """Whether a clip or child is held out: one place later in each ten, as children and adults,
    sexes and emotions take turns."""
    return (number + number // HELD_OUT) % HELD_OUT == HELD_OUT - 1


def keywords(dataset: Dataset) -> tuple[str, ...]:
    """Keywords of a data set: in the order of its options if they are there, else sorted."""
    found = {row["keyword"] for row in dataset.rows} - {"", UNKNOWN, SILENCE}
    if not found:
        raise ValueError(f"data set {dataset.folder}: no clip has a keyword; want `words`")
    asked = [class_of(word) for word in dataset.header["options"].get("words", ())]
    asked = [word for word in asked if word in found]
    return (*asked, *sorted(found - set(asked)))


def class_names(words: Sequence[str]) -> tuple[str, ...]:
    """Labels of a keyword model: the words, then unknown and silence."""
    return (*words, UNKNOWN, SILENCE)


def load_words(
    dataset: Dataset, numbers: Sequence[int], words: Sequence[str], every: bool = True
) -> Spectra:
    """Read the sounds of some clips, cut to their words; other keywords become unknown.

    ValueError where a word is missing, unless `every` is false.
    """
    heard = _heard(dataset, numbers, words)
    return _gathered(dataset, heard, numbers, words if every else ())


def load_both(
    dataset: Dataset, kept: Sequence[int], held: Sequence[int], words: Sequence[str]
) -> tuple[Spectra, Spectra]:
    """What to train on and what is held out, read in one go.

    ValueError where a word is missing of what to train on.
    """
    heard = _heard(dataset, sorted({*kept, *held}), words)
    return _gathered(dataset, heard, kept, words), _gathered(dataset, heard, held, ())


def _heard(dataset: Dataset, numbers: Sequence[int], words: Sequence[str]) -> dict[int, Said]:
    names, found = class_names(words), dict[int, Said]()
    progress = Progress(len(numbers), "read")
    clips = dataset.clips(("audio", "labels"), numbers)
    for count, (number, clip) in enumerate(zip(numbers, clips, strict=True)):
        if clip.audio is not None and len(clip.audio):
            keyword = clip.facts["keyword"] or UNKNOWN
            place = names.index(keyword if keyword in names else UNKNOWN)
            found[number] = Said(cut_word(clip, keyword), place, voice_name(clip))
        progress.update(count + 1)
    progress.close()
    return found


def _gathered(
    dataset: Dataset, heard: dict[int, Said], numbers: Sequence[int], words: Sequence[str]
) -> Spectra:
    """Those of `numbers` that are heard; ValueError where none says one of `words`."""
    said = [heard[number] for number in numbers if number in heard]
    _check_every_word(dataset, [one.place for one in said], words)
    return gather(*([getattr(one, name) for one in said] for name in Said._fields))


def voice_name(clip: Clip) -> str:
    """Who speaks in a clip: engine:voice."""
    voice = clip.facts["voice"]
    return f"{voice.get('engine', '')}:{voice.get('voice', '')}"


def cut_word(clip: Clip, keyword: str) -> NDArray[np.float32]:
    """Sound (N,) in -1..1 of the labelled words of a clip, or all of it where none is labelled.

    A clip that holds a whole sentence around its keyword is cut to the keyword.
    """
    assert clip.audio is not None
    audio = clip.audio.astype(np.float32) / 32768
    words, times_s = clip.labels.get("word"), clip.labels.get("word_s")
    if words is not None and times_s is not None and len(words):
        spoken = times_s[words == keyword] if keyword in words else times_s
        low = int(max(0, spoken[:, 0].min() - MARGIN_S) * SAMPLE_RATE_HZ)
        high = int((spoken[:, 1].max() + MARGIN_S) * SAMPLE_RATE_HZ)
        audio = audio[low:high]
    short = 4 * SAMPLE_RATE_HZ // 50 - len(audio)
    return np.pad(audio, (0, max(0, short)))


def _check_every_word(dataset: Dataset, classes: Sequence[int], words: Sequence[str]) -> None:
    for number, word in enumerate(words):
        if number not in classes:
            known = ", ".join(keywords(dataset))
            raise ValueError(f"data set {dataset.folder}: no clip says {word!r}; it has {known}")
