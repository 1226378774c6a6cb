"""Scores of a generator against pictures, with the kit's own features."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from device.files import sha256_of
from device.stamp import Stamp, make_stamp
from generate.gan.attribute_net import WEIGHTS, load, to_tensor
from generate.gan.attribute_scale import Scaled
from generate.gan.distances import Floats, kit_fid, kit_kid
from generate.gan.pictures import Pixels, load_pictures
from generate.gan.sheet import sample
from generate.gan.store import load_average


@dataclass(frozen=True)
class Result:
    """Distances; they compare with each other under one attribute network only."""

    kit_fid: float
    """Frechet distance to the pictures; not an FID, the features are the kit's."""
    kit_kid: float
    """Kernel distance to the pictures; not a KID."""
    floor_fid: float
    """kit_fid between two halves of the pictures: what no generator can be under."""
    samples: int
    """Pictures drawn."""
    pictures: int
    """Pictures compared with."""
    attributes_sha256: str
    """SHA-256 of the network whose features were used."""
    stamp: Stamp = field(default_factory=make_stamp)
    """Who measured, with what."""


def score(model: Path, data: Path, attributes: Path, samples: int, seed: int) -> Result:
    """Compare `samples` pictures of a generator with those of a folder or data set."""
    generator, (net, _) = load_average(model), load(attributes)
    there = load_pictures(data, generator.sizes.size_px, crop=True).pixels
    drawn = sample(generator, seed, samples, truncation=1.0)
    a, b = features(net, drawn), features(net, there)
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    mixed = b[rng.permutation(len(b))]
    half = len(b) // 2
    return Result(
        kit_fid(a, b), kit_kid(a, b), kit_fid(mixed[:half], mixed[half:]), samples, len(there),
        sha256_of(attributes / WEIGHTS),
    )  # fmt: skip


@torch.no_grad()
def features(net: Scaled, pictures: Pixels) -> Floats:
    """(N, H, W, 3) -> (N, F)."""
    parts = [
        net.features(to_tensor(pictures[start : start + 64]))
        for start in range(0, len(pictures), 64)
    ]
    return torch.cat(parts).double().numpy()
