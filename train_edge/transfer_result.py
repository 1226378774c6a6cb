"""Figures of a transfer report of keywords from the scores of its arms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train_edge.bootstrap import Floats, interval, resampled_means
from train_edge.detection import one_against_rest
from train_edge.metrics import confusion
from train_edge.transfer_compare import column, comparisons, draws_of, intervals, placed, stream

WHO = "speakers"


@dataclass(frozen=True)
class Truth:
    """What is known of the real recordings."""

    labels: tuple[str, ...]
    """(C) class names, as the scores have them."""
    classes: tuple[str, ...]
    """(K) class of each recording, one of `labels`."""
    people: tuple[str, ...]
    """(K) who says it."""

    @property
    def columns(self) -> list[int]:
        """Classes that some recording is of: answers are taken among them."""
        return [k for k, label in enumerate(self.labels) if label in self.classes]


def figures(truth: Truth, answers: Mapping[str, NDArray[np.float32]]) -> dict[str, Any]:
    """All figures: `answers` maps arms to scores (seeds S, recordings K, classes C).

    Accuracies are means over seeds; intervals resample recordings or speakers and not seeds.
    """
    right = {arm: _right(truth, scores).mean(0) for arm, scores in answers.items()}
    draws = draws_of(np.stack(list(right.values()), 1), truth.people, WHO)
    body: dict[str, Any] = {"task": "kws", "n": len(truth.people)}
    body |= {"speakers": len(set(truth.people)), "recordings": dict(Counter(truth.classes))}
    for number, arm in enumerate(right):
        summary = _summary(truth, answers[arm], right[arm])
        placed(body, arm, summary | intervals(column(draws, number), WHO))
    body.setdefault("real", None)
    return body | comparisons(right, draws, WHO)


def _summary(truth: Truth, scores: NDArray[np.float32], right: Floats) -> dict[str, Any]:
    columns = truth.columns
    names = [truth.labels[k] for k in columns]
    number = np.array([names.index(label) for label in truth.classes])
    found = scores[:, :, columns].argmax(2)
    counts = confusion(np.tile(number, len(scores)), found.ravel(), len(names))
    body: dict[str, Any] = {"accuracy": float(right.mean()), "n": len(right)}
    body["by_seed"] = [float(value) for value in (found == number).mean(1)]
    for key, member, order in (
        ("by_speaker", truth.people, sorted(set(truth.people))),
        ("by_word", truth.classes, names),
    ):
        body |= _by(key, right, member, order)
    words = [k for k, name in enumerate(names) if name not in truth.labels[-2:]]
    pooled = np.concatenate(list(scores))[:, columns]
    curve = one_against_rest(pooled, np.tile(number, len(scores)), words)
    body["det"] = None
    if curve is not None:
        thin = curve.thinned()
        body["det"] = {"equal_error": curve.equal_error(),
                       "false_accept": thin.false_accept.tolist(),
                       "miss": thin.miss.tolist()}  # fmt: skip
    return body | {"confusion": {"labels": names, "counts": counts}}


def _by(key: str, right: Floats, member: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """Accuracy and interval over recordings of each speaker, or of each word."""
    member_of = np.array(member)
    means, ends = {}, {}
    for name in names:
        own = right[member_of == name]
        means[name] = float(own.mean())
        draws = resampled_means(own[:, None], [name] * len(own), stream(), "samples")
        ends[name] = list(interval(draws[:, 0]))
    return {key: means, f"{key}_interval": ends}


def _right(truth: Truth, scores: NDArray[np.float32]) -> Floats:
    """(S, K) 1 where the best of the folder's own classes is the right one."""
    columns = np.array(truth.columns)
    number = np.array([truth.labels.index(label) for label in truth.classes])
    return (columns[scores[:, :, columns].argmax(2)] == number).astype(np.float64)
