"""Files and folders are whole or absent, and what a killed process left is taken over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from device.files import install, make_folder, sweep, workplace, write_atomic
from device.zoo.store import BUNDLES, pull_bundle
from export.staging import check_free, staged
from generate.store import creating
from generate.store import sweep as sweep_data

ROOT = Path(__file__).parent.parent
HOLD = """
import sys, time
from pathlib import Path
from device.files import {name}
{code}
"""


def held(name: str, code: str, folder: Path) -> subprocess.Popen[bytes]:
    """A process that has printed `ready` and sleeps."""
    text = HOLD.format(name=name, code=code)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        [sys.executable, "-c", text], cwd=folder, stdout=subprocess.PIPE, env=environment
    )
    assert child.stdout is not None and child.stdout.readline() == b"ready\n"
    return child


IN_WORKPLACE = """
with workplace(Path("out")) as room:
    (room / "half").write_text("half")
    print("ready", flush=True)
    time.sleep(60)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_killed_workplace_is_taken_over_and_a_living_one_is_not(tmp_path: Path) -> None:
    child = held("workplace", IN_WORKPLACE, tmp_path)
    try:
        sweep(tmp_path / "out")
        assert (tmp_path / ".out.0.part" / "half").exists()
        with workplace(tmp_path / "out") as room:
            assert room.name == ".out.1.part"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    with workplace(tmp_path / "out") as room:
        assert room.name == ".out.0.part" and not list(room.iterdir())
        (room / "a").write_text("whole")
        install(room, tmp_path / "out")
    assert names(tmp_path) == ["out"]


def test_sweep_removes_what_is_nobodys(tmp_path: Path) -> None:
    for name in (".out.0.part", ".out.7.part", ".outer.0.part"):
        (tmp_path / name).mkdir()
    (tmp_path / ".out.1.part").symlink_to(tmp_path / ".outer.0.part")
    sweep(tmp_path / "out")
    assert names(tmp_path) == [".out.1.part", ".outer.0.part"]


def test_a_half_written_file_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / ".a.0.part").write_text("longer than what comes")
    write_atomic(tmp_path / "a", "short")
    assert names(tmp_path) == ["a"] and (tmp_path / "a").read_text() == "short"
    mask = os.umask(0o027)
    write_atomic(tmp_path / "a", "again")
    os.umask(mask)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / ".a.0.part").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic"):
        write_atomic(tmp_path / "a", "new")
    (tmp_path / ".a.0.part").unlink()
    os.link(tmp_path / "precious", tmp_path / ".a.0.part")
    write_atomic(tmp_path / "a", "new")
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "a").read_text() == "new"


def test_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    code = """
for number in range(40):
    write_atomic(Path("a"), sys.argv[0] * 0 + str(number) * 20000)
    if not number: print("ready", flush=True)
"""
    children = [held("write_atomic", code, tmp_path) for _ in range(3)]
    end = time.monotonic() + 60
    while any(child.poll() is None for child in children) and time.monotonic() < end:
        text = (tmp_path / "a").read_text()
        assert len(text) % 20000 == 0 and text == text[: len(text) // 20000] * 20000
    assert [child.wait(60) for child in children] == [0, 0, 0]


def test_a_shard_that_another_process_writes_is_not_swept(tmp_path: Path) -> None:
    (tmp_path / "shard.tar.00000000.part").write_text("left")
    with creating(tmp_path / "shard.tar", lambda: "no-links-here") as draft:
        draft.file.write(b"whole")
        sweep_data(tmp_path)
        (part,) = names(tmp_path)
        assert part.endswith(".part")
    assert draft.path and names(tmp_path) == ["shard.tar"]


def test_folders_are_made_with_those_above(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "file" / "x")


def test_an_export_killed_between_its_renames_gives_the_old_bundle_back(tmp_path: Path) -> None:
    out, old = tmp_path / "b", tmp_path / ".b.old"
    old.mkdir()
    (old / "manifest.json").write_text("old")
    (tmp_path / ".b.0.part" / "new").mkdir(parents=True)
    with pytest.raises(ValueError, match="already there"), staged(out, force=False):
        pass
    assert names(tmp_path) == ["b"] and (out / "manifest.json").read_text() == "old"
    old.mkdir()
    with staged(out, force=True) as folder:
        (folder / "manifest.json").write_text("new")
    assert names(tmp_path) == ["b"] and (out / "manifest.json").read_text() == "new"
    (tmp_path / ".b.0.part").mkdir()
    check_free(tmp_path / "b", force=True)
    assert names(tmp_path) == ["b"]


def test_a_pull_of_what_is_there_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "b"
    name = next(path.parent.name for path in sorted(BUNDLES.glob("*/manifest.json")))
    made = pull_bundle(name, out)
    assert pull_bundle(name, out) == made
    (out / made.files[0].path).write_bytes(b"damaged")
    with pytest.raises(ValueError, match="bytes|SHA-256"):
        pull_bundle(name, out)
    (out / "manifest.json").write_text("{}")
    with pytest.raises(ValueError, match="exists already"):
        pull_bundle(name, out)
