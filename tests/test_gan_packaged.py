"""Generators that come with the kit: found by name, their weights checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.bundle import CARD as MODEL_CARD
from device.files import sha256_of
from device.main import main
from device.strict import dumps, load_json
from generate.gan.architecture import PRESETS
from generate.gan.networks import Generator
from generate.gan.packaged import MEASURES, USUAL, ZOO, find, measures_of, names
from generate.gan.store import AVERAGE, Card, save_average, write_card


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    folder = tmp_path / "zoo" / "some-faces"
    (folder / MEASURES).mkdir(parents=True)
    save_average(folder, Generator(PRESETS["16"]))
    write_card(folder, Card(PRESETS["16"], "made for a test", ""))
    (folder / "edits.json").write_text(dumps({"generator_sha256": sha256_of(folder / AVERAGE)}))
    return folder.parent


def test_a_name_stands_for_a_packaged_generator_and_a_folder_for_itself(zoo: Path) -> None:
    assert find(Path("some-faces"), zoo) == zoo / "some-faces"
    assert find(zoo / "some-faces", zoo) == zoo / "some-faces"
    with pytest.raises(ValueError, match=r"no packaged generator 'some-face'.*'some-faces'"):
        find(Path("some-face"), zoo)


def test_damaged_weights_are_refused(zoo: Path) -> None:
    path = zoo / "some-faces" / AVERAGE
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(ValueError, match=f"{AVERAGE} is damaged; install the kit again"):
        find(Path("some-faces"), zoo)


def test_a_generator_brings_its_attribute_network(zoo: Path, tmp_path: Path) -> None:
    own = zoo / "some-faces" / MEASURES
    assert measures_of(own.parent, None) == own
    assert measures_of(own.parent, tmp_path) == tmp_path
    assert measures_of(tmp_path, None, tmp_path) == USUAL  # where no network is packaged
    assert measures_of(tmp_path, None) == ZOO / names()[0] / MEASURES
    assert measures_of(tmp_path, Path(names()[0])) == ZOO / names()[0] / MEASURES


def test_a_generator_that_is_nowhere_is_named_in_one_line(tmp_path: Path, capsys: object) -> None:
    assert main(["gan", "sample", "nowhere", "--out", str(tmp_path / "x")]) == 2
    err = capsys.readouterr().err  # type: ignore[attr-defined]
    assert "no folder and no packaged generator 'nowhere'" in err and err.count("\n") == 1


@pytest.mark.parametrize("name", names())
def test_what_is_packaged_draws_what_is_asked_for(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ZOO / name
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 16_000_000
    card = (folder / MODEL_CARD).read_text()
    assert "no picture of a real person" in card and "| holds |" in card and "Draft" not in card
    words = ["--out", str(tmp_path / "x"), "--count", "2", "--age", "6"]
    assert main(["generate", "gan", name, *words]) == 0
    values = load_json(tmp_path / "x/values.json")
    assert values["pseudo_labels"] and len(values["measured"]) == 2
    assert all(abs(told["age"] - 6) < 1 for told in values["measured"])
    assert (tmp_path / "x/sheet.png").is_file()
    _refuses(tmp_path, ["generate", "gan", name, "--out", str(tmp_path / "x"), "--count", "1"],
             "holds more than 1 pictures already", capsys)  # fmt: skip
    _refuses(tmp_path, ["generate", "gan", name, "--out", str(tmp_path / "y"), "--move", "a=1"],
             "not by labels of yours: ask by --age", capsys)  # fmt: skip
    _refuses(tmp_path, ["gan", "directions", name], "keeps the directions that it came", capsys)
    assert main(["generate", "gan", name, "--out", str(tmp_path / "y"), "--dry-run"]) == 0
    assert f"would draw 16 faces of {name}" in capsys.readouterr().out
    assert not (tmp_path / "y").exists()


def _refuses(
    tmp_path: Path, words: list[str], want: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.rglob("*"))
    capsys.readouterr()
    assert main(words) == 2
    said = capsys.readouterr().err
    assert want in said and said.count("\n") == 1 and sorted(tmp_path.rglob("*")) == before
