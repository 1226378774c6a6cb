"""Recipes of the keyword bundles: words, teachers, training, thresholds on other homes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from export.chain import Chain, keep_options
from export.recipe import TEST_SEED, TUNE_SEED, Order, evaluated, sized, tested_on
from generate.presets import DIGITS

TOY = ("hello", "stop", "go", "play", "sing", "story", "yes", "no", "help", "good night")


@dataclass(frozen=True)
class Recipe:
    """How much of everything a keyword bundle is made of."""

    words: tuple[str, ...]
    clips: int = 24000
    """Spoken words to learn from."""
    tests: int = 3000
    """Spoken words of held-out voices."""
    teachers: int = 3
    """Networks of other seeds that the released one learns from."""
    teacher_steps: int = 1500
    steps: int = 6000
    unknown_share: float = 0.5
    """Of what the released one hears in training: false accepts are harder to avoid than misses."""
    home_hours: float = 3.0
    """Sound without keywords to learn from."""
    tune_hours: float = 4.0
    """The same of other homes and voices that training never draws, to choose thresholds on."""
    test_hours: float = 10.0
    """The same of a third set of homes and voices."""
    export: tuple[str, ...] = ()
    """More words for `collodi export`."""


RECIPES = {"kws-digits": Recipe(DIGITS), "kws-toy": Recipe(TOY, teachers=1, steps=4000)}
TINY: dict[str, Any] = {
    "clips": 150, "tests": 60, "teachers": 1, "teacher_steps": 4, "steps": 12, "home_hours": 0.02,
    "tune_hours": 0.02, "test_hours": 0.02, "export": ("--draft",),
}  # fmt: skip


def make(o: Order) -> Path:
    """Run every stage that is not finished yet; returns the bundle's folder."""
    how, out = sized(o, RECIPES[o.name], TINY), o.folder
    keep_options(out, {"seed": o.seed} | asdict(how))
    run, data, bundle = Chain(out), out / "data", out / "bundles" / o.name
    words = ("--words", *how.words)

    def seed(more: int = 0) -> tuple[str, int]:
        return "--seed", o.seed + more

    def home(name: str, hours: float, *more: object) -> Path:
        run("generate", "stream", "--out", data / name, "--hours", hours, *words, *more)
        return data / name

    run("generate", "words", "--out", data / "words", "--clips", how.clips, *words, *seed())
    run("generate", "words", "--out", data / "words-test", "--clips", how.tests, *words,
        *seed(TEST_SEED), "--speakers", "test")  # fmt: skip
    around = home("home", how.home_hours, *seed())
    learn = ("--data", data / "words", "--background", around)
    teachers = [
        run.train("kws", out / f"teacher-{n}", *learn, "--steps", how.teacher_steps, *seed(n))
        for n in range(1, how.teachers + 1)
    ]
    run_folder = run.train("kws", out / "runs", *learn, "--teachers", *teachers,
                           "--unknown-share", how.unknown_share, "--steps", how.steps,
                           *seed())  # fmt: skip
    places = tested_on(o, data / "words-test")
    figures = evaluated(run, run_folder, places)
    run.once(bundle, "export", run_folder, "--out", bundle, "--evaluation", *figures, *how.export)
    evaluated(run, bundle, places, "tflite-int8")
    tune_data = home("home-tune", how.tune_hours, *seed(TUNE_SEED),
                     "--speakers", "tune")  # fmt: skip
    run.once(out / "tune.json", "tune", bundle, "--data", tune_data, "--json", out / "tune.json")
    test_data = home("home-test", how.test_hours, *seed(TEST_SEED),
                     "--speakers", "test")  # fmt: skip
    run.once(out / "test.json", "tune", bundle, "--test", "--data", test_data,
             "--positives", data / "words-test", "--json", out / "test.json")  # fmt: skip
    return bundle
