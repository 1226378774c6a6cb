"""Who speaks: pairs of film and sound, answers that only synchrony can give, and the bundle."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from device.bundle import read_bundle
from export.cli import main as export_main
from generate.cli import main as generate_main
from generate.inspect_cli import main as inspect_main
from generate.shards import open_dataset
from train_edge import evaluate_talking
from train_edge.augment_film import filmed, plain
from train_edge.evaluate_cli import main as evaluate_main
from train_edge.evaluate_talking import NEGATIVES, fitted, kinds_of, score_films, trials
from train_edge.lips import load_lips
from train_edge.loop import train
from train_edge.models.talknet import DECIDED, PICTURES, TalkNet
from train_edge.options import ImageAugment
from train_edge.presets import preset
from train_edge.run import load_run
from train_edge.talking_clips import Film, load_films, mouth_of
from train_edge.talking_task import LABELS, TalkingTask
from train_edge.talking_voices import load_spoken
from train_edge.tasks import calibration_batch, make_task

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))
Rows = NDArray[np.float32]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = CLIPS["talks_data"](tmp_path_factory.mktemp("data") / "talks", 12)
    return made


@pytest.fixture(scope="module")
def films(data: Path) -> list[Film]:
    return load_films(open_dataset(data), range(12))


@pytest.fixture(scope="module")
def task(films: list[Film]) -> TalkingTask:
    return TalkingTask(preset("talking"), films, films)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = replace(preset("talking-tiny"), steps=4, batch=8, threads=1)
    return train("talking-tiny", options, data, tmp_path_factory.mktemp("runs"))


def test_films_hold_the_mouth_and_the_sound_of_each_picture(films: list[Film]) -> None:
    for film in films:
        assert film.pictures.shape == (len(film), 48, 48) and len(film.audio) == 640 * len(film)
        loud = np.abs(film.audio).reshape(-1, 640).mean(1)
        moved = np.abs(np.diff(film.pictures.astype(float), axis=0)).mean((1, 2))
        assert loud[film.speaking].mean() > 10 * loud[~film.speaking].mean()
        assert moved[film.speaking[1:]].mean() > 1.5 * moved[~film.speaking[1:]].mean()
    assert [bool(film.facing.all()) for film in films[:2]] == [True, False]


def test_clips_of_another_rate_are_refused(tmp_path: Path) -> None:
    clips = [CLIPS["talk_clip"](number) for number in range(2)]
    slow = [replace(clip, facts=clip.facts | {"rate_hz": 12.5}) for clip in clips]
    folder = CLIPS["write"](tmp_path / "slow", slow, {})
    with pytest.raises(ValueError, match=r"12\.5 pictures a second, want 25; .* --rate-hz 25"):
        load_films(open_dataset(folder), range(2))


def test_clips_without_a_talker_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no sound; want `talk`"):
        load_films(open_dataset(CLIPS["faces_data"](tmp_path / "stills", 4)), range(4))
    with pytest.raises(ValueError, match="fewer than two talking clips"):
        load_films(open_dataset(CLIPS["talks_data"](tmp_path / "one", 1)), range(1))


def test_only_the_own_sound_is_its_speaking(task: TalkingTask) -> None:
    batch = task.batch(np.random.default_rng(0), 64)
    assert batch["input"].shape == (64, 1, PICTURES, 1104) and batch["input"].abs().max() <= 2
    assert 0.1 < float(batch["speaking"].mean()) < 0.5
    assert 0.2 < float(batch["facing"].mean()) < 0.8
    again = task.batch(np.random.default_rng(0), 64)
    assert all(torch.equal(batch[name].nan_to_num(9), again[name].nan_to_num(9)) for name in batch)
    assert batch["seen"].all() and batch["speaking"].shape == batch["facing"].shape == (
        64,
        PICTURES,
    )


def test_stills_teach_lips_but_not_who_speaks(films: list[Film], tmp_path: Path) -> None:
    lips = load_lips(open_dataset(CLIPS["faces_data"](tmp_path / "stills", 12)), range(12))
    assert lips.pictures.shape == (len(lips.apart), 48, 48) and np.isfinite(lips.apart).all()
    task = TalkingTask(preset("talking"), films, films, lips)
    batch = task.batch(np.random.default_rng(0), 8)
    assert len(batch["input"]) == 12 and not batch["seen"][8:].any()
    assert batch["shapes"][8:, 0].isfinite().all() and batch["shapes"][8:, 1].isnan().all()
    assert batch["shapes"][8:, 2:].isfinite().all()
    assert set(batch["shapes"][8:, 0].unique().tolist()) <= set(lips.apart.tolist())
    outputs = torch.zeros(12, 6, PICTURES)
    before = task.loss(outputs, batch)
    outputs[8:, 0] = 5
    assert torch.equal(task.loss(outputs, batch), before)
    outputs[8:, 2] = 5
    assert float(task.loss(outputs, batch)) > float(before)


def test_voices_without_a_face_teach_the_ear(films: list[Film], tmp_path: Path) -> None:
    words = ["talk", "--out", str(tmp_path / "voices"), "--clips", "6", "--no-pictures", "--engine",
             "loop", "--voices", "espeak", "--quiet-s", "1.2", "--max-s", "4"]  # fmt: skip
    assert generate_main(words) == 0 and inspect_main([str(tmp_path / "voices")]) == 0
    voices = open_dataset(tmp_path / "voices")
    spoken = load_spoken(voices, range(6), films)
    for one, row in zip(spoken, voices.rows, strict=True):
        assert row["n_frames"] == 0 and row["skin_tone"] == 0
        assert len(one.audio) == 640 * len(one) and one.speaking.mean() > 0.2
        assert one.mouth.shape == (len(one), 2) and one.mouth[:, 0].min() >= 0
        assert one.mouth[one.speaking, 0].std() > one.mouth[~one.speaking, 0].std()
    task = TalkingTask(preset("talking"), films, films, None, spoken)
    assert (task.sounds.lengths >= 2 * PICTURES).all()
    heard = {task._of_another(0, np.random.default_rng(k)) for k in range(99)}
    assert max(heard) >= task.sounds.starts[len(films)]


def test_codes_are_evened_out_and_answers_stay(task: TalkingTask) -> None:
    rows = task.batch(np.random.default_rng(0), 8)["input"]
    network = TalkNet().eval()
    with torch.no_grad():
        network.code_heard.weight[3] *= 50
        before = network(rows)
        network.even_out(rows)
        after = network(rows)
        codes = network._codes(*network._watched(rows))
    assert torch.allclose(before, after, atol=1e-4 * float(before.abs().max()))
    for code in codes:
        largest = (code - code.mean(2, keepdim=True)).abs().amax((0, 2, 3))
        assert torch.allclose(largest, torch.full_like(largest, 10.0), rtol=1e-3)


def test_voices_need_a_score(films: list[Film], tmp_path: Path) -> None:
    words = CLIPS["words_data"](tmp_path / "words", 4)
    with pytest.raises(ValueError, match="no voice with a score of 1.6 s"):
        load_spoken(open_dataset(words), range(4), films)


def test_cautious_lips_that_move_right_are_better_than_still_ones(task: TalkingTask) -> None:
    batch = task.batch(np.random.default_rng(0), 64)
    still, right = torch.zeros(64, 6, PICTURES), torch.zeros(64, 6, PICTURES)
    right[:, 2:] = 0.01 * batch["shapes"].nan_to_num(0)
    assert float(task.loss(still, batch) - task.loss(right, batch)) > 0.05


def test_lips_are_known_where_somebody_made_the_sound(task: TalkingTask) -> None:
    batch = task.batch(np.random.default_rng(0), 64)
    seen, heard = batch["shapes"][:, :2], batch["shapes"][:, 2:]
    assert batch["shapes"].shape == (64, 4, PICTURES) and seen.isfinite().all()
    known = heard.isfinite().flatten(1)
    assert (known.all(1) | ~known.any(1)).all() and 0.6 < float(known[:, 0].float().mean()) < 1
    outputs = torch.zeros(64, 6, PICTURES)
    outputs[:, 2:] = batch["shapes"].nan_to_num(9.0)
    right = task.loss(outputs, batch)
    outputs[:, 2] += 1
    assert float(task.loss(outputs, batch) - right) > 0.1


def test_the_shape_of_lips_is_that_of_the_mouth(films: list[Film]) -> None:
    for film in films:
        loud = np.abs(film.audio).reshape(-1, 640).mean(1)
        assert (
            film.mouth.shape == (len(film), 2) and np.corrcoef(film.mouth[:, 0], loud)[0, 1] > 0.7
        )
    points = np.zeros((1, 68, 2), np.float32)
    points[0, :2] = [[0, 0], [100, 80]]
    points[0, [61, 62, 63]], points[0, [67, 66, 65]] = [50, 50], [50, 62]
    assert mouth_of(points)[0].tolist() == pytest.approx([1.2, 0.0])


def test_foreign_sounds_come_from_elsewhere(task: TalkingTask, films: list[Film]) -> None:
    rng, starts = np.random.default_rng(1), task.sounds.starts
    number, start = 3, 10
    inside = range(int(starts[number]), int(starts[number + 1]))
    for _ in range(50):
        own, shifted = (task._heard(number, start, kind, rng) for kind in ("own", "shifted"))
        assert own is not None and abs(own - starts[number] - 2 * start) <= 2
        assert shifted is not None
        assert shifted not in inside or abs(shifted - starts[number] - 2 * start) >= 20
        assert task._heard(number, start, "other", rng) not in inside
        assert (task._heard(number, start, "noise", rng) or 0) >= starts[len(films)]
    assert task._heard(number, start, "none", rng) is None


def test_a_film_is_varied_as_one(films: list[Film]) -> None:
    pictures = films[0].pictures[:25]
    assert plain(pictures, 32).shape == (25, 32, 32)
    still = np.repeat(pictures[:1], 25, 0)
    calm = ImageAugment(noise=0.0)
    for seed in range(5):
        one = filmed(still, 32, np.random.default_rng(seed), calm)
        other = filmed(pictures, 32, np.random.default_rng(seed), calm)
        assert one.min() >= 0 and one.max() <= 255 and one.shape == (25, 32, 32)
        assert np.abs(np.diff(one, axis=0)).mean() < 6
        assert np.abs(other - one).mean() < 25  # the same place, light and box


def test_a_covered_mouth_counts_for_nothing(films: list[Film]) -> None:
    hidden = replace(films[2], seen=np.zeros(len(films[2]), bool))
    for trial in trials([hidden, films[1]], 0):
        assert not any(chosen.any() for chosen in kinds_of(trial).values())


def test_trials_are_what_they_are_called(films: list[Film]) -> None:
    made = {trial.kind: trial for trial in trials(films, 2)}
    own, film = made["own"], films[2]
    assert set(made) == {"own", "other", "shifted", "none", "noise"}
    assert np.array_equal(own.audible, film.speaking)
    noise = own.sound - film.audio
    assert np.allclose(made["none"].sound, noise, atol=1e-6), "all kinds have the same noise"
    rolled = [np.roll(film.speaking, k) for k in (*range(-30, -9), *range(10, 31))]
    assert any(np.array_equal(made["shifted"].audible, one) for one in rolled)
    assert not made["none"].audible.any() and not made["noise"].audible.any()
    assert {k for trial in made.values() for k in kinds_of(trial)} == {"speaking", *NEGATIVES}
    assert fitted(np.arange(9), 4, 2).tolist() == [2, 3, 4, 5]
    assert fitted(np.arange(2), 4, 1).tolist() == [0, 0, 1, 0]


def test_a_short_film_is_never_shifted_to_its_own_time(films: list[Film]) -> None:
    first = replace(cut_to(films[0], 30), speaking=np.arange(30) == 0)
    for number in range(40):
        made = {t.kind: t for t in trials([films[1]] * number + [first, films[1]], number)}
        assert 10 <= int(made["shifted"].audible.argmax()) <= 20


def test_another_voice_is_another_voice(films: list[Film]) -> None:
    loud = replace(films[0], voice="a", speaking=np.ones(len(films[0]), bool))
    other = replace(films[0], voice="b", speaking=np.zeros(len(films[0]), bool))
    for number in range(8):
        made = {t.kind: t for t in trials([*[loud] * 8, other], number)}
        assert not made["other"].audible.any()
    assert "other" not in {trial.kind for trial in trials([loud] * 3, 0)}


def cut_to(film: Film, count: int) -> Film:
    """The first pictures of a film."""
    names = ("pictures", "speaking", "facing", "seen", "mouth", "arkit")
    cuts = {name: getattr(film, name)[:count] for name in names}
    return replace(film, audio=film.audio[: 640 * count], **cuts)


def test_one_held_clip_is_too_few_to_validate_on(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = make_task(preset("talking-tiny"), data)
    assert isinstance(task, TalkingTask) and task.held is task.kept
    assert "validating on those it learns from" in capsys.readouterr().err
    task = make_task(preset("talking-tiny"), CLIPS["talks_data"](tmp_path / "more", 20))
    assert isinstance(task, TalkingTask) and len(task.held) == 2 and len(task.kept) == 18
    assert "validating" not in capsys.readouterr().err


def oracle(late: int = 0, wrong: str = "") -> Callable[[Rows], Rows]:
    """Answers that know the trial: true of `late` pictures ago, or always yes to one kind."""
    asked: list[Rows] = []

    def ask(_inputs: Rows) -> Rows:
        return asked.pop(0)

    def told(trial: evaluate_talking.Trial) -> None:
        starts = np.arange(0, len(trial.film) - PICTURES + 1, evaluate_talking.STRIDE)
        at = starts + DECIDED
        yes = trial.film.speaking[np.maximum(at - late, 0)] & (trial.kind == "own")
        for kind, chosen in kinds_of(trial).items():
            yes = yes | (chosen[at] & (kind == wrong))
        outputs = np.stack([yes, trial.film.facing[at]], 1) - 0.5
        asked.extend(outputs[i : i + 64].astype(np.float32) for i in range(0, len(at), 64))

    ask.told = told  # type: ignore[attr-defined]
    return ask


def scored(films: list[Film], monkeypatch: pytest.MonkeyPatch, **how: object) -> dict[str, object]:
    ask = oracle(**how)  # type: ignore[arg-type]
    real = evaluate_talking.answers

    def answers(_ask: object, trial: evaluate_talking.Trial) -> evaluate_talking.Answers:
        ask.told(trial)  # type: ignore[attr-defined]
        return real(ask, trial)

    monkeypatch.setattr(evaluate_talking, "answers", answers)
    return score_films(ask, films)


def test_who_knows_all_is_right_on_time(films: list[Film], monkeypatch: pytest.MonkeyPatch) -> None:
    found = scored(films[:3], monkeypatch)
    assert found["accuracy"] == found["facing"] == 1 and found["behind_ms"] == 180
    assert found["negatives"] == dict.fromkeys(NEGATIVES, 1.0)


def test_being_late_and_one_kind_of_fault_are_told(
    films: list[Film], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert scored(films[:3], monkeypatch, late=3)["behind_ms"] == 300
    monkeypatch.undo()
    found = scored(films[:3], monkeypatch, wrong="other voice")
    assert found["negatives"] == dict.fromkeys(NEGATIVES, 1.0) | {"other voice": 0.0}
    assert found["accuracy"] == pytest.approx((1 + 5 / 6) / 2)


def test_saying_always_the_same_is_chance(films: list[Film]) -> None:
    for answer in (-1.0, 1.0):
        found = score_films(
            lambda rows, a=answer: np.full((len(rows), 2), a, np.float32), films[:3]
        )
        assert found["accuracy"] == 0.5 and found["facing"] == 0.5


def test_training_sees_the_answer_of_the_board_among_all() -> None:
    torch.manual_seed(0)
    net, x = TalkNet().eval(), torch.randn(3, 1, PICTURES, 1104)
    with torch.no_grad():
        decided = net(x)
        net.training = True
        assert net(x).shape == (3, 2 + 4, PICTURES)
        assert torch.allclose(net(x)[:, :2, DECIDED], decided, atol=1e-5)


@pytest.mark.parametrize(("senses", "part"), [("sound", slice(80, None)), ("pictures", slice(80))])
def test_one_sense_alone_ignores_the_other(senses: str, part: slice) -> None:
    torch.manual_seed(0)
    net, x = TalkNet(senses).eval(), torch.randn(2, 1, PICTURES, 1104)
    changed = x.clone()
    changed[..., part] += 1
    with torch.no_grad():
        assert torch.equal(net(x), net(changed))
        assert not torch.equal(TalkNet().eval()(x), TalkNet().eval()(changed))


def test_a_run_becomes_a_bundle_that_is_evaluated(run: Path, data: Path, tmp_path: Path) -> None:
    assert load_run(run).labels == LABELS and "val_accuracy" in load_run(run).metrics
    first, second = (calibration_batch(load_run(run), data, 20) for _ in range(2))
    assert first.shape == (20, PICTURES, 1104, 1) and np.array_equal(first, second)
    bundle = tmp_path / "talking"
    words = [str(run), "--out", str(bundle), "--data", str(data), "--clips", "32", "--draft"]
    assert export_main([*words, "--targets", "onnx"]) == 0
    made = read_bundle(bundle)
    assert made.task == "talking" and made.file("onnx").bytes < 1_200_000  # int8: a quarter
    assert "one who speaks" in (bundle / "MODEL_CARD.md").read_text()
    test, results = CLIPS["talks_data"](tmp_path / "test", 3), []
    for model in ([str(run)], [str(bundle), "--file", "onnx"]):
        result = tmp_path / "result.json"
        assert evaluate_main([*model, "--data", str(test), "--json", str(result)]) == 0
        results.append(json.loads(result.read_text()))
    assert set(results[1]["negatives"]) == set(NEGATIVES) and results[1]["data"] == "synthetic"
    assert results[0]["accuracy"] == pytest.approx(results[1]["accuracy"], abs=1e-3)
