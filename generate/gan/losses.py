"""Losses: non-saturating logistic, R1, path length.

Goodfellow et al. 2014 (logistic, non-saturating), Mescheder et al. 2018 (R1), Karras et al. 2020,
section 3.2 (path length).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus


def real_loss(logits: Tensor) -> Tensor:
    """The generator's loss on its images, the discriminator's on real ones: -log sigmoid, mean."""
    return softplus(-logits).mean()


def fake_loss(logits: Tensor) -> Tensor:
    """The discriminator's loss on images of the generator: -log(1 - sigmoid), mean."""
    return softplus(logits).mean()


def r1(images: Tensor, logits: Tensor) -> Tensor:
    """Half the mean squared gradient of the logits with respect to `images` (B, 3, H, W)."""
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean() / 2


def path_lengths(images: Tensor, ws: Tensor, noise: Tensor) -> Tensor:
    """How far an image moves for a unit step of w, in a random direction of images: (B,).

    images (B, 3, H, W) made from ws (B, n_ws, w_dim); noise, unit normal, is like the images.
    """
    pixels = math.sqrt(images.shape[2] * images.shape[3])
    (gradient,) = torch.autograd.grad((images * noise).sum() / pixels, ws, create_graph=True)
    return gradient.square().sum(2).mean(1).sqrt()
