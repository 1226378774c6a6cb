"""Generators that come with the kit: found by name, their weights checked."""

from __future__ import annotations

from pathlib import Path

from device.files import sha256_of
from device.strict import load_json, nearest
from generate.gan.store import AVERAGE, CARD

ZOO = Path(__file__).resolve().parent / "zoo"
EDITS, MEASURES = "edits.json", "attributes"
USUAL = Path("models/attributes")
"""Where an attribute network is that a generator does not bring."""


def names(zoo: Path = ZOO) -> list[str]:
    """Names of the packaged generators, sorted."""
    return sorted(path.parent.name for path in zoo.glob(f"*/{CARD}"))


def find(model: Path, zoo: Path = ZOO) -> Path:
    """The folder of a generator given as a folder or as the name of a packaged one.

    A folder goes before a name. ValueError names the nearest packaged generator, or says that the
    weights of a packaged one are not those that its edits were measured on.
    """
    if model.exists():
        return model
    if str(model) not in names(zoo):
        known = names(zoo)
        hint = nearest(str(model), known) or f"; packaged are {', '.join(known) or 'none'}"
        raise ValueError(f"no folder and no packaged generator '{model}'{hint}")
    folder = zoo / str(model)
    if sha256_of(folder / AVERAGE) != load_json(folder / EDITS)["generator_sha256"]:
        raise ValueError(f"{folder}: {AVERAGE} is damaged; install the kit again")
    return folder


def measures_of(model: Path, asked: Path | None) -> Path:
    """Folder of the attribute network: the one asked for, the generator's own, or the usual one."""
    if asked:
        return asked
    return model / MEASURES if (model / MEASURES).is_dir() else USUAL
