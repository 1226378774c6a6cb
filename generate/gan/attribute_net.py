"""A small network that reads the attributes of a face off its picture, trained on renders.

Its last hidden layer is also the features of the kit's own distances between sets of pictures.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from device.files import sha256_of, write_atomic
from device.stamp import Stamp, make_stamp
from device.strict import check_format, decode, dumps, load_json
from generate.gan.attribute_scale import Scaled
from generate.gan.attribute_table import ATTRIBUTES, attributes_of
from generate.gan.pictures import Pixels, face_square
from generate.progress import Progress
from generate.shards import open_dataset
from generate.weights import fill, read_tensors

FORMAT, VERSION = "collodi.attributes", 3
CARD, WEIGHTS = "attributes.json", "attributes.safetensors"
SIDE, FEATURES = 64, 192
STAGES = ((16, 1), (32, 2), (64, 2), (64, 1), (128, 2), (128, 1), (192, 2))
"""Channels and stride of each convolution. The first at full size is what reads a smile: without
it and the two others of stride 1 a network explains 0.23 of its variance instead of 0.50."""
DROPPED, NOISE = 0.2, 0.1
"""Share of the last features that a step of training leaves out; most noise on its pictures, of
-1..1: slopes of a network that was trained with noise are less easily pleased by nothing."""
MOST_NETWORKS = 16
HELD_OUT = 10
"""One child in so many is kept to measure on."""
SHIFT_PX = 3


class AttributeNet(nn.Module):
    """Pictures (B, 3, H, W) in -1..1 -> attributes (B, K), in the order of the table."""

    mean: Tensor
    spread: Tensor

    def __init__(self, count: int = len(ATTRIBUTES)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for (n_in, _), (n_out, stride) in pairwise(((3, 1), *STAGES)):
            layers += [nn.Conv2d(n_in, n_out, 3, stride, 1), nn.GroupNorm(8, n_out), nn.SiLU()]
        # Flat, not averaged: where the mouth is matters in a picture that is cut by the face.
        layers += [nn.Flatten(), nn.Dropout(DROPPED), nn.Linear(n_out * 16, FEATURES), nn.SiLU()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(FEATURES, count)
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("spread", torch.ones(count))

    def features(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) of any side -> (B, 192)."""
        if pictures.shape[2] != SIDE:
            pictures = functional.interpolate(
                pictures, size=(SIDE, SIDE), mode="bilinear", antialias=True
            )
        x: Tensor = self.body(pictures)
        return x

    def forward(self, pictures: Tensor) -> Tensor:
        """Values in the attributes' own units."""
        x: Tensor = self.head(self.features(pictures)) * self.spread + self.mean
        return x


@dataclass(frozen=True)
class Card:
    """attributes.json."""

    names: tuple[str, ...]
    """Attributes in the order of the outputs."""
    data: str
    """Data set that it was trained on."""
    explained: dict[str, float]
    """Share of each attribute's variance that is explained on children it never saw."""
    networks: int = 1
    """How many are averaged."""
    weights_sha256: str = ""
    """SHA-256 of attributes.safetensors: two files of two makings are none."""
    stamp: Stamp = field(default_factory=make_stamp)
    """Who trained it, with what."""
    format: str = FORMAT
    """Always `collodi.attributes`."""
    version: int = VERSION
    """Version of this format."""


@dataclass(frozen=True)
class Faces:
    """Faces of a data set with their exact attributes."""

    pixels: Pixels
    """(N, 64, 64, 3) RGB."""
    values: NDArray[np.float32]
    """(N, K)."""
    held: NDArray[np.bool_]
    """Which are kept to measure on."""


