"""Figures have their known values, and folders with something wrong are refused in one line."""

import json
import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from generate.shards import open_dataset
from train_edge.evaluate import evaluate, score_faces, see_folder
from train_edge.evaluate_cli import HEADS, as_text, main
from train_edge.loop import train
from train_edge.metrics import confusion, landmark_error, summary
from train_edge.overlay import overlay_sheet
from train_edge.predictor import Predictor, load_model
from train_edge.presets import PRESETS
from train_edge.real_folders import load_image, load_sound, one_second

HERE = Path(__file__).parent
CLIPS = runpy.run_path(str(HERE / "make_tiny_clips.py"))
BUNDLE = runpy.run_path(str(HERE / "make_tiny_bundle.py"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data sets, real-looking folders, and a run of each task."""
    place = tmp_path_factory.mktemp("place")
    CLIPS["words_data"](place / "words", clips=40)
    CLIPS["faces_data"](place / "stills", clips=24)
    CLIPS["speech_folder"](place / "speech")
    CLIPS["faces_folder"](place / "faces")
    for task, data in (("kws", "words"), ("face", "stills")):
        options = replace(PRESETS[task], steps=40, batch=16, threads=1, ema=0.9)
        folder = train(task, options, place / data, place / "runs")
        folder.rename(place / task)
    return place


def test_real_speech_is_scored_as_the_contract_says(place: Path) -> None:
    assert main([str(place / "kws"), "--data", str(place / "speech"),
                 "--json", str(place / "kws.json")]) == 0  # fmt: skip
    result = json.loads((place / "kws.json").read_text())
    assert set(result) == {"task", "data", "n", "accuracy", "by_speaker", "confusion", "stamp"}
    assert (result["task"], result["n"]) == ("kws", 12)
    assert result["accuracy"] > 0.8  # chirps at 8 kHz
    assert set(result["by_speaker"]) == {"speaker 1", "speaker 2"}
    assert result["confusion"]["labels"] == ["low", "high", "rise"]
    counts = np.array(result["confusion"]["counts"])
    assert counts.sum() == 12
    assert np.trace(counts) / 12 == pytest.approx(result["accuracy"])


def test_faces_are_scored_as_the_contract_says(place: Path) -> None:
    assert main([str(place / "face"), "--data", str(place / "faces"),
                 "--json", str(place / "face.json")]) == 0  # fmt: skip
    result = json.loads((place / "face.json").read_text())
    assert set(result) == {"task", "data", "n", "nme_68", "nme_51", "failure_10", "stamp"}
    assert (result["task"], result["n"]) == ("face", 6)
    assert 0 < result["nme_68"] < 0.3


def test_a_perfect_face_model_has_no_error_at_any_crop_size(place: Path) -> None:
    seen = see_folder(place / "faces")
    sizes = [len(picture) for picture in seen.pictures]
    assert len(set(sizes)) > 1
    truth = seen.points / np.array(sizes)[:, None, None]
    answers = np.concatenate([truth.reshape(6, 136) - 0.5, np.zeros((6, 4))], 1).astype(np.float32)
    front_end = {"name": "image", "size_px": 96, "standardize": True}
    oracle = Predictor("oracle", "face", (), front_end, lambda _: answers)
    scores = score_faces(oracle, seen)
    assert scores["nme_68"] < 1e-6
    assert scores["failure_10"] == 0


def test_metrics_have_known_values() -> None:
    truth = np.zeros((2, 68, 2))
    truth[:, 45, 0] = 10
    found = truth + [3, 4]
    error = landmark_error(found, truth)
    assert np.allclose(error, 0.5)
    error[0, :] = 0
    error[1, :17] = 1.0
    want = {"nme_68": (17 + 51 * 0.5) / 136, "nme_51": 0.25, "failure_10": 0.5}
    assert summary(error) == pytest.approx(want)
    table = confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    assert table == [[1, 1], [0, 1]]


def test_data_sets_are_scored_and_own_clips_are_held_out(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = load_model(place / "kws")
    own = evaluate(model, place / "words")
    assert own["n"] == 4
    assert "only the 4 held-out clips" in capsys.readouterr().err
    other = CLIPS["words_data"](place / "words-test", clips=21)
    assert evaluate(model, other)["n"] == 21
    assert evaluate(load_model(place / "face"), place / "stills")["n"] == 2


def test_a_bundle_is_scored_through_its_runtime(tmp_path: Path, place: Path) -> None:
    BUNDLE["make_tiny_bundle"](tmp_path / "bundle")
    folder = CLIPS["speech_folder"](tmp_path / "speech")
    text = (folder / "manifest.csv").read_text()
    for old, new in (("low", "yes"), ("high", "no"), ("rise", "other")):
        text = text.replace(old, new)
    (folder / "manifest.csv").write_text(text)
    results = [
        evaluate(load_model(tmp_path / "bundle", file), folder) for file in ("onnx", "tflite-int8")
    ]
    assert results[0]["n"] == 12
    assert results[0]["confusion"] == results[1]["confusion"]
    with pytest.raises(ValueError, match="has no file 'x'"):
        load_model(tmp_path / "bundle", "x")
    with pytest.raises(ValueError, match="only bundles have files"):
        load_model(place / "kws", "onnx")


def test_foreign_labels_are_left_out_and_named(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = CLIPS["speech_folder"](tmp_path)
    manifest = folder / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("high", "maybe"))
    result = evaluate(load_model(place / "kws"), folder)
    assert result["n"] == 8
    assert result["confusion"]["labels"] == ["low", "rise"]
    assert "left out 4 of 12 rows, not in the model: maybe" in capsys.readouterr().err


def test_overlay_draws_dots_on_every_crop(place: Path) -> None:
    sheet = overlay_sheet(place / "face", open_dataset(place / "stills"), count=6, columns=3)
    assert sheet.shape == (320, 480, 3)
    assert (sheet == (60, 255, 90)).all(2).sum() > 1000


def test_a_long_sound_gives_its_loudest_second_and_a_short_one_its_middle() -> None:
    audio = np.zeros(50000, np.float32)
    audio[30000:34000] = 1
    assert one_second(audio).sum() == 4000
    short = one_second(np.ones(999, np.float32))
    assert (len(short), short.sum()) == (16000, 999)
    assert abs(int(np.flatnonzero(short).mean()) - 8000) <= 1


def test_stereo_of_another_rate_is_mixed_and_resampled(tmp_path: Path) -> None:
    time_s = np.arange(44100) / 44100
    tone = np.sin(2 * np.pi * 500 * time_s)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, 0 * tone], 1) * 0.5, 44100)
    sound = load_sound(tmp_path / "a.wav")
    assert abs(len(sound) - 16000) <= 1
    peak_hz = np.abs(np.fft.rfft(sound)).argmax() * 16000 / len(sound)
    assert abs(peak_hz - 500) < 2
    assert abs(np.abs(sound[2000:-2000]).max() - 0.25) < 0.01


def _no_column(folder: Path) -> None:
    text = (folder / "manifest.csv").read_text()
    (folder / "manifest.csv").write_text(text.replace("speaker", "who"))


def _no_rows(folder: Path) -> None:
    (folder / "manifest.csv").write_text("file,label,speaker\n")


def _nan(folder: Path) -> None:
    soundfile.write(folder / "0.wav", np.array([0.1, np.nan, 0.1]), 16000, subtype="FLOAT")


BROKEN: list[tuple[Callable[[Path], object], str]] = [
    (_no_column, r"manifest\.csv: column 'speaker' is missing"),
    (_no_rows, r"manifest\.csv: has no rows"),
    (lambda f: (f / "3.wav").unlink(), r"manifest\.csv line 5: file '3\.wav' is missing"),
    (lambda f: (f / "0.wav").write_bytes(b"RIFF"), r"0\.wav: not a sound file"),
    (lambda f: soundfile.write(f / "0.wav", np.zeros(0), 16000), r"0\.wav: no samples"),
    (_nan, r"0\.wav: has samples that are not finite"),
    (lambda f: (f / "manifest.csv").unlink(), r"has none of dataset\.json, manifest\.csv"),
    (lambda f: (f / "manifest.csv").write_bytes(b"\xff\xfe\x00"), r"manifest\.csv: "),
]


@pytest.mark.parametrize(("damage", "message"), BROKEN)
def test_a_damaged_speech_folder_says_what_is_wrong(
    damage: Callable[[Path], object], message: str, place: Path, tmp_path: Path
) -> None:
    folder = CLIPS["speech_folder"](tmp_path)
    damage(folder)
    with pytest.raises(ValueError, match=message) as caught:
        evaluate(load_model(place / "kws"), folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",x67,", ",q67,", "column 'x67' is missing"),
        ("0.png", "../0.png", "lies outside the folder"),
        ("p2,test,", "p2,test,nan,", "a coordinate is not finite"),
        ("p2,test,", "p2,test,tall,", "a coordinate is no number"),
    ],
)
def test_a_damaged_face_table_says_what_is_wrong(
    old: str, new: str, message: str, place: Path, tmp_path: Path
) -> None:
    folder = CLIPS["faces_folder"](tmp_path)
    table = folder / "landmarks.csv"
    table.write_text(table.read_text().replace(old, new, 1))
    with pytest.raises(ValueError, match=message):
        evaluate(load_model(place / "face"), folder)


def _cut(path: Path, to: str) -> None:
    data = cv2.imencode(to, cv2.imread(str(path)))[1].tobytes()
    path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(b""), r"1\.png: not a picture"),
        (lambda path: path.write_bytes(b"no picture"), r"1\.png: not a picture"),
        (lambda path: _cut(path, ".png"), r"1\.png: the file ends before the picture"),
        (lambda path: _cut(path, ".jpg"), r"1\.png: the file ends before the picture"),
        (lambda path: cv2.imwrite(str(path), np.zeros((5, 40, 3))), r"1\.png: 40 x 5 px"),
        (lambda path: cv2.imwrite(str(path), np.zeros((20, 20, 3))),
         r"1\.png: \d+ of 68 landmarks lie outside its 20 x 20 px"),
    ],
)  # fmt: skip
def test_a_damaged_picture_is_named(
    damage: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    folder = CLIPS["faces_folder"](tmp_path)
    damage(folder / "images" / "1.png")
    with pytest.raises(ValueError, match=message) as caught:
        see_folder(folder)
    assert "\n" not in str(caught.value)


def test_grey_deep_and_transparent_pictures_are_read_as_colours(tmp_path: Path) -> None:
    plain = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    alpha = np.concatenate([plain, np.full((40, 50, 1), 9, np.uint8)], 2)
    for name, stored in (
        ("grey", plain[..., 0]), ("deep", plain.astype(np.uint16) * 257), ("alpha", alpha),
    ):  # fmt: skip
        cv2.imwrite(str(tmp_path / f"{name}.png"), stored)
        read = load_image(tmp_path / f"{name}.png")
        want = np.repeat(plain[..., :1], 3, 2) if name == "grey" else plain[..., ::-1]
        assert read.shape == (40, 50, 3) and read.dtype == np.uint8
        assert np.abs(read.astype(int) - want).max() <= 1


def test_some_landmarks_may_lie_outside_and_extra_files_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = CLIPS["faces_folder"](tmp_path)
    table, first = folder / "landmarks.csv", see_folder(folder)
    (folder / "images" / "more.txt").write_text("")
    rows = table.read_text().splitlines()
    cells = rows[1].split(",")
    rows[1] = ",".join([*cells[:3], "-7.5", *cells[4:]])
    table.write_text("\n".join(rows))
    seen = see_folder(folder)
    assert seen.points[0, 0, 0] == -7.5 and np.array_equal(seen.points[1:], first.points[1:])
    assert "left out 1 files" in capsys.readouterr().err
    eyes = [3 + 2 * 36, 3 + 2 * 36 + 1], [3 + 2 * 45, 3 + 2 * 45 + 1]
    for one, other in zip(*eyes, strict=True):
        cells[other] = cells[one]
    rows[1] = ",".join(cells)
    table.write_text("\n".join(rows))
    with pytest.raises(ValueError, match="outer eye corners, are one point"):
        see_folder(folder)


def test_clips_tell_the_errors_of_every_head(place: Path) -> None:
    result = evaluate(load_model(place / "face"), place / "stills")
    # Drawn faces have no points in space and no emotion: what is not known is left out.
    assert set(result["heads"]) == set(HEADS) - {"open_error", "expression"}
    text = as_text(result)
    assert "gaze" in text and "degrees off" in text
    groups = result["by_group"]
    assert sum(row["n"] for name, row in groups.items() if name.startswith("age")) == result["n"]
    assert "tone 1 to 3" in text


def test_model_and_folder_of_different_tasks_are_refused(place: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is for face and find \(landmarks\.csv\)"):
        evaluate(load_model(place / "kws"), place / "faces")
    with pytest.raises(ValueError, match="has no pictures"):
        evaluate(load_model(place / "face"), place / "words")
    with pytest.raises(ValueError, match="no such folder"):
        evaluate(load_model(place / "kws"), tmp_path / "nowhere")
    with pytest.raises(ValueError, match="neither a run"):
        load_model(tmp_path)
    with pytest.raises(ValueError, match="no folder"):
        main([str(place / "kws"), "--data", "x", "--json", str(tmp_path / "no" / "x.json")])
