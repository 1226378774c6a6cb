"""Directions in w that change one attribute and leave the others.

Closed-form directions: Shen & Zhou 2021 (SeFa). Label directions: a linear model of the attributes
in w, as in Shen et al. 2020 (InterFaceGAN), but solved for all attributes at once: among the steps
that move one attribute and, to first order, no other, the one that is likeliest under the spread of
w. That is the orthogonalisation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from generate.gan.networks import Generator, SynthesisLayer
from generate.gan.sheet import latents

Floats = NDArray[np.float64]
Measure = Callable[[Tensor], Tensor]
"""Pictures (B, 3, H, W) in -1..1 -> attributes (B, K)."""
COARSE_PX, QUIET = 8, 10.0
"""Side of the pictures whose change makes a step dear, and how dear the mean direction of w is.
Without it a smile brought other hair and backdrops and spoiled most of 8 faces at 0.7."""
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
    quiet: Floats
    """(w_dim, w_dim): the same, narrowed along what changes the whole picture; edits step by it."""
    slopes: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    """(w_dim, K): the linear model itself; empty where directions were read from a file."""
    reach: Floats = field(default_factory=lambda: np.ones(1))
    """(K,) or (1,): how many times the asked change an edit aims at, by the networks that steer."""


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
    return draw_at(generator, w)


def draw_at(generator: Generator, w: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) of w (N, w_dim), to be differentiated by it."""
    ws = w[:, None].expand(-1, generator.sizes.n_ws, -1)
    images: Tensor = generator.synthesis(ws)
    return images


def fit(
    generator: Generator, measure: Measure, names: tuple[str, ...], count: int = 1024, seed: int = 0
) -> Directions:
    """Directions from `count` samples and their measured attributes."""
    w = draw_w(generator, seed, count)
    values, coarse = list[Tensor](), list[Tensor]()
    for part in torch.split(w, 16):
        pictures = pictures_of(generator, part)
        with torch.no_grad():
            values.append(measure(pictures).cpu())
        coarse.append(adaptive_avg_pool2d(pictures, COARSE_PX).flatten(1).cpu())
    places = w.double().cpu().numpy()
    found = solve(places, torch.cat(values).double().numpy(), names)
    return replace(found, quiet=quieter(found.metric, places, torch.cat(coarse).double().numpy()))


def quieter(metric: Floats, w: Floats, coarse: Floats) -> Floats:
    """The covariance `metric` of w (N, w_dim), narrower along what changes `coarse` (N, F), in the
    mean over faces and to first order."""
    white = np.linalg.cholesky(metric)
    places = np.linalg.solve(white, (w - w.mean(0)).T).T
    slopes = places.T @ (coarse - coarse.mean(0)) / len(w)  # places have unit spread
    change = slopes @ slopes.T
    dear = np.eye(len(metric)) + QUIET * change * len(metric) / max(np.trace(change), 1e-12)
    half = np.linalg.solve(np.linalg.cholesky(dear), white.T)
    return np.asarray(half.T @ half)


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
    return Directions(names, np.asarray(steps), values.std(0), explained, spread, spread, slopes)
