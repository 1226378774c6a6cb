"""Full disks, folders that cannot be written and clocks that go back: one line, nothing lost.

The disk is a real tmpfs; it needs root.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.bundle import read_bundle
from device.main import main
from generate.shards import open_dataset, verify
from train_edge.run import DONE

pytest.importorskip("onnxruntime")
TESTS = Path(__file__).parent
CLIPS = runpy.run_path(str(TESTS / "make_tiny_clips.py"))
BUNDLE = runpy.run_path(str(TESTS / "make_tiny_bundle.py"))
GENERATE = "generate words --out disk/out --clips 6 --shard-clips 2 --seed 1 --engine loop"
TRAIN = "train kws --data words --out disk/runs --steps 4 --batch 4 --threads 1"
EXPORT = "export runs/00000-kws-words --out disk/b --clips 16 --draft --targets onnx"
BENCH = "bench tiny --file onnx --runs 4 --rounds 2 --seconds 0.2 --json disk/r.json"
PULL = "pull kws-toy --out disk/b"
COMMANDS = {"generate": (GENERATE, 50), "train": (TRAIN, 300), "export": (EXPORT, 40),
            "bench": (BENCH, 0), "pull": (PULL, 60)}  # fmt: skip
"""Words, and KiB that are free on the disk when it gets full."""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, a run and a bundle."""
    place = tmp_path_factory.mktemp("inputs")
    CLIPS["words_data"](place / "words")
    BUNDLE["make_tiny_bundle"](place / "tiny", ("onnx",))
    before = Path.cwd()
    os.chdir(place)
    assert main([*TRAIN.replace("disk/", "").split(), "--checkpoint-steps", "2"]) == 0
    os.chdir(before)
    return place


@pytest.fixture
def disk(tmp_path: Path, inputs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 8 MiB below the working folder, beside the inputs."""
    place = tmp_path / "disk"
    place.mkdir()
    for path in inputs.iterdir():
        (tmp_path / path.name).symlink_to(path)
    words = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("no small disk: mounting a tmpfs needs root")
    monkeypatch.chdir(tmp_path)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, free_kib: int) -> Path:
    """Leave so much room."""
    filler = disk / "filler"
    with filler.open("wb") as stream:
        stream.write(bytes((8 << 20) - (free_kib << 10)))
    return filler


def refused(capsys: pytest.CaptureFixture[str], words: str, *said: str) -> str:
    """Run a command that must fail with one line at its end."""
    capsys.readouterr()
    assert main(words.split()) == 1
    shown = capsys.readouterr().err
    (line,) = [one for one in shown.splitlines() if one.startswith("collodi ")]
    assert shown.endswith(line + "\n") and "Traceback" not in shown
    for word in said:
        assert word in line, line
    return line


def done(name: str) -> None:
    """Hold what a command leaves to be whole."""
    if name == "generate":
        verify(open_dataset("disk/out"))
    elif name == "train":
        assert Path("disk/runs/00000-kws-words", DONE).is_file()
    elif name == "bench":
        assert json.loads(Path("disk/r.json").read_text())["runs"]
    else:
        read_bundle(Path("disk/b"))


def hidden(disk: Path) -> list[str]:
    return [path.name for path in disk.rglob("*") if path.name.endswith((".part", ".old"))]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_one_line_and_the_same_command_goes_on_with_room(
    disk: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words, free_kib = COMMANDS[name]
    filler = fill(disk, free_kib)
    line = refused(capsys, words, "No space left on device", "disk/")
    kept = {p: p.stat().st_mtime_ns for p in disk.rglob("shard-*.tar")}
    assert not hidden(disk)
    assert name != "generate" or kept
    filler.unlink()
    if name == "train":
        assert "collodi train --resume disk/runs/00000-kws-words" in line
        words = "train --resume disk/runs/00000-kws-words"
    assert main(words.split()) == 0
    done(name)
    assert all(path.stat().st_mtime_ns == made for path, made in kept.items())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_that_cannot_be_written_is_one_line(
    disk: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    refused(capsys, COMMANDS[name][0], "Read-only file system", "disk/")
    assert not list(disk.iterdir())


def test_a_report_that_finds_no_room_at_its_end_is_kept_elsewhere(
    disk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.bench_cli.check_writable", lambda _: fill(disk, 0))
    monkeypatch.setattr("tempfile.tempdir", str(disk.parent))
    line = refused(capsys, BENCH, "the report is in", "not in: disk/r.json")
    (kept,) = disk.parent.glob("collodi-report-*.json")
    assert str(kept) in line and json.loads(kept.read_text())["runs"]


@pytest.mark.parametrize("name", ["generate", "bench", "pull"])
def test_a_clock_that_is_set_back_to_1970_changes_nothing(
    inputs: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of the command; for bench before it, where faketime breaks time.sleep."""
    if shutil.which("faketime") is None:
        pytest.skip("no faketime (Debian: apt install faketime)")
    (tmp_path / "disk").mkdir()
    (tmp_path / "tiny").symlink_to(inputs / "tiny")
    clock, code = tmp_path / "clock", "import sys; from device.main import main; sys.exit(main())"
    clock.write_text("+0")
    words = ["faketime", "-m", "-f", "+0"] if name != "bench" else ["faketime", "-m", "1970-01-02"]
    more = {"PYTHONPATH": str(TESTS.parent)}
    if name != "bench":
        more |= {"FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
                 "FAKETIME_DONT_FAKE_MONOTONIC": "1"}  # fmt: skip
    with subprocess.Popen(
        [*words, sys.executable, "-c", code, *COMMANDS[name][0].split()],
        cwd=tmp_path, env={**os.environ, **more}, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stderr is not None
        first = child.stderr.readline() if name == "generate" else ""
        clock.write_text("@1970-01-02 00:00:00")
        shown = first + child.stderr.read()
    assert child.returncode == 0 and "Traceback" not in shown and " -" not in shown, shown
    monkeypatch.chdir(tmp_path)
    done(name)
