"""A generator's directions beside its weights: edits.json and edits.safetensors."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import safetensors.torch
import torch

from device.files import sha256_of, write_atomic
from device.stamp import Stamp, make_stamp
from device.strict import check_format, decode, dumps, load_json
from generate.gan.edit_effects import Effect
from generate.gan.edits import Directions
from generate.gan.store import AVERAGE
from generate.weights import read_tensors

FORMAT, VERSION = "collodi.gan-edits", 4
CARD, STEPS = "edits.json", "edits.safetensors"


@dataclass(frozen=True)
class Edits:
    """edits.json."""

    names: tuple[str, ...]
    """Attributes that have a direction."""
    explained: dict[str, float]
    """Share of each attribute's variance that is linear in w."""
    reach: dict[str, float]
    """How many times the asked change an edit aims at (Directions.reach)."""
    effects: list[Effect]
    """Measured effect and leakage of each."""
    generator_sha256: str
    """SHA-256 of the averaged generator that they are for."""
    attributes_sha256: str
    """SHA-256 of the attribute network that measured; empty where a user's labels did."""
    steps_sha256: str
    """SHA-256 of edits.safetensors: two files of two makings are none."""
    stamp: Stamp = field(default_factory=make_stamp)
    """Who made them, with what."""
    format: str = FORMAT
    """Always `collodi.gan-edits`."""
    version: int = VERSION
    """Version of this format."""


def save_edits(
    folder: Path, directions: Directions, effects: list[Effect], attributes_sha256: str
) -> Edits:
    """Write both files beside a generator."""
    tensors = {"steps": torch.from_numpy(directions.steps)}
    tensors["spread"] = torch.from_numpy(directions.spread)
    tensors["metric"] = torch.from_numpy(directions.metric).contiguous()
    tensors["quiet"] = torch.from_numpy(directions.quiet).clone(
        memory_format=torch.contiguous_format
    )
    write_atomic(folder / STEPS, safetensors.torch.save(tensors))
    aims = np.broadcast_to(directions.reach, len(directions.names))
    reach = {name: round(float(x), 4) for name, x in zip(directions.names, aims, strict=True)}
    edits = Edits(
        directions.names, directions.explained, reach, effects, sha256_of(folder / AVERAGE),
        attributes_sha256, sha256_of(folder / STEPS),
    )  # fmt: skip
    write_atomic(folder / CARD, dumps(edits))
    return edits


def load_edits(folder: Path, attributes_sha256: str) -> Directions:
    """Directions of a generator; ValueError where there are none or they are for other weights."""
    path = folder / CARD
    if not path.is_file():
        raise ValueError(f"generator {folder}: no {CARD}; make it with `collodi gan directions`")
    body = load_json(path)
    check_format(body, FORMAT, VERSION, str(path))
    edits = decode(Edits, body, str(path))
    for what, kept, now in (
        ("generator", edits.generator_sha256, sha256_of(folder / AVERAGE)),
        ("attribute network", edits.attributes_sha256, attributes_sha256),
    ):
        if kept != now and not (kept and now):
            if kept:
                own = "ask by --age, --smile, ..., or run `collodi gan directions --labels`"
                raise ValueError(f"{path}: its directions are not by labels of yours: {own}")
            measured = "use --move, or run `collodi gan directions --attributes`"
            raise ValueError(f"{path}: its directions are by labels: {measured}")
        if kept != now:
            raise ValueError(f"{path}: made for another {what}; run `collodi gan directions` again")
    again = "run `collodi gan directions` again"
    tensors, _ = read_tensors(folder / STEPS, again)
    if sha256_of(folder / STEPS) != edits.steps_sha256:
        raise ValueError(f"{path}: {STEPS} is of another making; {again}")
    read = [
        tensors.get(name, torch.zeros(0)).double().numpy()
        for name in ("steps", "spread", "metric", "quiet")
    ]
    count, width = len(edits.names), len(read[2])
    shapes = [(width, count), (count,), (width, width), (width, width)]
    if [x.shape for x in read] != shapes or not all(np.isfinite(x).all() for x in read):
        raise ValueError(f"{folder / STEPS}: does not fit the names in {CARD}; {again}")
    steps, spread, metric, quiet = read
    if set(edits.reach) != set(edits.names) or not all(0 < x < 10 for x in edits.reach.values()):
        raise ValueError(f"{path}: reach wants a number of 0 to 10 for each name; {again}")
    reach = np.array([edits.reach[name] for name in edits.names])
    return Directions(edits.names, steps, spread, edits.explained, metric, quiet, reach=reach)
