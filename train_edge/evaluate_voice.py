"""A voice model against clips: is there speech, a child or an adult, which emotion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.clip import SAMPLE_RATE_HZ
from generate.shards import Dataset
from generate.sound.noises import at_snr, excerpt
from generate.spec import EMOTIONS
from train_edge.metrics import balanced, confusion
from train_edge.predictor import Predictor
from train_edge.real_folders import one_second
from train_edge.voice_task import EMOTION, scores
from train_edge.voices import NOISES, Second, seconds

HOUSE = 5000
"""Seed of the noises of evaluation: none that training heard."""
NOISY_SNR_DB = 10.0
NOISE_SECONDS = 40
"""Seconds of each kind of noise."""
BATCH = 64
Ask = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def score_voices(model: Predictor, dataset: Dataset, numbers: list[int]) -> dict[str, Any]:
    """Figures of the three heads, dry and in noise, and false alarms by kind of noise."""
    rng = np.random.default_rng(HOUSE)
    acted = len({row["emotion"] for row in dataset.rows}) > 1
    clips = dataset.clips(("audio", "labels"), numbers)
    heard = [second for clip in clips for second in seconds(clip, acted) if second.spoken]
    if not heard:
        raise ValueError(f"data set {dataset.folder}: nobody speaks in it")
    dry = np.stack([one_second(second.audio) for second in heard])
    kinds = [NOISES[k % len(NOISES)] for k in range(len(heard))]
    noisy = np.stack([
        one + at_snr(one, excerpt(HOUSE, kind, rng, SAMPLE_RATE_HZ), NOISY_SNR_DB)
        for one, kind in zip(dry, kinds, strict=True)
    ])  # fmt: skip
    quiet = np.stack([
        excerpt(HOUSE, kind, rng, SAMPLE_RATE_HZ) / np.float32(10)
        for kind in NOISES
        for _ in range(NOISE_SECONDS)
    ])  # fmt: skip
    found, in_noise, none = _ask(model.hear, dry), _ask(model.hear, noisy), _ask(model.hear, quiet)
    alarms = (none[:, 0] > 0).reshape(len(NOISES), NOISE_SECONDS).mean(1)
    return (
        {"n": len(heard)}
        | _figures(found, none, heard)
        | {"in_noise": _figures(in_noise, none, heard)}
        | {"false_alarms": dict(zip(NOISES, map(float, alarms), strict=True))}
        | _emotions(found, heard)
    )


def _figures(
    found: NDArray[np.float32], none: NDArray[np.float32], heard: list[Second]
) -> dict[str, float]:
    """Balanced accuracy of each head; speech against noise."""
    outputs = np.concatenate([found, none])
    quiet = np.full(len(none), -1)
    return scores(
        outputs,
        np.concatenate([np.ones(len(found), np.int64), np.zeros(len(none), np.int64)]),
        np.concatenate([[second.child for second in heard], quiet]),
        np.concatenate([[second.emotion for second in heard], quiet]),
    )


def _emotions(found: NDArray[np.float32], heard: list[Second]) -> dict[str, Any]:
    """Confusion of the emotions, where the voices of the data set have several."""
    truth = np.array([second.emotion for second in heard])
    known = truth >= 0
    if not known.any():
        return {}
    answers = found[known][:, EMOTION].argmax(1)
    counts = confusion(truth[known], answers, len(EMOTIONS))
    return {
        "emotion": balanced(truth[known], answers),
        "confusion": {"labels": list(EMOTIONS), "counts": counts},
    }


def _ask(ask: Ask, sounds: NDArray[np.float32]) -> NDArray[np.float32]:
    parts = np.array_split(sounds, -(-len(sounds) // BATCH))
    return np.concatenate([ask(part) for part in parts])
