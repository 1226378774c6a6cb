"""A style is found again in other speech of the same child, and brings motion nearer to its own."""

from dataclasses import asdict, fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generate.motion.cues import FaceCue, StyleCue
from generate.motion.director import Manner, direct
from generate.motion.emotion import REST
from generate.motion.player import play_score
from generate.motion.score import Score
from generate.motion.shapes import COLUMN, columns
from generate.motion.style import (
    FACTORS,
    LEFT,
    LIPS,
    RANGE,
    RIGHT,
    SHAPED,
    SPREAD,
    PersonalStyle,
    Style,
    apply_style,
    restyled,
    sample_style,
    style_gap,
)
from generate.motion.style_fit import fit_style
from generate.spec import ARKIT, Motion
from generate.voice.speech import Utterance, speak
from generate.voice.text import SENTENCES
from generate.voice.timed import cut, later
from generate.voice.voices import sample_voice

RATE_HZ, LENGTH_S, CHILDREN = 30.0, 10.0, 8


def talk(utterance, seed):
    """Score of ten seconds in the average style."""
    score = direct(utterance, LENGTH_S, np.random.default_rng(seed), manner=Manner(style=Style()))
    kept = [cue for cue in score.cues if not isinstance(cue, (StyleCue, FaceCue))]
    rest = tuple((name, float(value)) for name, value in zip(ARKIT, REST, strict=True) if value)
    return Score(LENGTH_S, (*kept, FaceCue(0.0, LENGTH_S, rest, rise_s=0.0, fall_s=0.0)))


def seen(score):
    return play_score(score, RATE_HZ)


@pytest.fixture(scope="module")
def spoken():
    """Four utterances of ten seconds."""
    found = []
    for number in range(4):
        rng = np.random.default_rng([number, 8])
        voice = replace(sample_voice(rng, 7, "female"), engine="espeak", voice="en-us+f2")
        audio, phonemes, now = np.zeros(int(LENGTH_S * 16000), np.float32), [], 0.2
        while now < LENGTH_S:
            said = speak(SENTENCES[int(rng.integers(len(SENTENCES)))], voice, rng)
            first = int(now * 16000)
            audio[first : first + len(said.audio)] = said.audio[: len(audio) - first]
            phonemes += later(said.phonemes, now)
            now += said.duration_s + 0.3
        found.append(Utterance(audio, cut(phonemes, 0, LENGTH_S), (), {}))
    return found


def own_style(child):
    rng = np.random.default_rng([child, 1])
    style, bias = sample_style(rng), np.zeros(52)
    bias[SHAPED] = rng.normal(0, 0.04, len(SHAPED))
    bias[columns("jawOpen", "mouthClose")] = 0
    return PersonalStyle(style, tuple(bias.tolist()))


@pytest.fixture(scope="module")
def children(spoken):
    """For each child: its two average scores, and its own motion of both."""
    rows = []
    for child in range(CHILDREN):
        plain = [talk(spoken[(child + n) % 4], [child, n]) for n in range(2)]
        rows.append((plain, [seen(restyled(score, own_style(child))) for score in plain]))
    return rows


def fitted(row, number, known=True):
    plain, own = row
    return fit_style(own[number], seen(plain[number]) if known else None)


def test_the_nearest_style_is_that_of_the_same_child_in_other_words(children):
    first, second = ([fitted(row, n) for row in children] for n in (0, 1))
    apart = np.array([[style_gap(a, b) for b in second] for a in first])
    assert (apart.argmin(1) == np.arange(CHILDREN)).mean() >= 0.9
    strangers = apart[~np.eye(CHILDREN, dtype=bool)]
    assert np.median(np.diag(apart)) < 0.5 * np.median(strangers)


@pytest.mark.parametrize(("known", "least"), [(True, 0.6), (False, 0.25)])
def test_a_fitted_style_brings_other_speech_nearer_to_the_child(children, known, least):
    gains = []
    for row in children:
        plain, own = row
        tries = (restyled(plain[1], fitted(row, 0, known)), plain[1])
        errors = [np.abs(seen(score).arkit - own[1].arkit)[:, SHAPED].mean() for score in tries]
        gains.append(1 - errors[0] / errors[1])
    assert np.mean(gains) >= least


