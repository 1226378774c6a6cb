"""The generator from nothing: the stages, their card, and what is asked of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from device.bundle import CARD
from export import release, release_gan
from export.chain import Chain
from export.recipe import Order
from export.release import main
from generate.gan import attribute_net
from generate.gan import cli as gan_cli
from generate.gan.architecture import PRESETS
from generate.gan.attribute_scale import Scaled
from generate.gan.attribute_table import ATTRIBUTES
from generate.gan.networks import Generator
from generate.gan.sheet import sample
from generate.gan.store import Card, load_average, save_average, write_card
from generate.options import parse


def _words(command: str) -> dict[str, str]:
    words = command.split()
    return {flag: words[k + 1] for k, flag in enumerate(words) if flag.startswith("--")}


class Acted(Chain):
    """A chain whose commands leave the files that the real ones leave."""

    asked: ClassVar[list[str]] = []
    gain, drift = 0.9, -0.1

    def __call__(self, command: str, *words: Any) -> None:
        argv = [str(word) for word in words]
        self.asked.append(" ".join([command, *argv]))
        if command == "gan":  # what is asked for can be asked for
            kind, _ = gan_cli.COMMANDS[argv[0]]
            parse(kind, argv[1:], "collodi gan", "")
            getattr(self, argv[0])(self.out)
        elif argv[0] == "gan":
            (self.out / "faces").mkdir()
            for name in ("sheet.png", "values.json"):
                (self.out / "faces" / name).write_text("{}")

    def train(self, out: Path) -> None:  # type: ignore[override]
        run = out / "run"
        run.mkdir(exist_ok=True)
        save_average(run, Generator(PRESETS["16"]))
        write_card(run, Card(PRESETS["16"], "trained on stills", ""))
        (run / "done").write_text("{}")

    def attributes(self, out: Path) -> None:
        for name in ("attributes", "judge", "reach"):
            told = attribute_net.Card(tuple(ATTRIBUTES), "stills", dict.fromkeys(ATTRIBUTES, 0.5))
            net = Scaled([attribute_net.AttributeNet()], len(ATTRIBUTES))
            attribute_net.save(out / name, net, told)

    def directions(self, out: Path) -> None:
        (out / "small" / "edits.safetensors").write_text("")
        effects = [
            {
                "name": name,
                "gain": self.gain,
                "up": self.gain,
                "down": None,
                "leakage": dict.fromkeys(ATTRIBUTES, 0.1),
                "drift": dict.fromkeys(ATTRIBUTES, self.drift),
            }
            for name in ATTRIBUTES
        ]
        (out / "small" / "edits.json").write_text(json.dumps({"effects": effects}))

    def score(self, out: Path) -> None:
        body = {"kit_fid": 1.5, "kit_kid": 0.1, "floor_fid": 0.5, "pictures": 8}
        (out / "score.json").write_text(json.dumps(body))


@pytest.fixture
def order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Order:
    monkeypatch.setattr(release_gan, "Chain", Acted)
    monkeypatch.setattr(Acted, "asked", [])
    return Order("toy-children-64", tmp_path / "o", 3, False, None)


def test_the_stages_are_commands_that_can_be_typed_and_are_not_repeated(order: Order) -> None:
    folder = release_gan.make(order)
    names = {path.name for path in folder.iterdir()}
    assert names == {CARD, "gan.json", "average.safetensors", "edits.json", "edits.safetensors",
                     "attributes", "sheet.png"}  # fmt: skip
    first = list(Acted.asked)
    data = [_words(line) for line in first if line.startswith("generate stills")]
    assert data[0]["--seed"] != data[1]["--seed"]
    trained = next(_words(line) for line in first if line.startswith("gan train"))
    assert trained["--like"] == "64-narrow" and trained["--data"].endswith("stills")
    edits = next(_words(line) for line in first if line.startswith("gan directions"))
    assert len({edits["--attributes"], edits["--judge"], edits["--reach"]}) == 3
    compared = next(_words(line) for line in first if line.startswith("gan score"))
    assert compared["--data"].endswith("stills-test")
    Acted.asked.clear()
    release_gan.make(order)
    assert all(line.startswith("generate stills") for line in Acted.asked)
    (order.folder / "run" / "done").unlink()
    Acted.asked.clear()
    release_gan.make(order)
    assert any(line.startswith("gan train") for line in Acted.asked)


def test_the_card_says_which_edits_hold(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (release_gan.make(order) / CARD).read_text()
    assert text.count("| yes |") == len(ATTRIBUTES) and "Draft" not in text
    assert "kit_fid 1.500" in text and "no picture of a real person" in text
    monkeypatch.setattr(Acted, "gain", 0.7)
    (order.folder / "small" / "edits.json").unlink()
    assert "| yes |" not in (release_gan.make(order) / CARD).read_text()
    monkeypatch.setattr(Acted, "gain", 1.0)
    monkeypatch.setattr(Acted, "drift", -0.3)  # what comes along may also fall
    (order.folder / "small" / "edits.json").unlink()
    assert "| yes |" not in (release_gan.make(order) / CARD).read_text()


def test_float16_weights_draw_and_measure_the_same(tmp_path: Path) -> None:
    for name in ("run", "net", "small"):
        (tmp_path / name).mkdir()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_average(tmp_path / "run", Generator(PRESETS["64-narrow"]))
        net = Scaled([attribute_net.AttributeNet()], len(ATTRIBUTES))
    write_card(tmp_path / "run", Card(PRESETS["64-narrow"], "trained on stills", ""))
    attribute_net.save(tmp_path / "net", net, attribute_net.Card(tuple(ATTRIBUTES), "stills", {}))
    release_gan.halve(tmp_path / "run", tmp_path / "net", tmp_path / "small")
    whole, half = (sample(load_average(tmp_path / name), 0, 16, 1.0) for name in ("run", "small"))
    assert np.abs(whole.astype(int) - half).max() <= 2
    pictures = attribute_net.to_tensor(whole)
    with torch.no_grad():
        a = attribute_net.load(tmp_path / "net")[0].eval()(pictures)
        b = attribute_net.load(tmp_path / "small" / "attributes")[0](pictures)
    assert float(((a - b).abs() / net.members[0].spread).max()) < 0.01
    for name in ("average.safetensors", "attributes/attributes.safetensors"):
        was = tmp_path / (name.replace("attributes/", "net/") if "/" in name else f"run/{name}")
        assert (tmp_path / "small" / name).stat().st_size < 0.55 * was.stat().st_size


def test_more_than_sixteen_megabytes_are_refused(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_gan, "MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="more than 1,000"):
        release_gan.make(order)
    assert not (order.folder / "generators" / order.name).exists()


@pytest.mark.parametrize("name", release_gan.RECIPES)
def test_the_full_size_fits_sixteen_megabytes(name: str) -> None:
    sizes = PRESETS[release_gan.RECIPES[name].like]
    weights = sum(p.numel() for p in Generator(sizes).parameters())
    assert sizes.size_px == 64 and 2 * weights < 0.8 * release_gan.MOST_BYTES


def test_a_generator_goes_among_the_packaged_ones(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "ZOO", tmp_path / "zoo")
    words = [order.name, "--zoo", "--out", str(tmp_path / "o")]
    for _ in range(2):  # the second takes the place of the first
        assert main(words) == 0
    assert (tmp_path / "zoo" / order.name / "attributes" / "attributes.json").is_file()


@pytest.mark.long
def test_the_smallest_size_runs_for_real(tmp_path: Path) -> None:
    assert main(["toy-children-64", "--size", "tiny", "--out", str(tmp_path)]) == 0
    text = (tmp_path / "toy-children-64/generators/toy-children-64" / CARD).read_text()
    assert "Draft, not for use" in text
