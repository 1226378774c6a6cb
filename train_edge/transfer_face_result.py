"""Figures of a transfer report of faces from the landmarks that its arms answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from train_edge.bootstrap import MIN_GROUPS, Floats, interval, resampled_means
from train_edge.landmark_pose import yaw_deg
from train_edge.metrics import FAILED, JAW, OUTER_EYES, landmark_error
from train_edge.transfer import REAL, SYNTHETIC, Training
from train_edge.transfer_compare import column, comparisons, draws_of, intervals, placed, stream
from train_edge.translate_labels import fit

WHO = "people"
YAW_DEG = (0, 10, 20, 30, 45, 180)
EYES_PX = (0, 16, 24, 32, 48, 64, 100000)
"""Edges of the ranges of |yaw| and of the distance of the outer eye corners."""
CURVE = np.linspace(0, 0.2, 81)
"""Errors at which the cumulative curve is taken."""
FRONTAL_DEG = 20.0
"""Points are compared on faces that are turned less: an outline moves with the turn."""
HOW: tuple[Literal["offset", "linear"], ...] = ("offset", "linear")

Landmarks = NDArray[np.floating]


@dataclass(frozen=True)
class FaceTruth:
    """What is known of faces."""

    points: Landmarks
    """(K, 68, 2) px."""
    people: tuple[str, ...]
    """(K) whose they are; empty where no figure asks."""

    @property
    def eyes_px(self) -> Floats:
        """(K,) distance of the outer eye corners."""
        return np.asarray(np.linalg.norm(np.subtract(*self._corners()), axis=1), np.float64)

    @property
    def yaw(self) -> Floats:
        """(K,) degrees, estimated from the landmarks."""
        return yaw_deg(self.points)

    @property
    def frontal(self) -> NDArray[np.int64]:
        """Numbers of the faces that are hardly turned, or of all where there is none."""
        rows = np.flatnonzero(np.abs(self.yaw) < FRONTAL_DEG)
        return rows if len(rows) else np.arange(len(self.points))

    def axes(self) -> Floats:
        """(K, 2, 2) maps to face axes in eye distances: x along the eyes, y down the face."""
        x, y = ((self._corners()[1] - self._corners()[0]) / self.eyes_px[:, None] ** 2).T
        return np.stack([x, y, -y, x], 1).reshape(-1, 2, 2)

    def _corners(self) -> tuple[Landmarks, Landmarks]:
        left, right = (self.points[:, point] for point in OUTER_EYES)
        return left, right


def figures(
    truth: FaceTruth, answers: Mapping[str, Landmarks], more: Mapping[str, Landmarks]
) -> dict[str, Any]:
    """Figures on real faces: `answers` maps arms to landmarks (seeds S, faces K, 68, 2) px.

    `more` are those of `translated`. Errors are means over seeds; intervals resample faces or
    people and not seeds.
    """
    every = dict(answers) | dict(more)
    errors = {arm: seed_errors(found, truth.points) for arm, found in every.items()}
    mean = {arm: error.mean((0, 2)) for arm, error in errors.items()}
    draws = draws_of(np.stack(list(mean.values()), 1), truth.people, WHO)
    body: dict[str, Any] = {"task": "face", "n": len(truth.points)}
    body |= {"people": len(set(truth.people)), "ranges": _ranges(truth), "real": None}
    for number, (arm, error) in enumerate(errors.items()):
        summary = _summary(truth, error) | intervals(column(draws, number), WHO)
        if arm in answers:
            placed(body, arm, summary)
        else:
            how, k = arm.split("+")
            body.setdefault("translated", {}).setdefault(how, {})[k] = summary
    return body | comparisons({arm: mean[arm] for arm in answers}, draws, WHO)


def translated(
    truth: FaceTruth, synthetic: Landmarks, trainings: Sequence[Training]
) -> dict[str, Landmarks]:
    """Answers (S, K, 68, 2) of the synthetic arm, translated by k real labels of other people.

    The k are those that the arm synthetic+k is fine-tuned on: {"offset+100": ..., "linear+100"}.
    """
    mixed = [training for training in trainings if training.synthetic and training.real]
    seeds = sorted({training.seed for training in mixed})
    found: dict[str, Landmarks] = {}
    for training in mixed:
        few, test, seed = list(training.real), list(training.test), seeds.index(training.seed)
        for how in HOW:
            name = f"{how}+{training.arm.removeprefix(f'{SYNTHETIC}+')}"
            own = found.setdefault(name, np.full(synthetic.shape, np.nan))
            translation = fit(synthetic[seed][few], truth.points[few], how)
            own[seed, test] = translation.apply(synthetic[seed][test])
    return found


def compared(
    truth: FaceTruth,
    answers: Mapping[str, Landmarks],
    renders: FaceTruth,
    on_renders: Mapping[str, Landmarks],
) -> dict[str, Any]:
    """Both directions: synthetic-trained on real faces, real-trained on renders with exact labels.

    "points": signed mean offset of each point, answers minus labels, in eye distances along the
    axes of the face; where two annotations differ, the two directions have opposite signs.
    """
    errors = {arm: landmark_summary(found, renders.points) for arm, found in on_renders.items()}
    body: dict[str, Any] = {"renders": {"n": len(renders.points)} | errors, "points": None}
    if REAL in on_renders:
        here, there = offsets(truth, answers[SYNTHETIC]), offsets(renders, on_renders[REAL])
        body["points"] = {
            "synthetic_on_real": here.tolist(),
            "real_on_renders": there.tolist(),
            "shape": mean_face(truth).tolist(),
            "faces": [len(truth.frontal), len(renders.frontal)],
        }
    return body


def offsets(truth: FaceTruth, answers: Landmarks) -> Floats:
    """Mean of answers (S, K, 68, 2) minus labels (68, 2), eye distances, of frontal faces."""
    rows = truth.frontal
    apart = answers[:, rows] - truth.points[rows]
    return np.asarray(np.einsum("kij,skpj->pi", truth.axes()[rows], apart) / apart[:, :, 0, 0].size)


def mean_face(truth: FaceTruth) -> Floats:
    """Mean of the labels (68, 2), eye distances from the middle of the points, frontal faces."""
    rows = truth.frontal
    centred = truth.points[rows] - truth.points[rows].mean(1, keepdims=True)
    return np.asarray(np.einsum("kij,kpj->pi", truth.axes()[rows], centred) / len(rows))


def landmark_summary(found: Landmarks, points: Landmarks) -> dict[str, float]:
    """The three figures of landmarks (S, K, 68, 2) against (K, 68, 2), means over seeds."""
    error = seed_errors(found, points)
    return {
        "nme_68": float(error.mean()),
        "nme_51": float(error[..., JAW:].mean()),
        "failure_10": float((error.mean(2) > FAILED).mean()),
    }


def seed_errors(found: Landmarks, points: Landmarks) -> Floats:
    """Errors (S, K, 68) of landmarks (S, K, 68, 2) over the distance of the outer eye corners."""
    return np.stack([np.asarray(landmark_error(own, points), np.float64) for own in found])


def _summary(truth: FaceTruth, error: Floats) -> dict[str, Any]:
    """Everything of one arm: error (S, K, 68)."""
    image = error.mean((0, 2))
    failed = (error.mean(2) > FAILED).mean(0)
    body: dict[str, Any] = {"n": len(image), "nme_68": float(image.mean())}
    for key, values in (("nme_51", error[..., JAW:].mean((0, 2))), ("failure_10", failed)):
        body |= {key: float(values.mean()), f"{key}_interval": _spread(values, truth.people)}
    body["by_seed"] = [float(value) for value in error.mean((1, 2))]
    for key, rows_of in ranges_of(truth).items():
        body[key] = {name: float(image[rows].mean()) for name, rows in rows_of.items()}
        body[f"{key}_interval"] = {
            name: _spread(image[rows], [truth.people[row] for row in rows])
            for name, rows in rows_of.items()
        }
    share = [float((error.mean(2) <= at).mean()) for at in CURVE]
    return body | {"curve": {"error": CURVE.tolist(), "share": share}}


def ranges_of(truth: FaceTruth) -> dict[str, dict[str, NDArray[np.int64]]]:
    """Faces by |yaw| and by size: name of each range that has some -> their numbers."""
    kinds = {"by_yaw": (np.abs(truth.yaw), YAW_DEG), "by_eyes_px": (truth.eyes_px, EYES_PX)}
    return {key: _cut(values, edges) for key, (values, edges) in kinds.items()}


def _cut(values: Floats, edges: Sequence[int]) -> dict[str, NDArray[np.int64]]:
    found = {}
    for low, high in pairwise(edges):
        rows = np.flatnonzero((values >= low) & (values < high))
        if len(rows):
            found[f"from {low}" if high == edges[-1] else f"{low} to {high}"] = rows
    return found


def _ranges(truth: FaceTruth) -> dict[str, dict[str, int]]:
    kinds = ranges_of(truth)
    return {key: {name: len(rows) for name, rows in own.items()} for key, own in kinds.items()}


def _spread(values: Floats, people: Sequence[str]) -> list[float]:
    """An interval over people where they are enough, else over faces within people."""
    enough = len(set(people)) >= MIN_GROUPS
    over: Literal["groups", "samples"] = "groups" if enough else "samples"
    return list(interval(resampled_means(values[:, None], people, stream(), over)[:, 0]))
