"""A training that begins from another generator: what that lacks, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from torch import Tensor

from generate.gan.recipe import Recipe
from generate.gan.state import State
from generate.gan.store import CHECKPOINT, below, load_average, load_checkpoint, put

JUDGE = "discriminator"


def begun(recipe: Recipe, start: Path | None) -> Recipe:
    """The recipe in force where a run begins from the generator `start`, or from nothing.

    Only a new discriminator for a trained generator learns alone. An average that begins as a
    trained one has no ramp, which would replace it within a few steps. ValueError where no images
    are left for both networks.
    """
    if start is None:
        return replace(recipe, warm_images=0)
    warm = 0 if below(JUDGE, _kept(start)) else recipe.warm_images
    if warm >= recipe.images:
        raise ValueError(f"--images {recipe.images}: a new discriminator learns alone from the "
                         f"first {warm}; want more, or fewer --warm-images")  # fmt: skip
    return replace(recipe, warm_images=warm, average_ramp=0.0)


def begin_from(state: State, start: Path) -> str:
    """Take the networks of another generator to fine-tune them, without its moments.

    The generator begins as its average where that is all there is, the discriminator anew. Returns
    what was missing, in words; nothing where all was there.
    """
    kept, missing = _kept(start), []
    average = load_average(start).state_dict()
    put(state.average, average, start)
    raw, judge = below("generator", kept), below(JUDGE, kept)
    put(state.generator, raw or average, start / CHECKPOINT)
    if not raw:
        missing.append("no generator but the averaged one, which is taken")
    if judge:
        put(state.discriminator, judge, start / CHECKPOINT)
    else:
        missing.append("no discriminator, a new one begins")
    return "; ".join(missing)


def _kept(start: Path) -> dict[str, Tensor]:
    """Tensors of the networks as a training saw them; none where the folder only draws."""
    return load_checkpoint(start)[0] if (start / CHECKPOINT).is_file() else {}
