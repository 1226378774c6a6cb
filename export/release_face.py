"""Recipe of `toy-face`: stills of children and adults, one network, tested on other people."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from export.chain import Chain, keep_options
from export.recipe import TEST_SEED, Order, sized


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
    steps: int = 6000
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
    figures: list[object] = []
    places = {"synthetic": data / "stills-test"} | ({"real": o.real} if o.real else {})
    for place, folder in places.items():
        result = out / f"evaluate-{place}-float32.json"
        run.once(result, "evaluate", run_folder, "--data", folder, "--json", result)
        figures += ["--evaluation", result]
    run.once(bundle, "export", run_folder, "--out", bundle, *figures, *how.export)
    for place, folder in places.items():
        for file in ("tflite-int8", "onnx-int8"):
            result = out / f"evaluate-{place}-{file}.json"
            run.once(result, "evaluate", bundle, "--file", file, "--data", folder,
                     "--json", result)  # fmt: skip
    return bundle
