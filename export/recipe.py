"""What every recipe of `collodi release` is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
