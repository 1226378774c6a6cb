"""Directions in w that change one attribute and leave the others: fitted, measured, followed.

Closed-form directions: Shen & Zhou 2021 (SeFa). Label directions: a linear model of the attributes
in w, as in Shen et al. 2020 (InterFaceGAN), but solved for all attributes at once: among the steps
that move one attribute and, to first order, no other, the one that is likeliest under the spread of
w. That is the orthogonalisation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generate.gan.networks import Generator, SynthesisLayer
from generate.gan.sheet import latents

Floats = NDArray[np.float64]
Measure = Callable[[Tensor], Tensor]
"""Pictures (B, 3, H, W) in -1..1 -> attributes (B, K)."""
FITTED_ROUNDS, LOCAL_ROUNDS, DAMPING = 2, 6, 1e-2
FARTHEST = 0.8
"""How far an edit may go from the average, in the distance of the mean sample, unless its face is
further. A network is easily pleased by what is no face any more: without a limit four of eight
edits to a smile ended in none."""
RIDGE = 1e-2
"""Share of the mean variance of w that is added to it: directions that are hardly used stay so."""


@dataclass(frozen=True)
class Directions:
    """Steps in w."""

    names: tuple[str, ...]
    """Attributes, K of them."""
    steps: Floats
    """(w_dim, K): step k moves attribute k by one of its units."""
    spread: Floats
    """(K,) standard deviation of each attribute over samples."""
    explained: dict[str, float]
    """Share of each attribute's variance that the linear model explains."""
    metric: Floats
    """(w_dim, w_dim): covariance of w, by which a step is likely or not."""
    slopes: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    """(w_dim, K): the linear model itself; empty where directions were read from a file."""


def closed_form(generator: Generator, count: int) -> Floats:
    """Unit directions of w that change the styles of all layers the most: (w_dim, count).

    Eigenvectors of the styles' weights, each row scaled to unit length (Shen & Zhou 2021).
    """
    styles = [cast(SynthesisLayer, layer).conv.style for layer in generator.synthesis.layers]
    rows = np.concatenate([style.weight.detach().double().cpu().numpy() for style in styles])
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    _, vectors = np.linalg.eigh(rows.T @ rows)
    return np.asarray(vectors[:, ::-1][:, :count])


@torch.no_grad()
def draw_w(
    generator: Generator, seed: int, count: int, truncation: float = 1.0, first: int = 0
) -> Tensor:
    """w of `count` samples of a seed from `first` on, those of `sheet.sample`: (count, w_dim)."""
    home = generator.mapping.average.device
    z = latents(seed, first, count, generator.sizes.z_dim).to(home)
    w: Tensor = generator.mapping(z, torch.zeros(count, generator.sizes.c_dim), truncation)
    return w


@torch.no_grad()
def measured(generator: Generator, w: Tensor, measure: Measure, batch: int = 16) -> Floats:
    """Attributes (N, K) of the pictures of w (N, w_dim)."""
    parts = [measure(pictures_of(generator, part)).cpu() for part in torch.split(w, batch)]
    return torch.cat(parts).double().numpy()


@torch.no_grad()
def pictures_of(generator: Generator, w: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) of w (N, w_dim)."""
    return _draw(generator, w)


def _draw(generator: Generator, w: Tensor) -> Tensor:
    ws = w[:, None].expand(-1, generator.sizes.n_ws, -1)
    images: Tensor = generator.synthesis(ws)
    return images


def fit(
    generator: Generator, measure: Measure, names: tuple[str, ...], count: int = 1024, seed: int = 0
) -> Directions:
    """Directions from `count` samples and their measured attributes."""
    w = draw_w(generator, seed, count)
    return solve(w.double().cpu().numpy(), measured(generator, w, measure), names)


def solve(w: Floats, values: Floats, names: tuple[str, ...], ridge: float = RIDGE) -> Directions:
    """Directions from w (N, w_dim) and labels (N, K), a user's own or measured ones."""
    if len(w) <= values.shape[1] + 1:
        raise ValueError(f"{len(w)} samples for {values.shape[1]} attributes; want many more")
    centred, change = w - w.mean(0), values - values.mean(0)
    spread = centred.T @ centred / len(w)
    spread += np.eye(len(spread)) * ridge * np.trace(spread) / len(spread)
    slopes = np.linalg.solve(spread, centred.T @ change / len(w))  # (w_dim, K)
    likely = spread @ slopes
    steps = likely @ np.linalg.pinv(slopes.T @ likely, rcond=1e-6)
    left = np.square(change - centred @ slopes).mean(0)
    share = 1 - left / np.maximum(np.square(change).mean(0), 1e-12)
    explained = {name: round(float(x), 4) for name, x in zip(names, share, strict=True)}
    return Directions(names, np.asarray(steps), values.std(0), explained, spread, slopes)


