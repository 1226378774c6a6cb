"""Recipe of `toy-face`: stills of children and adults, one network, tested on other people."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from export.chain import Chain, keep_options
from export.recipe import TEST_SEED, Order, evaluated, sized, tested_on


@dataclass(frozen=True)
class Recipe:
    """How much of everything the face bundle is made of."""

    clips: int = 16000
    """Stills to learn from."""
    child_stills: int = 4
    """Of each person."""
    tests: int = 3000
    """Stills of other people."""
    adult_share: float = 0.5
    """Of the people in both: the network is to serve children, and is tested on real adults."""
    steps: int = 12000
    batch: int = 32
    export: tuple[str, ...] = ()
    """More words for `collodi export`."""


RECIPES = {"toy-face": Recipe()}
TINY: dict[str, Any] = {
    "clips": 30, "tests": 24, "steps": 6, "batch": 8, "export": ("--draft", "--clips", "64"),
}  # fmt: skip


def make(o: Order) -> Path:
    """Run every stage that is not finished yet; returns the bundle's folder."""
    how, out = sized(o, RECIPES[o.name], TINY), o.folder
    keep_options(out, {"seed": o.seed} | asdict(how))
    run, data, bundle = Chain(out), out / "data", out / "bundles" / o.name
    people = ("--adult-share", how.adult_share, "--child-stills", how.child_stills)
    run("generate", "stills", "--out", data / "stills", "--clips", how.clips, *people,
        "--seed", o.seed)  # fmt: skip
    run("generate", "stills", "--out", data / "stills-test", "--clips", how.tests, *people,
        "--seed", o.seed + TEST_SEED)  # fmt: skip
    run_folder = run.train("face", out / "runs", "--data", data / "stills", "--steps", how.steps,
                           "--batch", how.batch, "--seed", o.seed)  # fmt: skip
    places = tested_on(o, data / "stills-test")
    figures = evaluated(run, run_folder, places)
    run.once(bundle, "export", run_folder, "--out", bundle, "--evaluation", *figures, *how.export)
    for file in ("tflite-int8", "onnx-int8"):
        evaluated(run, bundle, places, file)
    return bundle