@pytest.mark.parametrize("name", ["jaw", "lips", "head", "tempo", "asymmetry", "brow"])
def test_each_factor_is_found_alone(spoken, name):
    value = {"asymmetry": 0.25, "brow": 0.12}.get(name, 1.25)
    plain = seen(talk(spoken[0], 5))
    found = fit_style(apply_style(plain, Style(**{name: value})), plain).style
    for item in fields(Style):
        want = value if item.name == name else item.default
        slack = 0.6 * SPREAD[item.name] if item.name == "tempo" else 0.35 * SPREAD[item.name]
        assert getattr(found, item.name) == pytest.approx(want, abs=slack), item.name


def test_the_average_style_changes_nothing_and_fits_itself(spoken):
    plain = seen(talk(spoken[1], 7))
    assert apply_style(plain, Style()) is plain
    same = apply_style(plain, Style(), np.zeros(52))
    assert np.allclose(same.arkit, plain.arkit) and np.allclose(
        same.head_deg, plain.head_deg, atol=1e-4
    )
    found = fit_style(plain, plain)
    assert style_gap(found, PersonalStyle()) < 0.02


@given(seed=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_sampled_styles_stay_in_range_and_keep_curves_there(seed):
    rng = np.random.default_rng(seed)
    style = sample_style(rng)
    assert all(low <= getattr(style, name) <= high for name, (low, high) in RANGE.items())
    arkit = rng.uniform(0, 1, (20, 52)).astype(np.float32)
    head = rng.normal(0, 30, (20, 3)).astype(np.float32)
    motion = Motion(30.0, arkit, head, np.zeros((20, 2), np.float32))
    out = apply_style(motion, style, rng.uniform(-1, 1, 52) * np.isin(np.arange(52), SHAPED))
    assert out.arkit.min() >= 0 and out.arkit.max() <= 1
    assert (np.abs(out.head_deg) <= (55.0, 35.0, 25.0)).all()
    kept = [i for i in range(52) if i not in SHAPED]
    assert np.array_equal(out.arkit[:, kept], arkit[:, kept])


def test_styles_spread_about_the_average():
    drawn = [sample_style(np.random.default_rng([7, n])) for n in range(400)]
    for name, spread in SPREAD.items():
        values = np.array([getattr(style, name) for style in drawn])
        values = np.log(values) if name in FACTORS else values
        assert values.std() == pytest.approx(spread, rel=0.15) and abs(values.mean()) < spread / 5


def test_no_style_parts_lips_that_must_meet(spoken):
    widest = Style(jaw=2.0, lips=2.0, expression=2.0, asymmetry=0.5, tempo=2.5, brow=0.5)
    motion = seen(restyled(talk(spoken[2], 3), PersonalStyle(widest)))
    apart = motion.arkit[:, COLUMN["jawOpen"]] - motion.arkit[:, COLUMN["mouthClose"]]
    for phoneme in spoken[2].phonemes:
        if phoneme.text in ("p", "b", "m"):
            assert apart[int((phoneme.start_s + phoneme.end_s) / 2 * RATE_HZ)] < 0.03


def test_pairs_of_sides_are_pairs():
    assert [ARKIT[i].replace("Left", "Right") for i in LEFT] == [ARKIT[i] for i in RIGHT]
    assert COLUMN["mouthLeft"] in LIPS and COLUMN["mouthLeft"] not in LEFT


@pytest.mark.parametrize(("name", "value"), [("jaw", 2.5), ("head", -0.1), ("asymmetry", 0.6)])
def test_a_style_out_of_range_is_refused(name, value):
    with pytest.raises(ValueError, match=f"style {name} {value:g} is outside"):
        Style(**{**asdict(Style()), name: value})


def test_fit_refuses_what_it_cannot_use(spoken):
    plain = seen(talk(spoken[0], 1))
    short = replace(plain, arkit=plain.arkit[:30])
    with pytest.raises(ValueError, match="want 2 s or more"):
        fit_style(short)
    with pytest.raises(ValueError, match="neutral motion of 30 frames"):
        fit_style(plain, short)
    with pytest.raises(ValueError, match="bias"):
        PersonalStyle(bias=(0.0,) * 51)
