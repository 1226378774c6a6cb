"""Attribute networks as a measure: the mean of several, on the scale of exact labels.

A network that is trained to least squared error draws what it is unsure of towards the mean: where
it explains half of a smile, a whole smile moves it by half. Edits that follow such values ask for
twice as much as they say. A line through values of exact held-out renders undoes that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

LEAST_SLOPE = 0.05
"""Of a network that tells next to nothing of an attribute: it is not scaled up further."""


class Scaled(nn.Module):
    """Pictures (B, 3, H, W) in -1..1 -> attributes (B, K) whose changes are as large as true ones.

    A single value is noisier so; `likely` is the best guess about one picture.
    """

    offset: Tensor
    slope: Tensor

    def __init__(self, members: Sequence[nn.Module], count: int) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.register_buffer("offset", torch.zeros(count))
        self.register_buffer("slope", torch.ones(count))

    def forward(self, pictures: Tensor) -> Tensor:
        """Values in the attributes' own units."""
        return (self.guess(pictures) - self.offset) / self.slope

    def guess(self, pictures: Tensor) -> Tensor:
        """Mean of the members: (B, K), each value as near to the truth as they can tell."""
        return torch.stack([cast(Tensor, member(pictures)) for member in self.members]).mean(0)

    def features(self, pictures: Tensor) -> Tensor:
        """Of the first member: (B, F)."""
        found: Tensor = cast(Any, self.members[0]).features(pictures)
        return found

    def likely(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The guesses that values (..., K) of `forward` were made of."""
        return np.asarray(values * self.slope.double().numpy() + self.offset.double().numpy())

    def calibrate(self, guesses: NDArray[np.float64], truth: NDArray[np.float64]) -> None:
        """Fit guess = offset + slope * truth by least squares, (N, K) each."""
        away = truth - truth.mean(0)
        slope = (away * guesses).mean(0) / np.maximum(np.square(away).mean(0), 1e-12)
        slope = np.maximum(slope, LEAST_SLOPE)
        self.slope.copy_(torch.from_numpy(slope))
        self.offset.copy_(torch.from_numpy(guesses.mean(0) - slope * truth.mean(0)))
