"""A generator in a folder: gan.json, average.safetensors, checkpoint.safetensors; never a pickle.

average.safetensors holds the averaged generator, all that sampling needs. checkpoint.safetensors
holds the networks as the optimizer sees them, by role, and in a run its moments; both are written
whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from device.files import write_atomic
from device.stamp import Stamp, make_stamp
from device.strict import check_format, decode, dumps, load_json
from generate.gan.architecture import Architecture
from generate.gan.networks import Generator
from generate.weights import fill, read_facts, read_tensors

FORMAT, VERSION = "collodi.gan", 1
CARD, AVERAGE, CHECKPOINT = "gan.json", "average.safetensors", "checkpoint.safetensors"
KEY = "collodi.gan"
ABSENT = "the generator is not whole"


@dataclass(frozen=True)
class Card:
    """gan.json."""

    sizes: Architecture
    """The networks' sizes."""
    source: str
    """Where the weights come from: `trained on FOLDER`, or `imported from FILE`."""
    source_sha256: str
    """SHA-256 of the imported file; empty for a trained one."""
    data: str = ""
    """Folder of images or data set of a training."""
    options: dict[str, Any] = field(default_factory=dict)
    """Options of a training; empty for an imported model."""
    mismatches: tuple[str, ...] = ()
    """Tensors of the imported file that did not fit."""
    stamp: Stamp = field(default_factory=make_stamp)
    """Who made it, with what."""
    format: str = FORMAT
    """Always `collodi.gan`."""
    version: int = VERSION
    """Version of this format."""


def write_card(folder: Path, card: Card) -> None:
    """Write gan.json."""
    write_atomic(folder / CARD, dumps(card))


def read_card(folder: Path) -> Card:
    """Read gan.json; ValueError where the folder is no generator's or of another version."""
    if not (folder / CARD).is_file():
        raise ValueError(f"generator {folder}: no {CARD}; want a folder of `collodi gan`")
    body = load_json(folder / CARD)
    check_format(body, FORMAT, VERSION, str(folder / CARD))
    return decode(Card, body, str(folder / CARD))


def save_average(folder: Path, average: nn.Module) -> None:
    """Write the averaged generator."""
    write_atomic(folder / AVERAGE, safetensors.torch.save(_plain(average.state_dict())))


def save_checkpoint(
    folder: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, float]
) -> None:
    """Write tensors by name, `generator.mapping...`, with a few numbers."""
    packed = safetensors.torch.save(_plain(tensors), {KEY: json.dumps(dict(facts))})
    write_atomic(folder / CHECKPOINT, packed)


def load_checkpoint(
    folder: Path, names: Iterable[str] = ()
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """What `save_checkpoint` wrote; ValueError where there is none, it is broken, or one of the
    numbers `names` is missing.
    """
    tensors, metadata = read_tensors(folder / CHECKPOINT, ABSENT)
    return tensors, read_facts(metadata, KEY, names, folder / CHECKPOINT)


def load_average(folder: Path) -> Generator:
    """The averaged generator in eval mode; ValueError where it is missing or does not fit."""
    sizes = read_card(folder).sizes
    tensors, _ = read_tensors(folder / AVERAGE, ABSENT)
    with torch.device("meta"):  # sizes without memory: gan.json may claim any
        claimed = Generator(sizes).state_dict()
    for name, tensor in claimed.items():
        if name not in tensors or tensors[name].shape != tensor.shape:
            raise ValueError(f"{folder / AVERAGE}: does not fit {CARD} ({name})")
    with torch.random.fork_rng(devices=[]):
        generator = Generator(sizes)
    put(generator, tensors, folder / AVERAGE)
    return generator.eval()


def put(module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Copy weights into a network that gan.json describes; ValueError where they are not right."""
    fill(module, tensors, path, CARD)


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors whose name begins with `prefix.`, without it."""
    start = prefix + "."
    return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
