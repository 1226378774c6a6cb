"""Faces of a neural generator as clips: pseudo-labels that are marked, and what is passed over."""

import json
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from device.bundle import Bundle
from device.main import main
from export.card import card
from generate.clip import LABELS, PSEUDO_LABELS, PSEUDO_ONLY, Clip, check
from generate.dataset_ends import write_header
from generate.gan import as_clips
from generate.gan.architecture import PRESETS
from generate.gan.as_clips import Maker, Request, make_dataset
from generate.gan.attribute_net import AttributeNet, save
from generate.gan.attribute_net import Card as AttributeCard
from generate.gan.attribute_scale import Scaled
from generate.gan.attribute_table import ATTRIBUTES
from generate.gan.draw import Cells, Drawn
from generate.gan.networks import Generator
from generate.gan.store import Card, save_average, write_card
from generate.gan.teller import USUAL_BOX, Teller
from generate.shards import open_dataset
from train_edge.face_task import FaceTask
from train_edge.presets import preset
from train_edge.run import read_options
from train_edge.tasks import make_task

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))
SIDE = 64
FACES = 2
REQUEST = Request(6, 3, 0.7, False, {}, 0.3, 4)
Scene = tuple[Any, Any]


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    """Rendered faces as `face_square` cuts them at 64 px: picture and exact points (68, 2) px."""
    with np.load(Path(__file__).with_name("data") / "cut_faces.npz") as kept:
        return list(zip(kept["pictures"], kept["points_px"], strict=True))


@pytest.fixture(scope="module")
def teller() -> Teller:
    return Teller("toy-face")


@pytest.fixture
def networks(tmp_path: Path) -> tuple[Path, Path]:
    """Folders of a generator of noise and of an attribute network."""
    model, attributes = tmp_path / "model", tmp_path / "attributes"
    model.mkdir()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        save_average(model, Generator(PRESETS["16"]))
        save(
            attributes,
            Scaled([AttributeNet()], len(ATTRIBUTES)),
            AttributeCard(tuple(ATTRIBUTES), "stills", {}),
        )
    write_card(model, Card(PRESETS["16"], "imported from faces.pkl", "0" * 64))
    return model, attributes


@pytest.fixture
def maker(
    networks: tuple[Path, Path], scenes: list[Scene], monkeypatch: pytest.MonkeyPatch
) -> Maker:
    """Draws rendered faces and, at every third sample, noise."""

    def fake(generator: Any, measure: Any, directions: Any, w: Tensor, targets: Any) -> Drawn:  # noqa: ARG001
        kinds = (w[:, 0].double().numpy() * 1e4).astype(int) % 9
        noise = np.random.default_rng(5).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
        pictures = [noise if kind % 3 == 0 else scenes[kind % FACES][0] for kind in kinds]
        values = np.tile([6.0, 0.8, 4.0, 0.3, 0, 0, 0, 0, 0], (len(w), 1))
        values[::2, 1] = 0.1
        return Drawn(np.stack(pictures), values)

    monkeypatch.setattr(as_clips, "draw", fake)
    monkeypatch.setattr(as_clips, "TRIES", 6)
    return Maker(REQUEST, *networks, "toy-face")


def test_the_network_finds_the_points_of_faces_as_generators_cut_them(
    teller: Teller, scenes: list[Scene]
) -> None:
    errors = []
    for picture, points in scenes:
        told = teller.tell(picture)
        assert told.present > 0 and set(told.labels) == set(PSEUDO_LABELS)
        away = np.linalg.norm(told.labels["landmarks_px"][0] - points, axis=1).mean()
        errors.append(away / np.linalg.norm(points[36] - points[45]))
        again = teller.tell(picture)
        assert np.array_equal(told.labels["arkit"], again.labels["arkit"], equal_nan=True)
    assert np.median(errors) < 0.1
    box = np.mean([np.r_[p.min(0), p.max(0)] for _, p in scenes], 0) / SIDE
    assert np.abs(box - USUAL_BOX).max() < 0.1


