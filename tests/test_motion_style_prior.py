"""What curves alone say of a style: less of short takes, nothing of what is not there, and more
with what a clip's labels or a score know."""

from dataclasses import replace

import numpy as np
import pytest

from device.main import main
from generate.clip import Clip
from generate.facts import score_labels
from generate.motion.arkit_csv import write_csv
from generate.motion.player import play_score
from generate.motion.score_text import from_text, to_text
from generate.motion.style import SHAPED, PersonalStyle, restyled, style_gap, style_vector
from generate.motion.style_children import plain_score, sample_child, sample_talker, talk
from generate.motion.style_fit import fit_style
from generate.motion.style_json import read_style
from generate.motion.style_prior import read_prior, read_table
from generate.motion.style_table import learn_table, learned, takes
from generate.motion.taken import clip_phonemes, clip_score, redrawn, take
from generate.spec import Motion

HEAD, JAW = 3, 0


@pytest.fixture(scope="module")
def child():
    """A person, 16 s of its speech as a score in the average style, and the phonemes of it."""
    rng = np.random.default_rng(3)
    said = talk(sample_talker(rng, 1), 16.0, rng)
    return sample_child(rng), plain_score(said, rng), said.phonemes


def seen(child, length_s=16.0, rate_hz=25.0):
    person, score, _ = child
    return play_score(restyled(score, person), rate_hz, 0, round(length_s * rate_hz))


def test_longer_takes_are_worth_more(child):
    short, usual, long = (read_prior(seen(child, s)) for s in (3.0, 10.0, 16.0))
    assert (short.spread >= usual.spread).all() and (usual.spread >= long.spread).all()
    assert short.spread[HEAD] > 1.1 * long.spread[HEAD]
    table = read_table()
    assert np.abs(short.mean - table.mean).sum() < np.abs(long.mean - table.mean).sum() * 1.5


def test_the_rate_of_a_camera_matters_little(child):
    found = [fit_style(seen(child, 10.0, hz)) for hz in (25.0, 30.0, 60.0)]
    assert max(style_gap(found[0], other) for other in found[1:]) < 0.35


def test_a_head_that_is_not_there_is_an_average_one(child):
    motion = seen(child)
    still = replace(motion, head_deg=np.zeros_like(motion.head_deg))
    found, whole = read_prior(still), read_prior(motion)
    assert abs(found.mean[HEAD]) < 0.5 and np.isfinite(found.mean).all()
    assert found.mean[JAW] == pytest.approx(whole.mean[JAW], abs=0.4)


@pytest.mark.parametrize("kind", ["noise", "zeros", "ones"])
def test_curves_of_no_face_give_a_style_all_the_same(kind):
    rng = np.random.default_rng(1)
    curves = {"noise": rng.uniform(0, 1, (250, 52)), "zeros": np.zeros((250, 52))}
    arkit = curves.get(kind, np.ones((250, 52))).astype(np.float32)
    motion = Motion(25.0, arkit, np.zeros((250, 3), np.float32), np.zeros((250, 2), np.float32))
    assert isinstance(fit_style(motion), PersonalStyle)


@pytest.mark.parametrize("emotion", ["happy", "sad"])
def test_an_emotion_does_not_make_the_fit_worse_than_none(emotion):
    rng = np.random.default_rng(5)
    said = talk(sample_talker(rng, 2), 10.0, rng)
    person, felt = sample_child(rng), plain_score(said, rng, emotion, 0.5)
    fitted = fit_style(play_score(restyled(felt, person), 25.0))
    score = plain_score(said, rng)
    own = play_score(restyled(score, person), 25.0).arkit[:, SHAPED]
    off = [
        np.abs(play_score(restyled(score, who), 25.0).arkit[:, SHAPED] - own).mean()
        for who in (fitted, PersonalStyle())
    ]
    assert off[0] < off[1]


def test_ridge_says_what_it_can_and_what_it_cannot_tell():
    rng = np.random.default_rng(2)
    statistics = rng.normal(size=(1200, 5))
    vectors = np.stack([statistics[:, 0] - statistics[:, 3], rng.normal(size=1200)], axis=1)
    table = learned(statistics, vectors)
    assert table.reliability[0] > 0.95 and table.reliability[1] < 0.05
    assert abs(table.weights[:, 1]).max() < 0.1


def test_takes_to_learn_from_are_the_same_each_time(tmp_path):
    one, two = takes(4), takes(4)
    assert all(
        np.array_equal(a, b)
        for x, y in zip(one, two, strict=True)
        for a, b in zip(x, y, strict=True)
    )
    table = read_table()
    assert one[0][0].shape == table.center.shape and one[0][1].shape == table.mean.shape
    with pytest.raises(ValueError, match="want 10 or more"):
        learn_table(tmp_path / "table.npz", 3)


def labelled(child):
    person, score, phonemes = child
    labels = score_labels(restyled(score, person)) | {
        "phoneme": np.array([p.text for p in phonemes]),
        "phoneme_s": np.array([(p.start_s, p.end_s) for p in phonemes], np.float32),
    }
    return Clip("a", {}, labels)


def test_the_labels_of_a_clip_make_its_style_exact(child):
    """The score that a clip carries was played in the child's style, which the fit finds again;
    phonemes tell the mouth, curves alone the least."""
    clip = labelled(child)
    score = clip_score(clip)
    motion = seen(child, 10.0)
    by = {
        "score": fit_style(motion, score),
        "phonemes": fit_style(motion, redrawn(clip_phonemes(clip), 10.0)),
        "curves": fit_style(motion),
    }
    off = {what: style_gap(person, child[0]) for what, person in by.items()}
    assert off["score"] < off["phonemes"] < off["curves"]
    apart = {what: abs(style_vector(p) - style_vector(child[0])) for what, p in by.items()}
    assert apart["score"][:7].max() < 0.25 and apart["phonemes"][:2].max() < 0.15
    assert clip_score(Clip("b", {})) is None and redrawn((), 3.0) is None


def test_the_command_takes_a_score_beside_a_csv_and_plays_in_the_style(child, tmp_path, capsys):
    csv, score, style, out = (tmp_path / n for n in ("a.csv", "a.score", "a.json", "b.csv"))
    write_csv(csv, seen(child, 10.0))
    score.write_text(to_text(child[1]))
    assert main(["motion", "style", str(csv), "--out", str(style)]) == 0
    assert "fitted by its curves alone" in capsys.readouterr().out
    assert main(["motion", "style", str(csv), "--out", str(style), "--score", str(score)]) == 0
    assert "fitted by --score" in capsys.readouterr().out
    apart = abs(style_vector(read_style(style)) - style_vector(child[0]))
    assert apart[:7].max() < 0.25
    words = ["motion", "play", str(score), "--out", str(out), "--rate-hz", "25"]
    assert main([*words, "--style", str(style)]) == 0
    off = take(out).motion.arkit[:250] - seen(child, 10.0).arkit
    plain = play_score(from_text(score.read_text()), 25.0).arkit[:250] - seen(child, 10.0).arkit
    assert np.abs(off).mean() < 0.2 * np.abs(plain).mean()


@pytest.mark.parametrize("name", ["take.csv", "folder"])
def test_a_path_that_is_not_there_is_named_with_what_would_be_right(tmp_path, capsys, name):
    path = tmp_path / name
    assert main(["motion", "style", str(path), "--out", str(tmp_path / "s.json")]) == 2
    said = capsys.readouterr().err.strip()
    assert said.count("\n") == 0 and str(path) in said
    assert "no such file or folder; want a CSV of ARKit curves or a data set's folder" in said
