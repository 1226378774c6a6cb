"""The five commands that are stopped, and what must hold after a stop and a restart."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.bundle import CARD, MANIFEST, read_bundle
from device.report import read_report
from generate.shards import open_dataset, verify
from generate.weights import read_tensors
from train_edge.checkpoint import KEY
from train_edge.run import CHECKPOINT, DONE, MODEL, OPTIONS, STATS, read_options

EVERY = 3
"""Steps of training between two checkpoints."""
WORDS = "generate words --out out --clips 12 --shard-clips 2 --seed 1"
TRAIN = f"train kws --data data --out runs --steps 12 --batch 4 --threads 1 \
--checkpoint-steps {EVERY}"
RUN = "runs/00000-kws-data"
EXPORT = f"export {RUN} --out bundle --clips 16 --draft --targets onnx,onnx-int8"
BENCH = "bench tiny --file onnx --runs 20 --rounds 4 --seconds 1 --json report.json"
PULL = "pull tiny-kws --registry registry --trust key.pub --out bundle"


@dataclass(frozen=True)
class Job:
    """One command line, run in a folder of its own."""

    command: str
    name: str
    words: str
    inputs: tuple[str, ...]
    """Files and folders that it begins with, OLD=NEW where they are called NEW there."""
    whole: Callable[[Path, Path], None]
    """(case, reference): AssertionError where a final name holds what is not whole."""
    same: Callable[[Path, Path], None]
    """(case, reference): AssertionError where a finished case is not as undisturbed."""
    again: Callable[[Path, str], str | None] = lambda _, words: words
    """(case, words): the command that goes on; None where all was done."""
    count: Callable[[Path], int] = lambda _: 0
    """Shards or checkpoints that are finished."""
    kept: Callable[[Path], dict[str, Any]] = lambda _: {}
    """What the restart may not do again, by name."""


def prepare(job: Job, kitchen: Path, case: Path) -> None:
    """Lay out the inputs of a job in a new folder."""
    case.mkdir(parents=True)
    (case / "tmp").mkdir()
    for name in job.inputs:
        old, _, new = name.partition("=")
        source, target = kitchen / old, case / (new or old)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)


def listing(case: Path) -> list[str]:
    """Every path in a case but two among temporary files that are not the kit's.

    ONNX Runtime keeps a session file there, and Python tries the folder with a file of 4 bytes.
    """
    found = (path for path in case.rglob("*") if path.name != ".ses")
    return sorted(path.relative_to(case).as_posix() for path in found if not _is_trial(path))


def _is_trial(path: Path) -> bool:
    return path.parent.name == "tmp" and path.is_file() and path.stat().st_size <= len("blat")


def _data_whole(case: Path, want: Path) -> None:
    for path in sorted((case / "out").glob("*")):
        if (path.name.startswith("shard-") and path.suffix == ".tar") or path.suffix == ".jsonl":
            assert path.read_bytes() == (want / "out" / path.name).read_bytes(), path.name
    header = case / "out" / "dataset.json"
    if header.exists() and json.loads(header.read_bytes())["complete"]:
        verify(open_dataset(case / "out"))


def _data_same(case: Path, want: Path) -> None:
    _data_whole(case, want)
    mine, other = (json.loads((at / "out/dataset.json").read_bytes()) for at in (case, want))
    assert mine | {"stamp": {}} == other | {"stamp": {}}, "dataset.json differs"
    assert len({row["key"] for row in open_dataset(case / "out").rows}) == mine["clips"]


def _shards(case: Path) -> list[Path]:
    return sorted((case / "out").glob("shard-*.tar"))


def _shards_kept(case: Path) -> dict[str, Any]:
    return {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in _shards(case)}


def _runs(case: Path) -> list[Path]:
    return sorted((case / "runs").glob("[0-9]*"))


def _runs_whole(case: Path, want: Path) -> None:
    for run in _runs(case):
        read_options(run)
        for name in (CHECKPOINT, MODEL):
            assert not (run / name).exists() or read_tensors(run / name, "")[0]
        if (run / DONE).exists():
            _same_files(run, want / RUN, (DONE, MODEL, CHECKPOINT))


def _runs_same(case: Path, want: Path) -> None:
    run = case / RUN
    _same_files(run, want / RUN, (DONE, MODEL, CHECKPOINT))
    mine, other = (json.loads((at / OPTIONS).read_bytes()) for at in (run, want / RUN))
    assert mine | {"stamp": {}, "data_sha256": ""} == other | {"stamp": {}, "data_sha256": ""}
    assert _rows(run) == _rows(want / RUN), f"{STATS} differs"


def _rows(run: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (run / STATS).read_text().splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def _same_files(mine: Path, other: Path, names: tuple[str, ...]) -> None:
    for name in names:
        assert (mine / name).read_bytes() == (other / name).read_bytes(), f"{name} differs"


def _train_again(case: Path, words: str) -> str | None:
    runs = _runs(case)
    if not runs:
        return words
    return None if (runs[-1] / DONE).exists() else f"train --resume {runs[-1].relative_to(case)}"


def _steps(case: Path) -> int:
    path = case / RUN / CHECKPOINT
    return int(json.loads(read_tensors(path, "")[1][KEY])["step"]) if path.exists() else 0


def _rows_kept(case: Path) -> dict[str, Any]:
    """Rows with the time at which they were made: those up to the checkpoint stay."""
    path, steps = case / RUN / STATS, _steps(case)
    lines = path.read_text(errors="replace").splitlines()[:steps] if path.exists() else []
    return {f"row {number}": line for number, line in enumerate(lines)}


def _bundle_whole(case: Path, want: Path) -> None:  # noqa: ARG001
    if (case / "bundle").exists():
        bundle = read_bundle(case / "bundle")
        names = {path.relative_to(case / "bundle").as_posix()
                 for path in (case / "bundle").rglob("*") if path.is_file()}  # fmt: skip
        known = {MANIFEST, CARD, *(entry.path for entry in bundle.files)}
        assert {name for name in names if "firmware" not in name.split("/")[0]} <= known, names


def _bundle_there(case: Path, want: Path) -> None:
    place = case / "bundle" if (case / "bundle").exists() else case / ".bundle.old"
    assert read_bundle(place), "neither the old nor the new bundle is there"
    _bundle_whole(case, want)


def _bundle_same(case: Path, want: Path) -> None:
    _bundle_whole(case, want)
    mine, other = read_bundle(case / "bundle"), read_bundle(want / "bundle")
    assert [file.sha256 for file in mine.files] == [file.sha256 for file in other.files]


def _tree_same(case: Path, want: Path) -> None:
    _bundle_same(case, want)
    for path in (want / "bundle").rglob("*"):
        if path.is_file():
            _same_files(case, want, (path.relative_to(want).as_posix(),))


def _firmware_whole(case: Path, want: Path) -> None:
    _bundle_whole(case, want)
    if (case / "bundle" / "firmware").exists():
        _tree_same(case, want)


def _unless(place: str) -> Callable[[Path, str], str | None]:
    return lambda case, words: None if (case / place).exists() else words


def _report_whole(case: Path, want: Path) -> None:  # noqa: ARG001
    path = case / "report.json"
    if path.exists() and path.read_text() != "old\n":
        for run in read_report(path).runs:
            assert run.status == "ran", f"{run.file}: {run.reason}"


def _report_same(case: Path, want: Path) -> None:
    _report_whole(case, want)
    assert (case / "report.json").read_text() != "old\n", "the report is the old one"


DATA: dict[str, Any] = {"whole": _data_whole, "same": _data_same, "kept": _shards_kept,
                        "count": lambda case: len(_shards(case))}  # fmt: skip
JOBS = (
    Job("generate", "loop", f"{WORDS} --engine loop", (), **DATA),
    Job("generate", "pool", f"{WORDS} --engine pool --workers 2", (), **DATA),
    Job("train", "kws", TRAIN, ("generate-loop/out=data",), _runs_whole, _runs_same,
        _train_again, lambda case: _steps(case) // EVERY, _rows_kept),
    Job("export", "new", EXPORT, ("generate-loop/out=data", "train-kws/runs=runs"),
        _bundle_whole, _bundle_same, _unless("bundle")),
    Job("export", "force", f"{EXPORT} --force",
        ("generate-loop/out=data", "train-kws/runs=runs", "tiny=bundle"),
        _bundle_there, _bundle_same),
    Job("bench", "new", BENCH, ("tiny",), _report_whole, _report_same),
    Job("bench", "old", BENCH, ("tiny", "old=report.json"), _report_whole, _report_same),
    Job("pull", "registry", PULL, ("registry", "key.pub"), _bundle_whole, _tree_same),
    Job("pull", "firmware", "pull kws-toy --firmware all --out bundle", (), _firmware_whole,
        _tree_same, _unless("bundle/firmware")),
)  # fmt: skip
COMMANDS = tuple(dict.fromkeys(job.command for job in JOBS))