def test_noise_is_less_of_a_face_and_told_with_less_certainty(
    teller: Teller, scenes: list[Scene]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    face, nothing = teller.tell(scenes[0][0]), teller.tell(noise)
    assert nothing.present < 0 < face.present
    assert nothing.uncertainty > face.uncertainty > 0


def test_a_bundle_of_another_task_is_no_teller() -> None:
    with pytest.raises(ValueError, match="is of kws; want all of toy-face"):
        Teller("kws-digits")


def test_clips_are_marked_counted_and_hold_nothing_that_nobody_told(
    maker: Maker, tmp_path: Path
) -> None:
    out = tmp_path / "data"
    passed = make_dataset(maker, out)
    dataset = open_dataset(out)
    assert passed and passed["without a face"] > 0 and len(dataset) == 6
    assert dataset.header["pseudo"]["rejected"] == passed
    assert "toy-face" in dataset.pseudo and "imported from faces.pkl" in dataset.pseudo
    samples = []
    for clip in dataset.clips():
        check(clip)
        assert set(clip.labels) == set(PSEUDO_LABELS) and "parts" not in clip.labels
        assert np.isnan(clip.labels["arkit"]).sum() == 52 - 20
        assert clip.facts["pseudo"]["face"]["manifest_sha256"] == maker.teller.manifest_sha256
        assert clip.facts["sex"] in ("female", "male") and clip.facts["skin_tone"] == 4
        assert clip.facts["ancestry"] == [] and clip.facts["emotion_intensity"] is None
        samples.append(clip.facts["pseudo"]["sample"])
    counts = sum(c.facts["pseudo"]["passed_over"].get("without a face", 0) for c in dataset.clips())
    assert counts == passed["without a face"] and len(set(samples)) == 6
    assert make_dataset(maker, out) is None
    maker.request = replace(maker.request, seed=4)
    with pytest.raises(ValueError, match="seed = 3, not 4"):
        make_dataset(maker, out)


def test_an_interrupted_data_set_goes_on_to_the_same_bytes(maker: Maker, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    make_dataset(maker, whole)
    parts.mkdir()
    write_header(parts, maker.options(), {})
    (parts / "shard-000001.tar").write_bytes((whole / "shard-000001.tar").read_bytes())
    make_dataset(maker, parts)
    for name in ("shard-000000.tar", "shard-000001.tar", "index.jsonl"):
        assert (whole / name).read_bytes() == (parts / name).read_bytes()
    assert open_dataset(whole).header["pseudo"] == open_dataset(parts).header["pseudo"]


def test_uncertain_pictures_and_full_groups_are_passed_over(maker: Maker, tmp_path: Path) -> None:
    maker.request = replace(maker.request, uncertainty=1e-6, clips=2, shard_clips=2)
    with pytest.raises(ValueError, match=r"2 clips are missing after .*uncertain"):
        make_dataset(maker, tmp_path / "none")
    assert not list((tmp_path / "none").glob("*.tar*"))
    # One band of tones is all there is, so two of six cells can be filled.
    maker.request = replace(REQUEST, balanced=True, clips=6, shard_clips=6)
    with pytest.raises(ValueError, match="of a group that is full"):
        make_dataset(maker, tmp_path / "skewed")


def test_a_face_network_trains_on_them_and_says_so_everywhere(
    maker: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    make_dataset(maker, data)
    assert main(["inspect", str(data)]) == 0
    assert "pseudo-labels, none exact: told by toy-face" in capsys.readouterr().out
    assert "Pseudo-labels, none exact" in (data / "inspect" / "index.html").read_text()
    runs = tmp_path / "runs"
    words = ["train", "face", "--data", str(data), "--out", str(runs), "--steps", "2"]
    assert main([*words, "--batch", "2"]) == 0
    run = next(runs.iterdir())
    assert "toy-face" in read_options(run).pseudo_labels
    out = tmp_path / "result.json"
    assert main(["evaluate", str(run), "--data", str(data), "--json", str(out)]) == 0
    assert "toy-face" in json.loads(out.read_text())["pseudo_labels"]
    assert main(["train", "find", "--data", str(data), "--out", str(runs)]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "here exact ones are wanted" in said


def test_renders_and_faces_of_a_generator_are_learned_together(
    maker: Maker, tmp_path: Path
) -> None:
    data, runs = tmp_path / "data", tmp_path / "runs"
    make_dataset(maker, data)
    exact = CLIPS["faces_data"](tmp_path / "exact", 24)
    alone = make_task(preset("face"), exact)
    task = make_task(replace(preset("face"), background=str(data)), exact)
    assert isinstance(task, FaceTask) and isinstance(alone, FaceTask)
    assert len(task.kept) == len(alone.kept) + REQUEST.clips
    assert len(task.held) == len(alone.held)  # none of the others
    assert np.isnan(task.kept.truth).any() and task.kept.crops[-1 + len(task.kept)].any()
    words = ["train", "face", "--data", str(exact), "--background", str(data), "--steps", "1"]
    assert main([*words, "--batch", "2", "--out", str(runs)]) == 0
    assert read_options(next(runs.iterdir())).pseudo_labels.endswith("the faces of --background")


@pytest.mark.parametrize("parts", [(100, 100, 100), (1, 1, 1, 1, 1, 1), (16,), (7, 12, 2, 40)])
def test_over_the_parts_of_a_set_no_group_is_favoured(parts: tuple[int, ...]) -> None:
    first, room = 0, np.zeros(6, int)
    for count in parts:
        cells = Cells(count, first)
        assert cells.room.sum() == count
        room, first = room + cells.room, first + count
    assert room.max() - room.min() <= 1


def test_a_face_of_no_clear_sex_has_no_place_where_girls_and_boys_are_counted() -> None:
    cells, values = Cells(60), np.zeros(len(ATTRIBUTES))
    place = list(ATTRIBUTES).index("male")
    for male, fault in ((0.5, "of no clear sex"), (0.39, ""), (0.61, "")):
        values[place] = male
        assert cells.fault(values) == fault
    assert cells.room.sum() == 58 and sorted(cells.room)[:2] == [9, 9]


def test_a_card_says_that_no_label_was_exact() -> None:
    bundle = Teller("toy-face").bundle
    assert isinstance(bundle, Bundle) and "no recording or picture of a real person" in card(
        bundle, {}
    )
    told = card(replace(bundle, pseudo_labels="some network"), {})
    assert "**pseudo-labels, which are not exact**, told by some network" in told
    assert "no recording or picture of a real person" not in told


def _pseudo(**more: Any) -> Clip:
    shapes = {"T": 1}
    labels = {
        name: np.zeros([shapes.get(str(n), n) for n in LABELS[name].shape], LABELS[name].dtype)
        for name in PSEUDO_LABELS
    }
    facts = CLIPS["facts"]("one") | {"n_frames": 1, "pseudo": {"face": "a network"}}
    return Clip("one", facts | more, labels)


def test_the_contract_holds_pseudo_labels_and_exact_ones_apart() -> None:
    clip = _pseudo()
    check(clip)
    clip.labels["arkit"][:] = np.nan
    check(clip)
    with pytest.raises(ValueError, match="no network tells parts"):
        check(replace(clip, labels=clip.labels | {"parts": np.zeros((1, 4, 4), np.uint8)}))
    with pytest.raises(ValueError, match="head_pose_deg has values that are not finite"):
        nothing = np.full((1, 3), np.nan, np.float32)
        check(replace(clip, labels=clip.labels | {"head_pose_deg": nothing}))
    left_out = {name: array for name, array in clip.labels.items() if name != "gaze_deg"}
    with pytest.raises(ValueError, match="'gaze_deg' is missing"):
        check(replace(clip, labels=left_out))
    with pytest.raises(ValueError, match="is a pseudo-label, the labels are exact"):
        check(_pseudo(pseudo={}))
    assert set(PSEUDO_ONLY) < set(PSEUDO_LABELS)


def test_what_cannot_be_is_one_clear_line(
    networks: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(as_clips, "TRIES", 2)
    model, attributes = networks
    words = ["generate", "gan", str(model), "--attributes", str(attributes), "--as-clips"]
    words += ["--out", str(tmp_path / "out")]
    for more, want in (
        (["--ladder", "age"], "neither --ladder nor --move makes clips"),
        (["--uncertainty", "0"], "--uncertainty 0: more than 0"),
        (["--shard-clips", "0"], "--shard-clips 0: at least 1"),
        (["--face", "toy-fac"], "toy-fac"),
        (["--age", "6"], "no edits.json"),
        (["--count", "2"], "2 clips are missing"),
    ):
        assert main([*words, *more]) in (1, 2), more
        said = capsys.readouterr().err.strip().splitlines()[-1]
        assert want in said, said
