"""A style is found again in other speech of the same child, and brings motion nearer to its own."""

from dataclasses import asdict, fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generate.motion.emotion import MOUTH, REST
from generate.motion.life import drift, frame_times, head_motion
from generate.motion.shapes import COLUMN, columns
from generate.motion.speechmotion import activity, contacts, mouth_tracks
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
    apply_personal,
    apply_style,
    sample_style,
    style_gap,
)
from generate.motion.style_fit import fit_style
from generate.spec import ARKIT, Motion
from generate.voice.speech import speak
from generate.voice.text import SENTENCES
from generate.voice.timed import later
from generate.voice.voices import sample_voice

RATE_HZ, LENGTH_S, CHILDREN = 30.0, 10.0, 12


def talk(phonemes, seed):
    """Ten seconds in the average style, before lips are made to meet."""
    rng, times = np.random.default_rng(seed), frame_times(int(LENGTH_S * RATE_HZ), RATE_HZ)
    give_way = np.where(MOUTH, 0.45, 0.0) * activity(phonemes, times)[:, None]
    arkit = mouth_tracks(phonemes, times, 1.0, 1.0) + REST * (1 - give_way)
    brow = np.maximum(0.06 * drift(times, 0.6, rng), 0)
    for phoneme in phonemes:
        if phoneme.text.startswith("ˈ") and rng.random() < 0.35:
            brow += 0.15 * np.exp(-(((times - phoneme.start_s - 0.05) / 0.18) ** 2))
    arkit[:, columns("browInnerUp", "browOuterUp")] += brow[:, None]
    head = head_motion(times, [], rng)
    head *= 2.0 / head.std()
    gaze = np.zeros((len(times), 2), np.float32)
    return Motion(RATE_HZ, np.clip(arkit, 0, 1).astype(np.float32), head.astype(np.float32), gaze)


def finished(phonemes, motion):
    arkit = np.asarray(motion.arkit, np.float64).copy()
    contacts(phonemes, arkit, RATE_HZ)
    return replace(motion, arkit=np.clip(arkit, 0, 1).astype(np.float32))


@pytest.fixture(scope="module")
def spoken():
    """Four utterances of about ten seconds, as phonemes."""
    found = []
    for number in range(4):
        rng = np.random.default_rng([number, 8])
        voice, phonemes, now = sample_voice(rng, 7, "female"), [], 0.2
        while now < LENGTH_S:
            said = speak(SENTENCES[int(rng.integers(len(SENTENCES)))], voice, rng)
            phonemes += later(said.phonemes, now)
            now += said.duration_s + 0.3
        found.append(tuple(p for p in phonemes if p.end_s < LENGTH_S))
    return found


def own_style(child):
    rng = np.random.default_rng([child, 1])
    style, bias = sample_style(rng), np.zeros(52)
    bias[SHAPED] = rng.normal(0, 0.04, len(SHAPED))
    bias[columns("jawOpen", "mouthClose")] = 0
    return PersonalStyle(style, tuple(bias))


@pytest.fixture(scope="module")
def children(spoken):
    """For each child: its style and two (phonemes, average motion, own motion)."""
    rows = []
    for child in range(CHILDREN):
        person, clips = own_style(child), []
        for number in range(2):
            phonemes = spoken[(child + number) % 4]
            plain = talk(phonemes, [child, number])
            own = finished(phonemes, apply_personal(plain, person))
            clips.append((phonemes, plain, own))
        rows.append((person, clips))
    return rows


def fitted(clip, known=True):
    phonemes, plain, own = clip
    return fit_style(own, finished(phonemes, plain) if known else None)


def test_the_nearest_style_is_that_of_the_same_child_in_other_words(children):
    first, second = ([fitted(clips[n]) for _, clips in children] for n in (0, 1))
    apart = np.array([[style_gap(a, b) for b in second] for a in first])
    assert (apart.argmin(1) == np.arange(CHILDREN)).mean() >= 0.9
    strangers = apart[~np.eye(CHILDREN, dtype=bool)]
    assert np.median(np.diag(apart)) < 0.4 * np.median(strangers)


@pytest.mark.parametrize(("known", "least"), [(True, 0.7), (False, 0.25)])
def test_a_fitted_style_brings_other_speech_nearer_to_the_child(children, known, least):
    gains = []
    for _, (one, other) in children:
        phonemes, plain, own = other
        replayed = finished(phonemes, apply_personal(plain, fitted(one, known)))
        errors = [
            np.abs(finished(phonemes, m).arkit - own.arkit)[:, SHAPED].mean()
            for m in (replayed, plain)
        ]
        gains.append(1 - errors[0] / errors[1])
    assert np.mean(gains) >= least


@pytest.mark.parametrize("name", ["jaw", "lips", "head", "tempo", "asymmetry", "brow"])
def test_each_factor_is_found_alone(spoken, name):
    value = {"asymmetry": 0.25, "brow": 0.12}.get(name, 1.25)
    plain = talk(spoken[0], 5)
    found = fit_style(apply_style(plain, Style(**{name: value})), plain).style
    for item in fields(Style):
        want = value if item.name == name else item.default
        slack = 0.6 * SPREAD[item.name] if item.name == "tempo" else 0.35 * SPREAD[item.name]
        assert getattr(found, item.name) == pytest.approx(want, abs=slack), item.name


def test_the_average_style_changes_nothing_and_fits_itself(spoken):
    plain = talk(spoken[1], 7)
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


def test_no_style_parts_lips_that_are_closed_after_it(spoken):
    plain = talk(spoken[2], 3)
    widest = Style(jaw=2.0, lips=2.0, expression=2.0, asymmetry=0.5, tempo=2.5, brow=0.5)
    motion = finished(spoken[2], apply_style(plain, widest))
    apart = motion.arkit[:, COLUMN["jawOpen"]] - motion.arkit[:, COLUMN["mouthClose"]]
    for phoneme in spoken[2]:
        if phoneme.text in ("p", "b", "m"):
            assert apart[int((phoneme.start_s + phoneme.end_s) / 2 * RATE_HZ)] < 0.01


def test_pairs_of_sides_are_pairs():
    assert [ARKIT[i].replace("Left", "Right") for i in LEFT] == [ARKIT[i] for i in RIGHT]
    assert COLUMN["mouthLeft"] in LIPS and COLUMN["mouthLeft"] not in LEFT


@pytest.mark.parametrize(("name", "value"), [("jaw", 2.5), ("head", -0.1), ("asymmetry", 0.6)])
def test_a_style_out_of_range_is_refused(name, value):
    with pytest.raises(ValueError, match=f"style {name} {value:g} is outside"):
        Style(**{**asdict(Style()), name: value})


def test_fit_refuses_what_it_cannot_use(spoken):
    plain = talk(spoken[0], 1)
    short = replace(plain, arkit=plain.arkit[:30])
    with pytest.raises(ValueError, match="want 2 s or more"):
        fit_style(short)
    with pytest.raises(ValueError, match="neutral motion of 30 frames"):
        fit_style(plain, short)
    with pytest.raises(ValueError, match="bias"):
        PersonalStyle(bias=(0.0,) * 51)
