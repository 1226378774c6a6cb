"""Faces moved in w until a network measures what is asked for.

Damped steps (Levenberg 1944) along slopes that are learnt from each step (Broyden 1965) and now and
then taken anew. Of all such steps the likeliest is taken that changes the whole picture little.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from generate.gan.edits import Directions, Floats, Measure, draw_at, measured
from generate.gan.networks import Generator

ROUNDS, FRESH = 24, 6
"""Steps that are tried, and after how many of them slopes are taken anew."""
NEAR = 0.03
"""Spreads that may be missing at the end."""
DAMPING, DAMPINGS, CALMER, BOLDER = 1e-2, (1e-4, 1e3), 6.0, 0.25
"""Of the first step, as a share of the slopes' size, and of any; its factor after a step that made
it worse, and after one that made it better."""
ASKED = 3.0
"""Weight of what is asked to change beside what is to be held. With 1 a quarter of the faces stuck
half way at a yaw or a light, with nothing else changed by more than 0.03 of its range."""
LONGEST = 0.1
"""Of one step, the root mean square in spreads of w. Without it nearly flat slopes threw single
faces far: to age 12 24 faces went 0.58 (a tenth over 1.07) instead of 0.47 (0.63), to a smile of 1
0.88 (1.66) instead of 0.52 (0.87)."""
FARTHEST = 0.9
"""How far an edit may go from the average, in the distance of the mean sample, unless its face is
further: 19 of 20 samples are within 0.84 and 1.15. A network is easily pleased by what is no face
any more."""


def follow(
    generator: Generator, measure: Measure, directions: Directions, w: Tensor, goal: Floats
) -> Tensor:
    """w (N, w_dim) moved until its pictures measure `goal` (N, K), as near as can be, or as much
    more than that as `reach` says.

    What equals its measured value in `goal` is held. A step that makes a sample worse is not taken;
    its next one is shorter and nearer to steepest descent.
    """
    white = np.linalg.cholesky(directions.quiet)
    room = np.maximum(distance(generator, directions, w), FARTHEST)
    best, got = w.clone(), measured(generator, w, measure)
    goal = got + directions.reach * (goal - got)
    unit = np.where(goal == got, 1, ASKED) / np.maximum(directions.spread, 1e-9)
    damping, slopes = np.full(len(w), DAMPING), np.zeros((*unit.shape, w.shape[1]))
    for number in range(ROUNDS):
        left = np.flatnonzero(_off((goal - got) * unit) > NEAR**2)
        if not len(left):
            break
        here, want, units = best[left], (goal - got)[left], unit[left]
        if number % FRESH == 0:
            slopes[left] = slopes_at(generator, measure, here) * units[:, :, None] @ white
        step = short(damped(slopes[left], want * units, damping[left])) @ white.T
        tried = _pulled(generator, directions, here + torch.from_numpy(step).to(w), room[left])
        values = measured(generator, tried, measure)
        gone = np.linalg.solve(white, (tried - here).double().cpu().numpy().T).T
        slopes[left] = learnt(slopes[left], gone, (values - got[left]) * units)
        better = _off((goal[left] - values) * units) < _off(want * units)
        best[left[better]], got[left[better]] = tried[better], values[better]
        factor = np.where(better, BOLDER, CALMER)
        damping[left] = np.clip(damping[left] * factor, *DAMPINGS)
    return best


def steer(
    generator: Generator, measure: Measure, directions: Directions, w: Tensor,
    targets: Mapping[str, float],
) -> Tensor:  # fmt: skip
    """w (N, w_dim) whose pictures measure `targets`; the other attributes are held where they are.

    ValueError for an attribute that there is no direction for.
    """
    goal = measured(generator, w, measure)
    for name, value in targets.items():
        if name not in directions.names:
            raise ValueError(f"no attribute '{name}'; known: {', '.join(directions.names)}")
        goal[:, directions.names.index(name)] = value
    return follow(generator, measure, directions, w, goal)


def damped(slopes: Floats, missing: Floats, damping: Floats) -> Floats:
    """Steps (N, D) that add `missing` (N, K), as far as slopes (N, K, D) and damping (N,) let."""
    gram = slopes @ slopes.swapaxes(1, 2)
    size = np.trace(gram, axis1=1, axis2=2) / gram.shape[1]
    gram += (damping * size + 1e-12)[:, None, None] * np.eye(gram.shape[1])
    weights = np.linalg.solve(gram, missing[:, :, None])
    return np.asarray((slopes.swapaxes(1, 2) @ weights)[:, :, 0])


def short(steps: Floats) -> Floats:
    """Steps (N, D) in spreads of w, none longer than LONGEST in the mean square."""
    size = np.sqrt(np.square(steps).mean(1, keepdims=True))
    return np.asarray(steps * np.minimum(1, LONGEST / np.maximum(size, 1e-12)))


def learnt(slopes: Floats, step: Floats, change: Floats) -> Floats:
    """Slopes (N, K, D), altered as little as explains the change (N, K) of a step (N, D)."""
    surprise = change - (slopes @ step[:, :, None])[:, :, 0]
    length = np.maximum(np.square(step).sum(1), 1e-12)
    return np.asarray(slopes + surprise[:, :, None] * (step / length[:, None])[:, None])


def distance(generator: Generator, directions: Directions, w: Tensor) -> Floats:
    """How far each w (N, w_dim) is from the average, in that of the mean sample: (N,).

    By the spread of w (Mahalanobis 1936).
    """
    away = (w - generator.mapping.average.to(w)).double().cpu().numpy()
    squares = (away * np.linalg.solve(directions.metric, away.T).T).sum(1)
    return np.sqrt(np.maximum(squares, 0) / away.shape[1])


def _pulled(generator: Generator, directions: Directions, w: Tensor, room: Floats) -> Tensor:
    """w (N, w_dim), pulled towards the average where it is further away than `room` (N,)."""
    share = np.minimum(1, room / np.maximum(distance(generator, directions, w), 1e-12))
    average = generator.mapping.average.to(w)
    return average + (w - average) * torch.from_numpy(share[:, None]).to(w)


def slopes_at(generator: Generator, measure: Measure, w: Tensor) -> Floats:
    """Derivatives of each attribute at w (N, w_dim): (N, K, w_dim)."""
    return np.concatenate([_slopes(generator, measure, part) for part in torch.split(w, 16)])


def _slopes(generator: Generator, measure: Measure, w: Tensor) -> Floats:
    w = w.detach().clone().requires_grad_()
    values = measure(draw_at(generator, w))
    rows = [
        torch.autograd.grad(column.sum(), w, retain_graph=True)[0] for column in values.unbind(1)
    ]
    return np.asarray(torch.stack(rows, 1).cpu().double().numpy())


def _off(missing: Floats) -> Floats:
    return np.asarray(np.square(missing).sum(1))
