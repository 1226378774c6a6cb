"""The arms of a face report stay apart, and its figures are those of known answers."""

import json
import runpy
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from generate.shards import open_dataset
from train_edge import transfer_face
from train_edge.augment_image import still_view
from train_edge.data import split
from train_edge.evaluate import evaluate, see_clips
from train_edge.face_groups import by_group, worst_group
from train_edge.faces import sample
from train_edge.loop import train
from train_edge.options import Options
from train_edge.predictor import load_model
from train_edge.presets import PRESETS
from train_edge.run import load_run
from train_edge.transfer import REAL, SYNTHETIC, Training, plan
from train_edge.transfer_cli import main
from train_edge.transfer_face import FINE_RATE, Portraits, learned
from train_edge.transfer_face_result import FaceTruth, compared, figures, ranges_of, translated
from train_edge.transfer_run import folder_of, run_arms, trained

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))
TINY: Options = replace(PRESETS["face"], steps=5, batch=4, threads=1, checkpoint_steps=2, ema=0.9)
FLAGS = ["--steps", "5", "--batch", "4", "--threads", "1", "--ema", "0.9"]
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(CLIPS["faces_data"](tmp_path_factory.mktemp("data") / "stills", clips=24))


@pytest.fixture
def real(tmp_path: Path) -> Path:
    return Path(CLIPS["faces_folder"](tmp_path / "faces", clips=8, people=4))


def subject_of(data: Path, real: Path, out: Path) -> tuple[Portraits, list[Training]]:
    subject = Portraits("face", TINY, data, real, out)
    return subject, plan(subject.people, subject.classes, (3,), (0,), 2)


