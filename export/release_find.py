"""Recipe of the face detector: people, places, training, a threshold on other places."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from export.chain import Chain, keep_options
from export.recipe import TEST_SEED, TUNE_SEED, Order, evaluated, sized, tested_on


@dataclass(frozen=True)
class Recipe:
    """How much of everything a detector is made of."""

    stills: int = 16000
    """Pictures of people to learn from."""
    child_stills: int = 4
    """Of each person."""
    places: int = 1500
    """Pictures without a face to learn from."""
    steps: int = 10000
    tests: int = 1000
    """Pictures of other people."""
    tune_places: int = 2400
    """Other pictures without a face, to choose the threshold on."""
    test_places: int = 800
    """A third set of them."""
    behind_share: float = 0.25
    """Of the pictures without a face: backs of people."""
    adult_share: float = 0.5
    preset: str = "find"
    export: tuple[str, ...] = ()
    """More words for `collodi export`."""


PLACES_SEED = 5
"""Added for the places to learn from: with the seed of the people, picture k of both would lie in
one and the same place."""
RECIPES = {"toy-find": Recipe()}
TINY: dict[str, Any] = {
    "stills": 24, "places": 40, "steps": 6, "tests": 10, "tune_places": 100, "test_places": 100,
    "behind_share": 0.05, "preset": "find-tiny", "export": ("--draft", "--clips", "64"),
}  # fmt: skip


def make(o: Order) -> Path:
    """Run every stage that is not finished yet; returns the bundle's folder."""
    how, out = sized(o, RECIPES[o.name], TINY), o.folder
    keep_options(out, {"seed": o.seed} | asdict(how))
    run, data, bundle = Chain(out), out / "data", out / "bundles" / o.name

    def pictures(preset: str, name: str, count: int, seed: int, *more: object) -> Path:
        run("generate", preset, "--out", data / name, "--clips", count, "--seed", seed, *more)
        return data / name

    adults = ("--adult-share", how.adult_share, "--child-stills", how.child_stills)
    behind = ("--behind-share", how.behind_share)
    people = pictures("stills", "stills", how.stills, o.seed, *adults)
    places = pictures("places", "places", how.places, o.seed + PLACES_SEED, *behind)
    folder = run.train(how.preset, out / "runs", "--data", people, "--background", places,
                       "--steps", how.steps, "--seed", o.seed)  # fmt: skip
    run.once(bundle, "export", folder, "--out", bundle, *how.export)
    tune = pictures("places", "places-tune", how.tune_places, o.seed + TUNE_SEED, *behind)
    run.once(out / "tune.json", "tune", bundle, "--data", tune, "--json", out / "tune.json")
    test = pictures("places", "places-test", how.test_places, o.seed + TEST_SEED, *behind)
    others = pictures("stills", "stills-test", how.tests, o.seed + TEST_SEED, *adults)
    evaluated(run, bundle, tested_on(o, others), "onnx")
    figures = evaluated(run, bundle, tested_on(o, others), "tflite-int8")
    run.once(out / "test.json", "tune", bundle, "--test", "--data", test, "--positives", others,
             "--evaluation", *figures, "--json", out / "test.json")  # fmt: skip
    return bundle
