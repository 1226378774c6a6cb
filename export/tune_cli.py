"""`collodi tune BUNDLE --data NEGATIVES`: thresholds for a wanted rate of false answers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from numpy.typing import NDArray

from device.backends.apart import open_apart
from device.bundle import CARD, Accuracy, Bundle, read_bundle, write_bundle
from device.detect import NOT_WORDS, Detector
from device.files import write_atomic
from device.find import Finder
from device.listen_cli import file_for
from device.strict import dumps
from export.card import as_tuned
from export.evaluations import read_accuracy
from export.tune import Heard, Score, hear, score, tune
from export.tune_find import tested_finder, tuned_finder
from generate.clip import Clip
from generate.options import Place, parse
from generate.progress import Progress
from generate.shards import open_dataset
from generate.store import Location, locate
from generate.store_remote import Remote
from train_edge.real_folders import load_sound

Said = tuple[tuple[str, float, float], ...]
"""(keyword, start s, end s) of each that is said."""
SOUND_FILES = (".wav", ".flac")
TO_TUNE = ("fa_per_hour", "hop_frames", "smooth", "refractory_s")
"""Options that `--test` takes from the bundle."""
FALSE_PER_HOUR = 0.5


@dataclass(frozen=True)
class Options:
    """Choose a bundle's thresholds on sound without its keywords, and write them into it.

    Of a detector of faces, on pictures without a face: one in 200 may show a false one.

    Example: collodi tune bundles/toy --data data/household --fa-per-hour 0.5
    Example: collodi tune bundles/toy --data data/stream --positives data/words-test
    Example: collodi tune bundles/toy --test --data data/other --positives data/words-test
    Example: collodi tune bundles/find --data data/places
    Example: collodi tune bundles/find --test --data data/places-test --evaluation found.json
    """

    bundle: Annotated[Path, tyro.conf.Positional]
    """Bundle folder of a keyword model or a detector of faces; its manifest gets a `detector` or a
    `finder` block."""
    data: Place
    """Folder of wav and flac files, or a data set with sound (folder or fsspec URL);
    what it labels as a keyword counts as said, all else as negative. For faces a data set of
    `places`."""
    fa_per_hour: float | None = None
    """False accepts allowed in an hour, all words together; 0.5 if not given."""
    positives: Place | None = None
    """Data set of spoken keywords: how many are missed at these thresholds; with --test of people,
    how many faces are found."""
    hop_frames: int | None = None
    """Front-end frames of 20 ms from one answer to the next; 5 if not given."""
    smooth: int | None = None
    """Answers that are averaged; 5 if not given."""
    refractory_s: float | None = None
    """Time of rest after a word; 1 if not given."""
    evaluation: tuple[Path, ...] = ()
    """With --test of a detector of faces: JSON files of `collodi evaluate` at its threshold, at
    most one on synthetic and one on real data, for manifest and card."""
    file: str | None = None
    """File or target of the bundle to tune with; tflite-int8 if it is there and runs."""
    test: bool = False
    """Keep the thresholds, count on other sounds, and note what was found in the bundle."""
    dry_run: bool = False
    """Leave the bundle as it is."""
    json: Path | None = None
    """Also write the settings with what was found to this file."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError where bundle, data or options do not fit."""
    options = parse(Options, argv, "collodi tune", Options.__doc__)
    _check(options)
    bundle = read_bundle(options.bundle)
    _check_task(options, bundle.task)
    if bundle.task == "find":
        _tune_finder(options, bundle)
        return 0
    settings = _tested(options, bundle) if options.test else _tuned(options, bundle)
    _keep(options, replace(bundle, detector=settings), settings)
    return 0


def _tune_finder(options: Options, bundle: Bundle) -> None:
    """Choose or test the threshold; accuracy at another one is forgotten."""
    accuracy = Accuracy() if not options.test else bundle.accuracy
    if options.evaluation:
        accuracy = read_accuracy(options.evaluation, "find", {})
    what = (options.bundle, bundle, options.data, options.file)
    finder = tested_finder(*what, options.positives) if options.test else tuned_finder(*what)
    _keep(options, replace(bundle, finder=finder, accuracy=accuracy), finder)


def _keep(options: Options, changed: Bundle, settings: Detector | Finder) -> None:
    """Write manifest, card and, where it is asked for, the settings as JSON."""
    if not options.dry_run:
        path = options.bundle / CARD
        if path.is_file():
            write_atomic(path, as_tuned(path.read_text("utf-8"), changed))
        write_bundle(options.bundle, changed)
        print(f"{options.bundle}: {type(settings).__name__.lower()} written")
    if options.json:
        write_atomic(options.json, dumps(settings))


def _check(options: Options) -> None:
    """ValueError where options cannot be used, or not together."""
    if options.fa_per_hour is not None and not 0 <= options.fa_per_hour < math.inf:
        raise ValueError(f"--fa-per-hour {options.fa_per_hour}: want a number >= 0")
    given = [name for name in TO_TUNE if getattr(options, name) is not None]
    if options.test and given:
        flag = given[0].replace("_", "-")
        raise ValueError(f"--{flag}: --test keeps what the bundle was tuned to; leave one out")