def load_faces(folder: Path) -> Faces:
    """Read the faces of a `stills` data set; ValueError where it has none."""
    dataset = open_dataset(folder)
    group = int(dataset.header["options"].get("child_stills", 1))
    pixels, values, held = list[Pixels](), list[list[float]](), list[bool]()
    progress = Progress(len(dataset), "read", "picture")
    for number, clip in enumerate(dataset.clips(("frames", "labels"))):
        row = attributes_of(clip)
        if row is not None and clip.frames is not None:
            points = clip.labels["landmarks_px"][0].astype(np.float64)
            pixels.append(face_square(clip.frames[0], points, SIDE))
            values.append(row)
            held.append(number // group % HELD_OUT == HELD_OUT - 1)
        progress.update(number + 1)
    progress.close()
    if len(pixels) < 2 * HELD_OUT or not any(held):
        want = f"want `stills` of at least {2 * HELD_OUT} children"
        raise ValueError(f"data set {folder}: {len(pixels)} faces with attributes; {want}")
    return Faces(np.stack(pixels), np.array(values, np.float32), np.array(held))


def train(faces: Faces, seed: int = 0, epochs: int = 15, batch: int = 32) -> AttributeNet:
    """A network that has learnt the faces that are not held out; the same for the same seed."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**62)))
        net = AttributeNet()
        _learn(net, faces, rng, epochs, batch)  # what is left out is drawn from torch's numbers
    return net.eval()


def train_all(faces: Faces, seed: int = 0, epochs: int = 15, networks: int = 2) -> Scaled:
    """Networks of `seed` and those after it, on the scale of the labels of held-out faces."""
    trained = [train(faces, seed + number, epochs) for number in range(networks)]
    scaled = Scaled(trained, len(ATTRIBUTES)).eval()
    scaled.calibrate(_guesses(scaled, faces), faces.values[faces.held].astype(np.float64))
    return scaled


def _learn(
    net: AttributeNet, faces: Faces, rng: np.random.Generator, epochs: int, batch: int
) -> None:
    rows = np.flatnonzero(~faces.held)
    values = torch.from_numpy(faces.values[rows])
    net.mean.copy_(values.mean(0))
    net.spread.copy_(values.std(0).clamp(min=1e-3))
    steps = epochs * max(len(rows) // batch, 1)
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps)
    progress = Progress(steps, "train attributes", "step")
    for step in range(steps):
        chosen = rng.choice(rows, min(batch, len(rows)), replace=False)
        pictures, wanted = _varied(faces.pixels[chosen], faces.values[chosen], rng)
        loss = functional.huber_loss(net(pictures) / net.spread, wanted / net.spread)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        progress.update(step + 1)
    progress.close()


def _varied(
    pixels: Pixels, values: NDArray[np.float32], rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Pictures (B, 3, H, W), half of them mirrored, shifted, noisy, with the values that follow."""
    signs = np.array([attribute.mirror for attribute in ATTRIBUTES.values()], np.float32)
    mirrored = rng.random(len(pixels)) < 0.5
    pixels, values = pixels.copy(), values.copy()
    pixels[mirrored] = pixels[mirrored][:, :, ::-1]
    values[mirrored] *= signs
    shift = tuple(int(x) for x in rng.integers(-SHIFT_PX, SHIFT_PX + 1, 2))
    pictures = to_tensor(np.roll(pixels, shift, (1, 2)))
    drawn = torch.Generator().manual_seed(int(rng.integers(2**62)))
    noise = torch.randn(pictures.shape, generator=drawn)
    size = rng.uniform(0, NOISE, (len(pictures), 1, 1, 1)).astype(np.float32)
    return pictures + noise * torch.from_numpy(size), torch.from_numpy(values)


def to_tensor(pixels: Pixels) -> Tensor:
    """(B, H, W, 3) RGB in 0..255 -> (B, 3, H, W) in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.no_grad()
def _guesses(net: Scaled, faces: Faces) -> NDArray[np.float64]:
    parts = [net.guess(to_tensor(part)) for part in _parts(faces.pixels[faces.held])]
    return torch.cat(parts).double().numpy()


def explained(net: Scaled, faces: Faces) -> dict[str, float]:
    """Share of the variance of each attribute that the best guess explains on held-out faces."""
    want = faces.values[faces.held]
    error = np.square(_guesses(net, faces) - want).mean(0) / np.maximum(want.var(0), 1e-9)
    return {name: round(float(1 - e), 4) for name, e in zip(ATTRIBUTES, error, strict=True)}


def _parts(pixels: Pixels, size: int = 64) -> list[Pixels]:
    return [pixels[start : start + size] for start in range(0, len(pixels), size)]


def save(folder: Path, net: Scaled, card: Card) -> None:
    """Write attributes.safetensors and, last, attributes.json."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / WEIGHTS, safetensors.torch.save(net.state_dict()))
    write_atomic(folder / CARD, dumps(replace(card, weights_sha256=sha256_of(folder / WEIGHTS))))


def load(folder: Path) -> tuple[Scaled, Card]:
    """Read what measures; ValueError where the folder holds nothing, another kit's attributes, or
    files of two makings."""
    if not (folder / CARD).is_file():
        raise ValueError(f"attributes {folder}: no {CARD}; make it with `collodi gan attributes`")
    body = load_json(folder / CARD)
    check_format(body, FORMAT, VERSION, str(folder / CARD))
    card = decode(Card, body, str(folder / CARD))
    if card.names != tuple(ATTRIBUTES):
        raise ValueError(f"{folder / CARD}: other attributes than this kit's; train it again")
    if not 1 <= card.networks <= MOST_NETWORKS:
        want = f"want 1 to {MOST_NETWORKS}"
        raise ValueError(f"{folder / CARD}: {card.networks} networks; {want}")
    net = Scaled([AttributeNet() for _ in range(card.networks)], len(ATTRIBUTES))
    tensors, _ = read_tensors(folder / WEIGHTS, "train it again")
    if sha256_of(folder / WEIGHTS) != card.weights_sha256:
        raise ValueError(f"{folder / CARD}: {WEIGHTS} is of another making; train it again")
    fill(net, tensors, folder / WEIGHTS, CARD)
    if not bool((net.slope > 0).all()):
        raise ValueError(f"{folder / WEIGHTS}: a slope that is not above 0; train it again")
    return net.eval(), card
