"""What the attribute network reads, and faces that are asked for by it on the command line."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from device.main import main
from generate.gan import attribute_net, draw
from generate.gan.architecture import PRESETS
from generate.gan.attribute_scale import Scaled
from generate.gan.attribute_table import ATTRIBUTES, EXPRESSIONS, attributes_of
from generate.gan.networks import Generator
from generate.gan.store import Card, save_average, save_checkpoint, write_card

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def generator() -> Generator:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return Generator(PRESETS["16"]).eval()


def _stills(folder: Path, count: int = 120) -> Path:
    """Drawn faces whose colour is their skin tone, with all facts."""
    clips = []
    for number in range(count):
        clip, rng = CLIPS["face_clip"](number, 64), _rng(number)
        tone = int(rng.integers(1, 11))
        facts = clip.facts | {"skin_tone": tone, "sex": ("female", "male")[number % 2]}
        facts |= {"look": {"hair_color": "brown"}, "light": {"key_direction": [0.5, 0.5, 0.7]}}
        frames = clip.frames.copy()
        frames[..., 0] = tone * 20
        clips.append(replace(clip, facts=facts, frames=frames))
    return CLIPS["write"](folder, clips, {"child_stills": 1})


@pytest.fixture(scope="module")
def world(tmp_path_factory: Any) -> tuple[Path, Path, Path]:
    """A data set, an attribute network and a generator, made by the command line."""
    root = tmp_path_factory.mktemp("gan")
    data = _stills(root / "stills")
    words = ["gan", "attributes", "--data", str(data), "--out", str(root / "attributes")]
    assert main([*words, "--epochs", "12"]) == 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator = Generator(PRESETS["16"]).eval()
    model = root / "model"
    model.mkdir()
    write_card(model, Card(PRESETS["16"], "made for a test", ""))
    save_average(model, generator)
    save_checkpoint(model, {}, {})
    measured_by = ["--attributes", str(root / "attributes")]
    words = ["gan", "directions", str(model), *measured_by, "--samples", "64", "--faces", "2"]
    assert main(words) == 0
    return data, root / "attributes", model


def test_the_network_learns_an_attribute_that_is_in_the_pictures(world: Any) -> None:
    net, card = attribute_net.load(world[1])
    assert card.explained["tone"] > 0.7 and card.names == tuple(ATTRIBUTES)
    faces = attribute_net.load_faces(world[0])
    got = attribute_net.explained(net, faces)
    assert got == card.explained
    assert faces.held.sum() == 12


def test_a_measure_that_is_drawn_to_the_mean_is_put_on_the_scale_of_its_labels() -> None:
    truth = _rng().normal(7, 2, (4000, 2))
    guesses = truth.mean(0) + (truth - truth.mean(0)) * [0.5, 0.9]
    guesses += _rng(1).normal(0, 0.3, truth.shape)
    scaled = Scaled([nn.Identity()], 2)
    scaled.calibrate(guesses, truth)
    values = scaled(torch.from_numpy(guesses)).numpy()
    assert np.polyfit(truth[:, 0], values[:, 0], 1)[0] == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(values.mean(0), truth.mean(0), atol=0.02)
    np.testing.assert_allclose(scaled.likely(values), guesses, atol=1e-5)
    pair = Scaled([nn.Identity(), nn.Flatten()], 2)
    np.testing.assert_allclose(pair(torch.ones(3, 2)), 1)


def test_a_network_of_two_makings_is_refused(world: Any, tmp_path: Path) -> None:
    net, card = attribute_net.load(world[1])
    attribute_net.save(tmp_path, net, card)
    attribute_net.load(tmp_path)
    other = Scaled([attribute_net.AttributeNet() for _ in range(2)], len(ATTRIBUTES))
    (tmp_path / attribute_net.WEIGHTS).write_bytes(safetensors.torch.save(other.state_dict()))
    with pytest.raises(ValueError, match="of another making; train it again"):
        attribute_net.load(tmp_path)


def test_attributes_are_read_exactly_and_only_where_they_are_known() -> None:
    clip = CLIPS["face_clip"](3, 64)
    facts = clip.facts | {"skin_tone": 7, "sex": "male", "look": {"hair_color": "white"}}
    facts |= {"light": {"key_direction": [-0.4, 0, 0]}, "age_years": 6.5}
    clip = replace(clip, facts=facts)
    clip.labels["head_pose_deg"][0] = (20, -10, 5)
    row = attributes_of(clip)
    assert row is not None
    known = dict(zip(ATTRIBUTES, row, strict=True))
    assert (known["age"], known["male"], known["tone"]) == (6.5, 1, 7)
    assert (known["yaw"], known["pitch"], known["light"]) == (20, -10, -0.4)
    for change in ({"look": {}}, {"light": {}}, {"camera": {"kind": "infrared"}}):
        assert attributes_of(replace(clip, facts=facts | change)) is None


def test_a_mirrored_picture_has_the_mirrored_attributes() -> None:
    values = np.ones((64, len(ATTRIBUTES)), np.float32)
    pixels = np.zeros((64, 64, 64, 3), np.uint8)
    pixels[:, :, :20] = 255
    pictures, varied = attribute_net._varied(pixels, values, _rng())
    is_left = pictures[:, 0, 32, :32].mean(1) > pictures[:, 0, 32, 32:].mean(1)
    names = list(ATTRIBUTES)
    for name in ("yaw", "light", "age"):
        column = varied[:, names.index(name)]
        if name == "age":
            assert bool((column == 1).all())
        else:
            assert torch.equal(column > 0, is_left)


# ---- the command line


def test_faces_that_are_asked_for_come_with_what_they_measure(
    world: Any, tmp_path: Path, capsys: Any
) -> None:
    data, attributes, model = world
    words = ["generate", "gan", str(model), "--attributes", str(attributes), "--count", "2"]
    assert main([*words, "--out", str(tmp_path / "a"), "--tone", "6", "--expression", "happy"]) == 0
    note = json.loads((tmp_path / "a" / "values.json").read_text())
    assert note["pseudo_labels"] is True
    assert note["asked"] == {**EXPRESSIONS["happy"], "tone": 6}
    assert len(note["measured"]) == 2 and set(note["measured"][0]) == set(ATTRIBUTES)
    for name in ("tone", "closed1"):
        more = ["--out", str(tmp_path / "b"), "--ladder", name, "--rungs", "2"]
        assert main([*words, *more]) == 0
        assert cv2.imread(str(tmp_path / "b" / f"ladder-{name}.png")).shape == (32, 32, 3)
    result = tmp_path / "score.json"
    words = ["gan", "score", str(model), "--data", str(data), "--attributes", str(attributes)]
    assert main([*words, "--samples", "20", "--json", str(result)]) == 0
    scores = json.loads(result.read_text())
    assert scores["kit_fid"] > scores["floor_fid"] >= 0 and scores["pictures"] == 120
    capsys.readouterr()


@pytest.mark.parametrize(
    "more, line",
    [(["--age", "50"], "--age 50: want 3 to 12"), (
        ["--expression", "hapy"], "mean 'happy'"),
     (["--ladder", "agee"], "did you mean 'age'"), (["--count", "0"], "--count 0: at least 1"),
     (["--truncation", "2"], "want 0 to 1"), (["--attributes", "absent"], "no attributes.json")],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_named(
    world: Any, tmp_path: Path, capsys: Any, more: list[str], line: str
) -> None:
    words = ["generate", "gan", str(world[2]), "--out", str(tmp_path / "x")]
    if "--attributes" not in more:
        words += ["--attributes", str(world[1])]
    assert main([*words, *more]) == 2
    err = capsys.readouterr().err
    assert line in err and err.count("\n") == 1
    assert not (tmp_path / "x").exists()


class _Coin(nn.Module):
    """Tone and sex that follow from two numbers of w, by way of a picture."""

    def forward(self, pictures: Tensor) -> Tensor:
        values = torch.zeros(len(pictures), len(ATTRIBUTES))
        names = list(ATTRIBUTES)
        mean = pictures.mean((2, 3))
        values[:, names.index("male")] = (mean[:, 0] > mean[:, 1]).float()
        values[:, names.index("tone")] = 6 + 40 * (mean[:, 2] - mean.mean())
        return values


def test_balanced_faces_fill_each_cell_alike_or_say_which_is_missing(generator: Generator) -> None:
    coin = _Coin()
    w = draw.balanced_w(generator, coin, 0, 12, 1.0)
    assert w.shape == (12, PRESETS["16"].w_dim)
    assert torch.equal(w, draw.balanced_w(generator, coin, 0, 12, 1.0))

    def none(pictures: Tensor) -> Tensor:
        return torch.zeros(len(pictures), len(ATTRIBUTES))

    with pytest.raises(ValueError, match="no boy of tone band 1 of 3 among"):
        draw.balanced_w(generator, none, 0, 6, 1.0)
