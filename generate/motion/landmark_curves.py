"""One linear projection between 68 landmarks and 52 ARKit curves, fitted on our own geometry.

Sets of talking faces are annotated with blendshapes or with landmarks; UniTalker (Fan et al., ECCV
2024) trains on both kinds at once. Here a model has curves for its output, and a set that knows
landmarks only is compared after `to_landmarks`, a fixed matrix that any framework can multiply by;
`to_curves` turns such a set into curves once, and `seen` says which of them to trust. The pairs are
exact, because on made heads both are known. Measured on five heads that were not fitted, root mean
square: landmarks of curves 0.6 % of the eye corners' distance off (in 2-D 0.4 %), where faces move
them by 4.5 % (3.6 %); curves of landmarks 0.06 (0.07).

Offsets are landmarks less those of the same face at rest, after a similarity that takes the steady
points (bridge and base of the nose, corners of the eyes) onto those at rest, in units of the
distance of the outer corners of the eyes: identity, pose, size and units are out. D is 2 (frontal,
x right and y up or down as the rest has them) or 3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from generate.motion.shown import landmarks_mm
from generate.motion.still import still
from generate.people.child import Child
from generate.sample import sample_person
from generate.spec import ARKIT

F64 = NDArray[np.float64]

STEADY = (27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45)
"""iBUG-68 points that expressions move least."""
EYE_CORNERS = (36, 45)
PEOPLE, FACES = 10, 60
RIDGE = 3e-4
"""Share of the landmarks' variance that is added to each of their directions in `to_curves`."""
ASYMMETRIC = 3
"""Every third face has the shapes of a mixture besides those of `still`."""


@dataclass(frozen=True)
class Projection:
    """Two matrices; offsets are flattened points first, (68 * D,)."""

    to_landmarks: F64
    """(68 * D, 52)"""
    to_curves: F64
    """(52, 68 * D)"""
    usual: F64
    """(52,) mean curves, from which `to_curves` starts."""
    seen: F64
    """(52,) share of each curve's variance that landmarks show, on heads that were not fitted: in
    3-D 0.87 in the mean, 0 for the tongue; in 2-D 0.82, with little of cheekPuff, mouthPress and
    mouthLowerDown. Gaze shows by the lids that follow it."""

    @property
    def dims(self) -> int:
        """D: 2 or 3."""
        return len(self.to_landmarks) // 68

    def landmarks(self, curves: NDArray[np.floating]) -> F64:
        """Offsets (T, 68, D) of curves (T, 52)."""
        return np.asarray((curves @ self.to_landmarks.T).reshape(-1, 68, self.dims))

    def curves(self, offsets: NDArray[np.floating]) -> F64:
        """Curves (T, 52), 0 to 1, of offsets (T, 68, D): the likeliest of faces like ours."""
        flat = np.asarray(offsets, np.float64).reshape(len(offsets), -1)
        if flat.shape[1] != self.to_curves.shape[1]:
            raise ValueError(f"offsets of shape {offsets.shape}: want (T, 68, {self.dims})")
        rest = flat - self.to_landmarks @ self.usual
        return np.asarray(np.clip(self.usual + rest @ self.to_curves.T, 0, 1))


def offsets(landmarks: NDArray[np.floating], rest: NDArray[np.floating]) -> F64:
    """Offsets (T, 68, D) of landmarks (T, 68, D) from the same face at rest (68, D).

    The similarity is Umeyama's (PAMI 13, 1991). Raises ValueError where the shapes do not match or
    the face at rest has no size.
    """
    if landmarks.ndim != 3 or landmarks.shape[1:] != rest.shape or rest.shape not in _SHAPES:
        raise ValueError(
            f"landmarks {landmarks.shape}, rest {rest.shape}: want (T, 68, D), (68, D)"
        )
    unit = float(np.linalg.norm(rest[EYE_CORNERS[0]] - rest[EYE_CORNERS[1]]))
    if not unit > 0:
        raise ValueError("landmarks at rest: the corners of the eyes are at one place")
    out = np.empty(landmarks.shape)
    for i, points in enumerate(np.asarray(landmarks, np.float64)):
        out[i] = _onto(points, np.asarray(rest, np.float64)) - rest
    return out / unit


_SHAPES = ((68, 2), (68, 3))


def _onto(points: F64, rest: F64) -> F64:
    """Points moved by the similarity that takes their steady points onto those at rest."""
    steady = list(STEADY)
    here, there = points[steady], rest[steady]
    a, b = here - here.mean(0), there - there.mean(0)
    u, size, vt = np.linalg.svd(b.T @ a)
    flip = np.ones(len(size))
    flip[-1] = np.sign(np.linalg.det(u @ vt))
    scale = (size * flip).sum() / max(float((a**2).sum()), 1e-12)
    turn = (u * flip) @ vt
    return np.asarray(scale * (points - here.mean(0)) @ turn.T + there.mean(0))


def pairs(people: int, faces: int, seed: int, dims: int) -> tuple[F64, F64]:
    """Curves (N, 52) and exact offsets (N, 68, D) of `people` heads with `faces` faces each."""
    curves: list[F64] = []
    found: list[F64] = []
    for number in range(people):
        person = replace(sample_person(seed, number), hair_style="cropped")
        child = Child(person, detail=0.05)
        rng = np.random.default_rng([seed, number, 0x1A])
        drawn = np.array([_face(rng, n) for n in range(faces)])
        shown = landmarks_mm(child, np.concatenate([np.zeros((1, len(ARKIT))), drawn]))
        curves.append(drawn)
        found.append(offsets(shown[1:, :, :dims], shown[0, :, :dims]))
    return np.concatenate(curves), np.concatenate(found)


def _face(rng: np.random.Generator, number: int) -> F64:
    """(52,) of a still face; every ASYMMETRIC-th with up to six other shapes."""
    face = np.asarray(still(rng)[0].arkit[0], np.float64)
    if number % ASYMMETRIC == 0:
        chosen = rng.choice(len(ARKIT), 6, replace=False)
        face[chosen] = np.maximum(face[chosen], rng.beta(1.2, 2.0, 6))
    return face


@cache
def projection(dims: int = 3, seed: int = 68) -> Projection:
    """The projection for landmarks of `dims` axes, fitted once a process; the same each time.

    Least squares for `to_landmarks`; ridge regression (Hoerl and Kennard, Technometrics 12, 1970)
    for `to_curves`. Raises ValueError for dims other than 2 and 3.
    """
    if dims not in (2, 3):
        raise ValueError(f"landmarks of {dims} axes: want 2 or 3")
    curves, moved = pairs(PEOPLE, FACES, seed, dims)
    flat = moved.reshape(len(moved), -1)
    forward, *_ = np.linalg.lstsq(curves, flat, rcond=None)
    usual = curves.mean(0)
    x, y = flat - forward.T @ usual, curves - usual
    covered = x.T @ x / len(x)
    covered += RIDGE * np.trace(covered) / len(covered) * np.eye(len(covered))
    backward = np.linalg.solve(covered, x.T @ y / len(x)).T
    blank = Projection(np.asarray(forward.T, np.float64), backward, usual, np.zeros(len(ARKIT)))
    return replace(blank, seen=shown_share(blank, *pairs(5, FACES, seed + 1, dims)))


def shown_share(made: Projection, curves: F64, moved: F64) -> F64:
    """(52,) R² of the projection's curves on pairs, at least 0."""
    left = ((made.curves(moved) - curves) ** 2).mean(0)
    return np.asarray(np.clip(1 - left / np.maximum(curves.var(0), 1e-9), 0, 1))
