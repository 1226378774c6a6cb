"""The arms of a transfer report stay apart, are resumed, and say what they are."""

import csv
import json
import os
import runpy
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from generate.cli import main as generate
from generate.voice.voices import sample_voice
from generate.voice.words import say_word
from generate.weights import read_tensors
from train_edge import loop, transfer_kws, transfer_run
from train_edge.evaluate import evaluate
from train_edge.kws_task import share_out
from train_edge.loop import Stopped, train
from train_edge.options import Options, SoundAugment
from train_edge.predictor import load_model
from train_edge.presets import PRESETS
from train_edge.run import load_run
from train_edge.transfer import REAL, SYNTHETIC, Training, groups_of, pick, plan
from train_edge.transfer_cli import main
from train_edge.transfer_kws import Speech
from train_edge.transfer_result import Truth, figures
from train_edge.transfer_run import run_arms

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))
TINY: Options = replace(
    PRESETS["kws"], steps=4, batch=8, threads=1, checkpoint_steps=2, ema=0.9, dropout=0.0
)
FLAGS = ["--steps", "4", "--batch", "8", "--threads", "1", "--ema", "0.9"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(CLIPS["words_data"](tmp_path_factory.mktemp("data") / "words", clips=24))


@pytest.fixture
def real(tmp_path: Path) -> Path:
    return Path(CLIPS["speech_folder"](tmp_path / "speech", clips=12))


def rewrite(folder: Path, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    """Change every row of the manifest."""
    with open(folder / "manifest.csv", newline="") as file:
        rows = [change(row) for row in csv.DictReader(file)]
    CLIPS["table"](folder / "manifest.csv", list(rows[0]), [list(row.values()) for row in rows])


PEOPLE = ["a", "b", "c", "d"] * 9 + ["a"] * 4
CLASSES = [f"w{k // 4 % 3}" for k in range(36)] + ["rare"] + ["w0"] * 3


@pytest.mark.parametrize("folds", [0, 2, 3])
def test_nobody_is_tested_by_who_heard_him_and_everyone_is_once(folds: int) -> None:
    trainings = plan(PEOPLE, CLASSES, (1, 5), (3, 4), folds)
    tested: Counter[tuple[str, int, int]] = Counter()
    for training in trainings:
        heard = {PEOPLE[row] for row in training.real}
        assert not heard & {PEOPLE[row] for row in training.test}
        assert not heard & set(training.without)
        tested.update((training.arm, training.seed, row) for row in training.test)
    arms = {SYNTHETIC, REAL, "synthetic+1", "synthetic+5"}
    assert tested == Counter({(a, s, r): 1 for a in arms for s in (3, 4) for r in range(40)})
    assert len({training.name for training in trainings}) == len(trainings)
    assert all(t.real == () and t.synthetic for t in trainings if t.arm == SYNTHETIC)
    assert not any(t.synthetic for t in trainings if t.arm == REAL)
    assert trainings == plan(PEOPLE, CLASSES, (5, 1, 1), (3, 4), folds)


def test_k_samples_a_class_are_nested_and_of_many_people() -> None:
    few, more = (
        {t.without: set(t.real) for t in plan(PEOPLE, CLASSES, (k,), (0,)) if "+" in t.arm}
        for k in (2, 5)
    )
    for without, rows in more.items():
        assert few[without] < rows
        counts = Counter(CLASSES[row] for row in rows)
        assert counts == {"w0": 5, "w1": 5, "w2": 5} | ({} if without == ("a",) else {"rare": 1})
        assert {PEOPLE[row] for row in rows} == set("abcd") - set(without)
    rng = np.random.default_rng(0)
    assert pick(PEOPLE, CLASSES, range(40), 99, rng) == tuple(range(40))
    assert pick(PEOPLE, CLASSES, (), 2, rng) == ()


def test_groups_hold_everyone_once_and_are_even() -> None:
    groups = groups_of(["a"] * 6 + ["b"] * 3 + ["c"] * 3, 2)
    assert groups == [("a",), ("b", "c")]
    assert groups_of(["b", "a"], 9) == [("a",), ("b",)]
    assert [t.arm for t in plan(["one"] * 5, ["w"] * 5, (1,), (0,))] == [SYNTHETIC]


def test_names_of_folders_are_safe_and_distinct() -> None:
    people = ["../a b", "../a_b", "é" * 300, "x"]
    names = [t.name for t in plan(people, ["w"] * 4, (), (0,))]
    assert len(set(names)) == 5
    assert all(len(name) < 100 and "/" not in name and ".." not in name for name in names)


def spied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the real files that are loaded from now on."""
    loaded: list[str] = []

    def load(path: Path) -> Any:
        loaded.append(path.name)
        return real_load(path)

    real_load = transfer_kws.load_sound
    monkeypatch.setattr(transfer_kws, "load_sound", load)
    return loaded


def test_each_arm_reads_what_it_says_and_no_more(
    data: Path, real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = Speech("kws", TINY, data, real)
    loaded = spied(monkeypatch)
    subject.heard_features()
    assert sorted(loaded) == sorted(row.path.name for row in subject.rows)
    clips_read = []
    load_both = transfer_kws.load_both
    monkeypatch.setattr(
        transfer_kws, "load_both", lambda *a, **k: (clips_read.append(1), load_both(*a, **k))[1]
    )
    trainings = plan(subject.people, subject.classes, (1,), (0,))
    for training in sorted(trainings, key=lambda one: one.synthetic):  # real-trained first
        loaded.clear()
        transfer_run.trained(subject, TINY, training, tmp_path)
        speakers = {subject.people[int(Path(name).stem)] for name in loaded}
        assert not speakers & set(training.without)
        assert len(loaded) == {SYNTHETIC: 0, REAL: 6, "synthetic+1": 3}[training.arm]
        assert bool(clips_read) == training.synthetic


def test_the_tested_speaker_leaves_no_trace_in_the_weights(
    data: Path, real: Path, tmp_path: Path
) -> None:
    def weights(folder: Path, arm: str, who: str) -> dict[str, torch.Tensor]:
        (found,) = (folder / "arms").glob(f"{arm}-seed0-*without-{who}")
        return read_tensors(found / "model.safetensors", "")[0]

    def same(arm: str, who: str) -> bool:
        one, two = (weights(tmp_path / name, arm, who) for name in ("one", "two"))
        return all(torch.equal(one[key], two[key]) for key in one)

    for name in ("one", "two"):
        subject = Speech("kws", TINY, data, real)
        trainings = plan(subject.people, subject.classes, (1,), (0,))
        run_arms(subject, TINY, trainings, tmp_path / name)
        for number in range(0, 12, 2):  # all of s0 becomes noise for the second round
            noise = np.random.default_rng(number).normal(0, 0.1, 6000)
            soundfile.write(real / f"{number}.wav", noise, 8000)
    for arm in (REAL, r"synthetic+1"):
        assert same(arm, "speaker_1")
        assert not same(arm, "speaker_2")


def test_the_synthetic_arm_is_what_train_makes(data: Path, real: Path, tmp_path: Path) -> None:
    subject = Speech("kws", TINY, data, real)
    one = plan(subject.people, subject.classes, (), (0,))[:1]
    answers = run_arms(subject, TINY, one, tmp_path)[SYNTHETIC]
    assert answers.shape == (1, 12, 5)
    assert answers.sum(2) == pytest.approx(1, abs=1e-5)
    known = figures(Truth(subject.labels, subject.classes, subject.people), {SYNTHETIC: answers})[
        "synthetic"
    ]
    evaluated = evaluate(load_model(tmp_path / "arms" / "synthetic-seed0"), real)
    for key in ("accuracy", "by_speaker", "confusion", "n"):
        assert evaluated[key] == known[key]
    ours = load_run(tmp_path / "arms" / "synthetic-seed0")
    plain = load_run(train("kws", TINY, data, tmp_path / "runs"))
    theirs = plain.module.state_dict()
    assert all(torch.equal(value, theirs[key]) for key, value in ours.module.state_dict().items())


def test_what_is_finished_is_not_repeated_and_the_rest_goes_on(
    data: Path, real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ["kws", "--data", str(data), "--real", str(real), *FLAGS, "--k"]
    assert main([*flags, "--out", str(tmp_path / "straight")]) == 0
    taken = []

    def stop_at_seven(*args: Any) -> float:
        rate = real_step(*args)
        taken.append(rate)
        if len(taken) == 7:  # in the second training
            os.kill(os.getpid(), signal.SIGINT)
        return rate

    real_step = loop.step
    monkeypatch.setattr(loop, "step", stop_at_seven)
    broken = tmp_path / "broken"
    with pytest.raises(
        Stopped, match=r"real-trained, without speaker 1, seed 0; the same command goes"
    ):
        main([*flags, "--out", str(broken)])
    assert not (broken / "report.html").exists()
    assert main([*flags, "--out", str(broken)]) == 0
    assert len(taken) == 3 * 4  # no step twice
    assert main([*flags, "--out", str(broken)]) == 0
    assert len(taken) == 3 * 4
    one, two = (read(tmp_path / name) for name in ("straight", "broken"))
    assert {**one, "stamp": 0} == {**two, "stamp": 0}
    longer = ["5" if word == "4" else word for word in flags]
    assert main([*longer, "--out", str(broken)]) == 0
    assert len(taken) == 3 * 9
    sound = np.random.default_rng(0).normal(0, 0.1, 4000)
    soundfile.write(real / "1.wav", sound, 8000)  # of s1: only who is trained without s0 hears it
    assert main([*longer, "--out", str(broken)]) == 0
    assert len(taken) == 3 * 9 + 5


def read(out: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((out / "transfer.json").read_text())
    return body


def test_the_result_and_the_page_say_what_each_arm_is(
    data: Path, real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"s0": "Pia Rossi", "s1": "Ugo_Bianchi"}
    rewrite(real, lambda row: {**row, "label": row["label"].replace("rise", "banana"),
                               "speaker": names[row["speaker"]]})  # fmt: skip
    result_file = tmp_path / "result.json"
    flags = ["--data", str(data), "--real", str(real), "--out", str(tmp_path / "out"), *FLAGS]
    flags += ["--json", str(result_file), "--seeds", "2", "--k", "1", "2"]
    assert main(["kws", *flags]) == 0
    result = json.loads(result_file.read_text())
    assert (result["task"], result["n"], result["speakers"]) == ("kws", 12, 2)
    for arm in (result["synthetic"], result["real"], *result["mixed"].values()):
        assert arm["confusion"]["labels"] == ["low", "high", "unknown"]
        assert np.sum(arm["confusion"]["counts"]) == 24
        assert np.trace(arm["confusion"]["counts"]) / 24 == pytest.approx(arm["accuracy"])
        assert np.mean(arm["by_seed"]) == pytest.approx(arm["accuracy"])
        assert arm["interval"][0] <= arm["accuracy"] <= arm["interval"][1]
        assert arm["interval_over_speakers"] is None
    assert set(result["mixed"]) == {"1", "2"}
    if result["real"]["accuracy"]:
        ratio = result["synthetic"]["accuracy"] / result["real"]["accuracy"]
        assert result["ratio"] == pytest.approx(ratio)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "banana" in page and "2 of them are too few" in page
    assert 'src="http' not in page and 'href="http' not in page
    assert page.count("<svg") == 8
    said = capsys.readouterr()
    assert "real-trained" in said.out
    assert set(result["synthetic"]["by_speaker"]) == {"speaker 1", "speaker 2"}
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    for told in (said.out, said.err, *(str(path) for path in written),
                 *(path.read_bytes().decode("latin-1") for path in written)):  # fmt: skip
        assert not any(part in told for part in ("Pia", "Rossi", "Ugo", "Bianchi"))


def test_one_speaker_has_only_the_synthetic_arm(
    data: Path, real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(real, lambda row: {**row, "speaker": "only me"})
    flags = ["--data", str(data), "--real", str(real), "--out", str(tmp_path / "out"), *FLAGS]
    assert main(["kws", *flags]) == 0
    said = capsys.readouterr()
    assert "only one speaker: none" in said.err and "only me" not in said.err
    result = read(tmp_path / "out")
    assert result["real"] is None and result["ratio"] is None and "mixed" not in result
    assert "<h1>" in (tmp_path / "out" / "report.html").read_text()


def test_a_speaker_who_alone_says_words_cannot_be_left_out(
    data: Path, real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(real, lambda r: {**r, "label": r["label"] if r["speaker"] == "s0" else "other"})
    flags = ["--data", str(data), "--real", str(real), "--out", str(tmp_path), *FLAGS]
    assert main(["kws", *flags, "--dry-run"]) == 0
    said = capsys.readouterr()
    assert (
        "no real-trained arm: without speaker 1 the real folder has none of the words" in said.err
    )
    assert "real-trained," not in said.out and "synthetic+5, without speaker 1" in said.out


def test_recordings_of_any_form_are_taken(data: Path, real: Path, tmp_path: Path) -> None:
    second = np.random.default_rng(0).normal(0, 0.1, 96000)
    stereo = np.stack([second, second], 1)
    soundfile.write(real / "0.wav", stereo, 48000, subtype="PCM_24")
    soundfile.write(real / "1.wav", second[:20], 44100, subtype="FLOAT")
    soundfile.write(real / "2.wav", np.zeros(700), 22050, subtype="PCM_U8")
    soundfile.write(real / "3.flac", second[:9000], 16000)
    (real / "3.wav").unlink()
    rewrite(real, lambda row: {**row, "file": row["file"].replace("3.wav", "3.flac")})
    subject = Speech("kws", TINY, data, real)
    answers = run_arms(subject, TINY, plan(subject.people, subject.classes, (1,), (0,)), tmp_path)
    assert all(np.isfinite(scores).all() for scores in answers.values())


BROKEN: list[tuple[Callable[[Path], object], str]] = [
    (lambda f: soundfile.write(f / "3.wav", np.zeros(0), 8000), r"3\.wav: no samples"),
    (
        lambda f: soundfile.write(f / "3.wav", np.full(9, np.nan), 8000, subtype="FLOAT"),
        r"3\.wav: has samples that are not finite",
    ),
    (lambda f: (f / "3.wav").write_bytes(b"RIFF"), r"3\.wav: not a sound file"),
    (lambda f: (f / "3.wav").unlink(), r"line 5: file '3\.wav' is missing"),
    (lambda f: shutil.copy(f / "0.wav", f / "3.wav"), r"0\.wav and 3\.wav are the same recording"),
    (lambda f: rewrite(f, lambda r: {**r, "label": "x"}), "no label is one of the data set's"),
    (lambda f: rewrite(f, lambda r: {**r, "label": "low"}), "want at least two labels"),
    (shutil.rmtree, "no such folder"),
]


@pytest.mark.parametrize(("damage", "message"), BROKEN)
def test_a_damaged_folder_is_refused_before_anything_is_trained(
    damage: Callable[[Path], object], message: str, data: Path, real: Path, tmp_path: Path
) -> None:
    damage(real)
    out = tmp_path / "out"
    with pytest.raises(ValueError, match=message) as caught:
        main(["kws", "--data", str(data), "--real", str(real), "--out", str(out), *FLAGS])
    assert "\n" not in str(caught.value)
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["kws", "--seeds", "0"], "--seeds 0: at least 1"),
        (["kws", "--folds", "1"], "--folds 1: 0, or at least 2"),
        (["kws", "--k", "0"], "--k 0: at least 1"),
        (["kws", "--steps", "0"], "--steps 0: at least 1"),
        (["kws", "--json", "no/where.json"], "no folder no"),
        (["voice"], "voice is for voice; transfer takes kws, kws-tiny, face, face-tiny"),
        (["kwz"], "did you mean 'kws'"),
        (["kws", "--words", "cat"], "no label is one of the data set's words: cat"),
    ],
)
def test_wrong_use_is_one_line(words: list[str], message: str, data: Path, real: Path) -> None:
    with pytest.raises(ValueError, match=message):
        main([*words, "--data", str(data), "--real", str(real)])


def test_a_dry_run_trains_nothing(
    data: Path, real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    flags = ["--data", str(data), "--real", str(real), "--out", str(out), *FLAGS]
    assert main(["kws", *flags, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "5 of 5 to train, about" in said
    assert "real-trained, without speaker 2, seed 0: 6 real samples; tested on 6; about" in said
    assert not out.exists()


def test_our_own_voices_carry_to_voices_that_were_held_out(tmp_path: Path) -> None:
    words = ("yes", "stop", "banana")
    command = ["words", "--clips", "48", "--words", *words, "--voices", "espeak"]
    assert generate([*command, "--engine", "loop", "--out", str(tmp_path / "words")]) == 0
    (tmp_path / "real").mkdir()
    rows = []
    for number in range(24):
        rng = np.random.default_rng(number)
        speaker = ("female", "male")[number % 2]
        voice = sample_voice(np.random.default_rng(number % 2), 30, speaker, child=False,
                             speakers="test")  # fmt: skip
        said = say_word(words[number // 2 % 3], voice, rng)
        soundfile.write(tmp_path / "real" / f"{number}.flac", said.audio, 16000)
        rows.append((f"{number}.flac", words[number // 2 % 3], speaker))
    CLIPS["table"](tmp_path / "real" / "manifest.csv", ("file", "label", "speaker"), rows)
    options = replace(TINY, steps=40, batch=16, learning_rate=1e-2, sound=SoundAugment(noise=0.0))
    subject = Speech("kws", options, tmp_path / "words", tmp_path / "real")
    trainings = plan(subject.people, subject.classes, (), (0,))[:1]
    answers = run_arms(subject, options, trainings, tmp_path)
    result = figures(Truth(subject.labels, subject.classes, subject.people), answers)
    assert result["synthetic"]["accuracy"] > 0.6
    assert result["synthetic"]["det"]["equal_error"] < 0.4


def test_teachers_would_mix_the_arms_and_are_refused(data: Path, real: Path) -> None:
    with pytest.raises(ValueError, match="--teachers: each arm learns"):
        Speech("kws", replace(TINY, teachers=("runs/00000",)), data, real)


def test_real_clips_get_their_share_of_the_draws(data: Path, real: Path) -> None:
    subject = Speech("kws", TINY, data, real)
    task = subject.task(Training("synthetic+1", 0, True, (0, 1, 2), (5,)), TINY)
    first = len(task.kept) - 3
    for members, weights in zip(task.members, task.weights, strict=True):
        assert not len(members) or weights.sum() == pytest.approx(1)
    for members, weights in zip(task.members[:3], task.weights[:3], strict=True):
        assert weights[members >= first].sum() == pytest.approx(transfer_kws.REAL_SHARE)
    share_out(task, np.arange(len(task.kept)), 0.5)  # all of them: nothing to share with
    assert task.weights[0].sum() == pytest.approx(1)
