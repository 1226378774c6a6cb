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


def measures_of(model: Path, asked: Path | None, zoo: Path = ZOO) -> Path:
    """Folder of the attribute network: the one asked for, also by the name of the generator that
    comes with it; else the generator's own, else the usual one, else a packaged one.
    """
    if asked:
        named = str(asked) in names(zoo) and not asked.exists()
        return zoo / str(asked) / MEASURES if named else asked
    packaged = [zoo / name / MEASURES for name in names(zoo)]
    found = [path for path in (model / MEASURES, USUAL, *packaged) if path.is_dir()]
    return found[0] if found else USUAL
