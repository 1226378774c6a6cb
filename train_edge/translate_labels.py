"""Label translation: from our landmarks to those of another annotation, learned from few of it.

Two annotations put the same named point at different places of a face, so a network may be right by
one and wrong by the other (Wood et al., Fake it till you make it, ICCV 2021, section 4.2, who train
a small network for it). Here: an offset for each point in the face's own frame and, on top, a
linear map of few components of the face's shape, so that offsets may turn with head and mouth.
Answers go in and answers come out; no picture is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from train_edge.metrics import OUTER_EYES

Floats = NDArray[np.float64]
COMPONENTS = 12
"""Components of shape that offsets may depend on."""
RIDGE = 10.0
"""Weight of no dependence, in faces: so many more faces on which offsets stay the same."""
ROUNDS = 4
"""Rounds of alignment to a mean that changes less than a hundredth of an eye distance."""


@dataclass(frozen=True)
class Translation:
    """What `fit` found. Unit: distance of the outer eye corners; frame: upright, y down."""

    mean: Floats
    """(P, 2) mean shape of the answers, centre at 0."""
    offset: Floats
    """(P, 2) labels minus answers, of the mean shape."""
    components: Floats
    """(R, 2 P) directions of shape, scaled so that scores have deviation 1; R may be 0."""
    slopes: Floats
    """(R, 2 P) change of the offset with each score."""

    def apply(self, answers: NDArray[np.floating]) -> Floats:
        """Translated answers (K, P, 2) of answers (K, P, 2), in the unit and frame they have."""
        maps = to_frame(answers, self.mean)
        shapes = _moved(maps, answers)
        scores = (shapes - self.mean).reshape(len(shapes), -1) @ self.components.T
        move = self.offset + (scores @ self.slopes).reshape(shapes.shape)
        return np.asarray(answers + np.linalg.solve(maps[0], move.swapaxes(1, 2)).swapaxes(1, 2))


def fit(
    answers: NDArray[np.floating],
    labels: NDArray[np.floating],
    how: Literal["offset", "linear"] = "linear",
) -> Translation:
    """Learn a translation from answers of a network and labels of the same faces (K, P, 2).

    offset: constant offsets; linear: and their dependence on the shape. ValueError where shapes
    differ or nothing is given.
    """
    if answers.shape != labels.shape or not len(answers):
        raise ValueError(f"answers {answers.shape} and labels {labels.shape}: want the same faces")
    mean = mean_shape(np.asarray(answers, np.float64))
    maps = to_frame(answers, mean)
    shapes = _moved(maps, answers)
    moves = (_moved(maps, labels) - shapes).reshape(len(shapes), -1)
    offset = moves.mean(0)
    components = np.zeros((0, moves.shape[1]))
    if how == "linear":
        components = _components((shapes - mean).reshape(len(shapes), -1))
    scores = (shapes - mean).reshape(len(shapes), -1) @ components.T
    normal = scores.T @ scores + RIDGE * np.eye(len(components))
    slopes = np.linalg.solve(normal, scores.T @ (moves - offset))
    return Translation(mean, offset.reshape(mean.shape), components, slopes)


def mean_shape(shapes: Floats) -> Floats:
    """Mean (P, 2) of shapes (K, P, 2) without their place, size and roll (Gower's Procrustes)."""
    mean = _upright(shapes[0])
    for _ in range(ROUNDS):
        mean = _upright(_moved(to_frame(shapes, mean), shapes).mean(0))
    return mean


def to_frame(shapes: NDArray[np.floating], mean: Floats) -> tuple[Floats, Floats]:
    """Similarities that lay shapes (K, P, 2) onto the mean best: matrices (K, 2, 2), shifts (K, 2).

    Closed form with complex numbers: one factor turns and scales, so no mirror can come out.
    """
    points = shapes[..., 0] + 1j * shapes[..., 1]
    centre = points.mean(1, keepdims=True)
    aim = mean[:, 0] + 1j * mean[:, 1]
    inner = (points - centre).conj()
    factor = (inner * aim).sum(1) / np.maximum((np.abs(inner) ** 2).sum(1), 1e-12)
    shift = aim.mean() - factor * centre[:, 0]
    matrix = np.stack([factor.real, -factor.imag, factor.imag, factor.real], 1)
    return matrix.reshape(-1, 2, 2), np.stack([shift.real, shift.imag], 1)


def _moved(maps: tuple[Floats, Floats], shapes: NDArray[np.floating]) -> Floats:
    matrix, shift = maps
    return np.asarray(shapes @ matrix.swapaxes(1, 2) + shift[:, None])


def _upright(shape: NDArray[np.floating]) -> Floats:
    """A shape (P, 2) with centre 0, the line of the outer eye corners level and of length 1."""
    left, right = (shape[point] for point in OUTER_EYES)
    x, y = right - left
    turn = np.array([[x, y], [-y, x]]) / max(x * x + y * y, 1e-12)
    return np.asarray((shape - shape.mean(0)) @ turn.T, np.float64)


def _components(rows: Floats) -> Floats:
    """At most COMPONENTS principal directions of centred rows (K, D), scores of deviation 1."""
    _, sizes, directions = np.linalg.svd(rows, full_matrices=False)
    count = min(COMPONENTS, int((sizes > 1e-9 * max(sizes[0], 1e-12)).sum()))
    return np.asarray(directions[:count] / sizes[:count, None] * np.sqrt(len(rows)))
