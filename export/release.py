"""`collodi release NAME`: a bundle of the zoo from nothing, each line a command."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import tyro

from device.bundle import CARD
from device.zoo.store import BUNDLES, copy_bundle
from export import release_face, release_find, release_gan, release_kws, release_talking
from export.recipe import Order
from export.staging import staged
from generate.gan.packaged import ZOO
from generate.options import choose, parse


class Recipe(NamedTuple):
    """How one kind of bundle is made."""

    make: Callable[[Order], Path]
    """Runs every stage that is not finished yet; returns the folder of the bundle."""
    real: str
    """Table that a folder of real data for it has; empty where there is no such data."""


RECIPES = {name: Recipe(release_kws.make, "manifest.csv") for name in release_kws.RECIPES}
RECIPES |= {name: Recipe(release_face.make, "landmarks.csv") for name in release_face.RECIPES}
RECIPES |= {name: Recipe(release_find.make, "landmarks.csv") for name in release_find.RECIPES}
RECIPES["toy-talking"] = Recipe(release_talking.make, "")
RECIPES |= {name: Recipe(release_gan.make, "") for name in release_gan.RECIPES}


@dataclass(frozen=True)
class Options:
    """Make one of the bundles that come with the kit: data, training, files, thresholds, card.

    Example: collodi release kws-digits
    Example: collodi release kws-toy --out out/release --real folder-with-speech
    """

    name: Annotated[str, tyro.conf.Positional]
    """kws-digits: the ten digits. kws-toy: hello, stop, go, play, sing, story, yes, no, help,
    good night. toy-find: where faces are. toy-face: landmarks, pose, gaze, expression of one.
    toy-talking: does the child before the toy speak. toy-children-64: a neural generator of faces;
    toy-children-64-wide: a larger one, for a machine with a GPU."""
    out: Path = Path("out/release")
    """Folder of everything that is made, one folder a name; run again to go on."""
    real: Path | None = None
    """Folder of real speech (manifest.csv) or faces (landmarks.csv), only to test on."""
    seed: int = 0
    """The same seed gives the same data and, on the same machine, the same model."""
    size: str = "full"
    """full, or tiny: seconds, only shows that everything runs."""
    zoo: bool = False
    """Put the bundle among those that come with the kit (maintainers)."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError where it was used wrongly."""
    options = parse(Options, argv, "collodi release", Options.__doc__)
    recipe = RECIPES[choose(options.name, RECIPES, "bundle")]
    choose(options.size, ("full", "tiny"), "--size")
    if options.real and not recipe.real:
        raise ValueError(f"--real {options.real}: {options.name} is tested on synthetic clips only")
    if options.real and not (options.real / recipe.real).is_file():
        raise ValueError(f"--real {options.real}: no {recipe.real} in it")
    if options.zoo and options.size == "tiny":
        raise ValueError("--zoo: a tiny bundle is not for use; want --size full")
    begun, folder = time.monotonic(), options.out / options.name
    order = Order(options.name, folder, options.seed, options.size == "tiny", options.real)
    bundle = recipe.make(order)
    if options.zoo:
        _into_zoo(bundle)
    print(f"{bundle}  ({time.monotonic() - begun:.0f} s); what it can do: {bundle / CARD}")
    return 0


def _into_zoo(bundle: Path) -> None:
    """Copy a bundle or a generator among the packaged ones, whole or not at all."""
    if bundle.name in release_gan.RECIPES:
        with staged(ZOO / bundle.name, force=True, mark=CARD) as folder:
            shutil.copytree(bundle, folder, dirs_exist_ok=True)
        return
    with staged(BUNDLES / bundle.name, force=True) as folder:
        copy_bundle(bundle, folder)