def follow(
    generator: Generator, measure: Measure, directions: Directions, w: Tensor, goal: Floats
) -> Tensor:
    """w (N, w_dim) moved until its pictures measure `goal` (N, K), as near as can be.

    The first rounds step along the fitted directions, the others by the slopes at each sample's own
    w; every round measures again. Where a step makes it worse the sample stays and its next step is
    half as long.
    """
    best, got = w, measured(generator, w, measure)
    length, room = np.ones(len(w)), np.maximum(distance(generator, directions, w), FARTHEST)
    for number in range(FITTED_ROUNDS + LOCAL_ROUNDS):
        if number < FITTED_ROUNDS:
            step = (goal - got) @ directions.steps.T
        else:
            step = local_step(generator, measure, directions, best, goal - got)
        tried = best + torch.from_numpy(step * length[:, None]).to(w)
        tried = _pulled(generator, directions, tried, room)
        values = measured(generator, tried, measure)
        better = _off(goal - values, directions) < _off(goal - got, directions)
        best = torch.where(torch.from_numpy(better).to(w.device)[:, None], tried, best)
        got = np.where(better[:, None], values, got)
        length = np.where(better, np.minimum(2 * length, 1), length / 2)
    return best


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


def local_step(
    generator: Generator, measure: Measure, directions: Directions, w: Tensor, missing: Floats
) -> Floats:
    """The likeliest step of each w (N, w_dim) that adds `missing` (N, K), by the slopes there.

    A damped least-squares step (Levenberg 1944), attributes in units of their spread.
    """
    unit = 1 / np.maximum(directions.spread, 1e-9)
    slopes = np.concatenate(
        [_slopes(generator, measure, part) for part in torch.split(w.detach(), 16)]
    )
    slopes = slopes * unit[:, None]
    likely = slopes @ directions.metric
    gram = likely @ slopes.swapaxes(1, 2)
    size = np.trace(gram, axis1=1, axis2=2)[:, None, None] / len(unit)
    damped = gram + DAMPING * size * np.eye(len(unit)) + 1e-12 * np.eye(len(unit))
    weights = np.linalg.solve(damped, (missing * unit)[:, :, None])
    return np.asarray((likely.swapaxes(1, 2) @ weights)[:, :, 0])


def _slopes(generator: Generator, measure: Measure, w: Tensor) -> Floats:
    """Derivatives of each attribute at w (N, w_dim): (N, K, w_dim)."""
    w = w.clone().requires_grad_()
    values = measure(_draw(generator, w))
    rows = [
        torch.autograd.grad(column.sum(), w, retain_graph=True)[0] for column in values.unbind(1)
    ]
    return np.asarray(torch.stack(rows, 1).cpu().double().numpy())


def _off(missing: Floats, directions: Directions) -> Floats:
    return np.asarray(np.square(missing / np.maximum(directions.spread, 1e-9)).sum(1))


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


@dataclass(frozen=True)
class Effect:
    """What an edit of one attribute does, in the mean over faces."""

    name: str
    """The attribute that was asked to move by a quarter of its range."""
    gain: float
    """How much of the asked amount it moved; 1 is all."""
    leakage: dict[str, float]
    """Mean absolute change of each other attribute, as a share of its range."""


def effects(
    generator: Generator, measure: Measure, directions: Directions, ranges: Mapping[str, float],
    faces: int = 32, seed: int = 1, judge: Measure | None = None,
) -> list[Effect]:  # fmt: skip
    """Measure every edit on `faces` samples of another seed than the fit's.

    `judge`, another network than the one that steers, notices where only that one was pleased.
    """
    w = draw_w(generator, seed, faces, 0.7)
    before, table = measured(generator, w, measure), list[Effect]()
    judged = measured(generator, w, judge or measure)
    size = np.array([ranges[name] for name in directions.names])
    for k, name in enumerate(directions.names):
        goal = before.copy()
        toward = np.where(before[:, k] > np.median(before[:, k]), -1.0, 1.0)
        goal[:, k] += toward * size[k] / 4
        moved = follow(generator, measure, directions, w, goal)
        change = measured(generator, moved, judge or measure) - judged
        gain = float((change[:, k] * toward).mean() / (size[k] / 4))
        leaks = np.abs(change).mean(0) / size
        others = {n: round(float(x), 4) for n, x in zip(directions.names, leaks, strict=True)}
        table.append(Effect(name, round(gain, 4), {n: x for n, x in others.items() if n != name}))
    return table
