"""Recipe of toy-talking: talking children, training, and a test on others with other voices."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from export.chain import Chain, keep_options
from export.recipe import TEST_SEED, Order, evaluated, sized, tested_on
from generate.voice.text import PARENTS

VOICES_SEED = 2000
"""Added to the seed, so that those who are only heard are others than those who are seen."""
SENTENCES = PARENTS[::2]
"""What the children of the test say: nothing of it is among what the others learn from say."""


@dataclass(frozen=True)
class Recipe:
    """How much of everything toy-talking is made of."""

    clips: int = 800
    """Talking children to learn from."""
    voices: int = 5000
    """Others who are only heard, from whom the ear learns lips."""
    tests: int = 120
    """Others, with voices that training never draws."""
    stills: int = 16000
    """Pictures of a quarter as many people, half of them adults, on whom the eye learns lips."""
    steps: int = 5000
    batch: int = 16
    size_px: int = 80
    """Side of the pictures; the face fills 0.6 of it, so that no time goes into the background."""
    max_s: float = 4.2
    quiet_s: float = 1.2
    """Most time in which a child listens, before it speaks and again after."""
    export: tuple[str, ...] = ("--clips", "2400")
    """More words for `collodi export`: int8 ranges of 128 clips leave 24 dB, of 2,400 29 dB."""


TINY: dict[str, Any] = {
    "clips": 12, "voices": 8, "tests": 4, "stills": 24, "steps": 3,
    "batch": 8, "size_px": 64, "max_s": 2.4, "quiet_s": 0.2,
    "export": ("--draft", "--clips", "64", "--targets", "onnx,tflite-int8"),
}  # fmt: skip


def make(o: Order) -> Path:
    """Run every stage that is not finished yet; returns the bundle's folder."""
    how, out = sized(o, Recipe(), TINY), o.folder
    keep_options(out, {"seed": o.seed} | asdict(how))
    run, data, bundle = Chain(out), out / "data", out / "bundles" / o.name

    def talk(name: str, clips: int, seed: int, *more: object) -> Path:
        run("generate", "talk", "--out", data / name, "--clips", clips, "--seed", seed,
            "--size-px", how.size_px, "--fix", "face_fraction=0.6", "--max-s", how.max_s,
            "--quiet-s", how.quiet_s, "--voices", "espeak", "flite", *more)  # fmt: skip
        return data / name

    learn = talk("talk", how.clips, o.seed)
    voices = data / "voices"
    run("generate", "talk", "--out", voices, "--clips", how.voices, "--seed", o.seed + VOICES_SEED,
        "--no-pictures", "--max-s", how.max_s, "--quiet-s", how.quiet_s / 2,
        "--voices", "espeak", "flite")  # fmt: skip
    test = talk("talk-test", how.tests, o.seed + TEST_SEED, "--speakers", "test",
                "--sentences", *SENTENCES)  # fmt: skip
    stills = data / "stills"
    run("generate", "stills", "--out", stills, "--clips", how.stills, "--child-stills", 4,
        "--adult-share", 0.5, "--seed", o.seed)  # fmt: skip
    run_folder = run.train(
        "talking", out / "runs", "--data", learn, "--background", stills,
        "--voices", voices,
        "--steps", how.steps, "--batch", how.batch, "--seed", o.seed,
    )  # fmt: skip
    figures = evaluated(run, run_folder, tested_on(o, test))
    run.once(bundle, "export", run_folder, "--out", bundle, "--evaluation", *figures, *how.export)
    evaluated(run, bundle, tested_on(o, test), "tflite-int8")
    return bundle
