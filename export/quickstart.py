"""`collodi quickstart`: the whole chain at toy size, top to bottom, each line a command."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from export.chain import Chain, keep_options
from export.summary import Made, summarize
from generate.options import parse
from generate.presets import DIGITS


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    stills: int
    words: int
    talk: int
    tests: int
    kws_steps: int
    face_steps: int
    talk_px: int = 256
    bench_seconds: float = 3
    export: tuple[str, ...] = ()
    """More words for `collodi export`."""


SIZES = {
    "toy": Size(
        stills=2400, words=4000, talk=6, tests=300, kws_steps=700, face_steps=2000,
    ),
    "tiny": Size(
        stills=48, words=150, talk=1, tests=24, kws_steps=12, face_steps=6, talk_px=96,
        bench_seconds=0.2, export=("--draft",),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Options:
    """Make children, train two toy models on them, quantize, measure, and write a report.

    Example: collodi quickstart --real folder-with-speech-and-faces
    """

    out: Path = Path("out/quickstart")
    """Folder of everything that is made; run again to go on where it stopped."""
    real: Path | None = None
    """Folder with speech/ and faces/ of real people, only to test on; never trained on."""
    words: tuple[str, ...] = DIGITS
    """The keywords."""
    seed: int = 0
    """The same seed gives the same labels, sound and metrics."""
    size: str = "toy"
    """toy (minutes) or tiny (seconds, only shows that everything runs)."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError where it was used wrongly."""
    options = parse(Options, argv, "collodi quickstart", Options.__doc__)
    if options.size not in SIZES:
        raise ValueError(f"--size {options.size}: want {' or '.join(SIZES)}")
    if options.real and not options.real.is_dir():
        raise ValueError(f"--real {options.real}: no such folder")
    _keep_options(options)
    begun = time.monotonic()
    made = chain(options)
    for table in summarize(made, options.out / "report.html"):
        print(f"\n{table}")
    print(f"\n{options.out / 'report.html'}  ({time.monotonic() - begun:.0f} s)")
    return 0


def chain(o: Options) -> Made:
    """Run every stage that is not finished yet."""
    size, data, runs = SIZES[o.size], o.out / "data", o.out / "runs"
    run = Chain(o.out)
    seeds = ("--seed", o.seed), ("--seed", o.seed + 1_000_000)
    words = ("--words", *o.words)

    run("generate", "stills", "--out", data / "stills", "--clips", size.stills, *seeds[0])
    run("generate", "stills", "--out", data / "stills-test", "--clips", size.tests, *seeds[1])
    run("generate", "words", "--out", data / "words", "--clips", size.words, *seeds[0], *words)
    run("generate", "words", "--out", data / "words-test", "--clips", size.tests, *seeds[1],
        *words, "--speakers", "test")  # fmt: skip
    run("generate", "talk", "--out", data / "talk", "--clips", size.talk, *seeds[0],
        "--size-px", size.talk_px)  # fmt: skip

    kws = run.train("kws", runs, "--data", data / "words", "--steps", size.kws_steps, *seeds[0])
    face = run.train("face", runs, "--data", data / "stills", "--steps", size.face_steps, *seeds[0])

    made = Made(o.out, {"kws": kws, "face": face}, run.lines)
    for task, test, real in (("kws", "words-test", "speech"), ("face", "stills-test", "faces")):
        places = {"synthetic": data / test} | ({"real": o.real / real} if o.real else {})
        bundle, report = o.out / "bundles" / task, o.out / f"bench-{task}.json"
        trained = [made.evaluate(run, task, place, "float32", places[place]) for place in places]
        figures = ("--evaluation", *trained)
        run.once(bundle, "export", made.runs[task], "--out", bundle, *figures, *size.export)
        for place in places:
            made.evaluate(run, task, place, "tflite-int8", places[place])
        run.once(report, "bench", bundle, "--seconds", size.bench_seconds, "--json", report)
    return made


def _keep_options(options: Options) -> None:
    """Refuse to mix two sets of options in one folder; `--real` may be added later."""
    now = {name: value for name, value in asdict(options).items() if name not in ("out", "real")}
    keep_options(options.out, now | {"sizes": asdict(SIZES[options.size])})
