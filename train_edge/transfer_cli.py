"""`collodi transfer PRESET --data DATA --real DIR`: how far synthetic data carries to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from generate.options import Place
from train_edge.cli import parse_recipe
from train_edge.options import Options, check_options
from train_edge.presets import PRESETS, preset

if TYPE_CHECKING:
    from train_edge.transfer import Training
    from train_edge.transfer_run import Subject

HELP = """usage: collodi transfer PRESET --data DATA --real DIR [options]

Trains the same network by the same recipe on synthetic data, on real samples of all people but the
tested ones (real-trained, an upper bound), and on synthetic data with k real samples of the others;
writes OUT/report.html and OUT/transfer.json. What is finished is not repeated.

presets: {presets}

examples:
  collodi transfer kws --data data/words --real real/speech --dry-run
  collodi transfer kws --data data/words --real real/speech --k 1 5 20 --seeds 3
  collodi transfer kws --data data/words --real corpus --folds 5 --steps 700 --json transfer.json
  collodi transfer face --data data/stills --real real/faces --k 20 100 --folds 3

DIR holds manifest.csv (file,label,speaker) and wav or flac files of any rate and width, or
landmarks.csv (file,person,split,x0,y0,...,x67,y67; iBUG-68, px) and images/ of square face crops.
`collodi transfer PRESET --help` lists the options of a preset."""


@dataclass(frozen=True)
class Where:
    """What is read and where it goes."""

    data: Place
    """Synthetic data set of words: a folder or an fsspec URL."""
    real: Path
    """Folder of real recordings: manifest.csv with file,label,speaker; wav or flac files."""
    out: Path = Path("transfer")
    """Folder of the report and of the trained networks."""
    json: Path | None = None
    """Write the figures here too; they are always in OUT/transfer.json."""
    k: tuple[int, ...] = (5,)
    """Real recordings a word in the arms synthetic+k; none: no such arm."""
    seeds: int = 1
    """Trainings of each arm with other start weights and batches, from --seed on."""
    folds: int = 0
    """Groups of speakers that are left out together; 0 leaves out one at a time."""
    dry_run: bool = False
    """Only say what would be trained and about how long it takes."""


@dataclass(frozen=True)
class FaceWhere(Where):
    """What is read and where it goes."""

    data: Place
    """Synthetic data set of stills or talk: a folder or an fsspec URL."""
    real: Path
    """Folder of real faces: landmarks.csv with file,person,split,x0,...,y67; images/."""
    k: tuple[int, ...] = (100,)
    """Real faces that the arms synthetic+k are fine-tuned on, and that labels are translated by;
    none: no such arm."""
    folds: int = 3
    """Groups of people that are left out together; 0 leaves out one at a time."""


WHERE: dict[str, type[Where]] = {"kws": Where, "face": FaceWhere}


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError where it was used wrongly, Stopped after Ctrl-C."""
    names = [name for name, options in PRESETS.items() if options.task in WHERE]
    if not argv or argv[0] in ("-h", "--help"):
        print(HELP.format(presets=", ".join(names)))
        return 0
    task = preset(argv[0]).task
    if task not in WHERE:
        raise ValueError(f"{argv[0]} is for {task}; transfer takes {', '.join(names)}")
    options, where = parse_recipe("transfer", argv, WHERE[task])
    _check(options, where)
    from train_edge.transfer_run import dry_run

    subject = _subject(argv[0], options, where)
    trainings = _trainings(subject, options, where)
    if where.dry_run:
        print("\n".join(dry_run(subject, options, trainings, where.out)))
        return 0
    return _report(subject, options, where, trainings)


def _subject(name: str, options: Options, where: Where) -> Subject:
    if options.task == "kws":
        from train_edge.transfer_kws import Speech

        return Speech(name, options, where.data, where.real)
    from train_edge.transfer_face import Portraits

    return Portraits(name, options, where.data, where.real, where.out)


def _check(options: Options, where: Where) -> None:
    check_options(options)
    if not where.real.is_dir():
        raise ValueError(f"--real {where.real}: no such folder")
    if where.seeds < 1:
        raise ValueError(f"--seeds {where.seeds}: at least 1")
    if where.folds < 0 or where.folds == 1:
        raise ValueError(f"--folds {where.folds}: 0, or at least 2 groups of people")
    if any(k < 1 for k in where.k):
        raise ValueError(f"--k {min(where.k)}: at least 1 real sample")
    if where.json and not where.json.resolve().parent.is_dir():
        raise ValueError(f"--json {where.json}: no folder {where.json.parent}")


def _trainings(subject: Subject, options: Options, where: Where) -> list[Training]:
    """The plan, without the arms that cannot be trained, and a line on those."""
    from train_edge.transfer import REAL, plan
    from train_edge.transfer_run import say

    seeds = range(options.seed, options.seed + where.seeds)
    trainings = plan(subject.people, subject.classes, where.k, seeds, where.folds)
    if len(set(subject.people)) < 2:
        say(f"only one {subject.who}: none can be left out, only the synthetic arm runs")
    reasons = [reason for training in trainings if (reason := subject.why_not(training))]
    if reasons:
        say(f"no {REAL} arm: {reasons[0]}")
        trainings = [training for training in trainings if training.arm != REAL]
    return trainings


def _report(subject: Subject, options: Options, where: Where, trainings: list[Training]) -> int:
    from device.files import write_atomic
    from device.stamp import make_stamp
    from device.strict import dumps, encode
    from train_edge.page import Page, as_text, write_page
    from train_edge.transfer_run import run_arms

    stamp = make_stamp()  # of the code that trains, whatever changes meanwhile
    subject.check()  # every file is read before hours are spent
    where.out.mkdir(parents=True, exist_ok=True)
    answers = run_arms(subject, options, trainings, where.out)
    told = subject.tell(options, trainings, answers, where.out)
    result = told.result | {"options": encode(options), "stamp": encode(stamp)}
    page = Page(told.title, told.subtitle, told.cards, told.sections, [stamp.command], stamp)
    write_page(where.out / "report.html", page)
    for path in (where.out / "transfer.json", where.json):
        if path:
            write_atomic(path, dumps(result))
    print("\n\n".join(as_text(table) for table in told.tables))
    print(where.out / "report.html")
    return 0
