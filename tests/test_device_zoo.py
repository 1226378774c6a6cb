"""Packaged bundles are listed and copied out whole, or not at all."""

import runpy
from pathlib import Path

import pytest

from device.bundle import Bundle, read_bundle, write_bundle
from device.front_end import LOGMEL
from device.main import main
from device.strict import FormatError
from device.zoo.store import find, names, pull_bundle

TINY = runpy.run_path(str(Path(__file__).with_name("make_tiny_bundle.py")))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "bundles"
    for name in ("kws-en", "kws-de"):
        (place / name).mkdir(parents=True)
        entry = TINY["write_c"](place / name)
        made = Bundle(name, "kws", "CC0-1.0", TINY["STAMP"], dict(LOGMEL), ("a", "b"), (entry,))
        write_bundle(place / name, made)
    (place / "README.md").write_text("notes")
    (place / "kws-en" / "stray.txt").write_text("not in the manifest")
    monkeypatch.setattr("device.zoo.cli.BUNDLES", place)
    for function in ("names", "pull_bundle"):
        original = {"names": names, "pull_bundle": pull_bundle}[function]
        monkeypatch.setattr(
            f"device.zoo.cli.{function}",
            lambda *given, original=original: original(*given, place),
        )
    return place


@pytest.mark.usefixtures("store")
def test_models_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and lines[1].startswith("kws-de") and lines[2].startswith("kws-en")


def test_an_empty_zoo_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.setattr("device.zoo.cli.names", lambda: [])
    assert main(["models"]) == 0
    assert "collodi export" in capsys.readouterr().out
    assert names(tmp_path / "none") == []


def test_pull_copies_what_the_manifest_lists(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "mine"
    assert main(["pull", "kws-en", "--out", str(out)]) == 0
    assert read_bundle(out) == read_bundle(store / "kws-en")
    assert sorted(p.name for p in out.iterdir()) == ["manifest.json", "tiny.c"]
    assert [p.name for p in out.parent.iterdir()] == ["mine"]


@pytest.mark.usefixtures("store")
def test_pull_refuses_an_existing_folder_and_a_wrong_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pull", "kws-en", "--out", str(tmp_path)]) == 2
    assert main(["pull", "kws-ne", "--out", str(tmp_path / "x")]) == 2
    assert main(["pull", "../kws-en", "--out", str(tmp_path / "x")]) == 2
    shown = capsys.readouterr().err
    assert "exists already" in shown and "did you mean" in shown
    assert not (tmp_path / "x").exists()


def test_a_damaged_bundle_is_not_pulled(store: Path, tmp_path: Path) -> None:
    (store / "kws-en" / "tiny.c").write_text("const int tiny = 2;\n")
    with pytest.raises(FormatError, match="SHA-256"):
        pull_bundle("kws-en", tmp_path / "x", store)
    assert not (tmp_path / "x").exists()


def test_find_takes_a_folder_or_a_name(store: Path, tmp_path: Path) -> None:
    assert find(str(tmp_path), store) == tmp_path
    assert find("kws-de", store) == store / "kws-de"
    with pytest.raises(ValueError, match="did you mean 'kws-de'"):
        find("kws-dee", store)
    with pytest.raises(ValueError, match="none is packaged"):
        find("kws-dee", tmp_path / "none")
