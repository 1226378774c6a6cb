"""Emotions read from curves: how surely, and how well their intensity (used by bench_motion.py).

The reader is a multinomial logistic regression on the mean and the spread of each curve over a
whole utterance, speech included; intensity is a ridge regression for each emotion. Both learn on
children, styles and sentences other than those of the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate.motion.director import Manner, direct
from generate.motion.player import play_score
from generate.motion.shapes import COLUMN, columns
from generate.motion.style import sample_style
from generate.motion.visemes import BILABIAL
from generate.spec import EMOTIONS, Motion
from generate.voice.speech import Utterance

F64 = NDArray[np.float64]

LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RATE_HZ = 25.0
SHUT = 0.03
"""Largest jawOpen - mouthClose + lifted lips of a closure, in units of the curves."""


@dataclass(frozen=True)
class Acted:
    """One child that says one sentence with an emotion."""

    emotion: str
    intensity: float
    features: F64
    """(104,)"""
    shut: float
    """Share of the bilabials of 40 ms whose lips close."""


def acted(utterance: Utterance, child: int, emotion: str, intensity: float) -> Acted:
    """Play it: the child's style and chance come from its number."""
    style = sample_style(np.random.default_rng([7, child]))
    rng = np.random.default_rng([8, child])
    length = utterance.duration_s
    score = direct(utterance, length, rng, emotion, intensity, manner=Manner(6.0, style))
    motion = play_score(score, RATE_HZ)
    arkit = motion.arkit.astype(np.float64)
    return Acted(
        emotion, intensity, np.concatenate([arkit.mean(0), arkit.std(0)]), _shut(motion, utterance)
    )


def _shut(motion: Motion, utterance: Utterance) -> float:
    arkit = motion.arkit
    lifted = arkit[:, columns("mouthLowerDown", "mouthUpperUp")].max(1)
    apart = arkit[:, COLUMN["jawOpen"]] - arkit[:, COLUMN["mouthClose"]] + lifted
    closed = []
    for phoneme in utterance.phonemes:
        frame = int((phoneme.start_s + phoneme.end_s) / 2 * RATE_HZ)
        if BILABIAL & set(phoneme.text) and phoneme.end_s - phoneme.start_s >= 0.04:
            closed.append(apart[min(frame, len(apart) - 1)] < SHUT)
    return float(np.mean(closed)) if closed else 1.0


@dataclass(frozen=True)
class Reader:
    """Standardised features times weights."""

    mean: F64
    scale: F64
    weights: F64
    """(105, 7), the last row the bias."""

    def __call__(self, features: F64) -> list[str]:
        """The emotion of each row (N, 104)."""
        x = (features - self.mean) / self.scale
        score = np.c_[x, np.ones(len(x))] @ self.weights
        return [EMOTIONS[i] for i in score.argmax(1)]


def train_reader(rows: list[Acted], steps: int = 400, decay: float = 1e-3) -> Reader:
    """Multinomial logistic regression by gradient descent with momentum."""
    x = np.array([row.features for row in rows])
    mean, scale = x.mean(0), x.std(0) + 0.02
    x = np.c_[(x - mean) / scale, np.ones(len(x))]
    y = np.eye(len(EMOTIONS))[[EMOTIONS.index(row.emotion) for row in rows]]
    weights, speed = np.zeros((x.shape[1], len(EMOTIONS))), 0.0
    for _ in range(steps):
        share = np.exp(x @ weights - (x @ weights).max(1, keepdims=True))
        share /= share.sum(1, keepdims=True)
        speed = 0.9 * speed - 0.05 * (x.T @ (share - y) / len(x) + decay * weights)
        weights = weights + speed
    return Reader(mean, scale, weights)


def train_intensity(rows: list[Acted], decay: float = 3.0) -> dict[str, F64]:
    """For each emotion, weights (105,) of a ridge regression of intensity on the features."""
    found = {}
    for emotion in EMOTIONS[1:]:
        own = [row for row in rows if row.emotion == emotion]
        x = np.c_[np.array([row.features for row in own]), np.ones(len(own))]
        y = np.array([row.intensity for row in own])
        gram = x.T @ x + decay * np.diag(np.r_[np.full(x.shape[1] - 1, 0.01), 0.0])
        found[emotion] = np.linalg.solve(gram, x.T @ y)
    return found


def rank_of(asked: F64, found: F64) -> float:
    """Spearman's rank correlation; no ties expected."""
    first, second = (np.argsort(np.argsort(values)) for values in (asked, found))
    return float(np.corrcoef(first, second)[0, 1])


def measure(
    train: Sequence[Utterance], test: Sequence[Utterance], children: int
) -> tuple[list[dict[str, Any]], dict[str, float | None]]:
    """Rows and figures: emotion_accuracy, intensity_spearman (least of all sweeps' mean of an
    emotion), intensity_pooled (over all children at once), intensity_closure."""
    known = [
        acted(train[child % len(train)], child, emotion, level if emotion != "neutral" else 0.0)
        for child in range(children)
        for emotion in EMOTIONS
        for level in (1.0, 0.25, 0.5, 0.75)
        if emotion != "neutral" or level == 1.0
    ]
    reader = train_reader([row for row in known if row.intensity in (0.0, 1.0)])
    weights = train_intensity(known)
    rows: list[dict[str, Any]] = []
    for child in range(1000, 1000 + children):
        utterance = test[child % len(test)]
        for emotion in EMOTIONS:
            levels = LEVELS if emotion != "neutral" else (0.0,)
            sweep = [acted(utterance, child, emotion, level) for level in levels]
            x = np.array([row.features for row in sweep])
            row = {"kind": "emotion", "child": child, "emotion": emotion,
                   "read": reader(x[-1:])[0], "shut": min(one.shut for one in sweep)}  # fmt: skip
            if emotion in weights:
                found = np.c_[x, np.ones(len(x))] @ weights[emotion]
                row |= {"levels": list(levels), "found": found.round(4).tolist(),
                        "spearman": rank_of(np.array(levels), found)}  # fmt: skip
            rows.append(row)
    felt = [row for row in rows if "found" in row]
    each = {e: [r["spearman"] for r in felt if r["emotion"] == e] for e in weights}
    asked = np.concatenate([r["levels"] for r in felt])
    return rows, {
        "emotion_accuracy": float(np.mean([r["read"] == r["emotion"] for r in rows])),
        "intensity_spearman": min(float(np.mean(values)) for values in each.values()),
        "intensity_pooled": rank_of(asked, np.concatenate([r["found"] for r in felt])),
        "intensity_closure": float(np.mean([r["shut"] for r in felt])),
    }
