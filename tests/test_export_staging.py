"""A bundle folder is whole or absent, and `--force` replaces nothing but bundles."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.bundle import MANIFEST
from export.staging import staged


def test_folder_appears_only_when_the_block_ends_well(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with staged(out, force=False) as folder:
        (folder / "a").write_text("1")
        assert not out.exists()
    assert (out / "a").read_text() == "1"
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_failure_leaves_neither_a_new_folder_nor_a_changed_old_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyError), staged(out, force=False) as folder:
        (folder / "a").write_text("1")
        raise KeyError
    assert not list(tmp_path.iterdir())
    out.mkdir()
    (out / MANIFEST).write_text("old")
    with pytest.raises(KeyError), staged(out, force=True) as folder:
        raise KeyError
    assert (out / MANIFEST).read_text() == "old"


def test_force_replaces_a_bundle_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / MANIFEST).write_text("old")
    (out / "stale").write_text("old")
    with staged(out, force=True) as folder:
        (folder / MANIFEST).write_text("new")
    assert {path.name for path in out.iterdir()} == {MANIFEST}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_folders_that_are_there_are_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(ValueError, match="already there; --force"), staged(out, force=False):
        pass
    (out / "thesis.txt").write_text("precious")
    with pytest.raises(ValueError, match="replaces bundles only"), staged(out, force=True):
        pass
    assert (out / "thesis.txt").read_text() == "precious"
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(ValueError, match="not a folder"), staged(file, force=True):
        pass
