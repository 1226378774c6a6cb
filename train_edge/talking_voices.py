"""Children who are only heard: voices whose lips follow from the score, for the ear to learn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from device.front_end import AUDIOVISUAL
from generate.clip import Clip
from generate.facts import spoken_frames
from generate.motion.player import play_score
from generate.motion.score_text import from_text
from generate.progress import Progress
from generate.shards import Dataset
from train_edge.data import voice_name
from train_edge.faces import Floats
from train_edge.models.talknet import PICTURES
from train_edge.talking_clips import EACH, Film, Spoken, fitted_sound

RATE_HZ = AUDIOVISUAL["rate_hz"]


def load_spoken(dataset: Dataset, numbers: Sequence[int], films: Sequence[Film]) -> list[Spoken]:
    """Clips of a `talk` data set as voices; how curves move lips is learned from films.

    ValueError where no clip has a score and lasts as long as the model hears.
    """
    matrix = lips_of_curves(films)
    found: list[Spoken] = []
    progress = Progress(len(numbers), "read voices")
    for count, clip in enumerate(dataset.clips(("audio", "labels"), numbers)):
        if "score" in clip.labels:
            one = _spoken(clip, matrix)
            found += [one] if len(one) >= PICTURES else []
        progress.update(count + 1)
    progress.close()
    if not found:
        raise ValueError(
            f"data set {dataset.folder}: no voice with a score of {PICTURES / RATE_HZ:g} s; want "
            "`talk --no-pictures`"
        )
    return found


def lips_of_curves(films: Sequence[Film]) -> Floats:
    """Matrix (53, 2) from ARKit curves and a one to `mouth_of`, by least squares over films."""
    curves = np.concatenate([film.arkit for film in films])
    mouths = np.concatenate([film.mouth for film in films])
    found, *_ = np.linalg.lstsq(_with_one(curves), mouths, rcond=None)
    return np.asarray(found, np.float32)


def _with_one(curves: Floats) -> Floats:
    return np.column_stack([curves, np.ones(len(curves), np.float32)])


def _spoken(clip: Clip, matrix: Floats) -> Spoken:
    assert clip.audio is not None
    count = max(1, len(clip.audio) // EACH)
    score = from_text("\n".join(clip.labels["score"]), clip.key)
    curves = np.asarray(play_score(score, RATE_HZ, 0, count).arkit, np.float32)
    mouth = np.maximum(_with_one(curves) @ matrix, [0, -np.inf]).astype(np.float32)
    mouth[:, 1] -= np.median(mouth[:, 1])
    speaking = spoken_frames(clip.labels["word_s"], count, RATE_HZ) > 0
    return Spoken(fitted_sound(clip.audio, count), speaking, mouth, voice_name(clip))
