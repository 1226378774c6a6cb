"""What every recipe of `collodi release` is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from export.chain import Chain

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")

TEST_SEED, TUNE_SEED = 1_000_000, 2_000_000
"""Added to the seed of what is trained on: other homes, other people, other noises."""


@dataclass(frozen=True)
class Order:
    """One bundle to make."""

    name: str
    """Of the bundle."""
    folder: Path
    """Everything that is made goes here; what is finished there is not made again."""
    seed: int
    tiny: bool
    """The smallest size, which only shows that everything runs."""
    real: Path | None
    """Folder of real data, only to test on; null where there is none."""


def sized(o: Order, full: R, tiny: Mapping[str, Any]) -> R:
    """The recipe `full`; at the smallest size, with what `tiny` changes of it."""
    return replace(full, **tiny) if o.tiny else full


def tested_on(o: Order, synthetic: Path) -> dict[str, Path]:
    """What a bundle is tested on: new synthetic clips, and real data where there is any."""
    return {"synthetic": synthetic} | ({"real": o.real} if o.real else {})


def evaluated(
    run: Chain, model: Path, places: Mapping[str, Path], file: str = "float32"
) -> tuple[Path, ...]:
    """Evaluate a run, or one file of a bundle, on each of some places; returns the result files."""
    results = []
    for kind, data in places.items():
        result = run.out / f"evaluate-{kind}-{file}.json"
        which = () if file == "float32" else ("--file", file)
        run.once(result, "evaluate", model, *which, "--data", data, "--json", result)
        results.append(result)
    return tuple(results)