def _check_task(options: Options, task: str) -> None:
    """ValueError where an option is not for models of the task."""
    of_words = [name for name in TO_TUNE if getattr(options, name) is not None]
    if task == "find" and of_words:
        flag = of_words[0].replace("_", "-")
        raise ValueError(f"--{flag}: for keyword models only, {options.bundle} finds faces")
    if task == "find" and options.positives and not options.test:
        raise ValueError(f"--positives {options.positives}: to find faces, only with --test")
    if options.evaluation and not (task == "find" and options.test):
        raise ValueError(f"--evaluation {options.evaluation[0]}: only with --test of a detector "
                         "of faces")  # fmt: skip


def _tuned(options: Options, bundle: Bundle) -> Detector:
    """Settings with thresholds for the negatives, printed."""
    names = ("hop_frames", "smooth", "refractory_s")
    asked = {name: getattr(options, name) for name in names}
    start = Detector(**{name: value for name, value in asked.items() if value is not None})
    negatives = listen_to(options.bundle, bundle, options.data, start.hop_frames, options.file)
    per_hour = FALSE_PER_HOUR if options.fa_per_hour is None else options.fa_per_hour
    settings = tune(negatives, bundle.labels, start, per_hour)
    for word, value in settings.thresholds.items():
        print(f"{word:<16} {value:.6f}{'  never' if value > 1 else ''}")
    print(f"{settings.false_accepts_per_hour:g} false accepts an hour in "
          f"{settings.negative_hours:.2f} h of {options.data}")  # fmt: skip
    if options.positives:
        _missed(options, bundle, settings)
    return settings


def _tested(options: Options, bundle: Bundle) -> Detector:
    """The bundle's settings with what they do on other sounds, printed."""
    settings = bundle.detector
    if settings is None or not settings.thresholds:
        raise ValueError(f"{options.bundle}: no thresholds to test; tune it first, without --test")
    heard = listen_to(options.bundle, bundle, options.data, settings.hop_frames, options.file)
    found = score(heard, bundle.labels, settings)
    print(f"{found.per_hour:g} false accepts an hour in {found.hours:.2f} h of {options.data}")
    settings = replace(
        settings, tested_per_hour=round(found.per_hour, 4), tested_hours=round(found.hours, 4)
    )
    if not options.positives:
        return settings
    missed = _missed(options, bundle, settings)
    return replace(
        settings, tested_false_rejects=round(missed.false_rejects, 4), tested_words=missed.words
    )


def _missed(options: Options, bundle: Bundle, settings: Detector) -> Score:
    """How many of the positives the settings miss, printed."""
    assert options.positives
    heard = listen_to(options.bundle, bundle, options.positives, settings.hop_frames, options.file)
    found = score(heard, bundle.labels, settings)
    print(f"{found.false_rejects:.1%} of {found.words} words missed in {options.positives}")
    return found


def listen_to(
    folder: Path, bundle: Bundle, data: str | Path, hop_frames: int, file: str | None = None
) -> list[Heard]:
    """Answers of a model of the bundle in `folder` to all sounds of a folder or a data set."""
    model = open_apart(folder, file_for(bundle, file))
    heard = []
    count, sounds = sounds_of(data, bundle)
    progress = Progress(count, "listen")
    for number, (sound, said) in enumerate(sounds):
        heard.append(hear(model, bundle, sound, hop_frames, said))
        progress.update(number + 1)
    progress.close()
    return heard


def sounds_of(
    where: str | Path, bundle: Bundle
) -> tuple[int, Iterator[tuple[NDArray[np.float32], Said]]]:
    """Number of sounds, and each (N,) in -1..1 with the keywords that are said in it."""
    data = locate(where)
    if isinstance(data, Remote) or (data / "dataset.json").is_file():
        return _of_clips(data, bundle)
    if not data.is_dir():
        raise ValueError(f"--data {data}: no such folder")
    paths = sorted(path for path in data.rglob("*") if path.suffix.lower() in SOUND_FILES)
    if not paths:
        raise ValueError(f"--data {data}: neither a data set nor a folder with wav or flac files")
    return len(paths), ((load_sound(path), ()) for path in paths)


def _of_clips(
    data: Location, bundle: Bundle
) -> tuple[int, Iterator[tuple[NDArray[np.float32], Said]]]:
    dataset = open_dataset(data)
    numbers = [n for n, row in enumerate(dataset.rows) if row["n_samples"]]
    if not numbers:
        raise ValueError(f"data set {data}: has no sound")

    def read() -> Iterator[tuple[NDArray[np.float32], Said]]:
        for clip in dataset.clips(("audio", "labels"), numbers):
            assert clip.audio is not None
            yield clip.audio.astype(np.float32) / np.float32(32768), said_in(clip, bundle.labels)

    return len(numbers), read()


def said_in(clip: Clip, labels: Sequence[str]) -> Said:
    """Keywords of a clip with their times: those among its words, or else the clip's own class.

    A keyword of several words is one word or a row of them; a class that is said in other words
    spans them all.
    """
    words = clip.labels["word"].tolist()
    times = clip.labels["word_s"].tolist()
    found: list[tuple[str, float, float]] = []
    for label in (label for label in labels if label not in NOT_WORDS):
        for count in {1, len(label.split())}:
            for k in range(len(words) - count + 1):
                if " ".join(words[k : k + count]) == label:
                    found.append((label, times[k][0], times[k + count - 1][1]))
    keyword = clip.facts["keyword"]
    if not found and words and keyword in labels and keyword not in NOT_WORDS:
        found.append((keyword, times[0][0], times[-1][1]))
    return tuple(found)