def test_each_arm_reads_what_it_says_and_no_more(
    data: Path, real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    load = transfer_face.load_image
    monkeypatch.setattr(
        transfer_face, "load_image", lambda path: (loaded.append(path.stem), load(path))[1]
    )
    subject, trainings = subject_of(data, real, tmp_path)
    made = {SYNTHETIC: 0, REAL: 4, "synthetic+3": 3}
    for training in trainings:
        loaded.clear()
        subject.task(training, TINY)
        assert len(loaded) == made[training.arm]
        assert not {subject.people[int(name)] for name in loaded} & set(training.without)
    loaded.clear()
    subject.check()
    assert sorted(loaded) == [str(number) for number in range(8)]
    cv2.imwrite(str(real / "images" / "3.png"), np.zeros((20, 20, 3)))
    with pytest.raises(ValueError, match=r"3\.png: \d+ of 68 landmarks lie outside"):
        subject.check()


def test_the_synthetic_arm_is_what_train_makes_and_evaluate_measures(
    data: Path, real: Path, tmp_path: Path
) -> None:
    subject, trainings = subject_of(data, real, tmp_path)
    answers = run_arms(subject, TINY, trainings[:1], tmp_path)
    assert answers[SYNTHETIC].shape == (1, 8, 68, 2)
    known = figures(FaceTruth(subject.points, subject.people), answers, {})
    evaluated = evaluate(load_model(tmp_path / "arms" / "synthetic-seed0"), real)
    for key in ("n", "nme_68", "nme_51", "failure_10"):
        assert known["synthetic"][key] == pytest.approx(evaluated[key], rel=1e-5)
    assert known["real"] is None and known["ratio"] is None
    ours = load_run(tmp_path / "arms" / "synthetic-seed0").module.state_dict()
    plain = load_run(train("face", TINY, data, tmp_path / "runs")).module.state_dict()
    assert all(torch.equal(value, plain[key]) for key, value in ours.items())


def test_fine_tuning_begins_with_the_synthetic_weights(
    data: Path, real: Path, tmp_path: Path
) -> None:
    subject, trainings = subject_of(data, real, tmp_path)
    tuned = trainings[-1]
    with pytest.raises(ValueError, match="train the synthetic arm first"):
        subject.task(tuned, TINY).module()
    module, _ = trained(subject, TINY, trainings[0], tmp_path)
    begun = subject.task(tuned, TINY).module().state_dict()
    assert all(torch.equal(value, begun[key]) for key, value in module.state_dict().items())
    recipe = subject.recipe(tuned, replace(TINY, steps=50))
    assert (recipe.steps, recipe.learning_rate) == (10, TINY.learning_rate * FINE_RATE)
    assert subject.recipe(trainings[1], TINY) == TINY
    trained(subject, TINY, tuned, tmp_path)
    assert not (folder_of(tuned, tmp_path) / "options.json").exists()  # no run: not to be exported
    longer = Portraits("face", replace(TINY, steps=6), data, real, tmp_path)
    assert longer.material(tuned) != subject.material(tuned)  # it began with other weights
    assert longer.material(trainings[1]) == subject.material(trainings[1])


def test_a_network_sees_a_real_picture_whole_in_training_too() -> None:
    rng = np.random.default_rng(0)
    smooth = cv2.resize(rng.integers(0, 256, (5, 5, 3), np.uint8), (120, 120))
    tall = cv2.resize(smooth, (60, 120))
    points = rng.uniform(0, 1, (68, 2))
    faces = learned([smooth, tall], np.stack([points * 120, points * [60, 120]]))
    for crop, own in zip(faces.crops, faces.points, strict=True):
        view = still_view(120)
        assert own @ view[:, :2].T + view[:, 2] == pytest.approx(points * 120, abs=1e-3)
        assert np.abs(sample(crop, view, 120).astype(float) - smooth).mean() < 3
    assert not len(faces.others)


def test_a_report_has_every_arm_and_is_not_repeated(
    data: Path, real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, file = tmp_path / "out", tmp_path / "result.json"
    flags = ["face", "--data", str(data), "--real", str(real), "--out", str(out), *FLAGS]
    flags += ["--folds", "2", "--k", "2", "3"]
    assert main([*flags, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert (
        "7 of 7 to train" in said
        and "real-trained, without person 1, person 3, seed 0: 4 real" in said
    )
    assert not out.exists()
    assert main([*flags, "--json", str(file)]) == 0
    first = json.loads(file.read_text())
    assert (first["task"], first["n"], first["people"]) == ("face", 8, 4)
    assert set(first["mixed"]) == set(first["translated"]["offset"]) == {"2", "3"}
    translated = [arm for own in first["translated"].values() for arm in own.values()]
    for arm in (first["synthetic"], first["real"], *first["mixed"].values(), *translated):
        assert arm["n"] == 8 and np.isfinite(arm["nme_68"])
        assert arm["interval"][0] <= arm["nme_68"] <= arm["interval"][1]
        assert arm["interval_over_people"] is None  # four people are too few
        assert arm["curve"]["share"] == sorted(arm["curve"]["share"])
        for key in ("by_yaw", "by_eyes_px"):
            counts = first["ranges"][key]
            mean = sum(arm[key][name] * count for name, count in counts.items()) / 8
            assert mean == pytest.approx(arm["nme_68"])
    assert first["ratio"] == pytest.approx(first["synthetic"]["nme_68"] / first["real"]["nme_68"])
    page = (out / "report.html").read_text()
    assert page.count("data:image/jpeg") == 2 and page.count("<svg") == 5
    assert 'src="http' not in page and 'href="http' not in page
    capsys.readouterr()
    assert main(flags) == 0
    captured = capsys.readouterr()
    assert captured.err.count("finished before") == 7 and "linear, k = 3" in captured.out
    again = json.loads((out / "transfer.json").read_text())
    assert {**again, "stamp": 0} == {**first, "stamp": 0}


def test_both_directions_find_where_definitions_differ() -> None:
    rng = np.random.default_rng(0)
    shape = CLIPS["shape"]()
    eyes = np.linalg.norm(shape[45] - shape[36])
    angles, sizes = rng.uniform(-0.4, 0.4, 60), rng.uniform(40, 90, 60)
    turns = np.array([[np.cos(angles), -np.sin(angles)], [np.sin(angles), np.cos(angles)]])
    matrices = np.moveaxis(turns * sizes, 2, 0)

    def at(shape: Floats) -> Floats:
        return 60 + shape @ matrices.swapaxes(1, 2)

    theirs = rng.normal(0, 0.02, (68, 2)) * eyes
    theirs[[36, 45]] = 0  # so that both have the same unit
    truth = FaceTruth(at(shape + theirs), tuple(f"p{k % 12}" for k in range(60)))
    renders = FaceTruth(at(shape), ())
    answers = {SYNTHETIC: at(shape)[None], REAL: at(shape + theirs)[None]}
    found = compared(truth, answers, renders, answers)
    assert np.array(found["points"]["synthetic_on_real"]) == pytest.approx(-theirs / eyes)
    assert np.array(found["points"]["real_on_renders"]) == pytest.approx(theirs / eyes)
    assert found["renders"][SYNTHETIC]["nme_68"] == pytest.approx(0, abs=1e-9)
    trainings = plan(truth.people, ("face",) * 60, (6,), (0,), 3)
    more = translated(truth, answers[SYNTHETIC], trainings)
    result = figures(truth, answers | {"synthetic+6": answers[REAL]}, more)
    assert result["synthetic"]["nme_68"] == pytest.approx(
        np.linalg.norm(theirs, axis=1).mean() / eyes
    )
    assert result["synthetic"]["interval_over_people"] is not None
    assert result["translated"]["offset"]["6"]["nme_68"] == pytest.approx(0, abs=1e-9)
    assert result["translated"]["linear"]["6"]["nme_68"] == pytest.approx(0, abs=1e-9)
    assert result["mixed"]["6"]["failure_10"] == 0
    assert sum(len(rows) for rows in ranges_of(truth)["by_eyes_px"].values()) == 60


def test_groups_name_the_worst_that_is_large_enough(data: Path) -> None:
    facts = [{"sex": "female", "skin_tone": 2, "age_years": 4.0}] * 30
    facts += [{"sex": "male", "skin_tone": 9, "age_years": 40.0}] * 30
    facts += [{"sex": "male", "skin_tone": 5, "age_years": 10.0}] * 3
    error = np.array([0.04] * 30 + [0.05] * 30 + [0.5] * 3)
    groups = by_group(error, facts)
    assert groups["tone 4 to 6"] == {"n": 3, "nme_68": pytest.approx(0.5)}
    name, excess = worst_group(groups, 0.04) or ("", 0.0)
    assert name == "sex male" and excess == pytest.approx(groups["sex male"]["nme_68"] / 0.04 - 1)
    assert worst_group({"few": {"n": 3, "nme_68": 1.0}}, 0.1) is None
    dataset = open_dataset(data)
    renders = see_clips(dataset, split(dataset)[1])
    assert set(renders.clips) <= set(split(dataset)[1])
    assert len(renders.clips) == len(renders.pictures)


def coincide(folder: Path) -> None:
    text = (folder / "landmarks.csv").read_text().splitlines()
    names, row = text[0].split(","), text[3].split(",")
    for axis in "xy":
        row[names.index(f"{axis}45")] = row[names.index(f"{axis}36")]
    (folder / "landmarks.csv").write_text("\n".join([*text[:3], ",".join(row), *text[4:]]) + "\n")


BROKEN: list[tuple[Callable[[Path], Any], str]] = [
    (lambda f: shutil.copy(f / "images/0.png", f / "images/3.png"), "are the same picture, of"),
    (lambda f: (f / "images/3.png").write_bytes(b"PNG"), r"3\.png: not a picture"),
    (coincide, r"landmarks\.csv: 2\.png: points 36 and 45 coincide"),
    (shutil.rmtree, "no such folder"),
]


@pytest.mark.parametrize(("damage", "message"), BROKEN)
def test_a_damaged_folder_is_refused_before_anything_is_trained(
    damage: Callable[[Path], Any], message: str, data: Path, real: Path, tmp_path: Path
) -> None:
    damage(real)
    out = tmp_path / "out"
    with pytest.raises(ValueError, match=message) as caught:
        main(["face", "--data", str(data), "--real", str(real), "--out", str(out), *FLAGS])
    assert "\n" not in str(caught.value) and not out.exists()


def test_one_person_has_only_the_synthetic_arm(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = CLIPS["faces_folder"](tmp_path / "faces", clips=3, people=1)
    out = tmp_path / "out"
    assert main(["face", "--data", str(data), "--real", str(real), "--out", str(out), *FLAGS]) == 0
    assert "only one person: none" in capsys.readouterr().err
    result = json.loads((out / "transfer.json").read_text())
    assert result["real"] is None and result["ratio"] is None and "translated" not in result
    assert "<h1>" in (out / "report.html").read_text()
